"""Where in the paper a value stands: a verbatim quote, found by string match, or nothing.

The rule: a number matches when the passage holds a number of the same value, whether it is written
4000, 4,000, 4{,}000, 4K, 4 thousand, 4e3 or 4 \\times 10^{3}, or as a percentage of it; the numbers from one
to twelve also as words. A word matches without regard to case, and "-", "_" and spaces count as the same.

A quote stands in a passage when it does so after both were normalised: the characters that only mark up
mathematics, $ \\ { } ~ and backquotes, and all white space are left out. Nothing else is: case, digits
and punctuation have to agree.
"""

import re
from decimal import Decimal, InvalidOperation

from offline_coder.core.plan import ConfigValue

GROUPING = re.compile(r"(?<=\d)(?:\{,\}|,)(?=\d{3}(?!\d))")
NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>[-\u2212\u2013]?)(?P<mantissa>\d+(?:\.\d+)?|\.\d+)(?:e(?P<e>[-+]?\d{1,3}))?"
    r"(?:\s*(?:\\times|\\cdot|\u00d7|\u00b7|x)\s*10\s*\^?\s*\{?\s*(?P<power>[-\u2212]?\d{1,3})\s*\}?)?"
    r"(?:(?P<percent>\s*\\?%)|(?P<thousands>[KMB](?![A-Za-z])|\s(?:thousand|million|billion)\b))?",
    re.IGNORECASE,
)
THOUSANDS = {"k": 3, "t": 3, "m": 6, "b": 9}
NUMBER_WORDS = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
NUMBER_WORD = re.compile(rf"(?<![\w-])({'|'.join(NUMBER_WORDS)})(?!\w)", re.IGNORECASE)
# Text layers flatten 10^{-9} to "10 -9"; with a space before the sign only, it is no range.
POWER_OF_TEN = re.compile(
    r"(?<![\w.])10(?:\s*\^\s*\{?\s*(?P<power>[-\u2212]?\d{1,3})\s*\}?|"
    r" ?(?P<flat>(?<= )[-\u2212]\d{1,2}|\u2212\d{1,2})(?![\d.]))"
)
MARKUP = re.compile(r"[\s$\\{}~`]+")
SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\bal\.)\s+(?=[A-Z\[$\\(])|\n+")
LONGEST_QUOTE = 300


def numbers_in(text: str) -> set[Decimal]:
    """The values of all numbers in `text`; a percentage stands for itself and for its hundredth, 4K for
    4 and for 4000."""
    plain = GROUPING.sub("", text)
    found = {word_value(match) for match in NUMBER_WORD.finditer(plain)}
    for match in NUMBER.finditer(plain):
        exponent = int((match["e"] or match["power"] or "0").replace("\u2212", "-"))
        try:
            value = Decimal(match["mantissa"]).scaleb(exponent)
        except InvalidOperation:
            continue
        found.add(-value if match["sign"] else value)
        # A hyphen before a number is as often a dash or a range as a sign.
        found.add(value)
        if match["percent"]:
            found.add(value / 100)
        if match["thousands"]:
            found.add(value.scaleb(THOUSANDS[match["thousands"].strip()[0].lower()]))
    for match in POWER_OF_TEN.finditer(plain):
        found.add(Decimal(1).scaleb(int((match["power"] or match["flat"]).replace("\u2212", "-"))))
    return found


def word_value(match: re.Match[str]) -> Decimal:
    """The number that a match of NUMBER_WORD spells."""
    return Decimal(NUMBER_WORDS.index(match[1].lower()) + 1)


def normalised(text: str) -> str:
    """`text` without white space and mathematical markup, as quotes are compared."""
    return MARKUP.sub("", text)


def stands_in(passage: str, quote: str) -> bool:
    """Whether `quote` is found in `passage` by the rule above; an empty one never is."""
    return bool(normalised(quote)) and normalised(quote) in normalised(passage)


def plain_words(text: str) -> str:
    """`text` in lower case with every run of separators as one space."""
    return " ".join(re.split(r"[\s_\-]+", text.lower()))


def holds(passage: str, value: ConfigValue) -> bool:
    """Whether `passage` states `value` by the rule above."""
    match value:
        case bool():
            return False
        case int() | float():
            return Decimal(str(value)) in numbers_in(passage)
        case str():
            words = re.escape(plain_words(value))
            return re.search(rf"(?<!\w){words}(?!\w)", plain_words(passage)) is not None
    return all(holds(passage, item) for item in value)


def sentences(text: str) -> list[str]:
    """`text` in pieces short enough to quote: at most 300 characters, verbatim."""
    pieces: list[str] = []
    for piece in SENTENCE_END.split(text):
        while len(piece) > LONGEST_QUOTE:
            cut = piece.rfind(" ", 0, LONGEST_QUOTE)
            cut = cut if cut > 0 else LONGEST_QUOTE
            pieces.append(piece[:cut])
            piece = piece[cut:].lstrip()
        pieces.append(piece)
    return [piece.strip() for piece in pieces if piece.strip()]
