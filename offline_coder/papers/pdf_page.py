"""The text of a PDF page as fragments: runs of characters on one line, with place, size and font.

Read with pdfium's text layer. Left out and counted: turned text (watermarks, arXiv stamps) and text inside
embedded drawings (plots), on pages whose other text stands on the page itself. Left out with its words: text
that a person cannot see (white on white, transparent, tiny, off the page, covered by a picture or a box, in
the render mode that paints nothing), because it is where instructions to models hide. Indices and exponents
get LaTeX's marks: "d_{model}", "10^{-9}".
"""

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from offline_coder.papers.pdf_glyph import Glyph, Style
from offline_coder.papers.pdf_line_numbers import without_line_numbers
from offline_coder.papers.pdf_text import Fragment, PageText

MOST_CHARACTERS = 60_000
BOLD_FONT = re.compile(
    r"bold|(?:Libertine|Biolinum)T(?:B|Z)|black|heavy|medi(?!um)|demi|CMBX|SFBX|\bCMSSBX", re.IGNORECASE
)
# Small capitals set off as italics do.
ITALIC_FONT = re.compile(
    r"(?:Libertine|Biolinum)T(?:I|BI|ZI)|CMCSC|SFCC|SmallCap|RomanCaps|ital|obliq|slant|CMTI|CMSL|CMBXTI|SFTI|SFSL|SFBI|LMRoman\d+-I",
    re.IGNORECASE,
)
MATH_FONT = re.compile(
    r"CMMI|CMSY|CMEX|MSBM|MSAM|EUFM|EUSM|RSFS|Math|Symbol|txsy|txmi|pxsy|pxmi|rtxmi|ntxmi|LMMathI",
    re.IGNORECASE,
)
MONO_FONT = re.compile(r"mono|courier|CMTT|SFTT|consol|typewriter|NimbusMon|\bLMTT", re.IGNORECASE)
# A superscript stands up to 0.4 of the size higher; the next line of a fraction further.
SAME_LINE = 0.45
WIDE_GAP = 0.9
WORD_GAP = 0.17
LEAST_FLAT = 80
RIGHT_ANGLE_SLACK = 0.02
HYPHEN = 2  # pdfium's mark for a hyphen at a line's end
# ISO 32000-1, table 106: neither filled nor stroked, painted or as a clip.
UNPAINTED = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
# Print of this size cannot be read; labels of plots go down to 3 points.
TINY = 1.6
WHITE = 0xF8
# Segments of a path that is a rectangle; what is lower or narrower, in points, is a rule.
RECTANGLE = 6
LEAST_COVER = 4.0
FAINT = 0x0C
# Of a character's size: an index or exponent is at most this large and stands at least this far off.
SCRIPT_SIZE = 0.86
SCRIPT_SHIFT = 0.09
LONGEST_SCRIPT = 40
# The number of a heading may be upright where its words are not.
NUMBERING = "0123456789.() "


@dataclass(slots=True)
class RawPage:
    """A page's characters before anything is left out. `dark` are boxes that are painted in a colour:
    left, bottom, right, top in points."""

    number: int
    width: float
    height: float
    glyphs: list[Glyph]
    cut: bool
    dark: list[tuple[float, float, float, float]]


def document_text(document: pdfium.PdfDocument) -> list[PageText]:
    """The text of every page. What counts as left out depends on the whole document: a scan whose text is
    an invisible layer keeps it, and so does a file whose pages are all set in frames."""
    pages = [raw_page(document, number) for number in range(len(document))]
    for page, glyphs in zip(pages, without_line_numbers([page.glyphs for page in pages]), strict=True):
        page.glyphs = glyphs
    solid = [glyph for page in pages for glyph in page.glyphs if not glyph.char.isspace()]
    scanned = sum(glyph.style.hidden == "unpainted" for glyph in solid) * 2 > len(solid)
    framed = sum(glyph.style.embedded for glyph in solid) * 2 > len(solid)
    return [page_text(page, scanned, framed) for page in pages]


