"""Names that code takes for granted and whose value is known: a setting of config.yaml, the device."""

import ast
import json
from collections.abc import Iterable, Iterator, Mapping

from offline_coder.checks.edits import add_import, replace_uses, used_names
from offline_coder.checks.rules import Edit, Repository, offered
from offline_coder.checks.symbols import Symbols
from offline_coder.core.finding import Finding
from offline_coder.core.usual_names import alike, usual_name

DEVICE = 'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")'
READ = 'CONFIG = yaml.safe_load(Path(__file__).with_name("config.yaml").read_text(encoding="utf-8"))'
WHOLE = ("config", "cfg")
METHODS = frozenset(dir(dict))
IMPORTS = ("from pathlib import Path", "import yaml")


def usual_value(
    config: Mapping[str, object], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """A name that is undefined and that only one setting of `config` has, or a section of it: read from
    config.yaml below the imports; `config` is all of it. `device`, where torch is imported: a GPU if there
    is one."""
    text, name = repository.files[finding.file], finding.subject
    lines = text.split("\n")
    if name == "device" and "import torch" in lines:
        yield Edit(finding.file, add_import(text, f"\n{DEVICE}"), "gave `device` its usual value")
    mapping = config if name in WHOLE else config.get(name)
    if isinstance(mapping, Mapping) and mapping:
        keys = () if name in WHOLE else (name,)
        new = _with_mapping(mapping, text, tree, name, f"CONFIG{_subscripts(keys)}")
    else:
        new = with_setting(config, text, name)
    if new is not None:
        yield Edit(finding.file, new, f"reads `{name}` from config.yaml")


def by_its_symbol(
    symbols: Symbols, repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """A name that is undefined and by which the paper calls a setting: read from config.yaml below the
    imports."""
    name = finding.subject
    if name in symbols:
        new = _with_line(repository.files[finding.file], f"{name} = CONFIG{_subscripts(symbols[name])}")
        yield from offered(finding.file, new, f"reads `{name}`, as the paper calls it, from config.yaml")


def usual_attribute(
    config: Mapping[str, object], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """An attribute that nothing makes and that only one setting of `config` has: the setting in its place."""
    owner, _, name = finding.subject.rpartition(".")
    text = repository.files[finding.file]
    inside = [
        node
        for cls in tree.body
        if isinstance(cls, ast.ClassDef) and cls.name == owner
        for node in ast.walk(cls)
    ]
    reads = [
        node
        for node in inside
        if isinstance(node, ast.Attribute) and node.attr == name and ast.unparse(node.value) == "self"
    ]
    if any(name in (getattr(node, "id", ""), getattr(node, "arg", "")) for node in inside):
        return  # there the name is something else
    plain = replace_uses(text, reads, f"self.{name}", name)
    new = with_setting(config, plain, name) if plain is not None else None
    if reads and new is not None:
        yield Edit(finding.file, new, f"reads `{name}` from config.yaml in place of `self.{name}`")


def section_of(config: Mapping[str, object], name: str) -> Mapping[str, object]:
    """The settings of a section of `config`; none where it has no such section."""
    section = config.get(name)
    return section if isinstance(section, Mapping) else {}


def with_setting(config: Mapping[str, object], text: str, name: str) -> str | None:
    """`text` in which `name` is read from config.yaml below the imports. None where not exactly one setting
    is called so, or if none is, by another usual name or with its section before it, or is mostly the same
    number; or where CONFIG is something else."""
    every = list(_places(config))
    places = (
        [keys for keys in every if keys[-1] == name]
        or [keys for keys in every if usual_name(keys[-1]) == usual_name(name) or "_".join(keys) == name]
        or [keys for keys in every if usual_name(keys[-1]) == alike(name)]
    )
    if len(places) != 1:
        return None
    return _with_line(text, f"{name} = CONFIG{_subscripts(places[0])}")


def _with_mapping(
    mapping: Mapping[str, object], text: str, tree: ast.Module, name: str, value: str
) -> str | None:
    """`text` in which `name` is `value`, which holds `mapping`, read from config.yaml below the imports;
    what is read of it as attributes (training.learning_rate) is read by key. None where an attribute is no
    key of it."""
    parents = {id(node.value): node for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    uses = [use for use in used_names(tree) if use.id == name]
    for use in sorted(uses, key=lambda use: (use.lineno, use.col_offset), reverse=True):
        read: ast.expr = use
        inside: object = mapping
        keys: list[str] = []
        while isinstance(inside, Mapping) and id(read) in parents and parents[id(read)].attr not in METHODS:
            read = parents[id(read)]
            keys.append(read.attr)
            inside = inside.get(read.attr)
        if inside is None:
            return None
        replaced = replace_uses(text, [read], ast.unparse(read), f"{name}{_subscripts(keys)}")
        if replaced is None:
            return None
        text = replaced
    return _with_line(text, f"{name} = {value}")


def _subscripts(keys: Iterable[str]) -> str:
    """Reading `keys` one in the other, as source."""
    return "".join(f"[{json.dumps(key)}]" for key in keys)


def _with_line(text: str, line: str) -> str | None:
    """`text` with `line`, which takes something from CONFIG, below the imports. None where CONFIG is
    something else."""
    lines = text.split("\n")
    if "CONFIG" in text and READ not in lines:
        return None
    if line in lines:
        return text
    if READ in lines:
        at = lines.index(READ) + 1
        return "\n".join([*lines[:at], line, *lines[at:]])
    text = add_import(text, f"\n{READ}\n{line}")
    for statement in IMPORTS:
        if statement not in lines:
            text = add_import(text, statement)
    return text


def _places(config: Mapping[str, object], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each value in `config`."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _places(value, (*above, str(key)))
        else:
            yield (*above, str(key))
