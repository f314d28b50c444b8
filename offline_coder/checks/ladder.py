"""The ladder of checks: everything a machine can see in a repository, cheapest rung first."""

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import yaml

from offline_coder.checks.arrays import check_arrays
from offline_coder.checks.assumed_sizes import check_assumed
from offline_coder.checks.attributes import check_attributes
from offline_coder.checks.base_init import check_base_init
from offline_coder.checks.batches import check_batches
from offline_coder.checks.calls import check_calls
from offline_coder.checks.config_keys import check_config_keys
from offline_coder.checks.contracts import check_contract
from offline_coder.checks.dataset_reads import check_dataset_reads
from offline_coder.checks.duplicates import check_duplicates
from offline_coder.checks.endless import check_endless
from offline_coder.checks.entry import check_entry
from offline_coder.checks.gpu_only import check_gpu_only
from offline_coder.checks.idle_loads import check_idle_loads
from offline_coder.checks.idle_optimizers import check_idle_optimizers
from offline_coder.checks.imports import check_imports
from offline_coder.checks.layers import check_layers
from offline_coder.checks.library import check_library
from offline_coder.checks.library_calls import check_library_calls
from offline_coder.checks.lists import check_lists
from offline_coder.checks.loaders import check_loaders
from offline_coder.checks.names import check_names
from offline_coder.checks.network_calls import check_network_calls
from offline_coder.checks.of_the_network import check_network_reads
from offline_coder.checks.over_batches import check_over_batches
from offline_coder.checks.own_parts import check_own_parts
from offline_coder.checks.own_results import check_own_results
from offline_coder.checks.packages import check_packages
from offline_coder.checks.parameters import check_parameters
from offline_coder.checks.plain_numbers import check_plain_numbers
from offline_coder.checks.renewed import check_renewed
from offline_coder.checks.returns import check_returns
from offline_coder.checks.same_data import check_same_data
from offline_coder.checks.scores import check_scores
from offline_coder.checks.stray_methods import check_stray_methods
from offline_coder.checks.stubs import check_stubs
from offline_coder.checks.syntax import check_syntax
from offline_coder.checks.trees import MAX_BYTES
from offline_coder.checks.truths import check_truths
from offline_coder.checks.unsaved import check_unsaved
from offline_coder.core.errors import BadInput
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Architecture

CONFIG_FILE = "config.yaml"
MAX_FILES = 500
SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "venv"})
OF_CODE = (
    check_library,
    check_library_calls,
    check_base_init,
    check_layers,
    check_arrays,
    check_loaders,
    check_same_data,
    check_batches,
    check_dataset_reads,
    check_network_reads,
    check_network_calls,
    check_returns,
    check_own_results,
    check_own_parts,
    check_over_batches,
    check_unsaved,
    check_truths,
    check_plain_numbers,
    check_scores,
    check_gpu_only,
    check_idle_optimizers,
    check_renewed,
    check_idle_loads,
    check_parameters,
    check_stray_methods,
)
"""Rungs that need nothing but files that parse."""


def check_repository(
    files: Mapping[str, str],
    architecture: Architecture | None = None,
    config: Mapping[str, object] | None = None,
    packages: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """All findings in `files` (path -> text), ordered by rung, then file, then line.

    The rungs: syntax, names, imports, packages (against the plan's, when `packages` gives their
    distribution names), what is taken from PyTorch, NumPy, SciPy and scikit-learn and how it is called,
    duplicates, calls, functions that never end, attributes, contracts (when `architecture` is given;
    "missing-file" for a planned module that is not there), configuration keys and lists (when `config`, the
    loaded config.yaml, is given), stubs, entry point. A file that does not parse stops on the first rung.
    """
    paths = sorted(files)
    syntax = [finding for path in paths for finding in check_syntax(path, files[path])]
    broken = {finding.file for finding in syntax if finding.severity == "error"}
    whole = {path: files[path] for path in paths if path.endswith(".py") and path not in broken}
    names = [finding for path, text in whole.items() for finding in check_names(path, text)]
    stubs = [finding for path, text in whole.items() for finding in check_stubs(path, text)]
    stubs += [finding for path, text in whole.items() for finding in check_assumed(path, text)]
    findings = [*syntax, *names, *_in_order(check_imports(files))]
    findings += _in_order(check_packages(files, packages))
    for rung in OF_CODE:
        findings += rung(whole)
    findings += check_duplicates(whole, architecture)
    findings += _in_order(check_calls(whole))
    findings += [finding for path, text in whole.items() for finding in check_endless(path, text)]
    findings += _in_order(check_attributes(whole))
    if architecture is not None:
        findings += _check_contracts(files, architecture)
    if config is not None:
        findings += _in_order(check_config_keys(whole, config))
        findings += check_lists(whole, config)
    return (*findings, *stubs, *check_entry(whole))


def check_folder(folder: Path, architecture: Architecture | None = None) -> tuple[Finding, ...]:
    """All findings in the repository at `folder`, its config.yaml included.

    Links, hidden files, caches, files over 256 KiB or that are not UTF-8 text are not read; a note with
    rule "not-checked" says so. Raises BadInput when `folder` is no folder.
    """
    files, notes = read_repository(folder)
    config = None
    if CONFIG_FILE in files and not any(
        f.severity == "error" for f in check_syntax(CONFIG_FILE, files[CONFIG_FILE])
    ):
        loaded = yaml.safe_load(files[CONFIG_FILE])
        config = loaded if isinstance(loaded, dict) else None
    return (*check_repository(files, architecture, config), *notes)


def read_repository(folder: Path) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """The text files below `folder` by relative path, and a note for each one that was not read.

    At most 500 files. Raises BadInput when `folder` is no folder.
    """
    if not folder.is_dir():
        raise BadInput(f"no such folder: {folder}", "give the folder of a generated repository")
    files: dict[str, str] = {}
    notes: list[Finding] = []
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if len(files) == MAX_FILES:
            notes.append(_not_checked(name, f"only the first {MAX_FILES} files are checked"))
            break
        text = _text_of(path)
        if isinstance(text, Finding):
            notes.append(text.model_copy(update={"file": name}))
        else:
            files[name] = text
    return files, tuple(notes)


def _walk(folder: Path) -> Iterator[Path]:
    """Files below `folder` in a stable order; hidden ones and caches left out, links not followed."""
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(
            name for name in folders if name not in SKIPPED_FOLDERS and not name.startswith(".")
        )
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _text_of(path: Path) -> str | Finding:
    """The text of `path`, or the note that says why it was not read."""
    if path.is_symlink() or not path.is_file():
        return _not_checked(path.name, "a link or no plain file")
    try:
        # One byte more than allowed, so that a file that grows meanwhile cannot fill the memory.
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return _not_checked(path.name, f"cannot be read: {error.strerror}")
    if len(data) > MAX_BYTES:
        return _not_checked(path.name, f"over {MAX_BYTES // 1024} KiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _not_checked(path.name, "not UTF-8 text")


def _check_contracts(files: Mapping[str, str], architecture: Architecture) -> Iterator[Finding]:
    for module in architecture.modules:
        if module.path in files:
            yield from check_contract(module, files[module.path])
        else:
            message = "the planned module is missing"
            yield Finding(file=module.path, line=0, rule="missing-file", message=message, advice="Write it.")


def _in_order(findings: tuple[Finding, ...]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (finding.file, finding.line))


def _not_checked(name: str, why: str) -> Finding:
    return Finding(file=name, line=0, rule="not-checked", message=f"not checked: {why}", severity="note")
