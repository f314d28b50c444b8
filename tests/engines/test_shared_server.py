"""Several runs ask one warm server at once, as a user's runs with --endpoint do."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from offline_coder.cli.check import checked_plan
from offline_coder.cli.progress import Silent
from offline_coder.engines.endpoint import KEY_VARIABLE
from offline_coder.engines.vllm_server import Serving
from offline_coder.session import Job, execute
from tests.conftest import EXAMPLE, SMALL_BUDGETS
from tests.engines.conftest import MODEL


@pytest.mark.engine
def test_two_runs_share_one_warm_server(
    serving: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, serving.server.key)
    first = Job(
        paper=EXAMPLE,
        output=tmp_path / "first",
        model=MODEL,
        endpoint=serving.server.url,
        plan_only=True,
        stages=SMALL_BUDGETS,
    )
    second = replace(first, output=tmp_path / "second", stages=SMALL_BUDGETS.model_copy(update={"seed": 1}))
    # One event loop carries out one job at a time.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: asyncio.run(execute(job, Silent())), (first, second)))
    for folder in (tmp_path / "first", tmp_path / "second"):
        read = checked_plan(folder)
        assert read.plan is not None
        assert not read.errors
        manifest = json.loads((folder / "manifest.json").read_text())
        assert (manifest["status"], manifest["determinism"]) == ("planned", "none")
    assert {path.name for path in tmp_path.iterdir()} == {"first", "second"}
