"""A request as the bytes that an OpenAI-compatible vLLM server reads, and its answer back."""

from collections.abc import Sequence
from typing import Any

from offline_coder.core.constraint import CFG, Choice, Constraint, JsonSchema, Regex
from offline_coder.core.errors import BadInput, EngineFailed
from offline_coder.core.request import Completion, FinishReason, Message, Request
from offline_coder.engines.settings import Thinking

FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length"}


def is_prefilled(messages: Sequence[Message]) -> bool:
    """Whether the answer continues the last message instead of opening a new one."""
    return bool(messages) and messages[-1].role == "assistant"


def turns(messages: Sequence[Message]) -> list[dict[str, str]]:
    """The messages as chat-completion turns."""
    return [{"role": message.role, "content": message.content} for message in messages]


def template_flags(messages: Sequence[Message]) -> dict[str, bool]:
    """How the chat template ends the prompt: open behind a prefill, or with the assistant's head."""
    prefilled = is_prefilled(messages)
    return {"continue_final_message": prefilled, "add_generation_prompt": not prefilled}


def structured_outputs(constraint: Constraint) -> dict[str, Any]:
    """vLLM's `structured_outputs` field for `constraint`."""
    # Only a request to a server needs outlines, and loading it takes seconds.
    from outlines import types
    from outlines.models.vllm import VLLMTypeAdapter

    match constraint:
        case Choice():
            # Outlines would turn a choice into a regular expression; vLLM has a field for it.
            return {"choice": list(constraint.items)}
        case JsonSchema():
            kind: Any = types.JsonSchema(constraint.schema)
        case Regex():
            kind = types.Regex(constraint.pattern)
        case CFG():
            kind = types.CFG(constraint.definition)
    fields: dict[str, Any] = VLLMTypeAdapter().format_output_type(kind)["structured_outputs"]
    return fields


def thinks(request: Request) -> bool:
    """Whether a model that can think does so before the answer to `request`: where the answer has a form
    and was not begun for it. Then thoughts are free, and the form begins behind them."""
    return request.constraint is not None and not is_prefilled(request.messages)


def thinking_fields(request: Request, thinking: Thinking) -> dict[str, Any]:
    """How a model that can think is asked; its thoughts come on top of the answer's tokens."""
    if not thinks(request):
        return {"chat_template_kwargs": {"enable_thinking": False}}
    return {
        "chat_template_kwargs": {"enable_thinking": True},
        "thinking_token_budget": thinking.tokens,
        "max_tokens": request.sampling.max_tokens + thinking.tokens,
    }


def chat_body(request: Request, model: str, thinking: Thinking | None = None) -> dict[str, Any]:
    """The JSON body of /v1/chat/completions for `request`; `thinking` where the model can.

    `top_k` is sent switched off, so that a server's own sampling defaults never apply.
    """
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model,
        "messages": turns(request.messages),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": -1,
        "min_p": sampling.min_p,
        "repetition_penalty": sampling.repetition_penalty,
        "max_tokens": sampling.max_tokens,
        "seed": request.seed,
        **template_flags(request.messages),
    }
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if request.constraint is not None:
        body["structured_outputs"] = structured_outputs(request.constraint)
    return body | (thinking_fields(request, thinking) if thinking else {})


def read_completion(answer: dict[str, Any], request: Request, seconds: float) -> Completion:
    """The completion in a chat-completions answer.

    Raises:
        EngineFailed: the answer has another shape, or ended for another reason than stop or length.
    """
    try:
        choice = answer["choices"][0]
        usage = answer["usage"]
        reason = choice["finish_reason"]
        details = usage.get("prompt_tokens_details") or {}
        if reason not in FINISH:
            raise EngineFailed(f"{request.purpose}: the server ended the answer with {reason!r}")
        return Completion(
            text=choice["message"]["content"] or unthought(choice["message"], request),
            finish_reason=FINISH[reason],
            prompt_tokens=usage["prompt_tokens"],
            cached_tokens=details.get("cached_tokens") or 0,
            output_tokens=usage["completion_tokens"],
            seconds=seconds,
        )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise EngineFailed(
            f"{request.purpose}: the server's answer has an unknown shape: {error!r}"
        ) from None


def unthought(message: dict[str, Any], request: Request) -> str:
    """The answer to a request that wants no thoughts, where the server took it for such."""
    return "" if thinks(request) else str(message.get("reasoning") or "")


def check_fits(request: Request, prompt_tokens: int, context: int) -> None:
    """Nothing is truncated silently: prompt and answer fit the context, or the request is refused.

    Raises:
        BadInput: they do not, or there is no message.
    """
    most = request.sampling.max_tokens
    if prompt_tokens + most > context:
        raise BadInput(
            f"{request.purpose}: a prompt of {prompt_tokens} tokens and an answer of up to {most} do not "
            f"fit the context of {context} tokens",
            "shorten the paper or raise --context",
        )