def raw_page(document: pdfium.PdfDocument, number: int) -> RawPage:
    """The characters of page `number`, counted from 0."""
    page = document[number]
    width, height = page.get_size()
    textpage = page.get_textpage()
    try:
        top = {
            ctypes.addressof(item.raw.contents): place
            for place, item in enumerate(page.get_objects(max_depth=1))
            if item.type == raw.FPDF_PAGEOBJ_TEXT
        }
        glyphs = uncovered(list(read_glyphs(textpage, top, page.get_bbox())), covers_of(page))
        white = any(glyph.style.hidden == "white" for glyph in glyphs)
        return RawPage(
            number=number,
            width=width,
            height=height,
            glyphs=glyphs,
            cut=raw.FPDFText_CountChars(textpage.raw) > MOST_CHARACTERS,
            dark=dark_boxes(page) if white else [],
        )
    finally:
        textpage.close()
        page.close()


def covers_of(page: pdfium.PdfPage) -> list[tuple[int, tuple[float, float, float, float]]]:
    """What is painted over the page without letting anything through: pictures, and filled rectangles that
    are no rules. Pairs of the place in the order of painting and the box, at most 500."""
    found: list[tuple[int, tuple[float, float, float, float]]] = []
    for place, item in enumerate(page.get_objects(max_depth=1)):
        if item.type not in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE) or len(found) >= 500:
            continue
        if raw.FPDFPageObj_HasTransparency(item.raw):
            continue
        if item.type == raw.FPDF_PAGEOBJ_PATH:
            mode, stroke = ctypes.c_int(), ctypes.c_int()
            raw.FPDFPath_GetDrawMode(item.raw, mode, stroke)
            if mode.value == 0 or raw.FPDFPath_CountSegments(item.raw) > RECTANGLE:
                continue
        left, bottom, right, top = item.get_bounds()
        if min(right - left, top - bottom) > LEAST_COVER:
            found.append((place, (left, bottom, right, top)))
    return found


def uncovered(
    glyphs: list[Glyph], covers: list[tuple[int, tuple[float, float, float, float]]]
) -> list[Glyph]:
    """`glyphs`, those that something later covers marked as hidden."""
    if not covers:
        return glyphs
    found = []
    for glyph in glyphs:
        x, y = (glyph.x0 + glyph.x1) / 2, glyph.y + glyph.style.size * 0.3
        covered = any(
            0 <= glyph.style.place < place and x0 <= x <= x1 and y0 <= y <= y1
            for place, (x0, y0, x1, y1) in covers
        )
        if covered and not (glyph.style.hidden or glyph.style.turned):
            glyph = replace(glyph, style=replace(glyph.style, hidden="covered"))
        found.append(glyph)
    return found


def dark_boxes(page: pdfium.PdfPage) -> list[tuple[float, float, float, float]]:
    """The boxes of pictures, shadings and of shapes filled with another colour than white, at most 500."""
    found: list[tuple[float, float, float, float]] = []
    channels = [ctypes.c_uint() for _ in range(4)]
    kinds = [raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING]
    for item in page.get_objects(filter=kinds, max_depth=3):
        if len(found) >= 500:
            break
        filled = item.type != raw.FPDF_PAGEOBJ_PATH
        if not filled and raw.FPDFPageObj_GetFillColor(item.raw, *channels):
            mode, stroke = ctypes.c_int(), ctypes.c_int()
            raw.FPDFPath_GetDrawMode(item.raw, mode, stroke)
            painted = mode.value != 0 and channels[3].value > FAINT
            filled = painted and min(channel.value for channel in channels[:3]) < WHITE
        if filled:
            left, bottom, right, top = item.get_bounds()
            found.append((left, bottom, right, top))
    return found


def is_hidden(glyph: Glyph, page: RawPage, scanned: bool) -> bool:
    """Whether nobody sees a character."""
    if glyph.style.hidden == "white":
        x, y = (glyph.x0 + glyph.x1) / 2, glyph.y + glyph.style.size * 0.3
        return not any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in page.dark)
    return bool(glyph.style.hidden) and not (scanned and glyph.style.hidden == "unpainted")


