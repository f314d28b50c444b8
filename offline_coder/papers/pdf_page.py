"""The text of a PDF page as fragments: runs of characters on one line, with place, size and font.

Read with pdfium's text layer. Turned text (watermarks, arXiv stamps) and, on pages whose other text stands
on the page itself, text inside embedded drawings (plots) are left out and counted.
"""

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

MOST_CHARACTERS = 60_000
BOLD_FONT = re.compile(r"bold|black|heavy|medi(?!um)|demi|CMBX|SFBX|\bCMSSBX", re.IGNORECASE)
MATH_FONT = re.compile(
    r"CMMI|CMSY|CMEX|MSBM|MSAM|EUFM|EUSM|RSFS|Math|Symbol|txsy|txmi|pxsy|pxmi|rtxmi|ntxmi|LMMathI",
    re.IGNORECASE,
)
MONO_FONT = re.compile(r"mono|courier|CMTT|SFTT|consol|typewriter|NimbusMon|\bLMTT", re.IGNORECASE)
# A superscript stands up to 0.4 of the size higher; the next line of a fraction further.
SAME_LINE = 0.45
WIDE_GAP = 1.0
WORD_GAP = 0.17
LEAST_FLAT = 80
RIGHT_ANGLE_SLACK = 0.02
HYPHEN = 2  # pdfium's mark for a hyphen at a line's end


@dataclass(frozen=True, slots=True)
class Style:
    """What a text object looks like. `size` is in points as printed."""

    size: float
    bold: bool
    math: bool
    mono: bool
    turned: bool
    embedded: bool


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character. x and y are points from the lower left corner; y is the baseline."""

    char: str
    x0: float
    x1: float
    y: float
    style: Style


@dataclass(slots=True)
class Fragment:
    """Characters that follow each other on a line without a wide gap. `size` is the commonest size,
    `bold`, `math` and `mono` (fixed width) are shares of its characters, `y` is the baseline."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    largest: float
    bold: float
    math: float
    mono: float


@dataclass(slots=True)
class PageText:
    """A page's fragments in the order of the file, its size in points, and what was left out."""

    number: int
    width: float
    height: float
    fragments: list[Fragment]
    turned: int = 0
    embedded: int = 0
    cut: bool = False


def page_text(document: pdfium.PdfDocument, number: int) -> PageText:
    """The text of page `number`, counted from 0."""
    page = document[number]
    width, height = page.get_size()
    textpage = page.get_textpage()
    try:
        top = {
            ctypes.addressof(item.raw.contents)
            for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=1)
        }
        glyphs = list(read_glyphs(textpage, top))
        cut = raw.FPDFText_CountChars(textpage.raw) > MOST_CHARACTERS
    finally:
        textpage.close()
        page.close()
    visible = [glyph for glyph in glyphs if not glyph.char.isspace()]
    turned = sum(glyph.style.turned for glyph in visible)
    embedded = sum(glyph.style.embedded for glyph in visible)
    # A page without flat text is a landscape page; one that is all embedded was put in a frame.
    drop_turned = turned > 0 and len(visible) - turned > LEAST_FLAT
    drop_embedded = 0 < embedded < len(visible) / 2
    kept = [
        glyph
        for glyph in glyphs
        if not (drop_turned and glyph.style.turned) and not (drop_embedded and glyph.style.embedded)
    ]
    return PageText(
        number=number,
        width=width,
        height=height,
        fragments=fragments_of(kept),
        turned=turned if drop_turned else 0,
        embedded=embedded if drop_embedded else 0,
        cut=cut,
    )


