"""A run begun again in another folder with what an earlier one's journal answers already."""

import shutil
from pathlib import Path

from offline_coder.checks.plan.problem import FOLDER
from offline_coder.core.stage_settings import StageSettings
from offline_coder.runs.folder import JOURNAL, MANIFEST, readable_json
from offline_coder.runs.manifest import Manifest


def begin_again(
    base: Path,
    manifest: Manifest,
    output: Path,
    stages: StageSettings,
    endpoint: str,
    *,
    with_plan: bool = False,
) -> None:
    """Make `output` a run like that of `base`, with its `manifest`, that was stopped before its first file,
    or `with_plan` behind its plan: what the journal answers is not asked again. What lay in `output` is
    removed."""
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    shutil.copy(base / JOURNAL, output / JOURNAL)
    kept = {
        name: digest for name, digest in manifest.files.items() if with_plan and name.startswith(f"{FOLDER}/")
    }
    if kept:
        shutil.copytree(base / FOLDER, output / FOLDER)
    begun = {
        "status": "interrupted",
        "files": kept,
        "records": {},
        "stage_settings": stages,
        "endpoint": endpoint,
    }
    (output / MANIFEST).write_text(readable_json(manifest.model_copy(update=begun)), encoding="utf-8")
