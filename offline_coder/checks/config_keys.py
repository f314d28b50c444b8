"""Does every key that the code reads from the configuration exist in config.yaml?"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from offline_coder.checks.source import REMEMBERED, nodes_of, parse_python
from offline_coder.checks.whole_config import CONFIG_NAMES, given_whole, loaded
from offline_coder.core.finding import Finding, Severity

_DICT_METHODS = frozenset(dir(dict))

# One key on the way down, and whether it was read with [] or .get rather than as an attribute.
_Step = tuple[str, bool]


def check_config_keys(files: Mapping[str, str], config: Mapping[str, object]) -> tuple[Finding, ...]:
    """Keys that `files` (path -> text) read and the nested mapping `config` lacks, and those never read.

    Rule "config-key", severity "warning"; "note" when `.get` gives a fallback. Only what plainly comes
    from the configuration is followed: names like `config`, `cfg` and `self.config`. A parameter may
    hold a section, so a key that some section has passes there. Attributes (`config.lr`) are only
    judged when no class of `files` is called something like Config, which would define its own. What
    `yaml.safe_load` or `read_config` gave is the whole mapping, and so is a parameter that is given all of
    it: a read that fails on it is an error.
    Rule "unread-key" (note): no file names the key; `file` is config.yaml then.
    """
    sections = list(_sections(config))
    trees = {
        path: tree for path, text in files.items() if path.endswith(".py") and (tree := parse_python(text))
    }
    own_class = any(map(_defines_a_config, trees.values()))
    written = {name for tree in trees.values() for name in _written(tree)}
    roots = given_whole(trees.values())
    findings = []
    for path, tree in trees.items():
        for read in config_reads(tree):
            whole = read.whole or read.root in roots
            by_attribute = not all(subscript for _, subscript in read.steps)
            if by_attribute and own_class and not whole:
                continue
            keys = [key for key, _ in read.steps]
            lacking = _lacking(keys, [config] if whole else sections)
            if lacking in written:
                continue
            if lacking is not None:
                message = f"config.yaml has no key {'.'.join(keys)!r}"
            elif by_attribute and whole:
                lacking = keys[-1]
                message = f"the configuration is a dict, so .{'.'.join(keys)} fails"
            else:
                continue
            severity: Severity = "note" if read.fallback else "error" if whole else "warning"
            findings.append(
                Finding(
                    file=path,
                    line=read.node.lineno,
                    rule="config-key",
                    message=message,
                    severity=severity,
                    advice=_advice(lacking, config),
                    subject=".".join(keys),
                )
            )
    return (*findings, *(_unread(trees.values(), config) if trees else ()))


def _unread(trees: Iterable[ast.Module], config: Mapping[str, object]) -> Iterator[Finding]:
    """Keys that no file names in any way: as a string, an attribute, a parameter or a keyword."""
    named = {name for tree in trees for name in _named(tree)}
    for way in _ways(config):
        if way[-1] not in named:
            yield Finding(
                file="config.yaml",
                line=0,
                rule="unread-key",
                message=f"no code reads {'.'.join(way)}",
                severity="note",
                advice=f"Read {_subscripts(way)} where it is used.",
                subject=".".join(way),
            )


@lru_cache(maxsize=REMEMBERED)
def _named(tree: ast.Module) -> frozenset[str]:
    """Whatever the file names outside the keys of a dict that it writes."""
    named: set[str] = set()
    written = {key for node in nodes_of(tree) if isinstance(node, ast.Dict) for key in node.keys}
    for node in nodes_of(tree):
        if node in written:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            named.add(node.value)
            named.update(node.value.split("."))
        elif isinstance(node, ast.Attribute):
            named.add(node.attr)
        elif isinstance(node, ast.arg | ast.keyword) and node.arg is not None:
            named.add(node.arg)
    return frozenset(named)


def _sections(config: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    waiting: list[Mapping[str, object]] = [config]
    while waiting:
        section = waiting.pop()
        yield section
        waiting.extend(value for value in section.values() if isinstance(value, Mapping))


class Read(NamedTuple):
    """A chain of keys read from a configuration: the whole expression, what it starts from, the steps.

    `fallback`: a `.get` with a default is among them. `whole`: it starts from all of config.yaml.
    """

    node: ast.expr
    root: ast.expr
    steps: tuple[_Step, ...]
    fallback: bool
    whole: bool


@lru_cache(maxsize=REMEMBERED)
def config_reads(tree: ast.Module) -> tuple[Read, ...]:
    """The longest chains of keys that `tree` reads from a configuration."""
    return tuple(_reads(tree))


def _reads(tree: ast.Module) -> Iterator[Read]:
    whole = loaded(tree)
    local = _reassigned(tree) - whole
    inner: set[ast.expr] = set()
    for node in nodes_of(tree):
        if not isinstance(node, ast.Subscript | ast.Attribute | ast.Call) or node in inner:
            continue
        steps: list[_Step] = []
        passed: list[ast.expr] = []
        fallback = False
        current: ast.expr = node
        while not (_is_config(current, local) or _is_named(current, whole)):
            step = _step(current)
            if step is None:
                break
            key, subscript, has_fallback, current = step
            steps.append((key, subscript))
            passed.append(current)
            fallback |= has_fallback
        else:
            # `.get` of the chain and the attributes below it are parts of what was just read.
            inner.update(passed)
            inner.update(call.func for call in [node, *passed] if isinstance(call, ast.Call))
            steps.reverse()
            cut = next(
                (at for at, (key, sub) in enumerate(steps) if not sub and key in _DICT_METHODS), len(steps)
            )
            if steps[:cut]:
                yield Read(node, current, tuple(steps[:cut]), fallback, _is_named(current, whole))


def _step(node: ast.expr) -> tuple[str, bool, bool, ast.expr] | None:
    """One step of a chain from its end: key, by subscript or get, has a fallback, what it is read from."""
    match node:
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key)), ctx=ast.Load()):
            return key, True, False, value
        case ast.Call(
            func=ast.Attribute(value=value, attr="get"), args=[ast.Constant(value=str(key)), *more]
        ):
            return key, True, bool(more), value
        case ast.Attribute(value=value, attr=key, ctx=ast.Load()):
            return key, False, False, value
    return None


def _is_named(node: ast.expr, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _is_config(node: ast.expr, local: set[str]) -> bool:
    match node:
        case ast.Name(id=name):
            return name in CONFIG_NAMES and name not in local
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name in CONFIG_NAMES and f"self.{name}" not in local
    return False


def _reassigned(tree: ast.Module) -> set[str]:
    """Configuration names that this file binds to something that is plainly no configuration."""
    found: set[str] = set()
    for node in nodes_of(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.arg) and node.annotation is not None:
            # A parameter with a type of its own (`config: ModelConfig`) is an object, not the mapping.
            if not any(word in ast.dump(node.annotation) for word in ("dict", "Dict", "Mapping", "Any")):
                found |= {node.arg, f"self.{node.arg}"}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict | ast.List | ast.Constant):
            found.update(ast.unparse(t) for t in node.targets if isinstance(t, ast.Name | ast.Attribute))
    return found


@lru_cache(maxsize=REMEMBERED)
def _written(tree: ast.Module) -> frozenset[str]:
    """Keys that the code itself puts into a mapping by subscript."""
    return frozenset(
        node.slice.value
        for node in nodes_of(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    )


@lru_cache(maxsize=REMEMBERED)
def _defines_a_config(tree: ast.Module) -> bool:
    """Whether the file has a class that may be a configuration with attributes of its own."""
    return any(
        isinstance(node, ast.ClassDef) and node.name.endswith(("Config", "Settings", "Namespace"))
        for node in nodes_of(tree)
    )


def _lacking(keys: list[str], sections: list[Mapping[str, object]]) -> str | None:
    """The key at which the way down ends from the best start; None when some start has it all."""
    best = 0
    for start in sections:
        current: object = start
        for depth, key in enumerate(keys):
            if not isinstance(current, Mapping):
                return None  # below a value: a method or an index of it
            if key not in current:
                best = max(best, depth)
                break
            current = current[key]
        else:
            return None
    return keys[best]


def _advice(key: str, config: Mapping[str, object]) -> str:
    last = key.rpartition(".")[2].lower()
    ways = [way for way in _ways(config) if way[-1].lower() == last]
    if ways:
        return f"Read {_subscripts(ways[0])}."
    return f"Use a key that exists: {', '.join('.'.join(way) for way in list(_ways(config))[:10])}."


def _subscripts(way: tuple[str, ...]) -> str:
    return "".join(f"[{part!r}]" for part in way)


def _ways(config: Mapping[str, object]) -> Iterator[tuple[str, ...]]:
    """The way down to every value of `config`."""
    waiting: list[tuple[tuple[str, ...], object]] = [((), config)]
    while waiting:
        way, value = waiting.pop(0)
        if isinstance(value, Mapping):
            waiting.extend(((*way, str(key)), inner) for key, inner in value.items())
        else:
            yield way
