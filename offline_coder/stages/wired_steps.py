"""The steps that a wired entry point takes, found in the code as it was written: load data, build models,
train, evaluate. What another definition of the same phase uses is that one's business and no step."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from offline_coder.checks.source import parse_python
from offline_coder.core.plan import ENTRY_POINT, Module, Plan
from offline_coder.core.plan import MODEL as NETWORK_PATH
from offline_coder.stages.wired_values import Wanted, parameters_of, source_of, type_name

Definition = ast.FunctionDef | ast.ClassDef
DATA, MODEL, TRAINING, EVALUATION = range(4)
SECTIONS = ("data", "model", "training", "evaluation")
"""The section of config.yaml that each phase looks at first."""
DATA_VERBS = frozenset(
    {"load", "read", "make", "get", "create", "prepare", "generate", "build", "split", "setup"}
    | {"download", "preprocess", "tokenize"}
)
DATA_NOUNS = frozenset(
    {"data", "dataset", "datasets", "dataloader", "dataloaders", "loader", "loaders"}
    | {"batch", "batches", "corpus", "split", "splits"}
)
TRAIN_WORDS = frozenset({"train", "fit", "pretrain", "finetune", "training", "learn"})
TEST_WORDS = frozenset(
    {"evaluate", "eval", "evaluation", "test", "validate", "score", "compute", "measure", "benchmark"}
)
PLAIN_MARKS = frozenset({"no_grad", "inference_mode", "dataclass"})
MAX_BASES = 8


@dataclass(frozen=True, slots=True)
class Step:
    """A definition of the repository that the entry point calls. `owner` is the class of a method."""

    path: str
    phase: int
    node: Definition
    parameters: tuple[Wanted, ...]
    types: frozenset[str] = frozenset()
    owner: str = ""

    @property
    def name(self) -> str:
        """What is called, without its owner."""
        return self.node.name


@dataclass(frozen=True, slots=True)
class Code:
    """The planned definitions that the files really have, by name, in the order of building."""

    paths: Mapping[str, str]
    nodes: Mapping[str, Definition]

    def types(self, node: ast.ClassDef) -> frozenset[str]:
        """The names of a class and of all its bases, as far as the repository says."""
        found = [node.name]
        for name in found[:MAX_BASES]:
            known = self.nodes.get(name)
            for base in known.bases if isinstance(known, ast.ClassDef) else ():
                found.append(type_name(ast.unparse(base)))
        return frozenset(found)

    def constructor(self, node: ast.ClassDef) -> tuple[Wanted, ...]:
        """The parameters of a class, its own or those of the nearest base that says some."""
        at: ast.ClassDef | None = node
        for _ in range(MAX_BASES):
            if at is None:
                break
            for item in at.body:
                if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                    return tuple(parameters_of(item.args, method=True))
            if "dataclass" in {type_name(ast.unparse(mark).partition("(")[0]) for mark in at.decorator_list}:
                fields = [item for item in at.body if isinstance(item, ast.AnnAssign)]
                return tuple(
                    Wanted(item.target.id, source_of(item.annotation), item.value is not None)
                    for item in fields
                    if isinstance(item.target, ast.Name)
                )
            bases = [self.nodes.get(type_name(ast.unparse(base))) for base in at.bases]
            at = next((base for base in bases if isinstance(base, ast.ClassDef)), None)
        return ()


def steps_of(plan: Plan, files: Mapping[str, str]) -> list[Step]:
    """What the entry point calls, in order. A class is called to make an object of it."""
    code = code_of(plan, files)
    found = [step for name in code.nodes if (step := step_of(code, name)) is not None]
    top = [step for phase in range(4) for step in outermost([s for s in found if s.phase == phase])]
    top = network_first(top)
    methods = [method for step in top for method in methods_of(step)]
    workers = {step.name for step in top if step.phase != MODEL}
    steps: list[Step] = []
    for phase in range(4):
        own = [step for step in top if step.phase == phase]
        inside = [step for step in methods if step.phase == phase]
        # A model that trains itself is asked to only where nothing else trains it.
        steps += own
        chosen = [step for step in inside if step.owner in workers]
        steps += chosen or ([] if own else [step for step in inside if step.owner == inside[0].owner])
    return steps


def network_first(steps: list[Step]) -> list[Step]:
    """`steps`, where parts of the method that stand beside the network of model.py, which uses nothing of
    them, are made after it: what is made first is what is trained."""
    beside = [step for step in steps if step.phase == MODEL and step.path != NETWORK_PATH]
    return [*(step for step in steps if step not in beside), *beside]


def code_of(plan: Plan, files: Mapping[str, str]) -> Code:
    """The planned classes and functions as they stand in `files`; of two of a name the first."""
    paths: dict[str, str] = {}
    nodes: dict[str, Definition] = {}
    for path in plan.build_order.order:
        tree = None if path == ENTRY_POINT else parse_python(files.get(path, ""))
        names = plan.architecture.module(path).names()
        for node in tree.body if tree else ():
            if isinstance(node, Definition) and node.name in names and node.name not in nodes:
                paths[node.name], nodes[node.name] = path, node
    return Code(paths, nodes)


def step_of(code: Code, name: str) -> Step | None:
    """The step that a definition is; None for a helper."""
    node, path = code.nodes[name], code.paths[name]
    if isinstance(node, ast.ClassDef):
        types = code.types(node)
        return Step(path, class_phase(path, node, types), node, code.constructor(node), types)
    phase = function_phase(path, node.name)
    plain = {type_name(ast.unparse(mark).partition("(")[0]) for mark in node.decorator_list} <= PLAIN_MARKS
    if phase is None or not plain:
        return None
    return Step(path, phase, node, tuple(parameters_of(node.args, method=False)))


def class_phase(path: str, node: ast.ClassDef, types: frozenset[str]) -> int:
    """What an object of the class is for."""
    name = node.name.lower()
    if "Module" in types:
        return MODEL
    if types & {"Dataset", "DataLoader", "IterableDataset"} or about_data(path) or "config" in name:
        return DATA
    if "train" in name:
        return TRAINING
    return EVALUATION if "evaluat" in name or "metric" in name else MODEL


def function_phase(path: str, name: str) -> int | None:
    """What a function is for, by its name and that of its file; None for a helper."""
    words = name.lower().split("_")
    if words[0] in DATA_VERBS and "loss" not in words:
        if about_data(path) or DATA_NOUNS & set(words):
            return DATA
        return MODEL if {"model", "network", "net"} & set(words) else None
    if TRAIN_WORDS & set(words[:2]):
        return TRAINING
    if words[0] in TEST_WORDS or "evaluate" in words:
        return EVALUATION
    return None


def about_data(path: str) -> bool:
    """Whether a file holds data, as its name says."""
    return any(noun in PurePosixPath(path).stem.lower() for noun in ("data", "corpus", "loader"))


def outermost(steps: Sequence[Step]) -> list[Step]:
    """Those that no other of `steps` uses; all where each is used by another."""
    used = {
        name.id
        for step in steps
        for name in ast.walk(step.node)
        if isinstance(name, ast.Name) and name.id != step.name
    }
    return [step for step in steps if step.name not in used] or list(steps)


def methods_of(step: Step) -> list[Step]:
    """The methods of a class that load, train or evaluate and that no other of them calls."""
    if not isinstance(step.node, ast.ClassDef):
        return []
    found: list[tuple[int, ast.FunctionDef]] = []
    for item in step.node.body:
        if not isinstance(item, ast.FunctionDef) or item.decorator_list or item.name.startswith("_"):
            continue
        words = item.name.lower().split("_")
        if TRAIN_WORDS & set(words[:2]):
            found.append((TRAINING, item))
        elif words[0] in TEST_WORDS and words[0] != "eval":
            found.append((EVALUATION, item))
        elif step.phase == DATA and words[0] in ("load", "read", "prepare", "setup", "split"):
            found.append((DATA, item))
    called = {
        node.attr
        for _, item in found
        for node in ast.walk(item)
        if isinstance(node, ast.Attribute) and node.attr != item.name
    }
    return [
        Step(
            step.path,
            max(phase, step.phase),
            item,
            tuple(parameters_of(item.args, method=True)),
            owner=step.name,
        )
        for phase, item in found
        if item.name not in called
    ]


def entry_module(plan: Plan) -> Module | None:
    """The entry point's contract."""
    return next((module for module in plan.architecture.modules if module.path == ENTRY_POINT), None)
