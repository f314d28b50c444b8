"""The user's own server, when it is not what it should be."""

import asyncio
import gc
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from offline_coder.core.constraint import Choice
from offline_coder.core.engine import Identity
from offline_coder.core.errors import BadInput, EngineFailed
from offline_coder.core.request import Completion, Message, Request, Sampling
from offline_coder.engines import client
from offline_coder.engines.client import OpenAIEngine
from offline_coder.engines.endpoint import endpoint_engine
from offline_coder.engines.settings import EngineSettings, Thinking
from offline_coder.engines.vllm_server import free_port
from tests.engines.wire_server import Reply, WireServer, chat_reply, endless_reply, stream_reply, wire_server

CHAT = "/v1/chat/completions"
REQUEST = Request("test", (Message(role="user", content="hi"),), Sampling(max_tokens=5, stop=("x",)), 3)


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "RETRY_WAITS", (0.01, 0.01, 0.01))


async def ask(
    url: str, *, model: str = "served", context: int | None = None, request: Request = REQUEST
) -> Completion:
    async with AsyncExitStack() as stack:
        opened = endpoint_engine(url, model, EngineSettings(context=context), key="secret")
        return await (await stack.enter_async_context(opened)).complete(request)


def asked(*chat: Reply, model: str = "served", **other: list[Reply]) -> tuple[Completion, WireServer]:
    replies = {f"/{route}".replace("__", "/"): reply for route, reply in other.items()}
    with wire_server({CHAT: list(chat), **replies}) as server:
        return asyncio.run(ask(server.url, model=model)), server


def test_the_request_says_everything_and_carries_the_key() -> None:
    got, server = asked(chat_reply())
    assert (got.text, got.finish_reason, got.output_tokens, got.cached_tokens) == ("hello", "stop", 2, 0)
    route, key, body = server.seen[-1]
    assert (route, key) == (CHAT, "Bearer secret")
    assert body["seed"] == 3
    assert body["stop"] == ["x"]
    assert (body["top_k"], body["min_p"]) == (-1, 0.05)
    assert body["add_generation_prompt"] is True


async def think(url: str, request: Request) -> Completion:
    """The answer of a model that can think, with 100 tokens for it in a context of 200."""
    identity = Identity(engine="vllm", version="1", model="served", weights_digest="d", settings={})
    engine = OpenAIEngine(url, "served", identity, 200, thinking=Thinking("qwen3", 100))
    try:
        assert engine.context == 100
        return await engine.complete(request)
    finally:
        await engine.close()


def thought(request: Request, reply: Reply) -> tuple[str, dict[str, Any]]:
    """The answer's text, and the body that asked for it."""
    with wire_server({CHAT: [reply]}) as server:
        text = asyncio.run(think(server.url, request)).text
        return text, server.seen[-1][2]


def test_a_model_that_thinks_does_so_before_an_answer_with_a_form() -> None:
    shaped = replace(REQUEST, constraint=Choice(("a", "b")))
    text, body = thought(shaped, reasoned("a", "it is a"))
    assert text == "a"
    assert body["chat_template_kwargs"] == {"enable_thinking": True}
    assert (body["thinking_token_budget"], body["max_tokens"]) == (100, 105)
    assert body["structured_outputs"] == {"choice": ["a", "b"]}
    assert thought(shaped, reasoned("", "endless"))[0] == ""


@pytest.mark.parametrize("begun", [(), (Message(role="assistant", content="```python"),)])
def test_what_has_no_form_is_answered_at_once(begun: tuple[Message, ...]) -> None:
    plain = replace(REQUEST, messages=(*REQUEST.messages, *begun))
    text, body = thought(plain, reasoned("", "x = 1"))
    assert text == "x = 1"
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert "thinking_token_budget" not in body
    assert body["max_tokens"] == 5


def reasoned(content: str, reasoning: str) -> Reply:
    """A reply of a server with a parser for thoughts."""
    return chat_reply(message={"content": content, "reasoning": reasoning})


def test_the_only_model_is_taken_when_none_is_named() -> None:
    assert asked(chat_reply(), model="")[0].text == "hello"


def test_identity_holds_what_answers_and_not_where() -> None:
    async def identity(url: str) -> str:
        async with endpoint_engine(url, "served", EngineSettings(), key="") as engine:
            return engine.identity.model_dump_json()

    with wire_server({"/version": [(200, {"version": "9.9"})]}) as server:
        told = asyncio.run(identity(server.url + "/v1/"))
    assert '"version":"9.9"' in told
    assert "unverified" in told
    assert "127.0.0.1" not in told


