"""Candidate settings: every number and known word of the paper that may set a hyperparameter.

The model names candidates, it does not write values: so a value that the paper does not hold cannot
reach config.yaml. A candidate is a number with a word such as "learning rate" or "layers" close to it
in the same sentence or table row, or the name of an optimiser, an activation or a schedule.
"""

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from offline_coder.core.plan import ConfigValue
from offline_coder.stages.planning.provenance import GROUPING, NUMBER, POWER_OF_TEN, sentences

SETTING_WORDS = re.compile(
    r"learning.rate|\blr\b|batch|epoch|\bsteps?\b|iteration|warm.?up|drop.?out|smoothing|weight.decay|momentum|"
    r"beta|epsilon|gamma|alpha|lambda|\btau\b|sigma|[βεϵγαλτσ]|temperature|hidden|dimension|\bdim|d_?\s?\{?model|"
    r"d_?\s?\{?ff|layers?\b|heads?\b|embedding|vocabular|tokens|length|context|kernel|filter|channel|stride|"
    r"seeds?\b|clip|experts?\b|capacity|regulari|coefficient|noise|width|depth|units|patience|decay|hyper|"
    r"beam|penalty|samples|schedule|clusters|components|neighbo|horizon|buffer|latent|codebook|patch",
    re.IGNORECASE,
)
KNOWN_WORDS = re.compile(
    r"\b(AdamW|Adam|SGD|RMSprop|Adagrad|Adafactor|Adadelta|LAMB|Lion|L-BFGS|Nesterov|ReLU|GELU|SiLU|Swish|ELU|"
    r"LeakyReLU|Leaky ReLU|Softplus|Tanh|cosine annealing|cosine decay|cosine schedule|exponential decay|"
    r"inverse square root|cross-entropy|cross entropy|mean squared error|LayerNorm|BatchNorm|RMSNorm)\b",
    re.IGNORECASE,
)
REACH = 60
SHOWN = 70
# A bracketed number is a citation, one behind "Section" or "Table" a reference.
REFERENCE = re.compile(
    r"(\[|[Ss]ection|[Tt]able|[Ff]igure|[Ff]ig\.|[Ee]quation|[Ee]q\.|[Aa]ppendix|\u00a7)\s*$"
)

ASSIGNED = re.compile(r"([=|:\u2248\u2190&]|\b(of|to|is|at|for|value))\s*\$?\s*$")
MOST_OF_ONE_VALUE = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that stands in the paper.

    `quote` is the sentence or row that holds it, verbatim; `marked` the words around it, with the value
    in [[ ]]; `score` says how many words about settings stand near it.
    """

    value: ConfigValue
    section: str
    quote: str
    marked: str
    score: int


def number_of(match: re.Match[str]) -> ConfigValue | None:
    """The number a match stands for, whole where it is whole; None when it is out of all bounds."""
    groups = match.groupdict()
    power = (groups.get("e") or groups.get("power") or groups.get("flat") or "0").replace("\u2212", "-")
    try:
        value = Decimal(groups.get("mantissa") or "1").scaleb(int(power))
    except InvalidOperation:
        return None
    if abs(value) >= Decimal(10) ** 12:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def marked_passage(text: str, start: int, end: int, reach: int) -> str:
    """`text` from `reach` characters before `start` to as many after `end`, at word borders, with what
    lies between them in [[ ]]."""
    left = max(start - reach, 0)
    right = min(end + reach, len(text))
    while left > 0 and text[left - 1].isalnum():
        left -= 1
    while right < len(text) and text[right].isalnum():
        right += 1
    marked = f"{text[left:start]}[[{text[start:end].strip()}]] {text[end:right]}"
    return " ".join(marked.split())


def in_passage(section: str, passage: str) -> list[Candidate]:
    """The candidates of one sentence or row, in order."""
    plain = GROUPING.sub("", passage)
    spans: list[tuple[int, int, ConfigValue | None]] = [
        (match.start(), match.end(), match.group()) for match in KNOWN_WORDS.finditer(plain)
    ]
    if SETTING_WORDS.search(plain):
        powers = list(POWER_OF_TEN.finditer(plain))
        numbers = [
            match
            for match in NUMBER.finditer(plain)
            if not any(power.start() <= match.start() < power.end() for power in powers)
        ]
        spans += [(match.start(), match.end(), number_of(match)) for match in (*powers, *numbers)]
    found: list[Candidate] = []
    for start, end, value in sorted(spans, key=lambda span: span[0]):
        if value is None or REFERENCE.search(plain[max(start - 12, 0) : start]):
            continue
        if re.match(r"\s*=", plain[end:]):  # an index, as in beta 1 = 0.9
            continue
        near = SETTING_WORDS.findall(plain[max(start - REACH, 0) : end + REACH])
        score = len({word.lower() for word in near}) + isinstance(value, str)
        if score and ASSIGNED.search(plain[max(start - 12, 0) : start]):
            score += 2
        if score:
            found.append(Candidate(value, section, passage, marked_passage(plain, start, end, SHOWN), score))
    return found


def candidates(sections: dict[str, str], limit: int) -> tuple[Candidate, ...]:
    """At most `limit` candidates in the paper's order: those with most words about settings near them,
    each value once a sentence."""
    found: dict[tuple[str, str], Candidate] = {}
    for section, text in sections.items():
        for passage in sentences(text):
            for candidate in in_passage(section, passage):
                found.setdefault((repr(candidate.value).lower(), candidate.quote), candidate)
    seen: Counter[str] = Counter()
    unique: list[Candidate] = []
    for candidate in sorted(found.values(), key=lambda candidate: -candidate.score):
        seen[repr(candidate.value)] += 1
        if seen[repr(candidate.value)] <= MOST_OF_ONE_VALUE:
            unique.append(candidate)
    places = {id(candidate): index for index, candidate in enumerate(found.values())}
    return tuple(sorted(unique[:limit], key=lambda candidate: places[id(candidate)]))
