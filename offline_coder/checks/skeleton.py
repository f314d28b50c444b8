"""The honest stub: a module made from its contract alone, for when no model could write it."""

import ast
import keyword
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

from offline_coder.checks.syntax import parses
from offline_coder.core.compiling import REFUSALS, compiler_warnings
from offline_coder.core.finding import Finding
from offline_coder.core.plan import ClassPlan, Module, Parameter, Routine

STUB_MARK = "STUB = True"
STUB_LINE = f"{STUB_MARK}  # offline-coder: a placeholder made from the plan, not the paper's method"
UNDEFINED = "undefined"
MARKED = re.compile(rf"{UNDEFINED}\([\"'](\w+)[\"']\)")
"""A use of a name that nothing defines, marked."""
UNDEFINED_STUB = f'''def {UNDEFINED}(name: str) -> object:
    """STUB of offline-coder: stands where the code uses a name that nothing defines."""
    raise NotImplementedError(f"stub: nothing defines {{name}}")'''
"""The function that stands in for a name that nothing defines."""
LINE_WIDTH = 96
SHOWN_FINDINGS = 5
MAX_SOURCE = 200
MAX_PROSE = 2000

_TYPE_NODES = (
    ast.Expression,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Tuple,
    ast.List,
    ast.Constant,
    ast.BinOp,
    ast.BitOr,
    ast.Load,
)
_DEFAULT_NODES = (
    ast.Expression,
    ast.Constant,
    ast.UnaryOp,
    ast.USub,
    ast.UAdd,
    ast.Tuple,
    ast.List,
    ast.Load,
)
_KNOWN_BASES = frozenset({"object", "Exception", "RuntimeError", "ValueError"})


def skeleton(module: Module, findings: Sequence[Finding] = ()) -> str:
    """Python source that stands in for `module` and says so.

    It holds the line `STUB_LINE`, and every class, method and function of the contract, each raising
    NotImplementedError when called. `findings` are why the module could not be written; the first ones
    are named in its docstring. It always compiles and imports, whatever strings the plan holds: names
    that are none are mended, types and defaults that are no plain source are left out.
    """
    text = _source(module, findings, signatures=True)
    # Two parameters can be one name to the compiler only (name mangling inside a class).
    return text if parses("stub.py", text) else _source(module, findings, signatures=False)


def placeholder(head: str, name: str) -> str:
    """The definition that `head`, whole lines in the first column, begins, with a body that raises
    NotImplementedError: a function's when it is called, a class's when it is instantiated and not when
    its module is imported."""
    raising = f'raise NotImplementedError("stub: {name} was not written")\n'
    if re.match(r"(@.*\n)*class\b", head):
        return f"{head}    def __init__(self, *args, **kwargs):\n        {raising}"
    return f"{head}    {raising}"


def is_stub(text: str) -> bool:
    """Whether `text` is a module that `skeleton` made."""
    return any(line.startswith(STUB_MARK) for line in text.split("\n"))


def identifier(text: str, fallback: str) -> str:
    """`text` as a Python name: other characters become "_", a keyword gets one appended.

    NFKC-normalised as the compiler does; `fallback` when nothing is left.
    """
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", text[:MAX_SOURCE])).strip()
    name = unicodedata.normalize("NFKC", name)
    if name and not name.isidentifier():
        name = f"_{name}"
    if not name.isidentifier() or not name.strip("_"):
        return fallback
    return f"{name}_" if keyword.iskeyword(name) or name == "__debug__" else name


def _source(module: Module, findings: Sequence[Finding], *, signatures: bool) -> str:
    said = [f"STUB of {module.path}.", module.purpose, *_reasons(findings)]
    parts = [
        "\n".join(docstring(said, "")),
        "from __future__ import annotations",
        STUB_LINE,
    ]
    classes: set[str] = set()
    for planned in module.classes:
        name = identifier(planned.name, "Unnamed")
        parts.append("\n" + "\n".join(_class(planned, name, classes, signatures=signatures)))
        classes.add(name)
    for function in module.functions:
        head = identifier(function.name, "unnamed")
        parts.append("\n" + "\n".join(_routine(function, head, "", signatures=signatures)))
    return "\n\n".join(parts) + "\n"


