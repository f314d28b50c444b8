"""An engine in this process, on torch and transformers: for machines where vLLM does not run.

One request at a time, no prefix cache, so several times slower than vLLM. The loop is our own: the
library's generator draws from the global random state and hides where an answer ended.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import llguidance.hf
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from offline_coder.core.engine import Identity
from offline_coder.core.errors import BadInput, EngineFailed
from offline_coder.core.request import Completion, FinishReason, Message, Request, Sampling
from offline_coder.engines.cutting import before_stop
from offline_coder.engines.masking import Mask
from offline_coder.engines.memory import CPU_CONTEXT, read_shape, served_shape
from offline_coder.engines.settings import EngineSettings, ModelFolder, OnProgress
from offline_coder.engines.watching import watched
from offline_coder.engines.wire import check_fits, template_flags, turns


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory. `ends` are the tokens that end an answer; `grammar_tokens` is llguidance's
    view of the tokenizer, padded to the model's vocabulary."""

    model: Any
    tokenizer: Any
    grammar_tokens: Any
    ends: frozenset[int]
    device: str


class TransformersEngine:
    """Generation in a thread of this process."""

    def __init__(self, loaded: Loaded, identity: Identity, context: int, request_seconds: float) -> None:
        self._loaded = loaded
        self._identity = identity
        self._context = context
        self._request_seconds = request_seconds
        self._turn = asyncio.Lock()

    @property
    def identity(self) -> Identity:
        """What answers, for the journal and the manifest."""
        return self._identity

    @property
    def context(self) -> int:
        """Tokens that prompt and answer may have together."""
        return self._context

    async def complete(self, request: Request) -> Completion:
        """The model's answer to `request`. Cancelling the call ends the generation at its next token.

        Raises:
            BadInput: prompt and `max_tokens` together do not fit the context.
            EngineFailed: the constraint was refused, memory ran out, or the time limit passed.
        """
        prompt = encode(self._loaded, request.messages)
        check_fits(request, len(prompt), self._context)
        async with self._turn:
            halt = threading.Event()
            limit = time.monotonic() + self._request_seconds
            work = asyncio.create_task(
                asyncio.to_thread(generate, self._loaded, prompt, request, halt, limit)
            )
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                # The thread goes on until it looks; the next request must not start before.
                halt.set()
                with contextlib.suppress(EngineFailed):
                    await work
                raise

    async def count(self, messages: Sequence[Message]) -> int:
        """Tokens of `messages` as a prompt, with the model's own template."""
        return len(encode(self._loaded, messages))


@contextlib.asynccontextmanager
async def transformers_engine(
    model: ModelFolder, settings: EngineSettings, *, on_progress: OnProgress | None = None
) -> AsyncIterator[TransformersEngine]:
    """The engine for `model`, on CUDA when there is a GPU.

    Raises:
        BadInput: the folder holds no model, or the context asked for is longer than the model's.
        EngineFailed: the model does not load.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    shape = served_shape(read_shape(model.folder), device, settings.dtype)
    longest = min(model.context, shape.context)
    if settings.context is not None and settings.context > longest:
        raise BadInput(f"{model.name} has a context of {longest} tokens, not {settings.context}")
    if on_progress is not None:
        on_progress(0.0, f"loading {model.name} with transformers")
    loaded = await asyncio.to_thread(load, model.folder, shape.dtype)
    context = settings.context or min(longest, CPU_CONTEXT)
    identity = Identity(
        engine="transformers",
        version=f"{version('transformers')} torch {torch.__version__}",
        model=model.name,
        weights_digest=model.digest,
        settings={
            "device": loaded.device,
            "dtype": shape.dtype,
            "backend": f"llguidance {version('llguidance')}",
            "context": str(context),
        },
    )
    yield TransformersEngine(loaded, identity, context, settings.request_seconds)


def load(folder: Path, dtype: str) -> Loaded:
    """The model and tokenizer in `folder`, from safetensors only.

    Raises:
        EngineFailed: they do not load.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=getattr(torch, dtype)
        )
        model: Any = loaded.to(torch.device(device)).eval()
    except torch.OutOfMemoryError:
        raise EngineFailed(f"out of GPU memory while loading {folder}", "take a smaller model") from None
    # Whatever these libraries raise over a damaged folder is one thing to the user.
    except Exception as error:
        raise EngineFailed(f"transformers cannot load {folder}: {error}", "pull or import it again") from None
    ends = model.generation_config.eos_token_id
    ends = {ends} if isinstance(ends, int) else set(ends or ())
    ends |= {tokenizer.eos_token_id} - {None}
    grammar_tokens = llguidance.hf.from_tokenizer(
        tokenizer, n_vocab=model.get_output_embeddings().weight.shape[0], eos_token=sorted(ends)
    )
    return Loaded(model, tokenizer, grammar_tokens, frozenset(ends), device)


