"""Does the entry point run when it is started, and only then? Do the other modules stay quiet?"""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from offline_coder.checks.source import REMEMBERED, last_name, nodes_of, parse_python
from offline_coder.core.finding import Finding, Severity
from offline_coder.core.plan import ENTRY_POINT

CONFIG_OPTION = "--config"
SMOKE_OPTION = "--smoke"
# What a module may call while it is imported: settings of libraries, and print.
_SETTINGS = re.compile(
    "print|append|insert|extend|update|use|seed|set_seed|manual_seed|basicConfig|setLevel|filterwarnings|"
    "simplefilter|set_theme|set_default_dtype"
)


def check_entry(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """What is wrong with main.py as a program, and with the other Python `files` as modules.

    Rules: "no-entry-point" (error): nothing happens when main.py is started; "unguarded-entry" (warning):
    it runs when it is imported; "entry-arguments": it does not look at its arguments (warning, an
    error when it could), or its parser lacks `--config`, which reproduce.sh gives (error), or `--smoke`
    (warning); "runs-on-import" (warning): another
    module does something when it is imported. Nothing is said of main.py when there is none.
    """
    findings: list[Finding] = []
    for path, text in sorted(files.items()):
        tree = parse_python(text) if path.endswith(".py") else None
        if tree is None:
            continue
        findings += _findings(path, tree)
    return tuple(findings)


@lru_cache(maxsize=REMEMBERED)
def _findings(path: str, tree: ast.Module) -> tuple[Finding, ...]:
    return tuple(_entry(path, tree) if path == ENTRY_POINT else _on_import(path, tree))


def is_guard(node: ast.stmt) -> bool:
    """Whether `node` is `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and "__name__" in {
        name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)
    }


def _entry(path: str, tree: ast.Module) -> Iterator[Finding]:
    actions = list(_actions(tree))
    if not any(map(is_guard, tree.body)):
        advice = 'End it with `if __name__ == "__main__":` and a call of main.'
        if actions:
            message = f"{_called(actions[0])} is called when main.py is imported"
            yield _finding(path, actions[0], "unguarded-entry", message, "warning", advice)
        else:
            message = "nothing happens when main.py is started"
            yield _finding(path, None, "no-entry-point", message, "error", advice)
    options = _options(tree)
    words = {node.id for node in nodes_of(tree) if isinstance(node, ast.Name)}
    words |= {node.attr for node in nodes_of(tree) if isinstance(node, ast.Attribute)}
    if options is not None and CONFIG_OPTION not in options:
        message = f"the entry point does not take {CONFIG_OPTION}, which reproduce.sh gives"
        advice = f'Write `parser.add_argument("{CONFIG_OPTION}", default="config.yaml")`.'
        yield _finding(path, None, "entry-arguments", message, "error", advice)
    elif (reader := _uncalled_reader(tree)) is not None:
        message = f"the entry point never calls {reader.name}, so it does not look at its arguments"
        yield _finding(path, None, "entry-arguments", message, "error", f"Call {reader.name}() in main.")
    elif options is not None and SMOKE_OPTION not in options:
        message = f"the entry point does not take {SMOKE_OPTION}"
        advice = f'Write `parser.add_argument("{SMOKE_OPTION}", action="store_true")`, a tiny run.'
        yield _finding(path, None, "entry-arguments", message, "warning", advice)
    elif options is None and not words & {"argv", "click", "fire", "typer"}:
        message = "the entry point does not look at its arguments, so --help would run the experiment"
        advice = f"Read them with argparse, {CONFIG_OPTION} among them."
        yield _finding(path, None, "entry-arguments", message, "warning", advice)


def _on_import(path: str, tree: ast.Module) -> Iterator[Finding]:
    for node in _actions(tree):
        message = f"{_called(node)} is called on import"
        yield _finding(path, node, "runs-on-import", message, "warning", "Move it into a function.")


def _uncalled_reader(tree: ast.Module) -> ast.FunctionDef | None:
    """The function at the top that makes the parser, when nothing uses it."""
    used = {n.id for n in nodes_of(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name not in used and _options(node) is not None:
            return node
    return None


def _options(tree: ast.AST) -> set[str] | None:
    """The options that argparse is told of; None without a parser that can be read."""
    calls = [node for node in nodes_of(tree) if isinstance(node, ast.Call)]
    if not any(ast.unparse(call.func).endswith("ArgumentParser") for call in calls):
        return None
    return {
        arg.value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
        for arg in call.args
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    }


def _actions(tree: ast.Module) -> Iterator[ast.Expr]:
    """Calls that stand at the top of a module, those that set up a library left out."""
    for node in tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            last = last_name(node.value.func)
            if not _SETTINGS.fullmatch(last):
                yield node


def _called(node: ast.Expr) -> str:
    return ast.unparse(node.value.func)[:60] if isinstance(node.value, ast.Call) else ""


def _finding(
    path: str, node: ast.stmt | None, rule: str, message: str, severity: Severity, advice: str
) -> Finding:
    line = node.lineno if node else 0
    return Finding(file=path, line=line, rule=rule, message=message, severity=severity, advice=advice)
