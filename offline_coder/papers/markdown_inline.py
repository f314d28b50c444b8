"""The inside of a Markdown line: anchors, links and simple HTML become plain text, mathematics stays."""

import html
import re

from offline_coder.papers.text import clean_line

TAGS = "a|abbr|b|br|center|cite|code|del|div|em|font|i|ins|kbd|mark|p|small|span|strong|sub|sup|tt|u"
TAG = re.compile(rf"</?(?:{TAGS})(?:\s[^<>]{{0,300}})?/?>", re.IGNORECASE)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# marker links footnote marks, which stand close to a word, and cross-references, which do not.
FOOTNOTE_MARK = re.compile(r"(?<=[^\s(\]])\[(\d{1,3})\]\(#[^()\s]{0,200}\)")
LINK = re.compile(
    r"\[((?:[^\[\]]|\[[^\[\]]{0,200}\]){0,500})\]\(([^()\s]{0,500}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?)\)"
)
IMAGE = re.compile(r"!\[([^\]]{0,500})\]\([^()]{0,500}\)")
STRONG = re.compile(r"(?<![\w*])\*\*(?=\S)([^*\n]{1,2000}?)(?<=\S)\*\*(?![\w*])")
EMPHASIS = re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*\n]{1,500}?)(?<=[^\s*])\*(?![\w*])")
MATH = re.compile(r"(?<!\\)(?:\$\$.{1,4000}?\$\$|\$(?=\S)[^$\n]{1,2000}?(?<=\S)\$(?!\d))", re.DOTALL)
PARENTHESES_MATH = re.compile(r"\\\(((?:[^\\]|\\(?![()])){1,2000})\\\)")
KEPT = "\ufdd0{}\ufdd1"
KEPT_MARK = re.compile("\ufdd0(\\d+)\ufdd1")


def plain(text: str) -> str:
    r"""One line of text without Markdown and HTML decoration. `$...$` and code spans stay byte for byte;
    `\(...\)` becomes `$...$`; links keep their text, images their caption."""
    text = text.replace("\ufdd0", "").replace("\ufdd1", "")
    text = PARENTHESES_MATH.sub(lambda match: f"${match[1].strip()}$", text)
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return KEPT.format(len(kept) - 1)

    text = re.sub(r"`[^`\n]{1,500}`", keep, text)
    text = MATH.sub(keep, text)
    text = COMMENT.sub(" ", text)
    text = re.sub(r"<br\s*/?>", " ", text, flags=re.IGNORECASE)
    text = TAG.sub("", text)
    text = IMAGE.sub(r"\1", text)
    text = FOOTNOTE_MARK.sub(r"[\1]", text)
    text = LINK.sub(r"\1", text)
    text = STRONG.sub(r"\1", text)
    text = EMPHASIS.sub(r"\1", text)
    text = html.unescape(text)
    text = KEPT_MARK.sub(lambda match: kept[int(match[1])], text)
    return clean_line(text)


def heading_text(text: str) -> str:
    """The words of a heading: `plain`, also without a closing row of # or marks of emphasis around it."""
    words = plain(re.sub(r"\s#+\s*$", "", text))
    return re.sub(r"^[*_]+|[*_]+$", "", words).strip()
