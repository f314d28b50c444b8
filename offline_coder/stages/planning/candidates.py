"""Candidate settings: every number and known word of the paper that may set a hyperparameter.

The model names candidates, it does not write values: so a value that the paper does not hold cannot
reach config.yaml. A candidate is a number with a word such as "learning rate" or "layers" close to it
in the same sentence or table row, or the name of an optimiser, an activation or a schedule.
"""

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from offline_coder.checks.provenance import GROUPING, NUMBER, POWER_OF_TEN, sentences
from offline_coder.core.plan import ConfigValue

SETTINGS = (
    (r"learning.rate|\blr\b|\\eta\b|η", "training.learning_rate"),
    (r"batch", "training.batch_size"),
    (r"epochs?\b", "training.epochs"),
    (r"warm.?up", "training.warmup_steps"),
    (r"\bsteps?\b|iterations?\b", "training.steps"),
    (r"label.smoothing|smoothing", "training.label_smoothing"),
    (r"weight.decay", "training.weight_decay"),
    (r"momentum", "training.momentum"),
    (r"beta_?\{?_?1|β_?\s?1", "training.beta1"),
    (r"beta_?\{?_?2|β_?\s?2", "training.beta2"),
    (r"epsilon|[εϵ]", "training.epsilon"),
    (r"\bclip", "training.gradient_clipping"),
    (r"patience", "training.patience"),
    (r"seeds?\b", "training.seeds"),
    (r"noise|sigma|σ", "training.noise_std"),
    (r"temperature|\btau\b|τ", "training.temperature"),
    (r"lambda|λ|coefficient|loss.weight|penalty|regulari", "training.loss_weight"),
    (r"gamma|γ", "training.gamma"),
    (r"alpha|α", "training.alpha"),
    (r"schedule|\bdecay", "training.decay"),
    (r"drop.?out", "model.dropout"),
    (r"layers?\b|depth|blocks?\b", "model.layers"),
    (r"heads?\b", "model.heads"),
    (r"experts?\b", "model.experts"),
    (r"capacity", "model.capacity_factor"),
    (r"d_?\s?\{?(\\text\{)?ff|inner.layer|feed.?forward", "model.feed_forward_size"),
    (r"d_?\s?\{?(\\text\{)?model|hidden|width|\bunits", "model.hidden_size"),
    (r"embedding", "model.embedding_size"),
    (r"dimension|\bdim\b", "model.dimension"),
    (r"kernel|filter", "model.kernel_size"),
    (r"channels?\b", "model.channels"),
    (r"stride", "model.stride"),
    (r"latent|codebook", "model.latent_size"),
    (r"patch", "model.patch_size"),
    (r"vocabular", "data.vocabulary_size"),
    (r"length|context|tokens", "data.sequence_length"),
    (r"train\w* (images|samples|examples|set)", "data.train_size"),
    (r"validation", "data.validation_size"),
    (r"test (images|samples|examples|set)", "data.test_size"),
    (r"samples|examples|images|sentence pairs", "data.samples"),
    (r"classes\b", "data.classes"),
    (r"beam", "evaluation.beam_size"),
)
"""Words that announce a setting, and the name it goes by."""
WHOLE = re.compile(
    r"model\.(layers|heads|experts|dimension|channels|stride|\w+_size)|data\.\w+|evaluation\.beam_size|"
    r"training\.(batch_size|epochs|steps|warmup_steps|patience|seeds)"
)
"""Settings that count something."""
SHARE = re.compile(r"model\.dropout|training\.(label_smoothing|momentum|beta[12]|epsilon|weight_decay)")
"""Settings from 0 to below 1."""
SETTING_WORDS = re.compile("|".join(f"(?:{words})" for words, _ in SETTINGS), re.IGNORECASE)
COMPILED = tuple((re.compile(words, re.IGNORECASE), name) for words, name in SETTINGS)
KNOWN = (
    (r"AdamW|Adam|SGD|RMSprop|Adagrad|Adafactor|Adadelta|LAMB|Lion|L-BFGS", "training.optimizer"),
    (r"ReLU|GELU|SiLU|Swish|ELU|Leaky ?ReLU|Softplus|Tanh", "model.activation"),
    (r"cosine (?:annealing|decay|schedule)|exponential decay|inverse square root", "training.schedule"),
    (r"cross.entropy|mean squared error", "training.loss"),
    (r"LayerNorm|BatchNorm|RMSNorm", "model.normalization"),
)
KNOWN_WORDS = tuple((re.compile(rf"\b(?:{words})\b", re.IGNORECASE), name) for words, name in KNOWN)
MOST_NAMES = 3
SURE = 3
ASSIGNED_SCORE = 2
ROW_SCORE = 1
MOST_CELLS = 4
REACH = 60
SHOWN = 70
# A bracketed number is a citation, one behind "Section" or "Table" a reference.
REFERENCE = re.compile(
    r"(\[|[Ss]ection|[Tt]able|[Ff]igure|[Ff]ig\.|[Ee]quation|[Ee]q\.|[Aa]ppendix|\u00a7)\s*$"
)

