"""PDFs in the dress of different publishers: numbering, line numbers, algorithms, tables over two columns."""

from pathlib import Path

from offline_coder.papers.paper import Paper
from offline_coder.papers.read import read_paper
from offline_coder.papers.render import render
from tests.papers.pdf_writer import Page, pdf

TEXT = "Body text that fills a column as the text of"
WIDE = "Body text that fills the width of the page as the text of papers usually does, all day."


def read(folder: Path, pages: list[Page]) -> Paper:
    path = folder / "paper.pdf"
    path.write_bytes(pdf(pages))
    return read_paper(path, "text")


def headings(paper: Paper) -> list[str]:
    return [f"{section.id} {section.title}" for section in paper.sections]


def column(page: Page, x: float, y: float, lines: int) -> float:
    """Lines of one column; the baseline after them."""
    return page.lines(x, y, [TEXT] * (lines - 1) + ["papers does."])


def ieee() -> list[Page]:
    """Two pages as IEEEtran sets them."""
    first = Page().text(120, 740, "A Paper of Engineers", 22)
    first.text(60, 700, "Abstract", 9, "bold").text(
        94, 700, "-We say in short what we did, in bold.", 9, "bold"
    )
    first.text(130, 670, "I. I", 10).text(141, 670, "NTRODUCTION", 8)
    column(first, 60, 650, 12)
    first.text(140, 480, "II. M", 10).text(159.5, 480, "ETHOD", 8)
    first.text(60, 460, "A. Data", 10, "italic")
    column(first, 60, 445, 6)
    first.text(60, 360, "B. Model", 10, "italic")
    first.text(70, 345, "1) Layers:", 10, "italic").text(120, 345, "We stack twelve layers of")
    column(first, 60, 333, 6)
    first.text(70, 250, "2) Width:", 10, "italic").text(116, 250, "Each has a width of 512,")
    column(first, 60, 238, 6)
    first.text(395, 690, "TABLE II", 8).text(360, 680, "SETTINGS OF THE RUNS", 8)
    for row, cells in enumerate([("Name", "Rate"), ("small", "0.1"), ("large", "0.01")]):
        first.text(360, 660 - 10 * row, cells[0], 8).text(450, 660 - 10 * row, cells[1], 8)
    first.text(380, 600, "III. R", 10).text(401, 600, "ESULTS", 8)
    column(first, 320, 580, 30)
    second = Page().text(130, 740, "A", 10).text(136.7, 740, "PPENDIX", 8).text(176, 740, "A", 10)
    second.text(120, 728, "P", 10).text(126.7, 728, "ROOFS", 8)
    column(second, 60, 705, 20)
    column(second, 320, 740, 20)
    return [first, second]


def test_the_numbers_of_ieee_become_arabic_ones(tmp_path: Path) -> None:
    paper = read(tmp_path, ieee())
    assert headings(paper) == [
        "s1 INTRODUCTION",
        "s2 METHOD",
        "s2.1 Data",
        "s2.2 Model",
        "s2.2.1 Layers",
        "s2.2.2 Width",
        "s3 RESULTS",
        "sA PROOFS",
    ]
    assert paper.abstract == "We say in short what we did, in bold."
    assert paper.sections[4].blocks[0].text.startswith("We stack twelve layers of Body text")


def test_a_caption_on_two_lines_is_the_caption_of_its_table(tmp_path: Path) -> None:
    blocks = [block for section in read(tmp_path, ieee()).sections for block in section.blocks]
    assert [block.text for block in blocks if block.kind == "table"] == [
        "TABLE II: SETTINGS OF THE RUNS\n\n| Name | Rate |\n| --- | --- |\n| small | 0.1 |\n| large | 0.01 |"
    ]


def test_line_numbers_close_to_the_text_are_no_part_of_it(tmp_path: Path) -> None:
    pages = []
    for number in range(2):
        page = Page()
        if number == 0:
            page.text(150, 740, "A Draft for Review", 18, "bold").text(72, 710, "1", 12, "bold")
            page.text(90, 710, "Introduction", 12, "bold")
        y = 690.0
        for line in range(20):
            count = str(20 * number + line + 1)
            page.text(66 - 4.5 * len(count), y, count, 8).text(72, y, WIDE)
            y -= 14
        pages.append(page)
    text = render(read(tmp_path, pages))
    assert text.count("Body text") == 40
    assert not [word for word in text.split() if word.isdigit() and word != "1"]


