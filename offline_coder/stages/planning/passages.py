"""Passages of a paper that may ask something of a reproduction: sentences, rows of tables, equations.

They are found without a model, and so is what they may ask for: each passage has the kinds that its
words speak of. Where the words leave no doubt, the kind is settled here; the others are put to the model
(requirements.py), which chooses and never writes. So every quote is verbatim by construction.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from offline_coder.checks.provenance import LONGEST_QUOTE, sentences
from offline_coder.core.plan import RequirementKind
from offline_coder.papers.fit import section_kinds
from offline_coder.papers.paper import ABSTRACT_ID, Block, Paper
from offline_coder.stages.planning.candidates import (
    SECTION_SCORE,
    SURE,
    UNREAD,
    in_passage,
    in_row,
    own_row,
)
from offline_coder.stages.planning.tables import cells_of, table_of

KIND_WORDS: tuple[tuple[RequirementKind, str], ...] = (
    (
        "data",
        r"data ?sets?\b|corpus|corpora|training (data|set)|validation set|test set|held-out|splits?\b|"
        r"samples\b|examples\b|images\b|tokeni[sz]|vocabular|pre-?process|augment|sentence pairs|benchmark",
    ),
    (
        "model",
        r"\blayers?\b|encoder|decoder|attention|\bnetworks?\b|architecture|module\b|embedding|activation|"
        r"\bheads?\b|hidden|\bblocks?\b|router|experts?\b|convolution|\bMLP|residual|normali[sz]|softmax|"
        r"projection|input\b|output\b|function\b|parameters\b",
    ),
    (
        "training",
        r"\btrain(ed|ing|s)?\b|optimi[sz]|\bloss|objective|gradient|learning rate|schedule|epochs?\b|"
        r"batch|\bsteps?\b|warm-?up|fine-?tun|regulari[sz]|minimi[sz]|initiali[sz]|dropout|back-?propag",
    ),
    (
        "evaluation",
        r"evaluat|metrics?\b|accuracy|BLEU|perplexity|\bscores?\b|baselines?\b|compar|\breport|\bFID\b|"
        r"\bF1\b|results?\b|outperform|\bmeasure|divergence\b|beam search|\baverag",
    ),
    (
        "ablation",
        r"ablat|\bwithout\b|\bremov|variants?\b|\bvary|effect of|impact of|sensitivity|replac",
    ),
)
COMPILED = tuple((kind, re.compile(words, re.IGNORECASE)) for kind, words in KIND_WORDS)
# What authors say of what they did, as against what is known, hoped or cited.
DEED = re.compile(
    r"\b(we|our)\b (?:\w+ly )?(\w+ ){0,2}?(use|appl|train|set|employ|initiali|normali|comput|sampl|"
    r"evaluat|measur|report|compar|vary|add|share|multipl|generat|split|follow|optimi|implement|clip|run|repeat|"
    r"average|choose|chose|fix|consist)|\b(is|are) (comput|given|defined|composed|trained|set|appl|"
    r"initiali|updat|sampl|split|repeated|averaged|normali)|consists? of",
    re.IGNORECASE,
)
OWN = re.compile(r"\b(we|our)\b", re.IGNORECASE)
HEARSAY = re.compile(
    r"et al|\brecent(ly)?\b|previous(ly)?|prior work|has been|have been|future|\bmay\b|\bmight\b|"
    r"\bcould\b|\bbelieve\b|\bhope\b",
    re.IGNORECASE,
)
# Sentences about the paper itself, and what a run cost its authors.
NARRATION = re.compile(
    r"(In (this|the (next|following)) (section|paper)|(As (shown|noted|seen) in )?"
    r"(Table|Figure|Fig\.) ?[\d?]+|"
    r"We (present|call|note|observe|believe|suspect|hypothes|argue|conclude|summari|refer|hope|thank)|"
    r"(These|Our|The) (results|findings|experiments) (demonstrate|suggest|show|indicate|highlight)|"
    r"This (suggests|shows|indicates|demonstrates|highlights)|To (understand|illustrate|summari)|Note that)",
    re.IGNORECASE,
)
COST = re.compile(r"\b([GT]PUs?|hours|days|minutes|seconds|machines?)\b", re.IGNORECASE)
# How well something did: a result where results may be meant, and nothing to build.
OUTCOME = re.compile(
    r"\b(better|worse|best|outperform|improve[ds]?\b|improvements?\b|enhanc|hurts?\b|superior|comparable|"
    r"achieve[ds]?\b|gains\b|speed-?up|slower|faster|struggl|drops? off|decreased|increased|reduced)",
    re.IGNORECASE,
)
VARIANTS = re.compile(r"ablat|variation|variant|effect of|impact of|sensitivity", re.IGNORECASE)
CITED = re.compile(r"\[[^\]]+\]|\(\d{4}\)|et al", re.IGNORECASE)
LOSS = re.compile(r"loss|mathcal\{?\s*L|nabla|\\eta|argmin|\\theta_", re.IGNORECASE)
DIGIT = re.compile(r"\d")
SHORTEST = 30
MOST_KINDS = 3
SURE_HITS = 3
MOST_ROWS = 12
MOST_STATEMENT = 400
ORDER = {"setup": 0, "method": 0, "other": 1, "plain appendix": 2, "abstract": 2, "opening": 3, "closing": 3}


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage, verbatim in `section`. `kinds` are what it may be, the likeliest first; `sure` says
    that the first one needs no asking. `worth` orders what is asked first: the higher, the earlier."""

    section: str
    quote: str
    statement: str
    kinds: tuple[RequirementKind, ...]
    sure: bool
    worth: int


