"""Causes read from real logs, each provoked with vLLM 0.32 on a CPU (paths shortened)."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_coder.engines.failures import LONGEST, cause_from_log, last_step

LOGS = Path(__file__).parent / "logs"
CAUSES = {
    "arch": "bad model: this vLLM does not know models of type foo",
    "badheader": "bad model: one of its files is damaged",
    "bigkv": "out of memory: 14.78 GiB are free, 300.0 GiB were asked for",
    "notok": "bad model: its tokenizer is missing or damaged",
    "port": "port taken: another program listens on it",
    "shape": "ValueError: The hidden size (512) is not a multiple of the number of attention heads (9).",
    "smallkv": "out of memory: the key-value cache does not hold one whole context",
    "truncated": "bad model: a safetensors file is damaged (Error while deserializing header: incomplete "
    "metadata, file not fully covered)",
}


def test_every_log_has_its_cause() -> None:
    assert {path.stem for path in LOGS.glob("*.log")} == set(CAUSES)


@pytest.mark.parametrize(("name", "cause"), CAUSES.items())
def test_a_real_log_gives_one_line_with_the_cause(name: str, cause: str) -> None:
    assert cause_from_log((LOGS / f"{name}.log").read_text()) == cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", ""),
        ("\n\n  \n", ""),
        ("just one line", "just one line"),
        ("/usr/bin/python: No module named vllm", "vLLM is not installed in this environment"),
        (
            "(Worker pid=1) ERROR 01-02 03:04:05 [x.py:1] torch.OutOfMemoryError: CUDA out of memory. Tried",
            "out of GPU memory while loading the model",
        ),
        (
            "ValueError: Free memory on device cuda:0 (3.1/80.0 GiB) on startup is less than desired GPU "
            "memory utilization (0.9, 72.0 GiB). Decrease",
            "out of memory: 3.1 GiB are free, 72.0 GiB were asked for",
        ),
        # The first error is the cause, those after it say that others died of it.
        (
            "(Worker pid=1) ERROR 01-02 03:04:05 [x.py:1] KeyError: 'lm_head'\n"
            "RuntimeError: Engine core initialization failed. See root cause above.",
            "KeyError: 'lm_head'",
        ),
    ],
)
def test_other_logs(text: str, cause: str) -> None:
    assert cause_from_log(text) == cause


@given(st.text())
def test_any_text_gives_one_short_line(text: str) -> None:
    cause = cause_from_log(text)
    assert len(cause) <= LONGEST
    assert len(cause.splitlines()) <= 1
    assert last_step(text)


def test_the_step_is_the_latest_one() -> None:
    assert last_step("") == "starting vLLM"
    assert last_step("non-default args: {}\nStarting to load model X\n") == "loading the weights"
