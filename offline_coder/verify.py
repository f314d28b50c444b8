"""Verify: is everything of a finished run as it was when the run ended?

Covered: every file of the run folder, the paper, the weights, the prompt templates and grammars of
this installation. Versions of Python and of packages are told, not judged. Not covered: somebody who
changes a file, the manifest and the provenance together; against that, keep a copy of provenance.json
elsewhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from offline_coder.core.errors import BadInput, OfflineCoderError
from offline_coder.core.files import file_digest
from offline_coder.engines.open import SCRIPTED, TRANSFORMERS
from offline_coder.engines.scripted import read_script
from offline_coder.engines.settings import EngineSettings
from offline_coder.papers.read import paper_digest
from offline_coder.runs.difference import Difference, compared
from offline_coder.runs.folder import MANIFEST, PROVENANCE, RunFolder
from offline_coder.runs.machine import installed_locks, this_machine
from offline_coder.runs.manifest import Manifest, software
from offline_coder.runs.provenance import statement_text
from offline_coder.stages.grammar import grammar_digests
from offline_coder.stages.prompting import prompt_digests
from offline_coder.weights.manifest import load_manifests
from offline_coder.weights.pins import read_pin
from offline_coder.weights.progress import OnProgress, silent
from offline_coder.weights.verify import check, store_name


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found: how many digests were compared, what is not as it was, and what is another version
    or could not be compared."""

    compared: int
    changes: tuple[Difference, ...]
    notes: tuple[str, ...]


def verify(
    folder: Path, *, paper: Path | None = None, weights: bool = True, on_progress: OnProgress = silent
) -> Verified:
    """Compare every digest that the manifest in `folder` holds. Nothing is changed.

    `paper` is where the paper lies now, None for where it lay. Reading `weights` takes about a second
    for each GB.

    Raises:
        BadInput: `folder` holds no finished run, or its manifest cannot be read.
    """
    run = RunFolder(folder)
    manifest = run.finished()
    prompts = under("prompts", manifest.prompts), under("prompts", prompt_digests())
    grammars = under("grammars", manifest.grammars), under("grammars", grammar_digests())
    changes = [
        *compared(manifest.files, run.made_files(), "the run left"),
        *compared(manifest.records, run.records(), "the run left"),
        *changed_statement(run, manifest),
        *changed_paper(paper or Path(manifest.paper), manifest.paper_sha256),
        *compared(*prompts, "the run used"),
        *compared(*grammars, "the run used"),
    ]
    notes = list(changed_versions(manifest))
    # The manifest itself, its provenance and the paper are the three that no table lists.
    count = sum(map(len, (manifest.files, manifest.records, manifest.prompts, manifest.grammars))) + 3
    if not weights:
        notes.append("the weights were not read (--no-weights)")
    elif manifest.engine.engine == "endpoint":
        notes.append(f"the weights behind {manifest.endpoint} cannot be read from here")
    else:
        changes += changed_weights(manifest, on_progress)
        count += 1
    return Verified(count, tuple(changes), tuple(notes))


def under(folder: str, digests: Mapping[str, str]) -> dict[str, str]:
    """`digests` with `folder` before each path."""
    return {f"{folder}/{name}": digest for name, digest in digests.items()}


def changed_statement(run: RunFolder, manifest: Manifest) -> Iterator[Difference]:
    """Whether provenance.json is what the manifest says; which of the two was changed, nobody can tell."""
    try:
        text = (run.path / PROVENANCE).read_bytes()
    except FileNotFoundError:
        yield Difference(PROVENANCE, "is missing")
        return
    expected = statement_text(manifest, file_digest(run.path / MANIFEST))
    if text != expected.encode("utf-8", "surrogatepass"):
        yield Difference(f"{MANIFEST} or {PROVENANCE}", "was changed: they do not agree")


def changed_paper(path: Path, sha256: str) -> Iterator[Difference]:
    """Whether the paper at `path` is the one that was read."""
    try:
        if paper_digest(path) != sha256:
            yield Difference(str(path), "has other bytes than the run read")
    except BadInput:
        yield Difference(str(path), "is missing; --paper says where it lies now")


def changed_weights(manifest: Manifest, on_progress: OnProgress) -> Iterator[Difference]:
    """What is wrong with the weights that answered, or with the script."""
    before = manifest.engine.weights_digest
    if manifest.engine.engine == "random-walk":
        return
    if manifest.engine.engine == "scripted":
        path = Path(manifest.model.removeprefix(SCRIPTED))
        try:
            now = read_script(path, EngineSettings()).identity.weights_digest
        except BadInput as error:
            yield Difference(str(path), f"cannot be read: {error.message}")
            return
        if now != before:
            yield Difference(str(path), "has other answers than the run was given")
        return
    wanted = manifest.model.removeprefix(TRANSFORMERS)
    try:
        name = store_name(wanted)
        seal, problems = check(name, load_manifests().get(name), read_pin(name), on_progress)
    except OfflineCoderError as error:
        yield Difference(f"weights of {wanted}", f"cannot be verified: {error.message}")
        return
    yield from (Difference(f"weights of {name}: {problem.file}", problem.what) for problem in problems)
    if seal.digest != before:
        yield Difference(
            f"weights of {name}", f"are others: sha256 {seal.digest[:12]}..., not {before[:12]}..."
        )


def changed_versions(manifest: Manifest) -> Iterator[str]:
    """What else is not as it was: versions, locks, the machine. These explain a difference between runs
    and are none by themselves."""
    version, python, packages = software()
    then = {"offline-coder": manifest.offline_coder, "Python": manifest.python, **manifest.packages}
    now = {"offline-coder": version, "Python": python, **packages}
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            yield f"{name} was {then.get(name, 'not installed')}, is {now.get(name, 'not installed')}"
    for lock in compared(manifest.locks, installed_locks(), "the run's environment was installed from"):
        yield f"requirements/{lock.file} {lock.what}"
    if manifest.machine != this_machine():
        yield f"the run was made on another machine: {manifest.machine.cpu}, {manifest.machine.system}"
