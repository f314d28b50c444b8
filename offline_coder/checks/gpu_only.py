"""Does the code run where there is no GPU? A smoke run has none unless it is asked for, and not every machine
of a laboratory has one.

Clocks: torch.cuda.Event, record() and elapsed_time() in milliseconds (PyTorch, "CUDA semantics").
"""

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.edits import add_import, grouped, replace_each
from offline_coder.checks.modules import in_each_file
from offline_coder.checks.source import REMEMBERED, function_around, last_name, nodes_of
from offline_coder.core.finding import Finding

RULE = "gpu-only"
EITHER = '"cuda" if torch.cuda.is_available() else "cpu"'
ASKS = "torch.cuda.is_available"
CLOCK = "torch.cuda.Event"
NOW = "time.perf_counter()"
DEVICE_CALLS = frozenset({"to", "device"})


def check_gpu_only(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Errors of rule "gpu-only" in `files` (path -> text): the device "cuda" in functions that do not ask
    whether there is one, `.cuda()`, and the clock of a GPU."""
    return in_each_file(files, _findings_of)


def with_either(text: str, tree: ast.Module, line: int) -> str:
    """`text` where `line` takes a GPU if there is one; and where it makes the clock of one, all times of that
    function are taken by the processor."""
    changes = [(node, _either(node)) for node in _needing(tree) if node.lineno == line]
    clocks = [node for node, new in changes if new is None]
    told = [(node, new) for node, new in changes if new is not None]
    if clocks:
        told += _by_the_processor(tree, clocks[0])
        text = replace_each(text, told)
        return add_import(text, "import time") if "import time" not in text.split("\n") else text
    text = replace_each(text, told)
    return add_import(text, "import torch") if "import torch" not in text.split("\n") else text


@lru_cache(maxsize=REMEMBERED)
def _findings_of(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file=path,
            line=node.lineno,
            rule=RULE,
            message=f"{ast.unparse(node)} needs a GPU",
            advice=f"Take times with {NOW}." if _either(node) is None else f"Take {EITHER} as the device.",
            subject=ast.unparse(node),
        )
        for node in _needing(tree)
    )


def _needing(tree: ast.Module) -> Iterator[ast.expr]:
    """What needs a GPU: the word "cuda" as a device, `.cuda()` of anything, and clocks of a GPU."""
    for node in nodes_of(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        moved = name.endswith(".cuda") and not node.args and not node.keywords
        for needing in [node] if moved or name == CLOCK else _devices(node):
            if not _asked_for(tree, needing):
                yield needing


def _devices(call: ast.Call) -> Iterator[ast.Constant]:
    """The arguments of a call that are "cuda", the device."""
    name = last_name(call.func)
    given = [*call.args[:1]] if name in DEVICE_CALLS else []
    for value in (*given, *(keyword.value for keyword in call.keywords if keyword.arg == "device")):
        if isinstance(value, ast.Constant) and str(value.value).partition(":")[0] == "cuda":
            yield value


def _asked_for(tree: ast.Module, node: ast.expr) -> bool:
    """Whether the function around `node`, or the module where there is none, asks for a GPU somewhere."""
    around = function_around(tree, node.lineno)
    return any(
        isinstance(inner, ast.Attribute) and ast.unparse(inner) == ASKS for inner in ast.walk(around or tree)
    )


def _either(node: ast.expr) -> str | None:
    """What stands for `node` with a GPU and without one; None for a clock."""
    if isinstance(node, ast.Constant):
        return EITHER
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func) != CLOCK
    ):
        return f"{grouped(node.func.value)}.to({EITHER})"
    return None


def _by_the_processor(tree: ast.Module, clock: ast.expr) -> list[tuple[ast.expr, str]]:
    """The changes that take the times of the function around `clock` by the processor: every clock that is
    started gets the time in seconds, and what has elapsed between two is in milliseconds as before."""
    around = function_around(tree, clock.lineno) or tree
    clocks = {
        ast.unparse(node.targets[0])
        for node in ast.walk(around)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if ast.unparse(node.value.func) == CLOCK
    }
    changes: list[tuple[ast.expr, str]] = []
    for node in ast.walk(around):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="record")) as call):
                changes += [(call, f"{name} = {NOW}")] if name in clocks else []
            case ast.Call(func=ast.Attribute(value=ast.Name(id=first), attr="elapsed_time"), args=[last]):
                changes += [(node, f"(1000 * ({ast.unparse(last)} - {first}))")] if first in clocks else []
            case ast.Call(func=called) if ast.unparse(called) == CLOCK:
                changes.append((node, "0.0"))
            case ast.Call(func=called) if ast.unparse(called) == "torch.cuda.synchronize":
                changes.append((node, f"{ASKS}() and {ast.unparse(node)}"))
    return changes