@pytest.mark.parametrize("stumble", [None, (503, {}), (429, {"message": "busy"})])
def test_a_stumble_is_tried_again(stumble: Reply) -> None:
    got, server = asked(stumble, stumble, chat_reply())
    assert got.text == "hello"
    assert len([route for route, _, _ in server.seen if route == CHAT]) == 3


STREAMED = replace(REQUEST, sampling=Sampling(max_tokens=50, stop=tuple("vwxyz")))
"""More stop strings than the server takes."""


def test_a_stream_that_breaks_off_is_asked_for_again() -> None:
    broken = stream_reply("hel", None)
    with wire_server({CHAT: [broken, stream_reply("hello", "stop")]}) as server:
        got = asyncio.run(ask(server.url, request=STREAMED))
    assert (got.text, got.finish_reason) == ("hello", "stop")
    with wire_server({CHAT: [broken]}) as server, pytest.raises(EngineFailed, match="the answer broke off"):
        asyncio.run(ask(server.url, request=STREAMED))


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (endless_reply("hello, v"), "hello, "),
        (stream_reply("hello", "stop"), "hello"),
        ((200, 'data: {"error": {"message": "kaputt"}}\n\n'), "kaputt"),
        ((200, ": patience\n\ndata: [1]\n\n"), "no JSON object"),
        ((200, 'data: {"choices": [7]}\n\n'), "unknown shape"),
    ],
)
def test_a_stream_leaves_nothing_to_the_garbage_collector(reply: Reply, text: str) -> None:
    """What a generator does that is collected, it does in the middle of other code, and nobody can catch it."""
    left: list[str] = []

    async def asked_here(url: str) -> str:
        sys.set_asyncgen_hooks(finalizer=lambda generator: left.append(repr(generator)))
        try:
            return (await ask(url, request=STREAMED)).text
        except EngineFailed as error:
            return str(error)

    with wire_server({CHAT: [reply]}) as server:
        got = asyncio.run(asked_here(server.url))
    gc.collect()
    assert text in got
    assert left == []


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (None, "test: lost http"),
        ((500, {"message": "kaputt"}), "test: the server answered 500: kaputt"),
        ((400, {"error": {"message": "bad schema"}}), "400: .*bad schema"),
        ((401, {}), "refused the key"),
        ((200, {"nothing": 1}), "unknown shape"),
        ((200, ["list"]), "not a JSON object"),
        (chat_reply(finish_reason="abort"), "ended the answer with 'abort'"),
        (chat_reply(finish_reason=None), "ended the answer with None"),
    ],
)
def test_a_bad_answer_is_one_clear_error(reply: Reply, message: str) -> None:
    with pytest.raises(EngineFailed, match=message):
        asked(reply)


def test_no_content_is_an_empty_answer() -> None:
    assert asked(chat_reply(message={"content": None}))[0].text == ""


def test_nothing_listening_is_said_with_a_hint() -> None:
    with pytest.raises(EngineFailed, match=r"nothing answers at .*offline-coder serve"):
        asyncio.run(ask(f"http://127.0.0.1:{free_port()}"))


def test_another_model_is_refused_naming_what_is_served() -> None:
    with wire_server({}) as server, pytest.raises(BadInput, match="serves served, not wanted"):
        asyncio.run(ask(server.url, model="wanted"))


def test_several_models_need_a_name() -> None:
    cards = {"data": [{"id": "one", "max_model_len": 9}, {"id": "two", "max_model_len": 9}]}
    with pytest.raises(BadInput, match="serves one, two, so name one"):
        asked(model="", v1__models=[(200, cards)])


@pytest.mark.parametrize("models", [(200, {"data": 3}), (200, {}), (200, [1]), (404, {})])
def test_a_server_of_another_kind_is_refused(models: Reply) -> None:
    with pytest.raises(EngineFailed):
        asked(v1__models=[models])


def test_a_context_must_be_known_and_not_longer_than_served() -> None:
    with pytest.raises(BadInput, match="does not say how long"):
        asked(v1__models=[(200, {"data": [{"id": "served"}]})])
    with wire_server({}) as server, pytest.raises(BadInput, match="1000 tokens, not 2000"):
        asyncio.run(ask(server.url, context=2000))


def test_a_server_that_cannot_count_is_refused() -> None:
    with pytest.raises(EngineFailed, match="is it a vLLM server"):
        asked(tokenize=[(200, {"tokens": []})])


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://host", "http://"])
def test_an_endpoint_is_an_http_url(url: str) -> None:
    with pytest.raises(BadInput, match="not an endpoint"):
        asyncio.run(ask(url))


def test_no_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, dead)
    assert asked(chat_reply())[0].text == "hello"
