"""The watch over code that is being written: where it ends an answer, and that pieces do not matter."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import offline_coder
from offline_coder.core.compiling import beyond_repair
from offline_coder.core.request import Message, Request, Sampling, request_of
from offline_coder.engines.cutting import ended
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.engines.streaming import Ending

GOOD = "    total = 0\n    for value in values:\n        total += value\n"
BEGUN = "```python\nimport math\n\n\ndef add(values):\n"
STOPS = ("```", "\ndef other(", "\nclass Net")


def request(*, watch: bool = True, tokens: int = 4000) -> Request:
    """One that goes on from `BEGUN`."""
    messages = (Message(role="user", content="write"), Message(role="assistant", content=BEGUN))
    sampling = Sampling(max_tokens=tokens, stop=STOPS)
    return Request("coding:a.py", messages, sampling, 0, watch="python" if watch else None)


def streamed(pieces: list[str]) -> tuple[str, str | None]:
    """The answer when it comes in `pieces`, read until its end is certain."""
    ending = Ending(request())
    for piece in pieces:
        ending.add(piece)
        if ending.reason is not None:
            break
    ending.finish()
    return ending.text, ending.reason


@pytest.mark.parametrize(
    "wrong",
    [
        "    return total +* 2\n",
        "    total = [1, 2\n    other = 3\n    more = 4\n",
        "    x = 'abc\n",
        "    print total\n",
        "   total = 3\n",
        "Here is how it works: it adds.\n",
    ],
)
def test_an_answer_ends_where_it_is_no_python_any_more(wrong: str) -> None:
    text, reason = ended(GOOD + wrong + "    return total\n" * 3 + GOOD * 2, "stop", request())
    assert reason == "broken"
    assert (GOOD + wrong).startswith(text[: len(GOOD + wrong)])
    assert len(text) < len(GOOD + wrong) + 160


def test_an_answer_ends_when_it_goes_round_in_circles() -> None:
    text, reason = ended(GOOD + "    total += 1\n" * 400, "length", request())
    assert reason == "circles"
    assert len(text) <= 512
    text, reason = ended("    x = [" + "nn.Linear(512, 512), " * 400, "length", request())
    assert reason == "circles"
    assert len(text) < 1100


def test_without_a_watch_nothing_is_ended() -> None:
    broken = GOOD + "    return total +* 2\n" * 40
    assert ended(broken, "stop", request(watch=False)) == (broken, "stop")


def test_a_stop_string_before_the_flaw_ends_the_answer() -> None:
    text, reason = ended(f"{GOOD}    return total\n\n\ndef other(a b):\n    pass\n" * 3, "length", request())
    assert (text, reason) == (f"{GOOD}    return total\n\n", "stop")


def test_real_code_is_never_ended() -> None:
    folder = Path(offline_coder.__file__).parent
    for path in sorted(folder.glob("checks/*.py")):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        for count in range(0, len(lines), 7):
            assert not beyond_repair("".join(lines[:count])), (path, count)
        whole = "".join(lines).replace("```", "")
        asked = Request("p", (), Sampling(max_tokens=100_000), 0, watch="python")
        assert ended(whole, "stop", asked) == (whole, "stop")


LINES = st.sampled_from(
    [
        *(
            "    x = 1\n",
            "    y = (\n",
            "    )\n",
            "    '''\n",
            "    if x:\n",
            "        pass\n",
            "\n",
            "x = \n",
        ),
        *(
            "    return x y\n",
            "\tz = 2\n",
            "    s = 'a\n",
            "\ndef other(\n",
            "\nclass Ne",
            "``",
            "`",
            "é = 1\n",
        ),
        *("    f(1, 2,\n", "    z = [1]\\\n", "text\r\n", "\r", "\0", "    a = 1\n" * 12),
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=40), st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_in_whatever_pieces_it_comes_the_answer_is_the_same(lines: list[str], sizes: list[int]) -> None:
    text = "".join(lines)
    pieces, at, turn = [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        pieces.append(text[at : at + size])
        at, turn = at + size, turn + 1
    whole, reason = ended(text, "length", request())
    assert streamed(pieces) == (whole, None if reason == "length" else reason)
    assert text.startswith(whole)


def test_the_watch_is_part_of_the_request_and_old_requests_keep_their_digest() -> None:
    plain, watched = request(watch=False), request()
    assert "watch" not in plain.form()
    assert plain.digest() != watched.digest()
    assert request_of(watched.form()) == watched
    assert request_of(plain.form()) == plain
    with pytest.raises(ValueError, match="python"):
        request_of(watched.form() | {"watch": "basic"})


def test_the_scripted_engine_obeys_the_watch() -> None:
    engine = ScriptedEngine([GOOD + "    return total +* 2\n" + GOOD * 9])
    completion = asyncio.run(engine.complete(request()))
    assert completion.finish_reason == "broken"
    assert completion.text.startswith(GOOD)
