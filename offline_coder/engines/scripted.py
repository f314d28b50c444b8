"""An engine that answers from a list, a file or a function: for tests and dry runs.

It obeys stop strings and `max_tokens`. It does not look at constraints: what the script says is the
answer. Tokens are counted by the rule of four bytes (cutting.py).
"""

import fnmatch
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from offline_coder.core.engine import Identity
from offline_coder.core.errors import BadInput, EngineFailed
from offline_coder.core.request import Completion, FinishReason, Message, Request
from offline_coder.core.values import Value, canonical_json, text_digest
from offline_coder.engines.cutting import ended, rough_count, rough_tokens
from offline_coder.engines.settings import EngineSettings
from offline_coder.engines.wire import check_fits

CONTEXT = 32768


class ScriptedAnswer(Value):
    """One line of a script. `purpose` is a shell pattern of the requests it may answer; None: any."""

    text: str
    purpose: str | None = None
    finish_reason: FinishReason = "stop"


Script = Iterable[str | ScriptedAnswer] | Callable[[Request], str | Completion]


class ScriptedEngine:
    """Answers each request with the first unused line whose purpose fits, or with what a function says.

    Requests that run together are answered in the order in which they were sent.
    """

    def __init__(self, script: Script, *, name: str = "scripted", context: int = CONTEXT) -> None:
        self._context = context
        self._function = script if callable(script) else None
        self._lines: list[ScriptedAnswer] = []
        digest = "function"
        if not callable(script):
            self._lines = [ScriptedAnswer(text=line) if isinstance(line, str) else line for line in script]
            digest = text_digest(canonical_json([line.model_dump() for line in self._lines]))
        self._identity = Identity(
            engine="scripted",
            version="1",
            model=name,
            weights_digest=digest,
            settings={"context": str(context)},
        )

    @property
    def identity(self) -> Identity:
        """What answers; a list's or file's digest stands for the weights."""
        return self._identity

    @property
    def context(self) -> int:
        """Tokens that prompt and answer may have together."""
        return self._context

    async def complete(self, request: Request) -> Completion:
        """The script's answer to `request`.

        Raises:
            BadInput: prompt and `max_tokens` together do not fit the context.
            EngineFailed: the script has no line left for this purpose.
        """
        prompt_tokens = rough_count(request.messages)
        check_fits(request, prompt_tokens, self._context)
        began = time.monotonic()
        answer = self._function(request) if self._function else self._next(request)
        if isinstance(answer, Completion):
            return answer
        line = ScriptedAnswer(text=answer) if isinstance(answer, str) else answer
        text, reason = ended(line.text, line.finish_reason, request)
        return Completion(
            text=text,
            finish_reason=reason,
            prompt_tokens=prompt_tokens,
            cached_tokens=0,
            output_tokens=rough_tokens(text),
            seconds=time.monotonic() - began,
        )

    async def count(self, messages: Sequence[Message]) -> int:
        """Tokens by the rule of four bytes."""
        return rough_count(messages)

    def _next(self, request: Request) -> ScriptedAnswer:
        for index, line in enumerate(self._lines):
            if line.purpose is None or fnmatch.fnmatchcase(request.purpose, line.purpose):
                return self._lines.pop(index)
        raise EngineFailed(f"the script has no answer left for {request.purpose!r}", "add a line to it")


def read_script(path: Path, settings: EngineSettings) -> ScriptedEngine:
    """The engine for a script file: JSON lines like {"purpose": "code:*", "text": "..."}.

    Raises:
        BadInput: the file is missing, is not UTF-8, or a line is not such an object.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read the script {path}: {error}", "use --model scripted:FILE") from None
    answers = []
    # Not splitlines: that would also cut at U+2028, which JSON leaves unescaped in a string.
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            answers.append(ScriptedAnswer.model_validate_json(line))
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"]))
            raise BadInput(f"{path}:{number}: {where} {problem['msg']}") from None
    return ScriptedEngine(answers, name=path.name, context=settings.context or CONTEXT)