def _reasons(findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return ["The module could not be written."]
    shown = [f"- line {finding.line}: {finding.message}" for finding in findings[:SHOWN_FINDINGS]]
    more = len(findings) - len(shown)
    return ["The module could not be written:", *shown, *([f"- and {more} more"] if more else [])]


def _class(planned: ClassPlan, name: str, earlier: Iterable[str], *, signatures: bool) -> list[str]:
    # Only a base that surely exists when the stub is imported; the planned ones are told.
    bases = [base for base in planned.bases if base in _KNOWN_BASES or base in earlier]
    head = f"class {name}({bases[0]}):" if bases else f"class {name}:"
    said = [planned.purpose]
    if planned.bases:
        said.append(f"Planned bases: {', '.join(planned.bases)}.")
    lines = [head, *docstring(["STUB.", *said], "    ")]
    methods = list(planned.methods)
    if not any(method.name == "__init__" for method in methods):
        anything = (Parameter(name="*args", type="object"), Parameter(name="**kwargs", type="object"))
        methods.insert(0, Routine(name="__init__", parameters=anything, returns="None"))
    for method in methods:
        head = identifier(method.name, "unnamed")
        body = _routine(method, head, "    ", signatures=signatures, owner=f"{name}.")
        lines += ["", *body]
    return lines


def _routine(planned: Routine, name: str, indent: str, *, signatures: bool, owner: str = "") -> list[str]:
    method = bool(owner)
    shown = (
        _parameters(planned.parameters, method=method) if signatures else "*args: object, **kwargs: object"
    )
    if method:
        shown = f"self, {shown}" if shown else "self"
    returns = _type(planned.returns) if signatures else ""
    arrow = f" -> {returns}" if returns else ""
    lines = [f"{indent}def {name}({shown}){arrow}:"]
    if planned.purpose.strip():
        lines += docstring([planned.purpose], f"{indent}    ")
    lines.append(f'{indent}    raise NotImplementedError("stub: {owner}{name} was not written")')
    return lines


def _parameters(planned: Sequence[Parameter], *, method: bool) -> str:
    """The parameter list in an order that Python allows."""
    taken = {"self"} if method else set()
    plain: list[str] = []
    keyword_only: list[str] = []
    rest: dict[str, str] = {}
    defaults = False
    for index, parameter in enumerate(planned):
        stars = len(parameter.name) - len(parameter.name.lstrip("*"))
        name = identifier(parameter.name.lstrip("*"), f"argument_{index}")
        if method and index == 0 and name in {"self", "cls"}:
            continue
        while name in taken:
            name += "_"
        taken.add(name)
        kind = _type(parameter.type)
        shown = f"{name}: {kind}" if kind else name
        if stars:
            rest.setdefault("*" * min(stars, 2), shown)
            continue
        default = _default(parameter.default)
        if default is None and defaults and "*" not in rest:
            default = "None"  # a parameter after one with a default needs one too
        defaults = defaults or default is not None
        equals = " = " if kind else "="
        target = keyword_only if "*" in rest else plain
        target.append(shown if default is None else f"{shown}{equals}{default}")
    star = [f"*{rest['*']}"] if "*" in rest else []
    double = [f"**{rest['**']}"] if "**" in rest else []
    return ", ".join([*plain, *star, *keyword_only, *double])


def _type(source: str) -> str:
    """`source` in canonical form when it is plainly a type, else ""."""
    tree = _expression(source, _TYPE_NODES)
    return ast.unparse(tree) if tree else ""


def _default(source: str | None) -> str | None:
    """`source` when it is a literal, "None" when it is anything else, None when there is none."""
    if source is None:
        return None
    tree = _expression(source, _DEFAULT_NODES)
    if tree is None:
        return "None"
    try:
        # `-"a"` is made of literals only, and fails when the stub is imported.
        ast.literal_eval(tree)
    except (ValueError, TypeError):
        return "None"
    return ast.unparse(tree)


def _expression(source: str, allowed: tuple[type[ast.AST], ...]) -> ast.Expression | None:
    """`source` parsed, when it is short, on one line and made of `allowed` nodes only."""
    if not source.strip() or len(source) > MAX_SOURCE or not source.isprintable():
        return None
    try:
        with compiler_warnings():
            tree = ast.parse(source.strip(), mode="eval")
    except REFUSALS:
        return None
    return tree if all(isinstance(node, allowed) for node in ast.walk(tree)) else None


def docstring(paragraphs: Iterable[str], indent: str) -> list[str]:
    """Lines of a docstring, indented, that holds `paragraphs` and cannot end early or escape anything."""
    lines: list[str] = []
    for paragraph in paragraphs:
        text = " ".join(_printable(paragraph[:MAX_PROSE]).split())
        text = text.replace("\\", "\\\\").replace('"', "'")
        lines += textwrap.wrap(text, LINE_WIDTH - len(indent)) if text else []
    if len(lines) <= 1:
        return [f'{indent}"""{"".join(lines)}"""']
    shown = [f'{indent}"""{lines[0]}', *(f"{indent}{line}" for line in lines[1:]), f'{indent}"""']
    shown.insert(1, "")
    return shown


def _printable(text: str) -> str:
    """`text` without control, format, surrogate and unassigned characters, which become spaces."""
    return "".join(" " if unicodedata.category(letter).startswith("C") else letter for letter in text)