def page_text(page: RawPage, scanned: bool, framed: bool) -> PageText:
    """What of a page is its text."""
    hidden = [glyph for glyph in page.glyphs if is_hidden(glyph, page, scanned)]
    gone = {id(glyph) for glyph in hidden}
    glyphs = [glyph for glyph in page.glyphs if id(glyph) not in gone]
    visible = [glyph for glyph in glyphs if not glyph.char.isspace()]
    turned = sum(glyph.style.turned for glyph in visible)
    embedded = sum(glyph.style.embedded for glyph in visible)
    # A page without flat text is a landscape page.
    drop_turned = turned > 0 and len(visible) - turned > LEAST_FLAT
    drop_embedded = embedded > 0 and not framed and len(visible) - embedded > LEAST_FLAT
    kept = [
        glyph
        for glyph in glyphs
        if not (drop_turned and glyph.style.turned) and not (drop_embedded and glyph.style.embedded)
    ]
    return PageText(
        number=page.number,
        width=page.width,
        height=page.height,
        fragments=fragments_of(kept),
        turned=turned if drop_turned else 0,
        embedded=embedded if drop_embedded else 0,
        cut=page.cut,
        hidden=hidden_words(hidden),
    )


def hidden_words(glyphs: list[Glyph]) -> list[tuple[str, str]]:
    """The words of hidden characters in the file's order, one entry for each reason; "" words left out."""
    texts: dict[str, str] = {}
    for reason in dict.fromkeys(glyph.style.hidden for glyph in glyphs):
        same = [glyph for glyph in glyphs if glyph.style.hidden == reason]
        parted = [
            glyph.char if before is None or abs(before.y - glyph.y) < 1 else f" {glyph.char}"
            for before, glyph in zip([None, *same], same, strict=False)
        ]
        texts[reason] = " ".join("".join(parted).split())
    return [(reason, text) for reason, text in texts.items() if text]


def read_glyphs(
    textpage: pdfium.PdfTextPage, top: dict[int, int], area: tuple[float, float, float, float]
) -> Iterator[Glyph]:
    """The characters of a page in the file's order, at most 60,000; line ends left out. `area` is what is
    shown of the page: left, bottom, right, top in points."""
    handle = textpage.raw
    styles: dict[int, Style] = {}
    # The loose box is as wide as the character's advance, so that gaps between boxes are real spaces.
    box = raw.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    last = Style(10.0, False, False, False, False, False, False)
    for index in range(min(raw.FPDFText_CountChars(handle), MOST_CHARACTERS)):
        code = raw.FPDFText_GetUnicode(handle, index)
        if code in (0, 10, 13, 0xFFFE, 0xFFFF) or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
            continue
        text_object = raw.FPDFText_GetTextObject(handle, index)
        if text_object:
            address = ctypes.addressof(text_object.contents)
            if address not in styles:
                styles[address] = replace(
                    style_of(handle, index, text_object, address not in top), place=top.get(address, -1)
                )
            last = styles[address]
        raw.FPDFText_GetLooseCharBox(handle, index, box)
        raw.FPDFText_GetCharOrigin(handle, index, x, y)
        if code == HYPHEN and not last.math:
            code = ord("-")
        # Mathematical fonts without a map to Unicode put brackets and roots at control codes.
        if (code >= 32 or code == 9) and math.isfinite(box.left + box.right + y.value):
            inside = box.right > area[0] and box.left < area[2] and area[1] <= y.value <= area[3]
            style = last if inside or last.hidden else replace(last, hidden="off the page")
            yield Glyph(chr(code), box.left, box.right, y.value, style)


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
    known = math.isfinite(size) and 0 < size < 1000
    return Style(
        size=round(size, 1) if known else 10.0,
        bold=bool(BOLD_FONT.search(font_name)),
        italic=bool(ITALIC_FONT.search(font_name)),
        math=bool(MATH_FONT.search(font_name)),
        mono=bool(MONO_FONT.search(font_name)),
        turned=not flat,
        embedded=embedded,
        hidden="tiny" if known and size < TINY else hidden_how(handle, index, text_object),
    )


