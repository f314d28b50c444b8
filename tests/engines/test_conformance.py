"""What every engine must do. One suite, run over all of them."""

import asyncio
import json
import re

import pytest

from offline_coder.core.constraint import CFG, Choice, Constraint, JsonSchema, Regex
from offline_coder.core.engine import Engine
from offline_coder.core.errors import BadInput, EngineFailed
from offline_coder.core.request import Completion, Message, Request, Sampling

REAL = [pytest.param(name, marks=pytest.mark.engine) for name in ("transformers", "vllm", "endpoint")]
CONSTRAINING = ["random_walk", *REAL]
QUESTION = (Message(role="user", content="Name three things that a neural network needs, in one sentence."),)
SCHEMA = JsonSchema(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 12},
            "kind": {"enum": ["data", "model"]},
            "sizes": {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 2, "maxItems": 3},
        },
        "required": ["name", "kind", "sizes"],
        "additionalProperties": False,
    }
)


@pytest.fixture(params=["scripted", "random_walk", *REAL])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=CONSTRAINING)
def constraining(request: pytest.FixtureRequest) -> Engine:
    """Each engine that obeys constraints; a script says what it says."""
    found: Engine = request.getfixturevalue(request.param)
    return found


def ask(
    messages: tuple[Message, ...] = QUESTION,
    *,
    most: int = 12,
    stop: tuple[str, ...] = (),
    temperature: float = 0.0,
    seed: int = 7,
    constraint: Constraint | None = None,
) -> Request:
    """A request with short answers: engines on a CPU are slow."""
    sampling = Sampling(temperature=temperature, max_tokens=most, stop=stop)
    return Request("conformance", messages, sampling, seed, constraint)


def answer(loop: asyncio.Runner, engine: Engine, request: Request) -> Completion:
    return loop.run(engine.complete(request))


def test_a_plain_answer_comes_with_its_counts(loop: asyncio.Runner, engine: Engine) -> None:
    got = answer(loop, engine, ask())
    assert got.text.strip()
    assert got.prompt_tokens == loop.run(engine.count(QUESTION)) > 0
    assert 0 < got.output_tokens <= 12
    assert 0 <= got.cached_tokens <= got.prompt_tokens
    assert got.seconds >= 0


def test_the_identity_names_engine_and_model(engine: Engine) -> None:
    assert engine.identity.engine
    assert engine.identity.model
    assert engine.identity.weights_digest
    assert engine.identity.settings["context"] == str(engine.context)


def test_a_longer_prompt_counts_more(loop: asyncio.Runner, engine: Engine) -> None:
    # Not by a system message: some templates have one of their own, which it would replace.
    longer = (*QUESTION, Message(role="assistant", content="Data."), Message(role="user", content="And?"))
    assert loop.run(engine.count(longer)) > loop.run(engine.count(QUESTION))


@pytest.mark.parametrize("others", [0, 9], ids=["alone", "the last of ten"])
def test_a_stop_string_ends_the_answer_and_is_not_in_it(
    loop: asyncio.Runner, engine: Engine, others: int
) -> None:
    whole = answer(loop, engine, ask()).text
    mark = whole[len(whole) // 2 :].split()[0]
    got = answer(loop, engine, ask(stop=(*(f"never {n}" for n in range(others)), mark)))
    assert 0 < got.output_tokens <= 12
    assert got.prompt_tokens > 0
    assert got.finish_reason == "stop"
    assert got.text == whole[: whole.find(mark)]


def test_max_tokens_cuts_and_says_so(loop: asyncio.Runner, engine: Engine) -> None:
    got = answer(loop, engine, ask(most=3))
    assert got.finish_reason == "length"
    assert got.output_tokens == 3


def test_a_prefill_is_continued_and_not_repeated(loop: asyncio.Runner, engine: Engine) -> None:
    head = "Sure. Three things that every neural network needs:"
    prefilled = (*QUESTION, Message(role="assistant", content=head))
    got = answer(loop, engine, ask(prefilled))
    assert head not in got.text
    assert "Sure" not in got.text
    assert got.prompt_tokens == loop.run(engine.count(prefilled))


def test_the_same_seed_gives_the_same_text(loop: asyncio.Runner, engine: Engine) -> None:
    warm = ask(temperature=1.0, seed=11)
    assert answer(loop, engine, warm).text == answer(loop, engine, warm).text


def test_another_seed_gives_another_text(loop: asyncio.Runner, constraining: Engine) -> None:
    texts = {answer(loop, constraining, ask(temperature=1.5, seed=seed)).text for seed in (1, 2, 3)}
    assert len(texts) > 1


def test_requests_run_together(loop: asyncio.Runner, engine: Engine) -> None:
    async def all_at_once() -> list[Completion]:
        requests = [ask(temperature=0.7, seed=seed, most=8) for seed in range(4)]
        return list(await asyncio.gather(*map(engine.complete, requests)))

    assert all(got.output_tokens > 0 for got in loop.run(all_at_once()))


def test_what_does_not_fit_the_context_is_refused(loop: asyncio.Runner, engine: Engine) -> None:
    long = (Message(role="user", content="a b c d " * engine.context),)
    with pytest.raises(BadInput, match=f"conformance: a prompt of [0-9]+ .* {engine.context} tokens"):
        answer(loop, engine, ask(long))


def test_an_answer_that_might_not_fit_is_refused(loop: asyncio.Runner, engine: Engine) -> None:
    prompt = loop.run(engine.count(QUESTION))
    with pytest.raises(BadInput, match=f"{prompt} tokens"):
        answer(loop, engine, ask(most=engine.context - prompt + 1))


def test_a_json_schema_holds(loop: asyncio.Runner, constraining: Engine) -> None:
    got = answer(loop, constraining, ask(constraint=SCHEMA, most=120, temperature=1.0))
    assert got.finish_reason == "stop"
    data = json.loads(got.text)
    assert list(data) == ["name", "kind", "sizes"]
    assert 1 <= len(data["name"]) <= 12
    assert data["kind"] in ("data", "model")
    assert 2 <= len(data["sizes"]) <= 3
    # No optional white space: small models like to fill pages with it.
    assert got.text == json.dumps(data, separators=(",", ":"), ensure_ascii=False) or "\\u" in got.text


def test_a_regular_expression_holds(loop: asyncio.Runner, constraining: Engine) -> None:
    got = answer(loop, constraining, ask(constraint=Regex("[a-z]{3}-[0-9]{2}"), temperature=1.0))
    assert re.fullmatch("[a-z]{3}-[0-9]{2}", got.text)


def test_a_choice_holds(loop: asyncio.Runner, constraining: Engine) -> None:
    items = ["models/net.py", 'say "yes"', "[a-z]+"]
    got = answer(loop, constraining, ask(constraint=Choice(items), temperature=1.0))
    assert got.text in items


def test_a_grammar_holds(loop: asyncio.Runner, constraining: Engine) -> None:
    grammar = CFG('start: sum\nsum: NUMBER | "(" sum "+" sum ")"\nNUMBER: /[0-9]{1,2}/')
    got = answer(loop, constraining, ask(constraint=grammar, most=60, temperature=0.7))
    if got.finish_reason == "stop":
        assert re.fullmatch(r"[0-9()+]+", got.text)
        assert got.text.count("(") == got.text.count(")") == got.text.count("+")


def test_a_constraint_that_makes_no_sense_is_an_error(loop: asyncio.Runner, constraining: Engine) -> None:
    with pytest.raises(EngineFailed):
        answer(loop, constraining, ask(constraint=Regex("(unclosed")))
