"""The two papers say the same, and what they say was measured."""

import json
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
import yaml

TABLE_LABELS = ("hyperparameters", "main", "paired", "grid")


def words_of_markdown(text: str) -> list[str]:
    """Headings, sentences, formulas, table cells and code of paper.md, without the references."""
    text = text[: text.index("## References")]
    text = re.sub(r"^\|(---\|)+\n", "", text, flags=re.M)
    text = re.sub(r"\*\*Table \d\.\*\* ", "", text)
    text = re.sub(r" \\tag\{\d\}", "", text)
    text = re.sub(r"^#+ ", "", text, flags=re.M).replace("```", "").replace("`", "").replace("$$", "")
    return without_cell_marks(text).split()


def words_of_latex(text: str, keys: list[str]) -> list[str]:
    """The same of paper.tex: labels become numbers, citations their place in references.bib."""
    equations = re.findall(r"\\label\{eq:(\w+)\}", text)
    title = re.search(r"\\title\{(.*)\}", text)
    author = re.search(r"\\author\{(.*)\}", text)
    assert title
    assert author
    body = text[text.index("\\begin{abstract}") : text.index("\\footnotesize\n\\bibliographystyle")]
    body = body.replace("\\begin{abstract}", "Abstract ")
    body = re.sub(r"\\label\{[^}]*\}", "", body)
    body = re.sub(r"\\cite\{(\w+)\}", lambda m: f"[{keys.index(m[1]) + 1}]", body)
    body = re.sub(r"\\ref\{tab:(\w+)\}", lambda m: str(TABLE_LABELS.index(m[1]) + 1), body)
    body = re.sub(r"\\ref\{eq:(\w+)\}", lambda m: str(equations.index(m[1]) + 1), body)
    body = re.sub(r"\\begin\{(table|tabular)\}(\[.*?\])?(\{.*?\})?|\\(begin|end)\{\w+\}", "", body)
    body = re.sub(r"^\\(centering|footnotesize|hline)$", "", body, flags=re.M)
    body = re.sub(r"\\(section|subsection|caption|texttt)\{([^}]*)\}", r"\2", body)
    body = re.sub(r"\\\\$", "", body, flags=re.M).replace("$\\pm$", "±").replace("\\_", "_").replace("~", " ")
    return without_cell_marks(f"{title[1]} {author[1]} {body}").split()


def without_cell_marks(text: str) -> str:
    """Table cells without what separates them."""
    return re.sub(r" [&|] |^\| | \|$", " ", text, flags=re.M)


def citation_keys(example: Path) -> list[str]:
    """Keys of references.bib in its order."""
    return re.findall(r"^@\w+\{(\w+),$", (example / "references.bib").read_text(encoding="utf-8"), re.M)


def test_tables_and_sentences_agree_with_the_measurement(tables: ModuleType, example: Path) -> None:
    assert tables.problems(example) == []


def test_both_papers_say_the_same(example: Path) -> None:
    markdown = words_of_markdown((example / "paper.md").read_text(encoding="utf-8"))
    latex = words_of_latex((example / "paper.tex").read_text(encoding="utf-8"), citation_keys(example))
    assert len(markdown) > 1800
    for place, (one, other) in enumerate(zip(markdown, latex, strict=False)):
        context = " ".join(markdown[max(0, place - 8) : place + 4])
        assert one == other, f"paper.md: {one!r}, paper.tex: {other!r}, near: {context}"
    assert len(markdown) == len(latex)


def test_section_titles_are_the_same(example: Path) -> None:
    markdown = re.findall(r"^##+ (.*)$", (example / "paper.md").read_text(encoding="utf-8"), re.M)
    latex = re.findall(
        r"^\\(?:sub)?section\{(.*)\}$", (example / "paper.tex").read_text(encoding="utf-8"), re.M
    )
    assert markdown == ["Abstract", *latex, "References"]


def test_references_are_the_same_and_all_cited_in_order(example: Path) -> None:
    keys = citation_keys(example)
    cited = re.findall(r"\\cite\{(\w+)\}", (example / "paper.tex").read_text(encoding="utf-8"))
    assert list(dict.fromkeys(cited)) == keys
    listed = (example / "paper.md").read_text(encoding="utf-8").split("## References")[1].strip().splitlines()
    bib = (example / "references.bib").read_text(encoding="utf-8")
    titles = [
        t.replace("{", "").replace("}", "").lower() for t in re.findall(r"^  title += \{(.*)\},$", bib, re.M)
    ]
    years = re.findall(r"^  year += \{(\d+)\}$", bib, re.M)
    assert len(listed) == len(keys) == len(titles) == len(years)
    for number, (line, title, year) in enumerate(zip(listed, titles, years, strict=True), start=1):
        assert line.startswith(f"{number}. ")
        assert title in line.lower()
        assert year in line


def test_table_1_holds_every_configuration_value(tables: ModuleType, example: Path) -> None:
    def leaves(node: object, path: str = "") -> list[str]:
        if not isinstance(node, dict):
            return [path]
        return [leaf for key, child in node.items() for leaf in leaves(child, f"{path}.{key}".strip("."))]

    config = yaml.safe_load((example / "reference" / "config.yaml").read_text(encoding="utf-8"))
    needed = {leaf for leaf in leaves(config) if not leaf.endswith(".objective")}
    assert needed == {path for _, _, path in tables.HYPERPARAMETERS}


def test_the_configuration_holds_what_the_validation_score_chose(example: Path) -> None:
    config = yaml.safe_load((example / "reference" / "config.yaml").read_text(encoding="utf-8"))
    selected = json.loads((example / "results.json").read_text(encoding="utf-8"))["selected"]
    for name, values in config["methods"].items():
        assert {key: selected[name][key] for key in values} == values


@pytest.mark.parametrize(
    ("paper", "old", "new", "problem"),
    [
        ("paper.md", "| 95.57 ± 0.42 |", "| 95.58 ± 0.42 |", "paper.md: Table 2 differs"),
        (
            "paper.tex",
            "Learning rate & $\\eta$ & 0.005",
            "Learning rate & $\\eta$ & 0.006",
            "paper.tex: Table 1 differs",
        ),
        ("paper.md", "by 2.57 points", "by 2.58 points", "paper.md: not found: by 2.57 points"),
    ],
)
def test_a_wrong_number_is_found_and_rows_can_be_written_again(
    tables: ModuleType, example: Path, tmp_path: Path, paper: str, old: str, new: str, problem: str
) -> None:
    copy = tmp_path / "example"
    shutil.copytree(example, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / paper).read_text(encoding="utf-8")
    assert old in text
    (copy / paper).write_text(text.replace(old, new, 1), encoding="utf-8")
    found = tables.problems(copy)
    assert [f for f in found if f.startswith(problem)]
    if "Table" in problem:
        tables.write(copy)
        assert (copy / paper).read_text(encoding="utf-8") == text
