"""The main job for real: the example paper, a managed vLLM server, pinned weights."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from offline_coder.checks.syntax import check_syntax
from offline_coder.cli.check import checked_plan
from offline_coder.cli.progress import Silent
from offline_coder.core.errors import OfflineCoderError
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.endpoint import KEY_VARIABLE
from offline_coder.engines.settings import EngineSettings
from offline_coder.engines.vllm_server import serve
from offline_coder.session import Job, execute, model_folder
from offline_coder.weights import resolve
from tests.conftest import ROOT

MODEL = "smollm2-135m"
PAPER = ROOT / "examples" / "noisepair" / "paper.md"
# Small budgets: the test is about the path, not about the quality of what a small model writes.
SETTINGS = StageSettings(
    overview_tokens=200,
    architecture_tokens=500,
    analysis_tokens=40,
    code_tokens=192,
    rewrite_rounds=1,
    rewrite_file_tokens=128,
    rewrite_tokens=256,
    config_candidates=10,
    max_components=0,
    requirement_requests=1,
    regenerations=0,
)


@pytest.fixture(autouse=True)
def weights() -> None:
    """Skips where the weights are not there."""
    try:
        resolve(MODEL)
    except OfflineCoderError as error:
        pytest.skip(str(error))


@pytest.mark.engine
def test_the_example_becomes_a_repository(tmp_path: Path) -> None:
    job = Job(
        paper=PAPER,
        output=tmp_path / "run",
        model=MODEL,
        stages=SETTINGS,
        engine=EngineSettings(context=8192),
    )
    outcome = asyncio.run(execute(job, Silent()))
    assert outcome.repository is not None
    folder = tmp_path / "run"
    files = {
        path.relative_to(folder / "repo").as_posix(): path.read_text() for path in (folder / "repo").iterdir()
    }
    for path, text in files.items():
        assert not [finding for finding in check_syntax(path, text) if finding.severity == "error"], path
    order = json.loads((folder / "plan" / "build_order.json").read_text())["order"]
    modules = json.loads((folder / "plan" / "architecture.json").read_text())["modules"]
    assert order == [module["path"] for module in modules]
    assert {path for path in files if path.endswith(".py")} == set(order)
    assert isinstance(yaml.safe_load(files["config.yaml"]), dict)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["engine"]["engine"] == "vllm"
    assert manifest["engine"]["weights_digest"] == resolve(MODEL).digest
    cached = sum(stage["cached_tokens"] for stage in manifest["stages"])
    prompt = sum(stage["prompt_tokens"] for stage in manifest["stages"])
    assert cached > prompt / 2, "the prefix cache did not hold the paper"
    assert (folder / "engine.log").stat().st_size > 0


@pytest.mark.engine
def test_two_runs_share_one_warm_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def planned_together() -> None:
        model = model_folder(MODEL)
        async with serve(model, EngineSettings(context=8192), log=tmp_path / "engine.log") as serving:
            monkeypatch.setenv(KEY_VARIABLE, serving.server.key)
            first = Job(
                paper=PAPER,
                output=tmp_path / "first",
                model=MODEL,
                endpoint=serving.server.url,
                plan_only=True,
                stages=SETTINGS,
            )
            second = replace(
                first, output=tmp_path / "second", stages=SETTINGS.model_copy(update={"seed": 1})
            )
            # One event loop carries out one job at a time.
            await asyncio.gather(
                *(asyncio.to_thread(asyncio.run, execute(job, Silent())) for job in (first, second))
            )

    asyncio.run(planned_together())
    for folder in (tmp_path / "first", tmp_path / "second"):
        read = checked_plan(folder)
        assert read.plan is not None
        assert not read.errors
        manifest = json.loads((folder / "manifest.json").read_text())
        assert (manifest["status"], manifest["determinism"]) == ("planned", "none")
    assert not {path.name for path in tmp_path.iterdir()} - {"first", "second", "engine.log"}
