"""Candidate settings: every number and known word of the paper that may set a hyperparameter.

Where the words around a value leave no doubt, its name is settled here; the others are put to the model
(config.py), which chooses among names and writes no values. So a value that the paper does not hold
cannot reach config.yaml. Related work, acknowledgements and references are not read.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from offline_coder.checks.provenance import GROUPING, plain_words, sentences
from offline_coder.core.plan import ConfigValue
from offline_coder.papers.fit import section_kinds
from offline_coder.papers.paper import ABSTRACT_ID, Block, Paper
from offline_coder.stages.planning.quantities import RESULT, Quantity, cell_values, values_in
from offline_coder.stages.planning.setting_names import (
    COMPILED,
    KNOWN_WORDS,
    SETTING_WORDS,
    Named,
    names_near,
    possible,
    slug,
)
from offline_coder.stages.planning.tables import Table, cells_of, table_of

SURE = 3
ASSIGNED_SCORE = 2
COUNTED_SCORE = 1
ROW_SCORE = 1
RESULT_SCORE = -1
SECTION_SCORE = {"setup": 1, "abstract": -1, "opening": -1, "closing": -1}
UNREAD = frozenset({"related", "ending"})
LEAST_SCORE = 1
SHOWN = 70
MOST_OF_ONE_NAME = 4
# A bracketed number is a citation, one behind "Section" or "Table" a reference, one in a subscript or
# behind a letter and a hyphen (h_{t-1}, CIFAR-10) part of a name, one behind "instead of" another's, one
# behind "at least" no choice.
REFERENCE = re.compile(
    r"(\[|[Ss]ections?|[Tt]ables?|[Ff]igures?|[Ff]ig\.|[Ee]quations?|[Ee]q\.|[Aa]ppendix|[Rr]uns?|\u00a7|"
    r"[Cc]ode [Bb]lock|[Aa]lgorithm|[Ll]isting|[Ll]ines?|[Ff]ootnote|at step|at least|"
    r"as few as|powers? of|\\tag\{|[_^]\{?[^}\s]*|\w ?[-\u2212]|\}\(|instead of|rather than|"
    r"compared (?:to|with)|versus|vs\.?|than|[<>]|\d (?:to|by|x|×))\s*$"
)
ASSIGNED = re.compile(r"([=:\u2248\u2190&+]|\b(of|is|at|for|value|(?:set|fixed|equal|limited) to))\s*\$?\s*$")
EQUALS = re.compile(r"[=\u2248\u2190]\s*\$?\s*$")
OF_A_SYMBOL = re.compile(r"(?<![\w\\])(?:[A-Za-z]|\\[A-Za-z]+)\s*=\s*$")
RESULT_WORDS = re.compile(
    r"\b(reach|achiev|reduc|improv|outperform|accuracy|perplexity|BLEU|slower|faster|better|worse|weaker|differ)"
)
UNIT = re.compile(
    r"[\s-]?(?:seconds?|hours?|days?|minutes?|ms|GB|MB|[GT]?FLOP|NVIDIA|GPUs?|TPUs?|tokens per(?! batch))\b|"
    r"\+?\s(?:(?:b|tr)illion )?parameters?\b|[^\W\d_]|\s?[√π^\u2212]|\s?/\s?[A-Z]\b"
)
INDEX = re.compile(
    r"\s*=|\s*,\s*\\?(?:ldots|dots|\.\.\.)|\s*\.\.\.|[\s$]+to[\s$]+[A-Z\d]|\s+(?:by|x|×|\\times)\s+\d"
)
YEAR = re.compile(r"(?:19|20)\d\d")
COORDINATED = re.compile(
    r"[\s$]*(?:\w+ )?(?:for|on) (?:the )?[^.;:]{1,40}?(?:,| and| or)[\s$]*(?:for )?[\s$]*"
)
FOR = re.compile(r"[\s$)}]*(?:[a-z]+ )?for (?:the )?([A-Za-z][\w-]*)((?: (?:data ?sets?|models?))?)")
FOR_NOTHING = re.compile(
    r"a|an|all|any|both|each|every|evaluation|inference|our|that|the|these|this|total|training", re.IGNORECASE
)
PURPOSE = re.compile(r"activation|non-?linear|optimi[sz]|\bloss|objective|schedule", re.IGNORECASE)
LONG_WORD = re.compile(r"[a-z]{4,}")
LABEL = re.compile(r"(?:[-*]\s+|\d+\.\s+)?([A-Za-z][^:.|=]{2,50}):")
LABEL_REACH = 25
ADJECTIVE = re.compile(r"\b([A-Za-z]{3,}(?<!ed)(?<!ing)(?<!ly))[ -]$")
NO_ADJECTIVE = re.compile(
    r"and|are|each|for|has|have|initial|its|maximum|number|one|our|same|single|some|such|than|that|the|their|"
    r"this|three|total|two|uses?|was|were|where|with",
    re.IGNORECASE,
)
FILLERS = re.compile(r"\b(?:of|the|for|number|values?|levels?|rate|size|a|an|and)\b", re.IGNORECASE)
HEAD = re.compile(r"(.+?)( of | for )(.+)")
DATA_WORDS = re.compile(r"data|image|pixel|split|token|sample|sentence|example", re.IGNORECASE)
MODEL_WORDS = re.compile(r"input|output|network|layer|encoder|decoder|channel|embedding", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that stands in the paper.

    `quote` is the sentence or row that holds it, verbatim; `marked` the words around it, with the value
    in [[ ]]; `names` are what the setting may be called, the likeliest first. `qualifier` tells it from
    others of its name ("enwik8"), "" when nothing does. `certain`: the first name is beyond doubt.

    `score` is 1, 2 more when the value is assigned ("= 4", "of 4", a cell), 1 more when it is counted
    ("4 layers"), in the row of a table of settings or in a section on the setup, 1 less among results and
    in opening and closing sections.
    """

    value: ConfigValue
    section: str
    quote: str
    marked: str
    score: int
    names: tuple[str, ...]
    qualifier: str = ""
    certain: bool = False

    @property
    def sure(self) -> bool:
        """Whether it is a setting beyond doubt: assigned, and with words about settings around it."""
        return self.score >= SURE

    @property
    def settled(self) -> bool:
        """Whether its name is beyond doubt as well."""
        return self.sure and self.certain


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
    if passage.startswith("|"):
        return in_row(section, passage, Table((), (passage,)))
    return in_sentence(section, passage)


