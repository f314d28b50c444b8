"""A small bundle: this package, a wheel of a few bytes, and a model of a few kilobytes; no index is asked."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

SPLIT = 8 << 10


@dataclass(frozen=True)
class Connected:
    """A machine that can bundle: a wheelhouse in the place of an index, a store with the model `own`."""

    folder: Path

    @property
    def surroundings(self) -> dict[str, str]:
        return os.environ | {
            "OFFLINE_CODER_HOME": str(self.folder / "store"),
            "WHEELHOUSE": str(self.folder / "wheelhouse"),
            "PIP_CONFIG_FILE": os.devnull,
        }

    def type(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`offline-coder ARGUMENTS`."""
        command = [sys.executable, "-m", "offline_coder.cli.main", *arguments]
        return subprocess.run(command, env=self.surroundings, capture_output=True, text=True, check=False)

    def bundle(self, output: Path, *more: str) -> subprocess.CompletedProcess[str]:
        """`offline-coder bundle` of the small lock and the model `own`."""
        lock = str(self.folder / "small.txt")
        return self.type("bundle", "--lock", lock, "--model", "own", "--output", str(output), *more)


@pytest.fixture(scope="session")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Connected:
    """The machine, with its wheels and its model."""
    machine = Connected(tmp_path_factory.mktemp("connected"))
    wheelhouse = machine.folder / "wheelhouse"
    wheelhouse.mkdir()
    make_wheel(wheelhouse, "tiny", {"tiny.py": b"said = 'hello'\n", "tiny_data.bin": os.urandom(3 * SPLIT)})
    # What the package imports is not in this bundle: the installed program finds it where the tests do. The
    # engine is left out, for doctor would wait for it.
    host = machine.folder / "host"
    host.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if path.suffix != ".pth" and not path.name.startswith(("torch", "vllm")):
            (host / path.name).symlink_to(path)
    make_wheel(wheelhouse, "host", {"host.pth": str(host).encode()})
    (machine.folder / "small.txt").write_text("# two wheels\ntiny==1.0\nhost==1.0\n")
    own = machine.folder / "own"
    own.mkdir()
    (own / "config.json").write_text('{"max_position_embeddings": 64}')
    (own / "tokenizer.json").write_text("{}")
    (own / "model.safetensors").write_bytes(os.urandom(2 * SPLIT + 100))
    done = machine.type("models", "import", str(own), "--licence", "MIT-0", "--quiet")
    assert done.returncode == 0, done.stderr
    return machine


@pytest.fixture(scope="session")
def medium(connected: Connected) -> Path:
    """A bundle in parts of 8 KiB. Only for reading; tests that damage it copy it."""
    folder = connected.folder / "medium"
    done = connected.bundle(folder, "--split", "8K")
    assert done.returncode == 0, done.stderr
    return folder


def make_wheel(folder: Path, name: str, members: dict[str, bytes]) -> None:
    """A pure wheel called `name`, version 1.0."""
    info = f"{name}-1.0.dist-info"
    files = members | {
        f"{info}/METADATA": f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\nLicense-Expression: 0BSD\nRequires-Python: >=3.11.1\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"]).encode()
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as box:
        for path, data in files.items():
            box.writestr(path, data)