def hidden_how(handle: object, index: int, text_object: object) -> str:
    """Why the paint of character `index` leaves nothing to see, "" when it does not."""
    if raw.FPDFTextObj_GetTextRenderMode(text_object) in UNPAINTED:
        return "unpainted"
    channels = [ctypes.c_uint() for _ in range(4)]
    if not raw.FPDFText_GetFillColor(handle, index, *channels):
        return ""
    red, green, blue, opacity = (channel.value for channel in channels)
    if opacity <= FAINT:
        return "transparent"
    return "white" if min(red, green, blue) >= WHITE else ""


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
    letters = [glyph for glyph in solid if glyph.char.isalpha()]
    sizes: dict[float, int] = {}
    for glyph in solid:
        sizes[glyph.style.size] = sizes.get(glyph.style.size, 0) + 1
    common = max(sizes, key=lambda size: (sizes[size], size))
    lowest = next((glyph for glyph in solid if glyph.style.size == common), solid[0])
    text = " ".join(with_scripts(run, max(sizes)).split())
    lead = " ".join(emphasised(run).split())
    return Fragment(
        text=text,
        x0=min(glyph.x0 for glyph in solid),
        x1=max(glyph.x1 for glyph in solid),
        y=lowest.y,
        size=common,
        largest=max(sizes),
        bold=sum(glyph.style.bold for glyph in solid) / len(solid),
        italic=sum(glyph.style.italic for glyph in letters) / max(len(letters), 1),
        math=sum(glyph.style.math for glyph in solid) / len(solid),
        mono=sum(glyph.style.mono for glyph in solid) / len(solid),
        characters=len(run),
        lead=lead if text.startswith(lead) else "",
    )


def emphasised(run: list[Glyph]) -> str:
    """The characters with which `run` begins in bold or in italics, a number before them included; "" when
    it begins upright and light, or with mathematics."""
    lettered = len(run) > 1 and run[0].char.isupper() and run[1].char == "."
    start = next((at for at in range(lettered, len(run)) if run[at].char not in NUMBERING), len(run))
    if start == len(run) or run[start].style.math:
        return ""
    look = (run[start].style.bold, run[start].style.italic)
    end = start
    while end < len(run) and (
        run[end].char.isspace() or (run[end].style.bold, run[end].style.italic) == look
    ):
        end += 1
    return "".join(glyph.char for glyph in run[:end]) if any(look) else ""


def with_scripts(run: list[Glyph], largest: float) -> str:
    """The characters of `run` with _ and ^ before what is set smaller and lower or higher than the
    character of full size before it. What begins a run has nothing to stand on and gets no mark."""
    text = ""
    script = mark = ""
    base: Glyph | None = None
    for glyph in (*run, None):
        now = mark
        if glyph is None or (not glyph.char.isspace() and glyph.style.size > largest * SCRIPT_SIZE):
            now = ""
        elif not glyph.char.isspace() and base is not None:
            shift = (glyph.y - base.y) / largest
            now = "^" if shift > SCRIPT_SHIFT else "_" if shift < -SCRIPT_SHIFT else ""
        if now != mark:
            if mark:
                text = text.rstrip() + marked(mark, script) + script[len(script.rstrip()) :]
            script, mark = "", now
        if glyph is None:
            break
        if mark:
            script += glyph.char
        else:
            text += glyph.char
            if not glyph.char.isspace() and glyph.style.size > largest * SCRIPT_SIZE:
                base = glyph
    return text


def marked(mark: str, script: str) -> str:
    """An index or exponent as LaTeX writes it. Long ones are no such thing: their text stays as it is."""
    inner = " ".join(script.split()).replace("\N{MINUS SIGN}", "-")
    # Italic letters stand apart: "d_{f f}".
    inner = re.sub(r"(?<=\b[A-Za-z]) (?=[A-Za-z]\b)", "", inner)
    if len(inner) > LONGEST_SCRIPT:
        return f" {inner}"
    return f"{mark}{inner}" if len(inner) == 1 else f"{mark}{{{inner}}}"