def encode(loaded: Loaded, messages: Sequence[Message]) -> list[int]:
    """Token ids of `messages` as a prompt."""
    ids = loaded.tokenizer.apply_chat_template(
        turns(messages), tokenize=True, return_dict=False, **template_flags(messages)
    )
    return [int(token) for token in ids]


@torch.inference_mode()
def generate(
    loaded: Loaded, prompt: list[int], request: Request, halt: threading.Event, limit: float
) -> Completion:
    """The answer to `request`, whose prompt is the tokens `prompt`.

    Raises:
        EngineFailed: `halt` was set, the monotonic time passed `limit`, memory ran out, or the
            constraint was refused.
    """
    began = time.monotonic()
    sampling = request.sampling
    mask = Mask(request.constraint, loaded.grammar_tokens) if request.constraint is not None else None
    source = torch.Generator(device="cpu").manual_seed(request.seed)
    answer: list[int] = []
    reason: FinishReason = "length"
    step = torch.tensor([prompt], device=loaded.device)
    cache = None
    try:
        while len(answer) < sampling.max_tokens:
            if halt.is_set() or time.monotonic() > limit:
                raise EngineFailed(f"{request.purpose}: the answer was not ready in time")
            out = loaded.model(input_ids=step, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = out.past_key_values
            logits = out.logits[0, -1].float().cpu()
            penalize(logits, prompt + answer, sampling.repetition_penalty)
            if mask is not None:
                logits = torch.from_numpy(mask(answer[-1] if answer else 0, logits.numpy()))
            token = draw(logits, sampling, source)
            answer.append(token)
            if token in loaded.ends or _stopped(loaded, answer, sampling.stop):
                reason = "stop"
                break
            step = torch.tensor([[token]], device=loaded.device)
    except torch.OutOfMemoryError:
        raise EngineFailed(f"{request.purpose}: out of GPU memory", "set a shorter --context") from None
    text, _ = before_stop(_decode(loaded, answer), sampling.stop)
    text, reason = watched(text, reason, request)
    return Completion(
        text=text,
        finish_reason=reason,
        prompt_tokens=len(prompt),
        cached_tokens=0,
        output_tokens=len(answer),
        seconds=time.monotonic() - began,
    )


def penalize(logits: torch.Tensor, seen: Sequence[int], penalty: float) -> None:
    """Make the tokens in `seen` less likely, in place (CTRL, arXiv 1909.05858, section 4.1)."""
    if penalty == 1.0:
        return
    index = torch.tensor(sorted(set(seen)))
    values = logits[index]
    logits[index] = torch.where(values < 0, values * penalty, values / penalty)


def draw(logits: torch.Tensor, sampling: Sampling, source: torch.Generator) -> int:
    """A token from `logits` (vocabulary,): the likeliest at temperature 0, else from those that `min_p` and
    `top_p` keep, in this order, as in vLLM."""
    if sampling.temperature == 0:
        return int(logits.argmax())
    chances, order = torch.softmax(logits / sampling.temperature, dim=-1).sort(descending=True)
    chances[chances < sampling.min_p * chances[0]] = 0.0
    chances /= chances.sum()
    before = chances.cumsum(dim=-1) - chances
    chances[before >= sampling.top_p] = 0.0
    return int(order[torch.multinomial(chances, 1, generator=source)])


def _decode(loaded: Loaded, tokens: Sequence[int]) -> str:
    return str(loaded.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _stopped(loaded: Loaded, answer: Sequence[int], stop: Sequence[str]) -> bool:
    """Whether a stop string stands at the end of `answer`; only as many tokens as it can take are read."""
    if not stop:
        return False
    reach = max(len(mark.encode()) for mark in stop) + 4
    return before_stop(_decode(loaded, answer[-reach:]), stop)[1]
