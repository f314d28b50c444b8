"""Writing a file along its contract: each planned definition is begun for the model with its own head.

So what the plan defines is there, with the planned name and parameters, whatever the model would rather
write. It goes on from a head until it begins another planned definition or another file; helpers that it
adds on the way stay. The definitions of a module know each other by the contract, so they are written
together: that is where most of the time of a run went while they came one after the other.
"""

import ast
import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from offline_coder.checks.cut import last_good_prefix, repeats
from offline_coder.checks.skeleton import docstring, placeholder
from offline_coder.checks.source import parse_python
from offline_coder.checks.syntax import parses
from offline_coder.checks.targets import first_line
from offline_coder.core.engine import Engine
from offline_coder.core.finding import Finding
from offline_coder.core.plan import ClassPlan, Module, Routine
from offline_coder.core.stage_settings import StageSettings
from offline_coder.stages.prompting import Context
from offline_coder.stages.repair import (
    NO_ROOM,
    Answer,
    Frame,
    Verdict,
    Written,
    ask_code,
    tidy_code,
    write_checked,
)

SMALLEST_ROOM = 256
GAP = "\n\n\n"
DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a planned definition: whole lines, the last of which wants a body below it."""

    name: str
    text: str

    @property
    def mark(self) -> str:
        """What a text holds where this definition begins in it."""
        return "\n" + self.text.partition(self.name)[0] + self.name


def heads_of(module: Module) -> tuple[Head, ...]:
    """The heads of a module's contract in its order, those left out that do not parse."""
    found = [*map(class_head, module.classes), *map(function_head, module.functions)]
    return tuple(head for head in found if parses(module.path, head.text + "    pass\n"))


def class_head(planned: ClassPlan) -> Head:
    """`class Net(nn.Module):`, and its docstring."""
    bases = f"({', '.join(planned.bases)})" if planned.bases else ""
    lines = [f"class {planned.name}{bases}:", *docstring([planned.purpose], "    ")]
    return Head(planned.name, "\n".join(lines) + "\n")


def function_head(planned: Routine) -> Head:
    """`def train(steps: int) -> float:` and its docstring where it has a purpose."""
    said = docstring([planned.purpose], "    ") if planned.purpose else []
    return Head(planned.name, "\n".join([f"{planned.signature()}:", *said]) + "\n")


async def write_file(
    engine: Engine, context: Context, task: str, module: Module, settings: StageSettings, frame: Frame
) -> Written:
    """The file for `task`: what `frame` begins, then the planned definitions in their order, asked for
    together. A module without a contract is written in one answer. Raises what the engine raises."""
    heads = heads_of(module)
    if not heads or (frame.begun and not parses(module.path, frame.begun)):
        return await write_checked(engine, context, task, module, settings, frame)
    room = min(settings.code_tokens, max(SMALLEST_ROOM, 2 * settings.code_tokens // len(heads)))
    bounded = settings.model_copy(update={"code_tokens": room})
    begun = tidy_code(frame.begun).rstrip()
    pieces = await asyncio.gather(
        *(
            write_definition(
                engine, context, task, module, bounded, inner_frame(frame, begun, head, heads), head
            )
            for head in heads
        )
    )
    text, repairs, missing = begun, list[str](), 0
    known = {head.name for head in heads}
    for head, (code, tried) in zip(heads, pieces, strict=True):
        piece = without(code.removeprefix(begun), known - {head.name})
        repairs += tried
        if not code:
            missing += 1
            piece = placeholder(head.text, head.name)
            repairs.append(f"placeholder for {head.name}")
        known |= defined_in(piece)
        text = f"{text}{GAP}{piece.strip()}".lstrip()
    verdict: Verdict = "stub" if missing == len(heads) else "repaired" if repairs else "first answer"
    return Written(module.path, tidy_code(text), verdict, tuple(repairs), unwritten(module, repairs))


def inner_frame(frame: Frame, begun: str, head: Head, heads: Sequence[Head]) -> Frame:
    """What the definition that `head` begins goes on from, and what ends it."""
    others = tuple(other.mark for other in heads if other != head)
    return Frame(f"{begun}{GAP}{head.text}".lstrip("\n"), (*others, *frame.ends))


def without(piece: str, names: Collection[str]) -> str:
    """`piece`, some top-level code, without its definitions of `names`."""
    tree = parse_python(piece)
    if tree is None:
        return piece
    lines = piece.split("\n")
    for node in reversed(tree.body):
        if isinstance(node, DEFINITIONS) and node.name in names and node.end_lineno:
            del lines[first_line(node) - 1 : node.end_lineno]
    return "\n".join(lines)


def defined_in(piece: str) -> set[str]:
    """The classes and functions at the top level of `piece`."""
    tree = parse_python(piece)
    return {node.name for node in tree.body if isinstance(node, DEFINITIONS)} if tree else set()


async def write_definition(
    engine: Engine,
    context: Context,
    task: str,
    module: Module,
    settings: StageSettings,
    frame: Frame,
    head: Head,
) -> tuple[str, list[str]]:
    """The file up to the end of this definition, "" when no attempt gave it a body that parses; and what
    was tried after the first answer."""
    tried: list[str] = []
    for attempt in range(1 + settings.regenerations):
        if attempt:
            tried.append(f"asked for {head.name} again")
        purpose = f"{'repair' if attempt else 'coding'}:{module.path}:{head.name}"
        answer = await ask_code(engine, context, purpose, task, settings, settings.seed + attempt, frame)
        if not answer.asked:
            tried.append(f"{NO_ROOM} for {head.name}")
            break
        code = whole_part(module.path, answer)
        if defines(code, head.name) and len(code) > len(tidy_code(frame.begun)):
            if code != answer.code:
                tried.append(f"cut {head.name} back to its last whole statement")
            return code, tried
    return "", tried


def whole_part(path: str, answer: Answer) -> str:
    """The answer's code as far as it parses and does not repeat itself."""
    at = repeats(answer.code)
    code = answer.code if at is None else answer.code[:at]
    if at is None and not answer.cut and parses(path, code):
        return code
    return tidy_code(last_good_prefix(code))


def defines(text: str, name: str) -> bool:
    """Whether `text` parses and has a class or function `name` at its top level."""
    return name in defined_in(text)


def unwritten(module: Module, repairs: Sequence[str]) -> tuple[Finding, ...]:
    """A finding for each definition that is only a placeholder."""
    return tuple(
        Finding(file=module.path, line=0, rule="unwritten", message=repair)
        for repair in repairs
        if repair.startswith("placeholder")
    )
