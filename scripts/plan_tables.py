"""What plans hold, as Markdown tables: one line a run folder, counted by the checks and not by hand.

    python scripts/plan_tables.py plans/*                        print the table
    python scripts/plan_tables.py plans/* --output docs/plans.md put it between that file's marks
    python scripts/plan_tables.py --candidates ../shared/papers  what config.yaml could hold, without a model

Check lists of hyperparameters, written by hand from papers, lie in tests/stages/hyperparameters. A name
counts as copied from a prompt when it stands in a template and nowhere in the paper.
"""

import argparse
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from passage_labels import Labels, labels

from offline_coder.checks.provenance import plain_words, stands_in
from offline_coder.cli.check import checked_plan
from offline_coder.core.errors import BadInput
from offline_coder.core.plan import ConfigEntry, ConfigValue, Plan
from offline_coder.core.request import Completion, Message
from offline_coder.core.values import Value
from offline_coder.papers.read import read_paper
from offline_coder.runs.folder import JOURNAL, RunFolder
from offline_coder.runs.journal import Journal
from offline_coder.runs.manifest import Manifest
from offline_coder.stages.planning.architecture import GIVEN_PATHS
from offline_coder.stages.planning.candidates import candidates
from offline_coder.stages.planning.config import texts_of
from offline_coder.stages.planning.naming import entries_of
from offline_coder.stages.prompting import TEMPLATES

ROOT = Path(__file__).resolve().parent.parent
CHECK_LISTS = ROOT / "tests" / "stages" / "hyperparameters"
BEGIN, END = "<!-- plans -->", "<!-- end of plans -->"
HEADS = (
    *("plan", "model", "seed, T", "requirements", "with a quote", "passages read right"),
    *("settings", "from the paper"),
    *("assumptions", "check list", "modules", "classes", "output tokens", "seconds"),
    *("cut and asked again", "invalid answers", "plan problems", "copied names", "names of the paper"),
)
# Names that every plan has, whatever its prompt says.
GIVEN_NAMES = frozenset({"main", "config", "forward", "self", "x", *(path[:-3] for path in GIVEN_PATHS)})
WORD = re.compile(r"[A-Za-z_]\w*")
PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Words that any repository of an experiment has in its names.
USUAL = """
data dataset load loader loaders make get split splits model net network module layer layers train
training trainer evaluate evaluation evaluator test validation valid metric metrics loss compute
calculate accuracy forward init config main run step batch input inputs output outputs and the of for
with from to on in by a an create build update use set print save results result value values
"""
USUAL_WORDS = frozenset(USUAL.split())
Prompt = tuple[str, tuple[Message, ...], str]
"""What is asked for, how, and under which constraint."""


class Setting(Value):
    """One line of a check list. `names` are regular expressions of a key without its group."""

    idea: str
    names: tuple[str, ...]
    value: ConfigValue
    section: str

    def answered_by(self, key: str, value: ConfigValue) -> bool:
        """Whether `key: value` in config.yaml is this setting with the right value."""
        return self.same(value) and any(re.fullmatch(name, key.partition(".")[2]) for name in self.names)

    def same(self, value: ConfigValue) -> bool:
        """Whether `value` is the right one; words are compared without regard to case and separators."""
        if isinstance(value, str) and isinstance(self.value, str):
            return plain_words(value) == plain_words(self.value)
        return value == self.value


class CheckList(Value):
    """The settings that one paper states. `paper` is the end of its path."""

    paper: str
    settings: tuple[Setting, ...]

    def missing(self, config: Sequence[ConfigEntry]) -> tuple[Setting, ...]:
        """The settings that `config` lacks or has with another value."""
        return tuple(
            setting
            for setting in self.settings
            if not any(setting.answered_by(entry.key, entry.value) for entry in config)
        )


def check_lists() -> tuple[CheckList, ...]:
    """All check lists, by file name."""
    return tuple(
        CheckList.model_validate(tomllib.loads(path.read_text("utf-8")))
        for path in sorted(CHECK_LISTS.glob("*.toml"))
    )


