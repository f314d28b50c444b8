"""Known errors: what PyTorch says of a tensor of the wrong kind, and the change that it names itself.

No model is needed for them: `embedding` wants whole numbers, a loss wants whole numbers as classes, a layer
wants the type of its weights, `mean` wants no truth values. The change is tried where the run failed, or
where the cause is known to lie, and counts only when the run then comes farther.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from offline_coder.checks.edits import grouped
from offline_coder.checks.rules import Edit
from offline_coder.checks.source import parse_python
from offline_coder.core.plan import ENTRY_POINT
from offline_coder.stages.failed_line import Change, FailedLine, changes_of
from offline_coder.stages.known_causes import CAUSES, PLAIN_CAUSES
from offline_coder.stages.smoke import SmokeRun
from offline_coder.stages.tracebacks import traceback_of


@dataclass(frozen=True, slots=True)
class KnownError:
    """An `error` and the change to a call in the line that failed: its argument at `place`, or with `method`
    what that method is called on (`place` None), becomes `new`, in which {} is what it was."""

    error: re.Pattern[str]
    new: str
    place: int | None = None
    method: str = ""


KNOWN = (
    KnownError(
        re.compile(r"Expected tensor for argument #\d 'indices'.*scalar types: Long, Int"), "{}.long()", 0
    ),
    KnownError(re.compile(r"one_hot is only applicable to index tensor"), "{}.long()", 0),
    KnownError(re.compile(r"expected target dtype to be Long|expected scalar type Long"), "{}.long()", 1),
    KnownError(
        re.compile(
            r"mat1 and mat2 must have the same dtype, but got \w+ and Float"
            r"|Input type \([\w ]+\) and bias type \(float\) should be the same"
            r"|RNN input dtype \(torch\.\w+\) does not match weight dtype \(torch\.float32\)"
            r"|mixed dtype \(CPU\): all inputs must share same datatype"
        ),
        "{}.float()",
        0,
    ),
    KnownError(
        re.compile(r"argument 'input' \(position \d\) must be Tensor, not numpy\.ndarray"),
        "torch.as_tensor({}, dtype=torch.float32)",
        0,
    ),
    KnownError(
        re.compile(r"argument 'input' \(position \d\) must be Tensor, not (?:int|float)"),
        "torch.tensor([[{}]], dtype=torch.float32)",
        0,
    ),
    KnownError(
        re.compile(r"argument 'indices' \(position \d\) must be Tensor, not numpy\.ndarray"),
        "torch.as_tensor({}, dtype=torch.long)",
        0,
    ),
    KnownError(
        re.compile(r"argument 'target' \(position \d\) must be Tensor, not numpy\.ndarray"),
        "torch.as_tensor({}, dtype=torch.long)",
        1,
    ),
    KnownError(
        re.compile(
            r"\"\w+\" not implemented for '(?:Long|Int)'|Expected a floating point or complex tensor as input"
            r"|std and var only support floating point|Integral inputs not supported"
        ),
        "{}.float()",
        0,
    ),
    KnownError(re.compile(r"mean\(\): could not infer output dtype"), "{}.float()", None, "mean"),
    KnownError(
        re.compile(r"Can't call numpy\(\) on Tensor that requires grad"), "{}.detach()", None, "numpy"
    ),
    KnownError(re.compile(r"Expected target size \[\d+, \d+\], got \[\d+, \d+\]"), "{}.transpose(1, 2)", 0),
    KnownError(
        re.compile(r"grad can be implicitly created only for scalar outputs"), "{}.mean()", None, "backward"
    ),
    KnownError(re.compile(r"view size is not compatible .* Use \.reshape"), "{}.contiguous()", None, "view"),
)


def known_changes(run: SmokeRun) -> Iterator[Edit]:
    """What may mend the first failure of `run`, one call of the line that failed at a time, the innermost
    first; nothing where the error is not known. A wired entry point is made anew and not changed."""
    traceback = traceback_of(run.failures[0].text, run.files) if run.failures else None
    if traceback is None:
        return
    frame = traceback.frames[-1]
    text = run.files[frame.path]
    tree = parse_python(text)
    if tree is None or (run.wired and frame.path == ENTRY_POINT):
        return
    failed = FailedLine(text, tree, frame.line, traceback.error)
    plain, others = changes_of(PLAIN_CAUSES, failed), changes_of(CAUSES, failed)
    for changed, said in chain(plain, changed_calls(failed), others):
        if parse_python(changed) is not None:
            yield Edit(frame.path, changed, said)


def changed_calls(failed: FailedLine) -> Iterator[Change]:
    """The changes to the calls of the line that failed, where the error is known."""
    known = next((each for each in KNOWN if each.error.search(failed.error)), None)
    if known is None:
        return
    calls = [
        node
        for node in ast.walk(failed.tree)
        if isinstance(node, ast.Call) and node.lineno <= failed.line <= (node.end_lineno or node.lineno)
    ]
    for call in reversed(calls):
        if (old := changed_part(known, call)) is not None:
            new = known.new.format(grouped(old))
            said = f"{new} in place of {ast.unparse(old)} in line {failed.line}"
            yield failed.replaced(old, new), said


def changed_part(known: KnownError, call: ast.Call) -> ast.expr | None:
    """The part of a call that a known error is about; None where the call has none such."""
    if known.place is not None:
        given = call.args[known.place] if known.place < len(call.args) else None
        return None if isinstance(given, ast.Starred | ast.Constant) else given
    called = call.func
    return called.value if isinstance(called, ast.Attribute) and called.attr == known.method else None
