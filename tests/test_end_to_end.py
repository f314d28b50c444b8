"""The main job for real: the example paper, a managed vLLM server, pinned weights."""

import asyncio
import json
from pathlib import Path

import pytest
import yaml

from offline_coder.checks.syntax import check_syntax
from offline_coder.cli.progress import Silent
from offline_coder.core.errors import OfflineCoderError
from offline_coder.engines.settings import EngineSettings
from offline_coder.session import Job, execute
from offline_coder.weights import resolve
from tests.conftest import EXAMPLE, SMALL_BUDGETS

MODEL = "smollm2-135m"
SETTINGS = SMALL_BUDGETS.model_copy(
    update={
        "analysis_tokens": 40,
        "code_tokens": 192,
        "rewrite_rounds": 1,
        "rewrite_file_tokens": 128,
        "rewrite_tokens": 256,
    }
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
        paper=EXAMPLE,
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