def passages(paper: Paper) -> tuple[Passage, ...]:
    """The passages in the paper's order. Related work, acknowledgements and references are not read."""
    found: list[Passage] = []
    if paper.abstract:
        found += in_text(ABSTRACT_ID, paper.abstract, "abstract")
    for section, kind in zip(paper.sections, section_kinds(paper), strict=True):
        if kind not in UNREAD:
            for block in section.blocks:
                found += in_block(section.id, block, kind, paper.title)
    return tuple(found)


def in_block(section: str, block: Block, kind: str, title: str) -> Iterator[Passage]:
    """The passages of one block of a section of `kind`. Code and the drawings of figures hold none."""
    match block.kind:
        case "paragraph" | "list":
            yield from in_text(section, block.text, kind)
        case "table":
            yield from in_table(section, block.text, ORDER[kind], title)
        case "equation" | "algorithm":
            text = block.text.strip()
            quote = text if len(text) <= LONGEST_QUOTE else next(iter(sentences(text)), "")
            asks: RequirementKind = "training" if kind == "setup" or LOSS.search(text) else "model"
            if "=" in text or block.kind == "algorithm":
                yield Passage(section, quote, one_line(quote), (asks,), True, 0)
        case "code" | "figure":
            return


def in_text(section: str, text: str, kind: str) -> Iterator[Passage]:
    """The sentences of `text` that speak of something to do; `kind` is the section's."""
    rank = ORDER[kind]
    for sentence in sentences(text):
        if len(sentence) < SHORTEST:
            continue
        kinds, sure = kinds_of(section, sentence, kind)
        deed = DEED.search(sentence) is not None
        if not (sure or deed) and OUTCOME.search(sentence):
            kinds = tuple(each for each in kinds if each == "evaluation")
        idle = NARRATION.match(sentence) or COST.search(sentence) or HEARSAY.search(sentence)
        if not kinds or (not sure and (idle or rank == ORDER["opening"])):
            continue
        borrowed = kind != "setup" and CITED.search(sentence) and not OWN.search(sentence)
        if not (deed or sure or (DIGIT.search(sentence) and not borrowed)):
            continue
        worth = -2 * rank + 2 * deed + (DIGIT.search(sentence) is not None)
        yield Passage(section, sentence, one_line(sentence), kinds, sure, worth)


def kinds_of(section: str, sentence: str, place: str) -> tuple[tuple[RequirementKind, ...], bool]:
    """What `sentence` may be, the kind with most words first, and whether there is no doubt: it assigns
    a setting, or it is a deed with words enough of one kind, twice as many as of any other; two do where
    the section, `place` is its kind, tells what was done."""
    settings = in_passage(section, sentence)
    more = SECTION_SCORE.get(place, 0)
    certain = [one for one in settings if one.certain and one.score + more >= SURE]
    if any(not isinstance(one.value, str) or one.names[0].startswith("training.") for one in certain):
        return ("hyperparameter",), True
    hits = {kind: len(words.findall(sentence)) for kind, words in COMPILED}
    spoken = [kind for kind in sorted(hits, key=lambda kind: -hits[kind]) if hits[kind]]
    counts = sorted(hits.values(), reverse=True)
    enough = SURE_HITS - (ORDER[place] == 0)
    sure = counts[0] >= max(enough, 2 * counts[1]) and DEED.search(sentence) is not None
    if settings:
        spoken.insert(1, "hyperparameter")
    return tuple(spoken[:MOST_KINDS]), sure


def in_table(section: str, text: str, rank: int, title: str) -> Iterator[Passage]:
    """The rows of a table that hold numbers or name a setting: settings where the rows are named like
    settings, where the columns are, the paper's own row; variants where the other rows of such a table or
    its caption speak of them; results otherwise. At most twelve rows of variants or results, none of
    other people's work."""
    table = table_of(text)
    caption = text.partition("|")[0]
    columns = table.named_columns > 1
    own = own_row(table, title) if columns and not table.of_results else None
    label, kept = "", 0
    for row in table.rows:
        cells = cells_of(row)
        label = cells[0] or label
        if not DIGIT.search("".join(cells[1:])) and not in_row(section, row, table):
            continue
        is_setting = row == own or (not columns and bool(in_row(section, row, table)))
        if not is_setting and (kept == MOST_ROWS or CITED.search(label)):
            continue
        kept += not is_setting
        variant = columns or VARIANTS.search(caption) is not None
        kind: RequirementKind = "hyperparameter" if is_setting else "ablation" if variant else "evaluation"
        statement = row_statement(list(table.header), [label, *cells[1:]])
        yield Passage(section, row, statement, (kind,), True, -rank)


def row_statement(header: list[str], cells: list[str]) -> str:
    """A row in words: "Dropout: 0.1" of two cells, "base; N: 6; heads: 8" of more."""
    first, rest = cells[0], cells[1:]
    if len(rest) == 1:
        return one_line(f"{first}: {rest[0]}")
    named = [
        f"{header[index]}: {cell}" if index < len(header) and header[index] else cell
        for index, cell in enumerate(rest, start=1)
        if cell
    ]
    return one_line("; ".join([first, *named] if first else named))


def one_line(text: str) -> str:
    """`text` on one line of at most 400 characters."""
    return " ".join(text.split())[:MOST_STATEMENT]
