"""The user's own vLLM server or cluster."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import openai

from offline_coder.core.engine import Identity
from offline_coder.core.errors import BadInput, EngineFailed
from offline_coder.engines.client import CONNECT_SECONDS, OpenAIEngine, refusal, root_cause, server_client
from offline_coder.engines.settings import EngineSettings

KEY_VARIABLE = "OFFLINE_CODER_API_KEY"
UNVERIFIED = "unverified"


@contextlib.asynccontextmanager
async def endpoint_engine(
    endpoint: str, model: str, settings: EngineSettings, *, key: str
) -> AsyncIterator[OpenAIEngine]:
    """An engine on the server at `endpoint`, which goes on when the block ends.

    `endpoint` may end in /v1 or not. An empty `model` takes the one model that is served.

    Raises:
        BadInput: no URL, or the server does not serve `model`, or its context is shorter than asked.
        EngineFailed: nothing answers there, or not as a vLLM server does.
    """
    url = server_root(endpoint)
    name, context = chosen_model(await served_models(url, key), model, url, settings)
    identity = Identity(
        engine="endpoint",
        version=await server_version(url, key),
        model=name,
        weights_digest=UNVERIFIED,
        settings={"context": str(context)},
    )
    engine = OpenAIEngine(
        url,
        name,
        identity,
        context,
        key=key,
        request_seconds=settings.request_seconds,
        stall_seconds=settings.stall_seconds,
    )
    try:
        yield engine
    finally:
        await engine.close()


def server_root(endpoint: str) -> str:
    """The URL of the server's root. Raises BadInput when `endpoint` is not an http URL."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadInput(f"not an endpoint: {endpoint!r}", "give a URL like http://127.0.0.1:8000")
    return endpoint.rstrip("/").removesuffix("/v1")


async def served_models(url: str, key: str) -> dict[str, int | None]:
    """Model names that the server at `url` serves, each with its context in tokens where it says so.

    Raises:
        EngineFailed: nothing answers there, or the key is refused, or the answer has another shape.
    """
    answer = await _get(url, "/v1/models", key)
    try:
        return {str(card["id"]): card.get("max_model_len") for card in answer["data"]}
    except (KeyError, TypeError, AttributeError):
        raise EngineFailed(f"{url}/v1/models does not list models", "is it a vLLM server?") from None


def chosen_model(
    served: dict[str, int | None], model: str, url: str, settings: EngineSettings
) -> tuple[str, int]:
    """The name and context (tokens) to use.

    Raises:
        BadInput: `model` is not among `served`; or none was named and there are several; or the
            context is not known or is shorter than `settings` asks for.
    """
    names = ", ".join(served) or "nothing"
    if not model and len(served) == 1:
        model = next(iter(served))
    if model not in served:
        asked = f"not {model}" if model else "so name one"
        raise BadInput(f"{url} serves {names}, {asked}", "give the served name with --model")
    longest = served[model]
    if longest is None and settings.context is None:
        raise BadInput(f"{url} does not say how long its context is", "give --context TOKENS")
    if longest is not None and settings.context is not None and settings.context > longest:
        raise BadInput(f"{url} serves {model} with a context of {longest} tokens, not {settings.context}")
    return model, settings.context or longest or 0


async def server_version(url: str, key: str) -> str:
    """The server's version, "unknown" when it does not tell."""
    try:
        return str((await _get(url, "/version", key))["version"])
    except (EngineFailed, KeyError):
        return "unknown"


async def _get(url: str, route: str, key: str) -> dict[str, Any]:
    client = server_client(url, key, request_seconds=CONNECT_SECONDS)
    try:
        answer: Any = await client.get(url + route, cast_to=object)
    except openai.APIConnectionError as error:
        raise EngineFailed(
            f"nothing answers at {url}: {root_cause(error)}",
            "start the server (`offline-coder serve`), or leave --endpoint out",
        ) from None
    except openai.APIStatusError as error:
        raise refusal(error, url + route) from None
    finally:
        await client.close()
    if not isinstance(answer, dict):
        raise EngineFailed(f"{url}{route} answered with something else than JSON", "is it a vLLM server?")
    return answer