def in_sentence(section: str, sentence: str, *, code: bool = False) -> list[Candidate]:
    """The candidates of one sentence, in order; a value that follows another as in "64 for A and 32 for B"
    has its name. In a line of code only what is assigned to a name counts."""
    plain = GROUPING.sub("", sentence)
    found = known_in(section, sentence, plain)
    if not SETTING_WORDS.search(plain) and "number of" not in plain:
        return found
    talk = RESULT_SCORE if RESULT_WORDS.search(plain) else 0
    before, used = Quantity(0, 0, 0), 0
    named, gained = Named(()), 0
    for one in values_in(plain):
        if not (before.end and COORDINATED.fullmatch(plain, before.end, one.start)):
            named = names_near(plain, one.start, one.end, used)
            gained = gain(plain, one, named)
        names = tuple(name for name in named.names if possible(name, one.value))
        if not names or (code and not named.bound) or elsewhere(plain, one, named):
            continue
        before = one
        used = max(used, named.words[1]) if named.counts else used
        marked = marked_passage(plain, one.start, one.end, SHOWN)
        qualifier = qualifier_of(plain, one, named)
        certain = named.bound or named.counts
        found.append(
            Candidate(one.value, section, sentence, marked, 1 + gained + talk, names, qualifier, certain)
        )
    return found


def elsewhere(text: str, one: Quantity, named: Named) -> bool:
    """Whether a value is no setting for how it stands in `text`: a reference, an index, the value of
    a symbol that is no setting, the number of an item, a measurement, a year, a spelt number that counts
    nothing, or numbers in a row that no words announce."""
    year = YEAR.fullmatch(text, one.start, one.end) is not None and not named.bound
    spelt = text[one.start].isalpha() and not named.counts
    opened = text.count("(", 0, one.start) - text.count(")", 0, one.start)
    enumerator = text.startswith(")", one.end) and (opened < 1 or text[: one.start] == "(")
    several = isinstance(one.value, list) and not named.bound
    symbol = not (named.bound or named.counts) and OF_A_SYMBOL.search(text, 0, one.start) is not None
    return (
        year
        or spelt
        or several
        or symbol
        or enumerator
        or REFERENCE.search(text, 0, one.start) is not None
        or INDEX.match(text, one.end) is not None
        or UNIT.match(text, one.end) is not None
    )


