"""Does a module keep its contract: every planned class, method and function, with its parameters?"""

import ast
from collections.abc import Sequence

from offline_coder.checks.source import Function, nodes_of, parse_python
from offline_coder.core.finding import Finding, Severity
from offline_coder.core.plan import ClassPlan, Module, Parameter, Routine


def check_contract(module: Module, text: str) -> tuple[Finding, ...]:
    """Where `text` does not define what `module` promises; empty when it does or does not parse.

    Rules: "missing-class", "missing-method", "missing-function" (errors), and "signature": a planned
    parameter is missing, or an unplanned one has no default, so a call by the plan would fail (errors);
    a planned default is missing (warning). A name that is bound otherwise (imported, assigned) counts as
    there. A method may come from a base class in the same file; of a dataclass the fields are `__init__`.
    """
    tree = parse_python(text)
    if tree is None:
        return ()
    classes = {node.name: node for node in nodes_of(tree) if isinstance(node, ast.ClassDef)}
    bound = _bound(tree.body)
    findings: list[Finding] = []
    for planned in module.classes:
        node = classes.get(planned.name)
        if node is not None:
            findings += _check_class(module.path, planned, node, classes)
        elif planned.name not in bound:
            message = f"the planned class {planned.name} is missing"
            findings.append(
                _missing(
                    module.path, 0, "missing-class", message, f"Write class {planned.name}.", planned.name
                )
            )
    routines = _routines(tree.body)
    for function in module.functions:
        found = routines.get(function.name)
        if found is not None:
            findings += _check_signature(module.path, function, found, found.name, method=False)
        elif function.name not in bound:
            message = f"the planned function {function.name} is missing"
            advice = f"Write `{function.signature()}:`."
            findings.append(_missing(module.path, 0, "missing-function", message, advice, function.name))
    return tuple(findings)


def _check_class(
    path: str, planned: ClassPlan, node: ast.ClassDef, classes: dict[str, ast.ClassDef]
) -> list[Finding]:
    findings: list[Finding] = []
    lineage = _lineage(node, classes)
    for method in planned.methods:
        shown = f"{planned.name}.{method.name}"
        found = next(
            (body[method.name] for body in map(_class_routines, lineage) if method.name in body), None
        )
        if found is not None:
            findings += _check_signature(path, method, found, shown, method=True)
        elif method.name == "__init__" and any(map(_is_dataclass, lineage)):
            findings += _check_fields(path, method, node, lineage)
        elif method.name == "__init__" and not _plain(method.parameters):
            continue
        elif not any(method.name in _bound(cls.body) for cls in lineage):
            message = f"the planned method {shown} is missing"
            advice = f"Write `{method.signature(method=True)}:` in class {planned.name}."
            findings.append(_missing(path, node.lineno, "missing-method", message, advice, shown))
    return findings


def _lineage(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> list[ast.ClassDef]:
    """`node` and its base classes in the same file, nearest first; circles end."""
    found = [node]
    for cls in found:
        bases = (base.id for base in cls.bases if isinstance(base, ast.Name))
        found.extend(classes[name] for name in bases if name in classes and classes[name] not in found)
    return found


def _check_signature(
    path: str, planned: Routine, found: Function, shown: str, *, method: bool
) -> list[Finding]:
    arguments = found.args
    positional = [*arguments.posonlyargs, *arguments.args]
    static = any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in found.decorator_list)
    if method and not static:
        positional = positional[1:]
    defaults = len(arguments.defaults)
    required = {arg.arg for arg in positional[: len(positional) - defaults]}
    required |= {
        arg.arg
        for arg, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    }
    names = {arg.arg for arg in [*positional, *arguments.kwonlyargs]}
    takes_any = arguments.kwarg is not None
    return _compare(path, planned, shown, found.lineno, names, required, takes_any=takes_any, method=method)


def _check_fields(
    path: str, planned: Routine, node: ast.ClassDef, lineage: list[ast.ClassDef]
) -> list[Finding]:
    fields = [
        statement
        for cls in lineage
        for statement in cls.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    ]
    names = {field.target.id for field in fields if isinstance(field.target, ast.Name)}
    required = {
        field.target.id for field in fields if isinstance(field.target, ast.Name) and field.value is None
    }
    shown = f"{node.name}.__init__"
    return _compare(path, planned, shown, node.lineno, names, required, takes_any=False, method=True)


def _compare(
    path: str,
    planned: Routine,
    shown: str,
    line: int,
    names: set[str],
    required: set[str],
    *,
    takes_any: bool,
    method: bool,
) -> list[Finding]:
    """Findings where a call by the plan would not fit the real parameters `names`."""
    wanted = _plain(planned.parameters)
    planned_names = {parameter.name for parameter in wanted}
    open_plan = any(parameter.name.startswith("*") for parameter in planned.parameters)
    advice = f"Write `{planned.signature(method=method)}:`."
    said: list[tuple[str, Severity]] = []
    missing = [parameter.name for parameter in wanted if parameter.name not in names]
    if missing and not takes_any:
        said.append((f"{shown} lacks the planned parameters: {', '.join(missing)}", "error"))
    extra = sorted(required - planned_names)
    if extra and not open_plan:
        said.append((f"{shown} needs parameters that are not planned: {', '.join(extra)}", "error"))
    strict = [p.name for p in wanted if p.default is not None and p.name in required]
    if strict:
        said.append((f"{shown} lacks the planned defaults of: {', '.join(strict)}", "warning"))
    return [
        Finding(
            file=path,
            line=line,
            rule="signature",
            message=message,
            severity=severity,
            advice=advice,
            subject=shown,
        )
        for message, severity in said
    ]


def _plain(parameters: Sequence[Parameter]) -> list[Parameter]:
    """The parameters a caller names: no `self`, no `*args`."""
    return [p for p in parameters if p.name.isidentifier() and p.name not in ("self", "cls")]


def _routines(body: Sequence[ast.stmt]) -> dict[str, Function]:
    """Functions of a body, those below if, try and with included; the last of a name wins."""
    found: dict[str, Function] = {}
    for node in _flat(body):
        if isinstance(node, Function):
            found[node.name] = node
    return found


def _class_routines(node: ast.ClassDef) -> dict[str, Function]:
    return _routines(node.body)


def _bound(body: Sequence[ast.stmt]) -> set[str]:
    """Names that imports and assignments of a body bind."""
    names: set[str] = set()
    for statement in _flat(body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name.split(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names.update(
                node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)
            )
    return names


def _flat(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of `body` and of the if, try and with blocks in it."""
    found: list[ast.stmt] = []
    waiting = list(reversed(body))
    while waiting:
        statement = waiting.pop()
        found.append(statement)
        if isinstance(statement, ast.If | ast.Try | ast.With):
            inner = [node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.stmt)]
            if isinstance(statement, ast.Try):
                inner += [node for handler in statement.handlers for node in handler.body]
            waiting.extend(reversed(inner))
    return found


def _is_dataclass(node: ast.ClassDef) -> bool:
    marks = [*node.decorator_list, *node.bases]
    return any(
        word in ast.unparse(mark) for mark in marks for word in ("dataclass", "BaseModel", "NamedTuple")
    )


def _missing(path: str, line: int, rule: str, message: str, advice: str, subject: str) -> Finding:
    return Finding(file=path, line=line, rule=rule, message=message, advice=advice, subject=subject)
