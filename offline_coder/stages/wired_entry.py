"""A wired entry point: main.py made from the plan and from the signatures that the code really has, without
the model. Data, model, training, evaluation, in this order; it says in its docstring that it is wired.

It is a candidate beside what the model wrote. Steps stand one after the other and a step that fails ends
the run: nothing is passed over. Data that is not there, and arguments that nothing gives and that are more
than a number, a word or a file, have stand-ins in smoke runs only, marked; where a network is built, of a
shape that it takes (fitting.py). Training or evaluation that gets nothing but such stand-ins is no part of a
reproduction: its results are not shown and the run has failed.
"""

import ast
import re
from collections.abc import Mapping

from offline_coder.checks.names import check_names
from offline_coder.checks.skeleton import docstring
from offline_coder.checks.source import parse_python
from offline_coder.checks.syntax import parses
from offline_coder.core.plan import ENTRY_POINT, ConfigValue, Plan
from offline_coder.stages.fitting import FITTING_NAMES, Fitting, StandIn, wanted_of
from offline_coder.stages.opening import HEAD_NAMES, program_head
from offline_coder.stages.planning.signatures import snake_case
from offline_coder.stages.prompting import render_prompt
from offline_coder.stages.wired_steps import DATA, MODEL, SECTIONS, Step, entry_module, steps_of
from offline_coder.stages.wired_values import (
    MAPPINGS,
    PATH_WORDS,
    UNTYPED,
    Result,
    Values,
    Wanted,
    returned,
    type_name,
    words_of,
)

WIRED = "Wired by offline-coder from the plan and the signatures of the code, not written by the model."
"""What every wired entry point says of itself."""
RESERVED = frozenset({"arguments", "config", "main", "missing", "torch", "np", *HEAD_NAMES, *FITTING_NAMES})
IMPORTS = {
    "inspect": "import inspect",
    "json": "import json",
    "pickle": "import pickle",
    "sys": "import sys",
    "tempfile": "import tempfile",
    "Path": "from pathlib import Path",
    "np": "import numpy as np",
    "torch": "import torch",
}
MISREAD = "(OSError, LookupError, TypeError, ValueError, AssertionError)"
PLAIN_VALUE = re.compile(
    r"[0-9.]+|True|False|'[^']*'|\"cpu\"|torch\.device.*|torch\.optim.*|torch\.nn\.CrossEntropyLoss.*"
    r"|(Path\()?data_file\(.*"
)
"""Made-up arguments that a full run may have as well."""
DATA_FILE = re.compile(r'data_file\("([^"]+)"')
FOLDER_WORDS = frozenset({"dir", "directory", "folder", "root"})
READERS = {
    "loadtxt": ".dat",
    "genfromtxt": ".dat",
    "read_csv": ".csv",
    "np.load": ".npy",
    "numpy.load": ".npy",
    "torch.load": ".pt",
    "json.load": ".json",
    "pickle.load": ".pkl",
}
"""What reads a file, by the end of its name, and the ending of what it reads."""


def wired_entry(plan: Plan, files: Mapping[str, str], *, unfinished: bool = False) -> str:
    """The text of main.py for the repository `files` (path -> text); "" where the code has no step to
    call beyond its data, or what else the plan wants in main.py is not there. Of a repository that is
    `unfinished` one step is enough. Always the same for the same input."""
    steps = steps_of(plan, files)
    module = entry_module(plan)
    kept = kept_definitions(plan, files) if not unfinished else []
    enough = any(unfinished or step.phase != DATA for step in steps)
    if not enough or module is None or kept is None:
        return ""
    settings: dict[str, dict[str, ConfigValue]] = {}
    for entry in plan.config:
        section, _, name = entry.key.partition(".")
        if name and "." not in name:
            settings.setdefault(section, {})[name] = entry.value
    torch = any("import torch" in text for path, text in files.items() if path.endswith(".py"))
    classes = frozenset(planned.name for other in plan.architecture.modules for planned in other.classes)
    values = Values(settings, classes, torch=torch)
    networks = any("Module" in step.types for step in steps)
    wiring = Wiring(values, files, {step.name for step in steps if not step.owner}, networks=networks)
    for step in steps:
        wiring.add(step)
    planned = next((routine for routine in module.functions if routine.name == "main"), None)
    taken = ", ".join(f"{parameter.name}=None" for parameter in planned.parameters) if planned else ""
    said = [f"{ENTRY_POINT}: {module.purpose}", WIRED]
    if wiring.invented:
        said.append(f"Made up, because nothing gives it: {'; '.join(wiring.invented)}.")
    helper = [render_prompt("coding/made_up_file.py.j2", kinds=sorted(wiring.kinds))] if wiring.kinds else []
    body = "\n".join(f"    {line}" for line in wiring.program())
    helper += wiring.fitting.helper()
    text = "\n\n\n".join(
        [
            program_head(plan).strip(),
            *(part.strip() for part in helper),
            *kept,
            f'def main({taken}) -> None:\n    """Data, model, training, evaluation, metrics."""\n{body}',
            'if __name__ == "__main__":\n    main()',
        ]
    )
    whole = "\n\n".join(["\n".join(docstring(said, "")), imports_for(text, steps), f"\n{text}\n"])
    undefined = any(finding.rule == "undefined-name" for finding in check_names(ENTRY_POINT, whole))
    return "" if undefined or not parses(ENTRY_POINT, whole) else whole