def known_in(section: str, sentence: str, plain: str) -> list[Candidate]:
    """The optimisers, activations and schedules that `plain` names."""
    found: list[Candidate] = []
    for words, name in KNOWN_WORDS:
        for match in words.finditer(plain):
            marked = marked_passage(plain, match.start(), match.end(), SHOWN)
            told = SETTING_WORDS.search(plain) or PURPOSE.search(plain)
            score = 1 + (ASSIGNED_SCORE if told else 0)
            found.append(Candidate(match.group(), section, sentence, marked, score, (name,), certain=True))
    return found


def gain(text: str, one: Quantity, named: Named) -> int:
    """What the way in which a value stands in `text` adds to its score."""
    if RESULT.match(text, one.end):
        return 0
    if named.counts:
        return ASSIGNED_SCORE if EQUALS.search(text, 0, one.start) else COUNTED_SCORE
    return ASSIGNED_SCORE if named.bound or ASSIGNED.search(text, 0, one.start) else 0


def qualifier_of(text: str, one: Quantity, named: Named) -> str:
    """What tells a value from others of its name: "for enwik8" behind it, the label of its line or the
    word before the setting's own ("style embedding dimension")."""
    if (behind := FOR.match(text, one.end)) and not FOR_NOTHING.fullmatch(behind[1]):
        return slug(behind[1] + behind[2])
    label = LABEL.match(text)
    if label and one.start - label.end() <= LABEL_REACH and (rest := label_rest(label[1], named.names[:1])):
        return rest
    if named.bound:
        word = ADJECTIVE.search(text, 0, named.words[0])
        if word and not NO_ADJECTIVE.fullmatch(word[1]) and not SETTING_WORDS.search(word[1]):
            return slug(word[1])
    return ""


def label_rest(label: str, names: tuple[str, ...]) -> str:
    """`label` without the words that make the setting's name, as part of a key."""
    parts = HEAD.match(label)
    head, of, tail = parts.groups() if parts else (label, "", "")
    for words, name in COMPILED:
        if name in names:
            head = words.sub(" ", head)
    return slug(FILLERS.sub(" ", f"{head} {of} {tail}"))


def in_row(section: str, row: str, table: Table) -> list[Candidate]:
    """The candidates of one row of `table`: a row that is named like a setting holds its value in each
    of its cells; in a table of settings each row does."""
    label, *cells = cells_of(row) or [""]
    names = row_names(label, cells, table)
    if not names:
        return []
    found = known_in(section, row, GROUPING.sub("", " | ".join(cells)))
    values = [(at, value) for at, cell in enumerate(cells) if (value := cell_values(GROUPING.sub("", cell)))]
    for at, value in values:
        if not possible(names[0], value.value):
            continue
        head = table.header[at + 1] if len(values) > 1 and at + 1 < len(table.header) else ""
        qualifier = slug(head) or label_rest(label, names)
        score = 1 + ASSIGNED_SCORE + ROW_SCORE
        marked = f"{label}: [[{cells[at]}]]"
        found.append(Candidate(value.value, section, row, marked, score, names, qualifier, certain=True))
    return found


def row_names(label: str, cells: list[str], table: Table) -> tuple[str, ...]:
    """What the row with `label` sets: a symbol in its cells says it best, then the label's head ("seed"
    of "seed of the noise"), then, in a table of settings, the label itself. None for a row of results."""
    if not label or table.of_results or not (table.of_settings or table.named_rows):
        return ()
    head = HEAD.match(label)
    for text in (*(cell for cell in cells if "$" in cell), *((head[1],) if head else ()), label):
        named = names_near(f"{text}: 0", len(text) + 2, len(text) + 3)
        if named.bound and cell_values(text) is None:
            return named.names
    return (own_name(label),) if table.of_settings and slug(label) else ()


def own_name(label: str) -> str:
    """A row's own label as the name of its setting."""
    group = "data" if DATA_WORDS.search(label) else "model" if MODEL_WORDS.search(label) else "training"
    return f"{group}.{slug(FILLERS.sub(' ', label)) or slug(label)}"