def copied_names(plan: Plan, paper: str) -> tuple[str, ...]:
    """Names of the plan's files, classes, functions and methods that stand in a template of planning and
    nowhere in `paper`; not such as any repository has."""
    prompts = "\n".join(path.read_text("utf-8") for path in sorted((TEMPLATES / "planning").glob("*.j2")))
    shown = set(WORD.findall(re.sub(r"{[{%].*?[%}]}", "", prompts))) - set(WORD.findall(paper))
    return tuple(sorted(shown & set(names_of(plan)) - GIVEN_NAMES - USUAL_WORDS))


def names_of_the_paper(plan: Plan, paper: str) -> tuple[int, int]:
    """Of the names that the model chose, those with a word of `paper` in them that is no word of every
    repository; and how many there are. Words are compared without their endings."""
    spoken = {stem_of(word) for word in re.findall("[A-Za-z]+", paper)}
    chosen = [name for name in dict.fromkeys(names_of(plan)) if name not in GIVEN_NAMES | {"__init__"}]
    telling = [
        name
        for name in chosen
        if any(word.lower() not in USUAL_WORDS and stem_of(word) in spoken for word in PART.findall(name))
    ]
    return len(telling), len(chosen)


def stem_of(word: str) -> str:
    """The beginning of a word that its forms share, roughly."""
    return word.lower()[:6]


def names_of(plan: Plan) -> Iterator[str]:
    """The names that the model chose."""
    for module in plan.architecture.modules:
        yield module.path.removesuffix(".py")
        yield from module.names()
        for planned in module.classes:
            yield from (method.name for method in planned.methods)


def retries(journal: Path) -> tuple[int, int]:
    """Answers of planning that were cut and asked for again, and those that were asked for again though
    the model had ended them: invalid ones."""
    return again(answers(journal))


def again(asked: Mapping[Prompt, Sequence[Completion]]) -> tuple[int, int]:
    """The same of the answers to each prompt."""
    reasons = Counter(one.finish_reason for given in asked.values() for one in given[:-1])
    return reasons["length"], reasons["stop"]


def answers(journal: Path) -> dict[Prompt, list[Completion]]:
    """The answers of planning to each prompt. Of a journal that began with that of an earlier design, those
    to what was asked otherwise then count as well."""
    found: dict[Prompt, list[Completion]] = {}
    for request, completion in Journal(journal, read_only=True).requests():
        if request.purpose.startswith("planning:"):
            constraint = str(request.form().get("constraint"))
            found.setdefault((request.purpose, request.messages, constraint), []).append(completion)
    return found


def line(
    folder: Path, manifest: Manifest, lists: Sequence[CheckList], read_lists: Sequence[Labels]
) -> list[str]:
    """The cells of one plan."""
    read = checked_plan(folder)
    if read.plan is None:
        return [folder.name, manifest.model, "no plan", *[""] * (len(HEADS) - 3)]
    plan, paper = read.plan, read_paper(folder / "paper.md")
    text = (folder / "paper.md").read_text("utf-8")
    texts = texts_of(paper)
    quoted = [
        one for one in plan.requirements if one.quote and stands_in(texts[one.section or ""], one.quote)
    ]
    traced = [entry for entry in plan.config if entry.source == "paper"]
    assumed = len(plan.config) - len(traced) + sum(one.quote is None for one in plan.requirements)
    known = next((one for one in lists if manifest.paper.endswith(one.paper)), None)
    read_by_hand = next((one for one in read_lists if manifest.paper.endswith(one.paper)), None)
    right = len(known.settings) - len(known.missing(plan.config)) if known else 0
    planning = [stage for stage in manifest.stages if stage.name == "planning"]
    sampling = manifest.stage_settings
    return [
        folder.name,
        manifest.model,
        f"{sampling.seed}, {sampling.temperature:g}",
        str(len(plan.requirements)),
        f"{len(quoted)}/{len(plan.requirements)}",
        f"{read_by_hand.right(plan.requirements)}/{len(read_by_hand.passages)}" if read_by_hand else "",
        str(len(plan.config)),
        f"{len(traced)}/{len(plan.config)}",
        str(assumed),
        f"{right}/{len(known.settings)}" if known else "",
        str(len(plan.architecture.modules)),
        str(sum(len(module.classes) for module in plan.architecture.modules)),
        f"{sum(stage.output_tokens for stage in planning):,}",
        f"{sum(stage.seconds for stage in planning):.0f}",
        *map(str, retries(folder / JOURNAL)),
        str(len(read.errors)),
        " ".join(copied_names(plan, text)) or "0",
        "{}/{}".format(*names_of_the_paper(plan, text)),
    ]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))