def kept_definitions(plan: Plan, files: Mapping[str, str]) -> list[str] | None:
    """What main.py has to define beside main, as the model wrote it; None where something is missing."""
    module = entry_module(plan)
    names = [name for name in module.names() if name != "main" and name not in HEAD_NAMES] if module else []
    text = files.get(ENTRY_POINT, "")
    tree = parse_python(text)
    found = {
        node.name: ast.get_source_segment(text, node) or ""
        for node in (tree.body if tree else ())
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    return [found[name] for name in names] if all(found.get(name) for name in names) else None


def imports_for(text: str, steps: list[Step]) -> str:
    """The import lines that `text` needs: libraries, then the modules of the repository."""
    lines = ["import argparse"]
    lines += [line for name, line in IMPORTS.items() if re.search(rf"(?<![\w.\"]){name}\b", text)]
    lines.append("import yaml")
    local: dict[str, list[str]] = {}
    for step in steps:
        if not step.owner:
            dotted = step.path.removesuffix(".py").replace("/", ".")
            local.setdefault(dotted, []).append(step.name)
    mine = [f"from {dotted} import {', '.join(names)}" for dotted, names in local.items()]
    outside = sorted(dict.fromkeys(lines), key=lambda line: (line.startswith("from"), line))
    return "\n".join([*outside, "", *mine])


class Wiring:
    """The lines of main, grown step by step."""

    def __init__(
        self, values: Values, files: Mapping[str, str], imported: set[str], *, networks: bool
    ) -> None:
        self.values = values
        self.files = files
        self.lines: list[str] = []
        self.invented: list[str] = []
        self.lacking: list[str] = []
        self.apart: list[str] = []
        self.kinds: set[str] = set()
        self.metrics: list[str] = []
        self.taken = set(RESERVED) | imported
        self.objects: dict[str, str] = {}
        self.fitting = Fitting(files, expected=values.torch and networks)
        self.models_end: int | None = None

    def program(self) -> list[str]:
        """The body of main."""
        begin = [
            "arguments = read_arguments()",
            "config = read_config(arguments.config, arguments.smoke)",
        ]
        if "seed" in self.values.settings.get("training", {}) and any("torch" in line for line in self.lines):
            begin.append("torch.manual_seed(config['training']['seed'])")
        begin += self.fitting.begin()
        if self.lacking:
            begin += [
                "if not arguments.smoke:",
                f'    raise SystemExit("nothing gives {", ".join(self.lacking)}")',
            ]
        at = len(self.lines) if self.models_end is None else self.models_end
        lines = [*self.lines[:at], *self.fitting.after_models(), *self.lines[at:]]
        shown = [f'print("{name}:", {name})' for name in self.metrics]
        told = [f'print("made up: {name}")' for name in self.invented]
        apart = " and ".join(self.apart)
        end = (
            [f'raise SystemExit("{apart}: gets nothing that was loaded, built or trained")'] if apart else []
        )
        return [*begin, *lines, *(shown or ['print("finished")']), *told, *end]

    def add(self, step: Step) -> None:
        """The call of `step`, and its results as variables."""
        used: set[str] = set()
        if step.phase > MODEL and self.models_end is None:
            self.models_end = len(self.lines)
        lacked = len(self.lacking)
        given = [self.argument(step, wanted, used) for wanted in step.parameters]
        function = f"{self.objects[step.owner]}.{step.name}" if step.owner else step.name
        call = f"{function}({', '.join(text for text in given if text)})"
        if isinstance(step.node, ast.ClassDef):
            variable = self.variable(snake_case(step.name))
            self.lines.append(f"{variable} = {call}")
            self.objects[step.name] = variable
            more = {"model"} if "Module" in step.types else set()
            if more and self.fitting.expected and not self.fitting.network and self.models_end is None:
                self.fitting.network = variable
            self.values.results.append(Result(variable, step.types, words_of(variable) | more))
            return
        results = returned(step.node)
        names = [self.variable(name or self.named_after(step)) for name, _ in results]
        kinds = [type_name(kind) for _, kind in results]
        line = f"{', '.join(names)} = {call}" if names else call
        if step.phase == DATA and names:
            stand_in = [self.values.of_type(kind) for kind in kinds]
            # What a made-up file holds can only be guessed; a name that is not defined is another matter.
            files = DATA_FILE.findall(call)
            failures = MISREAD if files else "OSError"
            self.lines += [
                "try:",
                f"    {line}",
                f"except {failures} as missing:",
                "    if not arguments.smoke:",
                "        raise",
                f'    print(f"smoke run: {{missing!r}}; made-up data stands in for {function}")',
                f"    {', '.join(names)} = {', '.join(stand_in)}",
                *(f"    {line}" for line in self.fitting.stood_in(StandIn(function, names, stand_in, files))),
            ]
            self.fitting.made_of(used, names, line)
        else:
            self.lines.append(line)
        if step.phase > MODEL and len(self.lacking) > lacked and not used and not step.owner:
            self.apart.append(step.name)
            return
        for name, kind in zip(names, kinds, strict=True):
            types = frozenset() if kind in UNTYPED else frozenset({kind})
            self.values.results.append(Result(name, types, words_of(name)))
        if len(names) > 1:
            self.values.together = tuple(names)
        if step.phase > MODEL:
            self.metrics += names

    def argument(self, step: Step, wanted: Wanted, used: set[str]) -> str:
        """One argument as it stands in the call; "" where it is left out."""
        chosen = self.values.choose(wanted, SECTIONS[step.phase], used)
        text = chosen.text
        needed = wanted_of(step.node, wanted.name, type_name(wanted.type)) if step.phase > MODEL else ""
        if chosen.source == "result":
            self.fitting.takes(text, needed)
        if chosen.source == "made up":
            if step.phase == DATA and type_name(wanted.type) in ("str", "Path", *UNTYPED) and is_path(wanted):
                folder = FOLDER_WORDS & set(wanted.name.lower().split("_"))
                kind = "" if folder else kind_read(self.files[step.path], step)
                self.kinds.add(kind)
                text = f'data_file("{wanted.name}{kind}", arguments.smoke)'
                text = f"Path({text})" if type_name(wanted.type) == "Path" else text
            elif self.values.kind(wanted) in MAPPINGS and (keys := keys_read(step, wanted.name)):
                text = "{" + ", ".join(f"{key!r}: {self.values.anything}" for key in keys) + "}"
            elif type_name(wanted.type) in ("str", *UNTYPED) and (word := word_known(step.node, wanted.name)):
                text = repr(word)
            elif step.phase > MODEL:
                text = self.fitting.value(text, wanted.name, needed)
            self.invented.append(f"{wanted.name} of {step.name}")
            if not PLAIN_VALUE.fullmatch(text):
                self.lacking.append(f"{wanted.name} of {step.name}")
        return text if wanted.by_position or not text else f"{wanted.name}={text}"

    def variable(self, name: str) -> str:
        """A name that nothing has yet, like `name`."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def named_after(self, step: Step) -> str:
        """A name for what `step` gives, from its own."""
        rest = step.name.partition("_")[2]
        return rest if rest.isidentifier() and step.phase == DATA else f"{step.name}_result"


def is_path(wanted: Wanted) -> bool:
    """Whether a parameter names a file or a folder."""
    return bool(PATH_WORDS & set(wanted.name.lower().split("_")))


def word_known(node: ast.AST, name: str) -> str:
    """The first word that a definition compares its parameter `name` with, "" where there is none: of the
    names of data sets, say, it knows only those."""
    for found in ast.walk(node):
        match found:
            case ast.Compare(
                left=ast.Name(id=compared), ops=[ast.Eq()], comparators=[ast.Constant(value=str(word))]
            ) if compared == name:
                return word
            case ast.Compare(
                left=ast.Name(id=compared),
                ops=[ast.In() | ast.NotIn()],
                comparators=[
                    ast.List(elts=[ast.Constant(value=str(word)), *_])
                    | ast.Tuple(elts=[ast.Constant(value=str(word)), *_])
                    | ast.Set(elts=[ast.Constant(value=str(word)), *_])
                    | ast.Dict(keys=[ast.Constant(value=str(word)), *_])
                ],
            ) if compared == name:
                return word
    return ""


def keys_read(step: Step, name: str) -> list[str]:
    """The keys that a step reads from its parameter `name`."""
    found = [
        node.slice.value
        for node in ast.walk(step.node)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == name
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    ]
    return list(dict.fromkeys(found))


def kind_read(text: str, step: Step) -> str:
    """The ending of the files that a step reads, by what it and the functions of its file that it names
    call; ".txt" where that does not say."""
    tree = parse_python(text)
    names = {node.id for node in ast.walk(step.node) if isinstance(node, ast.Name)}
    near = [node for node in (tree.body if tree else ()) if isinstance(node, ast.FunctionDef)]
    for node in [step.node, *(other for other in near if other.name in names)]:
        for call in ast.walk(node):
            said = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
            for reader, kind in READERS.items():
                if said == reader or said.endswith(f".{reader}"):
                    return kind
    return ".txt"