def read_glyphs(textpage: pdfium.PdfTextPage, top: set[int]) -> Iterator[Glyph]:
    """The characters of a page in the file's order, at most 60,000; line ends left out."""
    handle = textpage.raw
    styles: dict[int, Style] = {}
    # The loose box is as wide as the character's advance, so that gaps between boxes are real spaces.
    box = raw.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    last = Style(10.0, False, False, False, False, False)
    for index in range(min(raw.FPDFText_CountChars(handle), MOST_CHARACTERS)):
        code = raw.FPDFText_GetUnicode(handle, index)
        if code in (0, 10, 13, 0xFFFE, 0xFFFF) or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
            continue
        text_object = raw.FPDFText_GetTextObject(handle, index)
        if text_object:
            address = ctypes.addressof(text_object.contents)
            if address not in styles:
                styles[address] = style_of(handle, index, text_object, address not in top)
            last = styles[address]
        raw.FPDFText_GetLooseCharBox(handle, index, box)
        raw.FPDFText_GetCharOrigin(handle, index, x, y)
        if code == HYPHEN and not last.math:
            code = ord("-")
        # Mathematical fonts without a map to Unicode put brackets and roots at control codes.
        if (code >= 32 or code == 9) and math.isfinite(box.left + box.right + y.value):
            yield Glyph(chr(code), box.left, box.right, y.value, last)


def style_of(handle: object, index: int, text_object: object, embedded: bool) -> Style:
    """The look of the text object that character `index` belongs to."""
    name = ctypes.create_string_buffer(128)
    if font := raw.FPDFTextObj_GetFont(text_object):
        raw.FPDFFont_GetBaseFontName(font, name, 128)
    matrix = raw.FS_MATRIX()
    scale = 1.0
    if raw.FPDFText_GetMatrix(handle, index, matrix):
        # The height: microtypography stretches widths.
        scale = math.hypot(matrix.c, matrix.d) or 1.0
    size = raw.FPDFText_GetFontSize(handle, index) * scale
    angle = raw.FPDFText_GetCharAngle(handle, index)
    flat = min(abs(angle), abs(2 * math.pi - angle)) < RIGHT_ANGLE_SLACK
    font_name = name.value.decode("utf-8", "replace")
    return Style(
        size=round(size, 1) if math.isfinite(size) and 0 < size < 1000 else 10.0,
        bold=bool(BOLD_FONT.search(font_name)),
        math=bool(MATH_FONT.search(font_name)),
        mono=bool(MONO_FONT.search(font_name)),
        turned=not flat,
        embedded=embedded,
    )


def fragments_of(glyphs: list[Glyph]) -> list[Fragment]:
    """Characters joined while they stay on a line and leave no wide gap."""
    found: list[Fragment] = []
    run: list[Glyph] = []
    anchor: Glyph | None = None
    end = 0.0
    for glyph in glyphs:
        if glyph.char.isspace():
            if run:
                run.append(glyph)
            continue
        if anchor is not None:
            size = max(anchor.style.size, glyph.style.size)
            gap = glyph.x0 - end
            if abs(glyph.y - anchor.y) > SAME_LINE * size or not -size < gap < WIDE_GAP * size:
                found.append(fragment(run))
                run, anchor = [], None
            elif gap > WORD_GAP * size and not run[-1].char.isspace():
                run.append(Glyph(" ", end, glyph.x0, glyph.y, glyph.style))
        if anchor is None or glyph.style.size > anchor.style.size:
            anchor = glyph
        run.append(glyph)
        end = max(glyph.x1, glyph.x0)
    if run:
        found.append(fragment(run))
    return [piece for piece in found if piece.text]


def fragment(run: list[Glyph]) -> Fragment:
    """One fragment from its characters."""
    solid = [glyph for glyph in run if not glyph.char.isspace()] or run
    sizes: dict[float, int] = {}
    for glyph in solid:
        sizes[glyph.style.size] = sizes.get(glyph.style.size, 0) + 1
    common = max(sizes, key=lambda size: (sizes[size], size))
    lowest = next((glyph for glyph in solid if glyph.style.size == common), solid[0])
    return Fragment(
        text=" ".join("".join(glyph.char for glyph in run).split()),
        x0=min(glyph.x0 for glyph in solid),
        x1=max(glyph.x1 for glyph in solid),
        y=lowest.y,
        size=common,
        largest=max(sizes),
        bold=sum(glyph.style.bold for glyph in solid) / len(solid),
        math=sum(glyph.style.math for glyph in solid) / len(solid),
        mono=sum(glyph.style.mono for glyph in solid) / len(solid),
    )
