"""Data sets and models that the paper names, looked up in what the lab has. Nothing is guessed: a name
that no registry knows is kept without a path, and said so."""

import re
from collections.abc import Iterator

from offline_coder.checks.provenance import sentences
from offline_coder.core.plan import ConfigEntry, Resource, ResourceKind
from offline_coder.papers.fit import section_kinds
from offline_coder.papers.paper import ABSTRACT_ID, Paper
from offline_coder.stages.planning.candidates import UNREAD
from offline_coder.stages.planning.library_data import library_data, name_of
from offline_coder.stages.planning.registry import FILES, Registry

# A word of a name has a capital, a digit or an underscore in it: WMT, enwik8, shakespeare_char.
NAME_WORD = r"(?=[\w.+-]*[A-Z\d_])[A-Za-z0-9][\w.+-]*"
NAME = rf"{NAME_WORD}(?: {NAME_WORD}){{0,4}}"
NAMED: tuple[tuple[ResourceKind, re.Pattern[str]], ...] = (
    ("dataset", re.compile(rf"({NAME}) (?:data ?sets?\b|corpus\b|corpora\b|benchmarks?\b)")),
    (
        "model",
        re.compile(
            rf"(?:[Pp]re-?trained|initiali[sz]ed (?:from|with)|checkpoints? of)(?: an?| the)? ({NAME})"
        ),
    ),
)
LEADING = re.compile(
    r"^(?:(?:The|This|These|That|We|Our|For|In|On|Each|All|Both|Training|Test|Validation|Using|Large|New|"
    r"\d+|Two|Three|Four|Five|Several|Other|Many|Standard|Such|To|As|From|With|And|Of|An?)(?: |$))+"
)
GENERIC = frozenset({"transformer", "transformers", "llm", "llms", "nlp", "ml", "ai", "2d", "3d", "1d"})
MOST = 20
SHORTEST_NAME = 2


def find_resources(paper: Paper, registry: Registry) -> tuple[Resource, ...]:
    """The data sets and models that the paper names, each once, in the paper's order; at most twenty of
    each kind. Related work, acknowledgements and references are not read."""
    found: dict[tuple[ResourceKind, str], Resource] = {}
    for section, text in read_texts(paper):
        for sentence in sentences(text):
            for resource in in_sentence(section, sentence, registry):
                key = (resource.kind, (resource.local or resource.name).casefold())
                if sum(kind == resource.kind for kind, _ in found) < MOST:
                    found.setdefault(key, resource)
    return tuple(found.values())


def read_texts(paper: Paper) -> Iterator[tuple[str, str]]:
    """Id and text of what is read."""
    if paper.abstract:
        yield ABSTRACT_ID, paper.abstract
    for section, kind in zip(paper.sections, section_kinds(paper), strict=True):
        if kind not in UNREAD:
            for block in section.blocks:
                if block.kind not in ("code", "table"):
                    yield section.id, block.text


def in_sentence(section: str, sentence: str, registry: Registry) -> Iterator[Resource]:
    """What one sentence names: what the registry knows, what scikit-learn gives, and what is called a data
    set or a pre-trained model."""
    if (given := library_data(sentence)) and registry.find("dataset", sentence) is None:
        yield Resource(kind="dataset", name=name_of(given), section=section, quote=sentence, library=given)
    for kind, pattern in NAMED:
        named = [LEADING.sub("", match[1]).strip(" .,-") for match in pattern.finditer(sentence)]
        unknown = [name for name in named if registry.find(kind, name) is None]
        if local := registry.find(kind, sentence):
            path = registry.entries(kind)[local].path
            yield Resource(kind=kind, name=local, section=section, quote=sentence, local=local, path=path)
        for name in unknown:
            if len(name) >= SHORTEST_NAME and not name.isdigit() and name.lower() not in GENERIC:
                yield Resource(kind=kind, name=name, section=section, quote=sentence)


def path_entries(resources: tuple[Resource, ...]) -> tuple[ConfigEntry, ...]:
    """A setting for each resource that the lab has: data.wmt14_path, model.gpt2_path."""
    entries: dict[str, ConfigEntry] = {}
    for resource in resources:
        if resource.local is None or resource.path is None:
            continue
        key = f"{'data' if resource.kind == 'dataset' else 'model'}.{slug(resource.local)}_path"
        reason = f"{resource.local} of the local {FILES[resource.kind]}"
        entries.setdefault(key, ConfigEntry(key=key, value=resource.path, source="assumption", reason=reason))
    return tuple(entries.values())


def slug(name: str) -> str:
    """`name` as part of a key."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()
    return plain if plain[:1].isalpha() else f"x_{plain}"
