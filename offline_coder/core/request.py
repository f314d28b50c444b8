"""What is asked of a model and what comes back."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from offline_coder.core.constraint import Constraint, constraint_form, constraint_of
from offline_coder.core.values import Value, canonical_json, text_digest

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "broken", "circles"]
Watch = Literal["python"]

WATCH: TypeAdapter[Watch | None] = TypeAdapter(Watch | None)


class Message(Value):
    """One turn of a conversation. An assistant message in last place is a prefill: the answer
    continues it, and the completion's text holds only what comes after it."""

    role: Role
    content: str


class Sampling(Value):
    """How tokens are drawn.

    After the temperature, `top_p` keeps the smallest set of tokens that holds so much of the probability
    (arXiv 1904.09751, section 3.1); `min_p` those with at least this share of the likeliest one's
    probability (arXiv 2407.01082), which needs no sorting of the vocabulary. `stop` strings end the answer
    and are not part of it. `max_tokens` counts output tokens.
    """

    temperature: float = 0.2
    top_p: float = 1.0
    min_p: float = 0.05
    repetition_penalty: float = 1.0
    max_tokens: int = 1024
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model: a pure value, and with the engine's identity the journal's key.

    `purpose` says which stage asks and for what ("analysis:models/net.py"). It is part of the
    digest: two stages that happen to ask the same words are two entries. With `watch` the answer, code
    that goes on from a prefill, ends where it cannot be Python any more or goes round in circles.
    """

    purpose: str
    messages: tuple[Message, ...]
    sampling: Sampling
    seed: int
    constraint: Constraint | None = None
    watch: Watch | None = None

    def form(self) -> dict[str, Any]:
        """The JSON-ready form that is digested and journaled."""
        watched = {} if self.watch is None else {"watch": self.watch}
        return {
            "purpose": self.purpose,
            "messages": [message.model_dump() for message in self.messages],
            "sampling": self.sampling.model_dump(mode="json"),
            "seed": self.seed,
            "constraint": constraint_form(self.constraint),
            **watched,
        }

    def digest(self) -> str:
        """Lower-case hexadecimal sha256 of the canonical JSON of `form()`."""
        return text_digest(canonical_json(self.form()))


def request_of(form: dict[str, Any]) -> Request:
    """The request that `Request.form` gave `form` for. Raises KeyError, TypeError or ValueError for
    anything else."""
    return Request(
        purpose=form["purpose"],
        messages=tuple(Message.model_validate(message) for message in form["messages"]),
        sampling=Sampling.model_validate(form["sampling"]),
        seed=form["seed"],
        constraint=constraint_of(form["constraint"]),
        watch=WATCH.validate_python(form.get("watch")),
    )


class Completion(Value):
    """One answer.

    Attributes:
        text: the answer, without the prefill and without the stop string.
        finish_reason: "stop" when the model ended it, "length" when `max_tokens` cut it, "broken" or
            "circles" when the watch did.
        prompt_tokens: tokens of the prompt, the cached ones included.
        cached_tokens: prompt tokens that the engine took from its prefix cache.
        output_tokens: tokens of the answer.
        seconds: wall-clock time from sending to the last token.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    seconds: float
