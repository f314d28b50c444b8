"""Text as a paper may hold it: NFC, no control characters, no stray spaces."""

import re
import unicodedata

LIGATURES = {ord(c): t for c, t in zip("ﬀﬁﬂﬃﬄﬅﬆ", ("ff", "fi", "fl", "ffi", "ffl", "ft", "st"), strict=True)}
# U+FDD0..U+FDEF never stand for a character; readers use them as marks of their own while they work.
UNWANTED = re.compile(r"[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]|[^\S\n\t ](?<![\x0b\x0c\r\x85\u2028\u2029])")
BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
BREAKS_OR_LF = re.compile(rf"\n|{BREAKS.pattern}")
VISIBLE = re.compile(r"\S")
INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co"})


def clean_lines(text: str) -> str:
    """`text` in NFC with LF line ends, no trailing spaces, no control or invisible characters and no
    blank lines at either end. Odd spaces become plain ones, lone surrogates U+FFFD; tabs become four
    spaces."""
    text = BREAKS.sub("\n", text)
    text = UNWANTED.sub(lambda match: " " if match[0].isspace() else "\N{REPLACEMENT CHARACTER}", text)
    text = text.replace("\t", "    ").translate(LIGATURES)
    if not text.isascii():
        text = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in INVISIBLE)
    else:
        text = "".join(c for c in text if c == "\n" or c.isprintable())
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", text).split("\n")]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines)


def blank_head(text: str) -> int:
    """How many lines `clean_lines` drops at the beginning of `text`."""
    for match in VISIBLE.finditer(text):
        if unicodedata.category(match[0]) not in INVISIBLE:
            return len(BREAKS_OR_LF.findall(text[: match.start()]))
    return 0


def clean_line(text: str) -> str:
    """`text` on one line: as `clean_lines`, with every run of white space one space."""
    return " ".join(clean_lines(text).split())


def decode(raw: bytes) -> str:
    """`raw` as text: UTF-8, or UTF-16 when it begins with its mark, else Latin-1, in which every byte
    is a character. For formats that allow any encoding, as LaTeX does."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
