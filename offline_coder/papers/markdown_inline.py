"""The inside of a Markdown line: anchors, links and simple HTML become plain text, mathematics stays."""

import html
import re

from offline_coder.papers.text import clean_line

TAGS = (
    "a|abbr|b|br|center|cite|code"
    "|del|div|em|figcaption|figure|font|i|img|ins|kbd|mark|p|small|span|strong|sub|sup|tt|u"
)
TAG = re.compile(rf"</?(?:{TAGS})(?:\s[^<>]{{0,300}})?/?>", re.IGNORECASE)
COMMENT = re.compile(r"<!--.{0,2000}?-->", re.DOTALL)
# marker links footnote marks, which stand close to a word, and cross-references, which do not.
FOOTNOTE_MARK = re.compile(r"(?<=[^\s(\]])\[(\d{1,3})\]\(#[^()\s]{0,200}\)")
ATTRIBUTE = r"(?:[#.][^\s{}]{1,200}|[\w-]{1,40}=(?:\"[^\"]{0,500}\"|[^\s{}]{1,200})|[-=]\w{0,20})"
ATTRIBUTES = rf"\{{\s*{ATTRIBUTE}(?:\s+{ATTRIBUTE}){{0,20}}\s*\}}"
INNER = r"((?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.){0,200}\]){0,2000})"
LINK = re.compile(
    rf"(?<!\\)\[{INNER}\]\(([^()\s]{{0,500}}(?:\([^()\s]{{0,200}}\)[^()\s]{{0,200}})?)\)(?:{ATTRIBUTES})?"
)
SPAN = re.compile(rf"(?<!\\)\[{INNER}\]{ATTRIBUTES}")
IMAGE = re.compile(rf"!\[{INNER}\]\([^()]{{0,500}}\)(?:{ATTRIBUTES})?")
KEY = r"[\w](?:[\w:.#$%&+?<>~/-]{0,150}\w)?"
CITES = re.compile(rf"\[((?:[^\[\]@]{{0,60}}\s)?-?@{KEY}(?:[^\[\]]{{0,1500}})?)\]")
CITED = re.compile(rf"-?@({KEY})")
IN_TEXT = re.compile(rf"(?<![\w@./-])@(?=[A-Za-z][\w:./+-]*\d\d)({KEY})")
STRONG = re.compile(r"(?<![\w*])\*\*(?=\S)([^*\n]{1,2000}?)(?<=\S)\*\*(?![\w*])")
EMPHASIS = re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*\n]{1,500}?)(?<=[^\s*])\*(?![\w*])")
MATH = re.compile(
    r"(?<!\\)(?:\$\$.{1,4000}?\$\$|\$`[^`\n]{1,2000}`\$|\$(?=\S)[^$\n]{1,2000}?(?<=[^\s\\])\$(?!\d))",
    re.DOTALL,
)
PARENTHESES_MATH = re.compile(r"\\\(((?:[^\\]|\\(?![()])){1,2000})\\\)")
RAISED = re.compile(r"<(sup|sub)>\s*([^<>\s]{1,40}(?: [^<>\s]{1,40}){0,3})\s*</\1>", re.IGNORECASE)
# pandoc's x^2^ and H~2~O.
PANDOC_RAISED = re.compile(r"(?<=\w)(?:\^([\w+-]{1,12})\^(?!\w)|~([\w+-]{1,12})~)")
RAISED_ON = re.compile(r"</(sup|sub)>\s?<\1>", re.IGNORECASE)
ORDINAL = re.compile(r"(?:st|nd|rd|th)", re.IGNORECASE)
NO_MARK = re.compile(r"[∗*†‡§¶,]+")
ESCAPED = re.compile(r"\\([*_\[\]#+.!|$@<>~^\"'%&-])")
HARD_BREAK = re.compile(r"\\(?=\s|$)")
AUTOLINK = re.compile(r"<(https?://[^<>\s]{1,500}|mailto:[^<>\s]{1,200})>")
DASHES = re.compile(r"(?<=[\w)$\ufdd1])---?(?=[\w(\ufdd0])")
KEPT = "\ufdd0{}\ufdd1"
KEPT_MARK = re.compile("\ufdd0(\\d+)\ufdd1")


def plain(text: str) -> str:
    r"""One line of text without Markdown and HTML decoration. `$...$` and code spans stay byte for byte;
    `\(...\)` becomes `$...$`; links keep their text, images their caption; pandoc's citations become
    [key, key]; raised and lowered characters are written ^2 and _i."""
    text = text.replace("\ufdd0", "").replace("\ufdd1", "")
    text = PARENTHESES_MATH.sub(lambda match: f"${match[1].strip()}$", text)
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        found = match[0]
        if found.startswith("$`"):
            found = f"${found[2:-2].strip()}$"
        kept.append(found)
        return KEPT.format(len(kept) - 1)

    text = MATH.sub(keep, re.sub(r"(?<!\$)`[^`\n]{1,500}`", keep, text))
    text = COMMENT.sub(" ", text)
    text = re.sub(r"<br\s*/?>", " ", text, flags=re.IGNORECASE)
    text = RAISED_ON.sub("", text)
    text = RAISED.sub(lambda match: raised("^" if match[1].lower() == "sup" else "_", match[2]), text)
    text = AUTOLINK.sub(r"\1", TAG.sub("", text))
    text = IMAGE.sub(r"\1", text)
    text = FOOTNOTE_MARK.sub(r"[\1]", text)
    text = LINK.sub(r"\1", text)
    text = CITES.sub(lambda match: f"[{cited(match[1])}]", SPAN.sub(r"\1", text))
    text = IN_TEXT.sub(r"[\1]", text)
    text = PANDOC_RAISED.sub(lambda m: raised("^", m[1]) if m[1] else raised("_", m[2]), text)
    text = STRONG.sub(r"\1", text)
    text = EMPHASIS.sub(r"\1", text)
    text = ESCAPED.sub(r"\1", HARD_BREAK.sub(" ", text))
    text = html.unescape(DASHES.sub(lambda match: "—" if len(match[0]) == 3 else "–", text))
    for _ in range(2):  # mathematics may hold a code span
        text = KEPT_MARK.sub(lambda match: kept[int(match[1])] if int(match[1]) < len(kept) else "", text)
    return clean_line(text)


def raised(mark: str, words: str) -> str:
    """Raised or lowered words with their mark, which ordinals and the signs of footnotes lack."""
    words = TAG.sub("", words).replace("\u2212", "-")
    if ORDINAL.fullmatch(words) or NO_MARK.fullmatch(words) or "](" in words:
        return words
    return f"{mark}{words}" if len(words) == 1 or words.isdigit() else f"{mark}{{{words}}}"


def cited(inside: str) -> str:
    """The keys of a citation, and its notes behind a semicolon."""
    keys = CITED.findall(inside)
    pieces = (" ".join(piece.split()).strip(" ,;") for piece in re.split(r"-?@" + KEY, inside))
    notes = " ".join(piece for piece in pieces if piece)
    return ", ".join(keys) + (f"; {notes}" if re.search(r"\w", notes) else "")


def heading_text(text: str) -> str:
    """The words of a heading: `plain`, also without pandoc's attributes, a closing row of # or marks of
    emphasis around it."""
    text = re.sub(rf"\s{{0,9}}{ATTRIBUTES}\s*$", "", text)
    words = plain(re.sub(r"\s#+\s*$", "", text))
    return re.sub(r"^[*_]+|[*_]+$", "", words).strip()
