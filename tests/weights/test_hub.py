"""Hub models: the first pull pins, later ones are held to it. The hub is a small server on loopback."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.weights.manifest import Hub, Manifest
from offline_coder.weights.pins import read_pin
from offline_coder.weights.pull import pull
from offline_coder.weights.verify import check, state_of
from tests.weights.conftest import files_in

COMMIT = "a" * 40
MOVED = "b" * 40


class FakeHub(ThreadingHTTPServer):
    """One repository. `files` may be changed by a test; `announce` False hides the large files' digests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.commit = COMMIT
        self.served: list[str] = []
        self.files = {
            "config.json": b'{"max_position_embeddings": 64}',
            "tokenizer.json": b"{}",
            "model-00001-of-00001.safetensors": b"weights " * 100,
            "pytorch_model.bin": b"a pickle",
            "modeling_toy.py": b"import os",
            "original/consolidated.safetensors": b"not at the top",
        }


class Handler(BaseHTTPRequestHandler):
    server: FakeHub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        hub = self.server
        if self.path.startswith("/api/models/toy/toy/revision/"):
            siblings = [self.sibling(name, data) for name, data in hub.files.items()]
            asked = self.path.split("/")[6].split("?")[0]
            sha = asked if len(asked) == 40 else hub.commit
            body = json.dumps({"id": "toy/toy", "sha": sha, "siblings": siblings}).encode()
            self.reply(body, {"Content-Type": "application/json"}, with_body=with_body)
            return
        name = self.path.split("/resolve/")[-1].split("/", 1)[-1]
        if name not in hub.files:
            self.send_error(404)
            return
        hub.served.append(name)
        data = hub.files[name]
        tag = hashlib.sha256(data).hexdigest()
        self.reply(data, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT}, with_body=with_body)

    def sibling(self, name: str, data: bytes) -> dict[str, object]:
        entry: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": "0" * 40}
        if name.endswith(".safetensors"):
            digest = hashlib.sha256(data).hexdigest()
            entry["lfs"] = {"sha256": digest, "size": len(data), "pointerSize": 134}
        return entry

    def reply(self, body: bytes, headers: dict[str, str], *, with_body: bool) -> None:
        self.send_response(200)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A running hub that the pull will ask."""
    for name in ("HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = FakeHub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def model() -> Manifest:
    """An unpinned model of the fake hub."""
    return Manifest(
        name="hubtoy",
        title="Toy",
        architecture="none",
        parameters=10,
        licence="Apache-2.0",
        licence_url="https://www.apache.org/licenses/LICENSE-2.0",
        context_length=64,
        source=Hub(kind="hub", repository="toy/toy"),
    )


def test_first_pull_pins_data_files_only(hub: FakeHub, model: Manifest, store: Path) -> None:
    assert state_of("hubtoy", model, read_pin("hubtoy")) == "unpinned"
    assert pull(model) is True
    names = ["config.json", "model-00001-of-00001.safetensors", "tokenizer.json", "weights.json"]
    assert files_in(store / "models/hubtoy") == names
    pin = read_pin("hubtoy")
    assert pin
    assert pin.commit == COMMIT
    assert [file.path for file in pin.files] == names[:3]
    assert state_of("hubtoy", model, pin) == "ready"
    assert not check("hubtoy", model, pin)[1]
    assert pull(model) is False


def test_later_pulls_ask_for_the_pinned_commit(hub: FakeHub, model: Manifest, store: Path) -> None:
    pull(model)
    hub.commit = MOVED
    (store / "models/hubtoy/tokenizer.json").unlink()
    assert pull(model) is True
    pin = read_pin("hubtoy")
    assert pin
    assert pin.commit == COMMIT


@pytest.mark.parametrize("name", ["model-00001-of-00001.safetensors", "tokenizer.json"])
def test_other_bytes_at_the_pinned_commit_are_refused(
    hub: FakeHub, model: Manifest, store: Path, name: str
) -> None:
    pull(model)
    (store / "models/hubtoy" / name).unlink()
    hub.files[name] = hub.files[name] + b" "
    with pytest.raises(MissingPrerequisite, match=f"refused: {name} of toy/toy .* is pinned"):
        pull(model)
    assert not (store / "models/.hubtoy.partial/model" / name).exists()
    assert state_of("hubtoy", model, read_pin("hubtoy")) == "damaged"


def test_another_file_at_the_pinned_commit_is_refused(hub: FakeHub, model: Manifest, store: Path) -> None:
    pull(model)
    (store / "models/hubtoy/tokenizer.json").unlink()
    hub.files["added.safetensors"] = b"more"
    with pytest.raises(MissingPrerequisite, match="offers other files"):
        pull(model)


def test_no_hub_says_how_to_carry_the_model_in(model: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(MissingPrerequisite, match="cannot fetch toy/toy from the hub") as caught:
        pull(model)
    assert "models import DIR" in caught.value.hint


def test_repository_without_safetensors_is_refused(hub: FakeHub, model: Manifest, store: Path) -> None:
    del hub.files["model-00001-of-00001.safetensors"]
    with pytest.raises(MissingPrerequisite, match="no safetensors"):
        pull(model)
    assert read_pin("hubtoy") is None


def test_unreadable_pin_is_not_taken_for_none(hub: FakeHub, model: Manifest, store: Path) -> None:
    pull(model)
    (store / "pins/hubtoy.json").write_text("{")
    with pytest.raises(MissingPrerequisite, match="cannot be read"):
        pull(model)
