import asyncio
from pathlib import Path

import pytest

from offline_coder.core.engine import Engine
from offline_coder.core.errors import BadInput, EngineFailed
from offline_coder.core.request import Completion, Message, Request, Sampling
from offline_coder.engines.cutting import rough_count, rough_tokens
from offline_coder.engines.open import open_engine
from offline_coder.engines.scripted import ScriptedAnswer, ScriptedEngine
from offline_coder.engines.settings import EngineSettings, ModelFolder


def ask(purpose: str = "test", most: int = 100, stop: tuple[str, ...] = ()) -> Request:
    messages = (Message(role="user", content="hi"),)
    return Request(purpose, messages, Sampling(max_tokens=most, stop=stop), seed=1)


def answer(engine: Engine, request: Request) -> Completion:
    return asyncio.run(engine.complete(request))


def no_weights(name: str) -> ModelFolder:
    raise AssertionError(f"no weights are needed, but {name} was asked for")


async def opened(model: str, log: Path, request: Request) -> Completion:
    async with open_engine(model, resolve=no_weights, log=log) as engine:
        return await engine.complete(request)


def test_answers_come_in_order_and_then_run_out() -> None:
    engine = ScriptedEngine(["one", "two"])
    assert [answer(engine, ask()).text for _ in range(2)] == ["one", "two"]
    with pytest.raises(EngineFailed, match="no answer left for 'test'"):
        answer(engine, ask())


def test_a_purpose_picks_its_own_lines() -> None:
    lines = [ScriptedAnswer(text="plan", purpose="plan*"), ScriptedAnswer(text="code", purpose="code:*")]
    engine = ScriptedEngine(lines)
    assert answer(engine, ask("code:models/net.py")).text == "code"
    assert answer(engine, ask("plan:config")).text == "plan"
    with pytest.raises(EngineFailed, match="no answer left for 'plan:config'"):
        answer(engine, ask("plan:config"))


def test_requests_sent_together_are_answered_in_the_order_of_sending() -> None:
    engine = ScriptedEngine([str(number) for number in range(20)])

    async def all_at_once() -> list[Completion]:
        return list(await asyncio.gather(*(engine.complete(ask(seed)) for seed in "x" * 20)))

    assert [got.text for got in asyncio.run(all_at_once())] == [str(number) for number in range(20)]


def test_a_function_may_answer_with_text_or_a_whole_completion() -> None:
    whole = Completion(
        text="t", finish_reason="length", prompt_tokens=1, cached_tokens=1, output_tokens=1, seconds=0.5
    )
    engine = ScriptedEngine(lambda request: whole if request.purpose == "whole" else request.purpose)
    assert answer(engine, ask("whole")) is whole
    assert answer(engine, ask("said")).text == "said"


def test_stop_and_length_are_obeyed_and_whole_characters_kept() -> None:
    engine = ScriptedEngine(lambda request: "aé€𝄞 END rest")
    assert answer(engine, ask(stop=("rest", "END"))).text == "aé€𝄞 "
    cut = answer(engine, ask(most=1))
    assert (cut.text, cut.finish_reason, cut.output_tokens) == ("aé", "length", 1)


def test_tokens_are_counted_by_the_rule_of_four_bytes() -> None:
    assert [rough_tokens(text) for text in ("", "a", "abcd", "abcde", "€€")] == [0, 1, 1, 2, 2]
    messages = [Message(role="user", content="abcde"), Message(role="system", content="")]
    assert rough_count(messages) == 2 + 4 + 4


def test_the_identity_follows_the_answers() -> None:
    digests = {ScriptedEngine(lines).identity.weights_digest for lines in (["a"], ["b"], ["a"])}
    assert len(digests) == 2


def test_a_file_is_opened_by_name(tmp_path: Path) -> None:
    script = tmp_path / "answers.jsonl"
    script.write_text('{"text": "a\u2028b", "purpose": "t*"}\n\n{"text": "cut", "finish_reason": "length"}\n')
    got = asyncio.run(opened(f"scripted:{script}", tmp_path / "log", ask()))
    assert (got.text, got.finish_reason) == ("a\u2028b", "stop")
    got = asyncio.run(opened(f"scripted:{script}", tmp_path / "log", ask("other")))
    assert got.finish_reason == "length"


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "{}", '{"text": 1}', '{"text": "a", "purpos": "b"}', '{"text": "a", "finish_reason": "x"}'],
)
def test_a_line_that_is_not_an_answer_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    script = tmp_path / "answers.jsonl"
    script.write_text('{"text": "fine"}\n' + line + "\n")
    with pytest.raises(BadInput, match=r"answers\.jsonl:2:"):
        asyncio.run(opened(f"scripted:{script}", tmp_path / "log", ask()))


def test_a_script_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("nothing", "binary", "."):
        with pytest.raises(BadInput, match="cannot read the script"):
            asyncio.run(opened(f"scripted:{tmp_path / name}", tmp_path / "log", ask()))


def test_random_walk_is_opened_by_name_with_its_context(tmp_path: Path) -> None:
    async def context() -> int:
        settings = EngineSettings(context=5000)
        async with open_engine(
            "random-walk", resolve=no_weights, log=tmp_path / "log", settings=settings
        ) as engine:
            return engine.context

    assert asyncio.run(context()) == 5000
