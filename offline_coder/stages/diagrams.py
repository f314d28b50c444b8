"""Mermaid diagrams drawn from the architecture, so that they always render.

Nothing from the plan becomes syntax: every class and module is called by an id of ours (C1, M1) and its
name is only ever a label, in which all characters that Mermaid might read are written as entity codes.
"""

import unicodedata
from collections.abc import Sequence

from offline_coder.core.plan import Architecture, ClassPlan, Module, Routine

MAX_LABEL = 80
MAX_MEMBERS = 30

# Plain in every place of both grammars; everything else in ASCII is written as #code;.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _./,=")


def class_diagram(architecture: Architecture) -> str:
    """A Mermaid classDiagram: a box for each class, and one for a module's functions.

    Inheritance is drawn where a base is a planned class. Labels are cut to 80 characters, boxes to 30
    members.
    """
    lines = ["classDiagram"]
    ids: dict[str, str] = {}
    inherits: list[tuple[ClassPlan, str]] = []
    for module in architecture.modules:
        for planned in module.classes:
            own = f"C{len(inherits) + 1}"
            ids.setdefault(planned.name, own)
            inherits.append((planned, own))
            lines += _box(own, planned.name, module, planned.methods)
    for number, module in enumerate(architecture.modules, start=1):
        if module.functions:
            lines += _box(f"F{number}", module.path, module, module.functions)
    for planned, own in inherits:
        parents = dict.fromkeys(ids[base] for base in planned.bases if base in ids)
        lines += [f"    {parent} <|-- {own}" for parent in parents if parent != own]
    if len(lines) == 1:
        lines.append('    class E["nothing is planned"]')
    return "\n".join(lines) + "\n"


def call_flow(architecture: Architecture) -> str:
    """A Mermaid sequenceDiagram of the planned calls between modules, in the order of time.

    Calls from or to what is no planned module are left out. Labels are cut to 80 characters.
    """
    ids = {module.path: f"M{number}" for number, module in enumerate(architecture.modules, start=1)}
    lines = ["sequenceDiagram"]
    lines += [f"    participant {own} as {_label(path)}" for path, own in ids.items()]
    for call in architecture.calls:
        if call.caller in ids and call.callee in ids:
            lines.append(f"    {ids[call.caller]}->>{ids[call.callee]}: {_label(call.purpose)}")
    if not ids:
        lines.append("    participant E as nothing is planned")
    return "\n".join(lines) + "\n"


def _box(own: str, name: str, module: Module, members: Sequence[Routine]) -> list[str]:
    lines = [f'    class {own}["{_label(name)}"]']
    lines += [f"    {own} : +{_label(_head(member))}" for member in members[:MAX_MEMBERS]]
    if len(members) > MAX_MEMBERS:
        lines.append(f"    {own} : {len(members) - MAX_MEMBERS} more")
    if name != module.path:
        lines.append(f"    {own} : in {_label(module.path)}")
    return lines


def _head(routine: Routine) -> str:
    parameters = ", ".join(parameter.name for parameter in routine.parameters)
    return f"{routine.name}({parameters}) {routine.returns}".strip()


def _label(text: str) -> str:
    """`text` as a label that no character of can end or change; never empty."""
    shown = " ".join("".join(" " if unicodedata.category(c).startswith("C") else c for c in text).split())
    if len(shown) > MAX_LABEL:
        shown = f"{shown[: MAX_LABEL - 1]}…"
    # Mermaid reads `end` as a word of its grammar even inside a label.
    codes = (c if c in _PLAIN or ord(c) > 127 else f"#{ord(c)};" for c in shown)
    return "".join(codes).replace("end", "e#110;d").strip() or "#45;"
