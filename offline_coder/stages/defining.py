"""Writing a file along its contract: each planned definition is begun for the model with its own head.

So what the plan defines is there, with the planned name and parameters, whatever the model would rather
write. It goes on from a head until it begins another planned definition or another file; helpers that it
adds on the way stay. The definitions of a module know each other by the contract, so they are written
together: that is where most of the time of a run went while they came one after the other.
"""

import ast
import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from offline_coder.checks.skeleton import docstring, placeholder
from offline_coder.checks.source import parse_python
from offline_coder.checks.syntax import parses
from offline_coder.checks.targets import first_line
from offline_coder.core.early_end import EarlyEnd
from offline_coder.core.engine import Engine
from offline_coder.core.finding import Finding
from offline_coder.core.plan import ClassPlan, Module, Routine
from offline_coder.core.repeating import repeats
from offline_coder.core.stage_settings import StageSettings
from offline_coder.stages.asking import SMALLEST_ANSWER
from offline_coder.stages.prompting import Context
from offline_coder.stages.repair import (
    CONTINUED,
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
CONTINUED_SEED = 100
"""Between the seed of an answer and that of what goes on from it."""
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
            Asked(
                engine, context, task, module, bounded, inner_frame(frame, begun, head, heads), head
            ).written()
            for head in heads
        )
    )
    text, repairs, missing = begun, list[str](), 0
    known = {head.name for head in heads}
    for head, made in zip(heads, pieces, strict=True):
        piece = without(made.code.removeprefix(begun), known - {head.name})
        repairs += made.tried
        if not made.code:
            missing += 1
            piece = placeholder(head.text, head.name)
            repairs.append(f"placeholder for {head.name}")
        known |= defined_in(piece)
        text = f"{text}{GAP}{piece.strip()}".lstrip()
    verdict: Verdict = "stub" if missing == len(heads) else "repaired" if repairs else "first answer"
    ends = tuple(end for made in pieces for end in made.ends)
    findings = unwritten(module, repairs)
    return Written(module.path, tidy_code(text), verdict, tuple(repairs), findings, ends=ends)


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


@dataclass(frozen=True, slots=True)
class Piece:
    """The file up to the end of one definition, "" when no attempt gave it a body that parses; what was
    tried after the first answer, and the answers that were ended early."""

    code: str
    tried: tuple[str, ...]
    ends: tuple[EarlyEnd, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One planned definition, which `head` begins inside `frame`, and what asking for it takes."""

    engine: Engine
    context: Context
    task: str
    module: Module
    settings: StageSettings
    frame: Frame
    head: Head

    async def written(self) -> Piece:
        """The definition, asked for again with another seed while it has no body. Raises what the engine
        raises."""
        name = self.head.name
        tried: list[str] = []
        ends: list[EarlyEnd] = []
        for attempt in range(1 + self.settings.regenerations):
            if attempt:
                tried.append(f"asked for {name} again")
            purpose = f"{'repair' if attempt else 'coding'}:{self.module.path}:{name}"
            seed = self.settings.seed + attempt
            answer = await self.answer(purpose, self.settings.code_tokens, seed, self.frame)
            if not answer.asked:
                tried.append(f"{NO_ROOM} for {name}")
                break
            before = self.frame.begun
            for turn in range(1, 1 + self.settings.continuations):
                kept = answer.whole()
                room = self.settings.code_tokens if answer.reason == "length" else answer.room - answer.tokens
                small = room < SMALLEST_ANSWER
                if small or not answer.may_go_on(turn) or not stopped_inside(answer, self.frame):
                    break
                tried.append(f"continued {CONTINUED[answer.reason]}: {name}")
                ends += answer.early_end(name, kept)
                stuck = answer.reason == "circles" or kept.rstrip() == before.rstrip()
                again = seed + CONTINUED_SEED * turn
                following = await self.continued(kept, room, again, answer.heat, stuck=stuck)
                if not following.asked:
                    break
                answer, before = following, kept
            code = whole_part(self.module.path, answer)
            ends += answer.early_end(name, code)
            if defines(code, name) and len(code) > len(tidy_code(self.frame.begun)):
                if code != answer.code:
                    tried.append(f"cut {name} back to its last whole statement")
                return Piece(code, tuple(tried), tuple(ends))
        return Piece("", tuple(tried), tuple(ends))

    async def continued(self, kept: str, room: int, seed: int, heat: float, *, stuck: bool) -> Answer:
        """What goes on from `kept`, the whole statements of an answer that was ended before its end, in at
        most `room` tokens, at a temperature of at least `heat`. A class whose method is `stuck`, which
        went round in circles or broke where it was gone on with, goes on with its next planned method: from
        where it was the model takes the same way again."""
        begun = kept + (next_method(self.module, self.head.name, kept) if stuck else "")
        purpose = f"repair:continue:{self.module.path}:{self.head.name}"
        rest = replace(self.frame, begun=begun)
        return await self.answer(purpose, room, seed, rest, heat)

    async def answer(self, purpose: str, room: int, seed: int, frame: Frame, heat: float = 0.0) -> Answer:
        """One answer of at most `room` tokens, at the temperature of the settings or `heat`, whichever is
        more."""
        bounded = self.settings.warmer(heat).model_copy(update={"code_tokens": room})
        return await ask_code(self.engine, self.context, purpose, self.task, bounded, seed, frame)


def next_method(module: Module, name: str, text: str) -> str:
    """The head of the first planned method that class `name` in `text` lacks, "" when it lacks none or is a
    function."""
    planned = next((cls for cls in module.classes if cls.name == name), None)
    tree = parse_python(text)
    if planned is None or tree is None:
        return ""
    written = {
        inner.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == name
        for inner in node.body
        if isinstance(inner, DEFINITIONS)
    }
    missing = next((method for method in planned.methods if method.name not in written), None)
    return f"\n    {missing.signature(method=True)}:\n" if missing else ""


def stopped_inside(answer: Answer, frame: Frame) -> bool:
    """Whether the answer was ended before its definition was, by the watch or for want of room, and something
    of it is good. A line that begins in the first column was no part of the definition."""
    if not answer.cut or (answer.reason == "length" and repeats(answer.code) is not None):
        return False
    kept = answer.whole()
    rest = answer.code[len(kept) :].strip("\n") or kept.rstrip("\n").rpartition("\n")[2]
    return len(kept) > len(frame.begun) and rest[:1] in (" ", "\t")


def whole_part(path: str, answer: Answer) -> str:
    """The answer's code as far as it parses and does not repeat itself."""
    if repeats(answer.code) is None and not answer.cut and parses(path, answer.code):
        return answer.code
    return tidy_code(answer.whole())


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