def test_a_column_of_counting_numbers_in_a_table_stays(tmp_path: Path) -> None:
    page = Page().text(150, 740, "A Paper with Ranks", 18, "bold").text(72, 710, "1 Introduction", 12, "bold")
    page.lines(72, 690, [WIDE] * 6)
    page.text(72, 600, "Table 1: Ranks of the runs")
    for row in range(18):
        page.text(90, 584 - 12 * row, str(row + 1)).text(200, 584 - 12 * row, f"run {row}")
        page.text(320, 584 - 12 * row, f"0.{row + 10}")
    table = read(tmp_path, [page]).sections[0].blocks[-1].text
    assert "| 18 | run 17 | 0.27 |" in table


def test_an_algorithm_keeps_its_lines_and_ends(tmp_path: Path) -> None:
    page = Page().text(150, 740, "A Paper with Steps", 18, "bold").text(72, 710, "1 Introduction", 12, "bold")
    y = page.lines(72, 690, [WIDE] * 4) - 12
    page.text(72, y, "Algorithm 1", 10, "bold").text(130, y, "Training the model")
    steps = [("Require:", "data D", 0), ("1:", "for t = 1 to 100 do", 0), ("2:", "draw a batch of 64", 10)]
    for number, (mark, words, indent) in enumerate([*steps, ("3:", "end for", 0)]):
        page.text(72, y - 16 - 12 * number, mark).text(120 + indent, y - 16 - 12 * number, words)
    page.lines(72, y - 100, [WIDE] * 4)
    blocks = read(tmp_path, [page]).sections[0].blocks
    assert [block.kind for block in blocks] == ["paragraph", "algorithm", "paragraph"]
    lines = blocks[1].text.split("\n")
    assert lines[0] == "Algorithm 1: Training the model"
    assert [line.strip() for line in lines[2:]] == ["for t = 1 to 100 do", "draw a batch of 64", "end for"]
    assert lines[3].startswith("  ")


def test_a_table_over_two_columns_is_not_cut_at_the_gutter(tmp_path: Path) -> None:
    page = Page().text(150, 750, "A Paper with a Wide Table", 18, "bold")
    page.text(
        60,
        730,
        "Table 1: Settings of all of the runs that we have made, over both of the columns of the page",
    )
    for row, cells in enumerate([("Name", "Rate", "Steps", "Score"), ("small", "0.1", "100", "1.5")]):
        for x, cell in zip((80, 200, 340, 460), cells, strict=True):
            page.text(x, 714 - 12 * row, cell)
    for x, cell in zip((80, 200, 340, 460), ("large", "0.01", "2000", "2.5"), strict=True):
        page.text(x, 690, cell)
    page.text(60, 650, "1 Introduction", 12, "bold")
    column(page, 60, 630, 30)
    column(page, 320, 650, 30)
    text = render(read(tmp_path, [page]))
    assert "small | 0.1 | 100 | 1.5" in text
    assert "large | 0.01 | 2000 | 2.5" in text


def test_a_table_at_the_foot_of_a_page_is_no_footnote(tmp_path: Path) -> None:
    first = Page().text(150, 740, "A Paper", 18, "bold").text(72, 710, "1 Introduction", 12, "bold")
    first.lines(72, 690, [WIDE] * 10)
    second = Page()
    second.lines(72, 740, [WIDE] * 10)
    second.text(72, 150, "Table 1: Settings of the runs")
    for row, cells in enumerate(
        [("Name", "Rate", "Steps"), ("small", "0.1", "100"), ("large", "0.01", "512")]
    ):
        for x, cell in zip((80, 200, 320), cells, strict=True):
            second.text(x, 134 - 10 * row, cell, 8)
    text = render(read(tmp_path, [first, second]))
    assert "| large | 0.01 | 512 |" in text
    assert "footnote" not in text
