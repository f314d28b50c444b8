"""A byte that changes anywhere in what a run was made of, or in what it left, is found and named."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from offline_coder.core.files import file_digest
from offline_coder.runs.folder import RunFolder, readable_json
from offline_coder.runs.provenance import statement_text
from offline_coder.weights import resolve
from offline_coder.weights.importing import import_folder
from tests.cli.conftest import Cli
from tests.conftest import ROOT


def change_a_byte(path: Path) -> bytes:
    """Another byte in the middle of `path`; the bytes from before."""
    before = path.read_bytes()
    middle = len(before) // 2
    path.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])
    return before


def changes(cli: Cli, *options: str | Path) -> dict[str, str]:
    """What `verify` finds: name -> what."""
    result = cli("verify", "out", "--json", *options)
    found = {change["file"]: change["what"] for change in json.loads(result.out)["changes"]}
    assert result.code == (1 if found else 0), result.err
    return found


def test_every_file_of_a_run_is_watched(cli: Cli, paper_file: Path) -> None:
    assert cli("run", paper_file, "--model", "random-walk", "-o", "out", "--quiet").code == 0
    result = cli("verify", "out")
    assert result.code == 0, result.out + result.err
    assert "all as the run left it" in result.out
    out = Path("out")
    watched = [path for path in out.rglob("*") if path.is_file() and path.name != ".lock"]
    assert {"journal.jsonl", "paper.json", "overview.md", "README.md", "report.html", "provenance.json"} <= {
        path.name for path in watched
    }
    for path in [*watched, paper_file]:
        if path.name == "manifest.json":
            continue
        before = change_a_byte(path)
        name = str(paper_file) if path == paper_file else path.relative_to(out).as_posix()
        expected = "manifest.json or provenance.json" if name == "provenance.json" else name
        assert list(changes(cli)) == [expected]
        path.unlink()
        found = changes(cli)
        assert list(found) == [name]
        assert "missing" in found[name]
        path.write_bytes(before)
    (out / "repo" / "more.py").write_text("x = 1\n")
    assert changes(cli) == {"repo/more.py": "was not made by the run"}
    moved = paper_file.rename(paper_file.with_name("moved.md"))
    (out / "repo" / "more.py").unlink()
    assert list(changes(cli)) == [str(paper_file)]
    assert changes(cli, "--paper", moved) == {}


def test_a_plan_is_verified_and_then_what_was_written_from_it(cli: Cli, paper_file: Path) -> None:
    assert cli("plan", paper_file, "--model", "random-walk", "-o", "out", "--quiet").code == 0
    assert changes(cli) == {}
    change_a_byte(Path("out/plan/overview.md"))
    assert list(changes(cli)) == ["plan/overview.md"]
    assert cli("write", "out", "--quiet").code == 0
    assert changes(cli) == {}


def test_a_changed_manifest_is_seen(cli: Cli, paper_file: Path) -> None:
    assert cli("run", paper_file, "--model", "random-walk", "-o", "out", "--quiet").code == 0
    manifest = Path("out/manifest.json")
    manifest.write_text(manifest.read_text().replace('"temperature": 0.2', '"temperature": 0.3'))
    assert list(changes(cli)) == ["manifest.json or provenance.json"]
    manifest.write_bytes(b"\xff")
    result = cli("verify", "out")
    assert result.code == 2
    assert "manifest.json is damaged" in result.err


def test_prompts_and_grammars_of_this_installation_are_compared(cli: Cli, paper_file: Path) -> None:
    assert cli("run", paper_file, "--model", "random-walk", "-o", "out", "--quiet").code == 0
    other = Path("other").absolute()
    for part in ("offline_coder", "grammars", "models"):
        shutil.copytree(ROOT / part, other / part, ignore=shutil.ignore_patterns("__pycache__"))
    template = next((other / "offline_coder/prompts").rglob("write*.j2"))
    grammar = sorted((other / "grammars").glob("*.json"))[0]
    change_a_byte(template)
    change_a_byte(grammar)
    child = subprocess.run(
        [sys.executable, "-m", "offline_coder.cli.main", "verify", "out", "--quiet"],
        env={**os.environ, "PYTHONPATH": str(other)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 1, child.stderr
    assert [line.partition(":")[0] for line in child.stdout.splitlines()] == [
        template.relative_to(other / "offline_coder").as_posix(),
        grammar.relative_to(other).as_posix(),
    ]


def test_weights_are_read_unless_told_otherwise(cli: Cli, paper_file: Path) -> None:
    assert cli("run", paper_file, "--model", "random-walk", "-o", "out", "--quiet").code == 0
    own = Path("own")
    own.mkdir()
    (own / "config.json").write_text(json.dumps({"max_position_embeddings": 4096}))
    (own / "tokenizer.json").write_text("{}")
    (own / "model.safetensors").write_bytes(b"weights" * 1000)
    import_folder(own, name="small")
    weights = resolve("small")
    run = RunFolder(Path("out"))
    manifest = run.finished()
    identity = manifest.engine.model_copy(update={"engine": "vllm", "weights_digest": weights.digest})
    manifest = manifest.model_copy(update={"model": "small", "engine": identity})
    run.write("manifest.json", readable_json(manifest))
    run.write("provenance.json", statement_text(manifest, file_digest(Path("out/manifest.json"))))
    assert changes(cli) == {}
    change_a_byte(weights.folder / "model.safetensors")
    assert list(changes(cli)) == ["weights of small: model.safetensors"]
    assert changes(cli, "--no-weights") == {}
    shutil.rmtree(weights.folder)
    assert list(changes(cli)) == ["weights of small"]


def test_what_is_no_finished_run_is_refused(cli: Cli, paper_file: Path) -> None:
    assert cli("verify", "nowhere").code == 2
    Path("answers.jsonl").write_text('{"text": "{}"}\n')
    assert cli("run", paper_file, "--model", "scripted:answers.jsonl", "-o", "out").code == 4
    result = cli("verify", "out")
    assert result.code == 2
    assert "failed, not finished" in result.err