def in_columns(section: str, row: str, table: Table) -> list[Candidate]:
    """The candidates of one row of a table whose columns are settings: "| base | 6 | 512 | 2048 |"."""
    cells = cells_of(row)
    found: list[Candidate] = []
    for head, cell in zip(table.header[1:], cells[1:], strict=False):
        named = names_near(f"{head}: 0", len(head) + 2, len(head) + 3)
        value = cell_values(GROUPING.sub("", cell))
        if value is None or not named.bound or not possible(named.names[0], value.value):
            continue
        marked = f"{cells[0]}: {head} [[{cell}]]"
        score = 1 + ASSIGNED_SCORE
        found.append(
            Candidate(value.value, section, row, marked, score, named.names, slug(cells[0]), certain=True)
        )
    return found


def in_equation(section: str, text: str) -> list[Candidate]:
    """The candidate of an equation that ends in a number: it belongs to the first left-hand side, as in
    d_k = d_v = d_model / h = 64."""
    plain = GROUPING.sub("", text).strip()
    numbers = values_in(plain)
    left, equals, _ = plain.partition("=")
    if not numbers or not equals or plain[numbers[-1].end :].strip(" .$") or len(sentences(text)) != 1:
        return []
    if not re.search(r"=\s*$", plain[: numbers[-1].start]):
        return []
    named = names_near(f"{left.strip()} = 0", len(left.strip()) + 3, len(left.strip()) + 4)
    if not named.bound or not possible(named.names[0], numbers[-1].value):
        return []
    marked = marked_passage(plain, numbers[-1].start, numbers[-1].end, SHOWN)
    return [
        Candidate(numbers[-1].value, section, sentences(text)[0], marked, SURE, named.names, certain=True)
    ]


def own_row(table: Table, title: str) -> str | None:
    """The row of the paper's own model: the first whose label has a word of the paper's `title`, else the
    first; None in an empty table."""
    words = set(LONG_WORD.findall(title.lower()))
    own = (row for row in table.rows if words & set(LONG_WORD.findall(cells_of(row)[0].lower())))
    return next(own, next(iter(table.rows), None))


def in_block(section: str, block: Block, title: str) -> Iterator[Candidate]:
    """The candidates of one block; of a table of results, none."""
    if block.kind == "equation":
        yield from in_equation(section, block.text)
        for sentence in sentences(block.text):
            for candidate in known_in(section, sentence, sentence):
                yield replace(candidate, score=SURE)
    elif block.kind == "table":
        table = table_of(block.text)
        if table.named_columns > 1:
            if row := None if table.of_results else own_row(table, title):
                yield from in_columns(section, row, table)
            return
        for row in table.rows:
            yield from in_row(section, row, table)
    elif block.kind != "figure":
        for sentence in sentences(block.text):
            yield from in_sentence(section, sentence, code=block.kind in ("code", "algorithm"))


def everything_in(paper: Paper) -> Iterator[Candidate]:
    """All candidates in the paper's order, scored by their sections as well."""
    if paper.abstract:
        for sentence in sentences(paper.abstract):
            for candidate in in_sentence(ABSTRACT_ID, sentence):
                yield replace(candidate, score=candidate.score + SECTION_SCORE["abstract"])
    for section, kind in zip(paper.sections, section_kinds(paper), strict=True):
        for block in section.blocks if kind not in UNREAD else ():
            for candidate in in_block(section.id, block, paper.title):
                yield replace(candidate, score=candidate.score + SECTION_SCORE.get(kind, 0))


def candidates(paper: Paper, limit: int) -> tuple[Candidate, ...]:
    """The candidates in the paper's order: at most twice `limit` that are settled, and at most `limit`
    that are not, those of the highest scores. A value comes once for each name."""
    best: dict[tuple[str, str], tuple[int, Candidate]] = {}
    for place, candidate in enumerate(everything_in(paper)):
        key = (candidate.names[0], plain_words(repr(candidate.value)))
        if candidate.score >= LEAST_SCORE and (key not in best or candidate.score > best[key][1].score):
            best[key] = (place, candidate)
    ranked = sorted(best.values(), key=lambda found: (-found[1].score, found[0]))
    counted: Counter[str] = Counter()
    kept: list[tuple[int, Candidate]] = []
    for place, candidate in ranked:
        counted[candidate.names[0]] += 1
        if counted[candidate.names[0]] <= MOST_OF_ONE_NAME:
            kept.append((place, candidate))
    settled = [found for found in kept if found[1].settled][: 2 * limit]
    doubtful = [found for found in kept if not found[1].settled][:limit]
    return tuple(candidate for _, candidate in sorted((*settled, *doubtful), key=lambda found: found[0]))