ASSIGNED = re.compile(r"([=|:\u2248\u2190&]|\b(of|to|is|at|for|value))\s*\$?\s*$")
RESULT = re.compile(r"\s*(?:\\?%|percent|points|BLEU|\\pm|±)")
INDEX = re.compile(r"\s*=")
MOST_OF_ONE_VALUE = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that stands in the paper.

    `quote` is the sentence or row that holds it, verbatim; `marked` the words around it, with the value
    in [[ ]]; `names` are what the setting may be called, the likeliest first. `score` is 1, 2 more when
    the value is assigned ("= 4", "of 4", a cell), 1 more in the row of a narrow table.
    """

    value: ConfigValue
    section: str
    quote: str
    marked: str
    score: int
    names: tuple[str, ...]

    @property
    def sure(self) -> bool:
        """Whether it is a setting beyond doubt: assigned, and with words about settings around it."""
        return self.score >= SURE


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


def names_near(text: str, start: int, end: int) -> tuple[str, ...]:
    """At most three names for the value at `start` to `end`: those of the words nearest to it. A word
    before the value counts as nearer than one behind it."""
    distances: dict[str, int] = {}
    for words, name in COMPILED:
        for match in words.finditer(text, max(start - REACH, 0), min(end + REACH, len(text))):
            before = match.end() <= start
            distance = start - match.end() if before else 2 * max(match.start() - end, 0) + 4
            distances[name] = min(distance, distances.get(name, distance))
    return tuple(sorted(distances, key=lambda name: distances[name])[:MOST_NAMES])


def possible(name: str, value: ConfigValue) -> bool:
    """Whether the number `value` can be that of the setting `name`."""
    if WHOLE.fullmatch(name):
        return isinstance(value, int) and value >= 0
    return SHARE.fullmatch(name) is None or (isinstance(value, int | float) and 0 <= value < 1)


def in_passage(section: str, passage: str) -> list[Candidate]:
    """The candidates of one sentence or row, in order."""
    plain = GROUPING.sub("", passage)
    found: list[Candidate] = []
    for words, name in KNOWN_WORDS:
        for match in words.finditer(plain):
            marked = marked_passage(plain, match.start(), match.end(), SHOWN)
            score = 1 + (ASSIGNED_SCORE if SETTING_WORDS.search(plain) else 0)
            found.append(Candidate(match.group(), section, passage, marked, score, (name,)))
    if not SETTING_WORDS.search(plain):
        return found
    narrow_row = plain.startswith("|") and plain.count("|") <= MOST_CELLS + 1
    powers = list(POWER_OF_TEN.finditer(plain))
    numbers = [
        match
        for match in NUMBER.finditer(plain)
        if not any(power.start() <= match.start() < power.end() for power in powers)
    ]
    for match in sorted((*powers, *numbers), key=lambda match: match.start()):
        value = number_of(match)
        before = plain[max(match.start() - 12, 0) : match.start()]
        near = names_near(plain, match.start(), match.end())
        names = tuple(name for name in near if value is not None and possible(name, value))
        # What stands before an equals sign is an index, as in beta 1 = 0.9.
        if value is None or not names or REFERENCE.search(before) or INDEX.match(plain, match.end()):
            continue
        assigned = ASSIGNED.search(before) and not RESULT.match(plain, match.end())
        score = 1 + (ASSIGNED_SCORE if assigned else 0) + (ROW_SCORE if assigned and narrow_row else 0)
        marked = marked_passage(plain, match.start(), match.end(), SHOWN)
        found.append(Candidate(value, section, passage, marked, score, names))
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