def plans_table(folders: Sequence[Path], *, together: bool = False) -> str:
    """A line a folder, or with `together` one for all plans of a paper by a model. A folder without a plan
    of this version is a line that says so."""
    lists, read_lists, rows = check_lists(), labels(), []
    for folder in folders:
        try:
            manifest = RunFolder(folder).manifest()
            row = line(folder, manifest, lists, read_lists) if manifest else [folder.name, "no run"]
        except BadInput as error:
            row = [folder.name, str(error)]
        rows.append([*row, *[""] * (len(HEADS) - len(row))])
    return table(HEADS, joined(rows) if together else rows)


def joined(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """One row for those whose plans begin alike up to the model: the paper, and in each cell how far the
    plans lie apart."""
    groups: dict[tuple[str, str], list[Sequence[str]]] = {}
    for row in rows:
        groups.setdefault((row[0].partition(f"-{row[1]}")[0], row[1]), []).append(row)
    return [
        [paper, model, *(spread(cells) for cells in list(zip(*group, strict=True))[2:])]
        for (paper, model), group in groups.items()
    ]


def spread(cells: Sequence[str]) -> str:
    """What the cells say: the same, the least and the most of numbers and of shares with one whole, the sum
    of other shares, or all that differs."""
    distinct = list(dict.fromkeys(cells))
    if len(distinct) == 1:
        return distinct[0]
    shares = [cell.split("/") for cell in distinct]
    if all(len(share) == 2 for share in shares):
        if len({whole for _, whole in shares}) > 1:
            every = [cell.split("/") for cell in cells]
            return f"{sum(int(part) for part, _ in every)}/{sum(int(whole) for _, whole in every)}"
        parts = sorted(int(part) for part, _ in shares)
        return f"{parts[0]}-{parts[-1]}/{shares[0][1]}"
    if all(re.fullmatch(r"[\d,]+", cell) for cell in distinct):
        numbers = sorted(distinct, key=lambda cell: int(cell.replace(",", "")))
        return f"{numbers[0]}-{numbers[-1]}"
    return "; ".join(cell for cell in distinct if cell != "0")


def put_between(made: str, begin: str, end: str, output: Path | None) -> None:
    """Print `made`, or put it between two marks of the file `output`."""
    if output is None:
        print(made)
        return
    text = output.read_text("utf-8")
    if begin not in text or end not in text:
        sys.exit(f"{output} has no {begin} ... {end}")
    before, _, rest = text.partition(begin)
    after = rest.partition(end)[2]
    output.write_text(f"{before}{begin}\n{made}\n{end}{after}", encoding="utf-8")


def candidates_table(papers: Path, limit: int) -> str:
    """For each check list whose paper is there: how many of its values are among the candidates, how many
    config.yaml has by name and value with no model asked, and how many candidates a model is asked about."""
    rows = []
    for known in check_lists():
        path = next((one for one in (papers / known.paper, ROOT / known.paper) if one.is_file()), None)
        if path is None:
            continue
        found = candidates(read_paper(path), limit)
        values = sum(any(one.same(other.value) for other in found) for one in known.settings)
        settled = entries_of(found, [one.names[0] if one.settled else "" for one in found])
        whole = len(known.settings)
        right = whole - len(known.missing(settled))
        asked = sum(not one.settled for one in found)
        rows.append([known.paper, str(whole), f"{values}/{whole}", f"{right}/{whole}", str(asked)])
    return table(
        ("paper", "settings", "values among the candidates", "right without a model", "put to the model"),
        rows,
    )


def main() -> None:
    """Print the table, or put it between the marks of a file."""
    parser = argparse.ArgumentParser(description="Tables of what plans hold.")
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--candidates", type=Path, metavar="PAPERS", help="no plans: what could be found")
    parser.add_argument("--together", action="store_true", help="one line for a paper and a model")
    parser.add_argument("--limit", type=int, default=32, help="candidates put to the model")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    if arguments.candidates:
        print(candidates_table(arguments.candidates, arguments.limit))
        return
    put_between(plans_table(arguments.folders, together=arguments.together), BEGIN, END, arguments.output)


if __name__ == "__main__":
    main()
