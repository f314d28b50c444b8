"""Files of a model repository on a hub: safetensors, configuration and tokenizer; never pickles or code.

The first pull takes the commit that the manifest's revision names on that day, compares each large
file with the digest that the hub announces, and the caller pins what came. Later pulls ask for the
pinned commit and accept only the pinned bytes.
"""

import fnmatch
import os
from pathlib import Path
from typing import TYPE_CHECKING

from offline_coder.core.errors import BadInput, MissingPrerequisite
from offline_coder.core.files import file_digest
from offline_coder.weights.manifest import Hub, PinnedFile, checked_member
from offline_coder.weights.progress import OnProgress, Progress

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoSibling

Pinned = tuple[PinnedFile, ...] | None
"""What the files must be; None where nothing is pinned yet."""

NEVER = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt", "*.py", "*.so")
"""Never taken, whatever a manifest's patterns say: loading them would run code."""


def fetch_repository(
    source: Hub, revision: str, pinned: Pinned, folder: Path, on_progress: OnProgress
) -> tuple[str, tuple[PinnedFile, ...]]:
    """Bring the repository's files into `folder`; files that are there already and right are kept.

    `revision` is a branch, tag or commit. Returns the full commit id and every file with its digest,
    sorted by path.

    Raises:
        MissingPrerequisite: no hub answers, it asks for a licence to be accepted, or a file has other
            bytes than pinned or announced; that file is named and deleted.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
    try:
        return fetch_with(api, source, revision, pinned, folder, on_progress)
    except OfflineModeIsEnabled as error:
        raise MissingPrerequisite(
            f"HF_HUB_OFFLINE forbids fetching {source.repository}",
            "unset it for the pull, or carry the folder in and use `offline-coder models import DIR`",
        ) from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        gated = "accept its licence on the hub and set HF_TOKEN" if status in (401, 403) else ""
        raise unreachable(source, f"HTTP status {status}", gated) from error
    except Exception as error:
        # A connection that fails is an error of the client's HTTP library, which differs by version and
        # is none of our dependencies: known by its name. Or an OSError with no number of the system's.
        from_client = type(error).__module__.startswith(("httpx", "httpcore", "requests", "urllib3"))
        if not from_client and not (isinstance(error, OSError) and error.errno is None):
            raise
        raise unreachable(source, f"{type(error).__name__}: {error}") from error


def unreachable(source: Hub, reason: str, hint: str = "") -> MissingPrerequisite:
    """The error for a hub that does not give what was asked for."""
    return MissingPrerequisite(
        f"cannot fetch {source.repository} from the hub: {reason[:200]}",
        hint
        or "fetch the repository's safetensors, json and tokenizer files on a machine with internet, carry "
        "the folder here and use `offline-coder models import DIR --name NAME`",
    )


def fetch_with(
    api: "HfApi", source: Hub, revision: str, pinned: Pinned, folder: Path, on_progress: OnProgress
) -> tuple[str, tuple[PinnedFile, ...]]:
    """`fetch_repository` without the translation of errors."""
    info = api.model_info(source.repository, revision=revision, files_metadata=True, timeout=30)
    commit = info.sha or ""
    wanted = [sibling for sibling in info.siblings or [] if is_wanted(sibling.rfilename, source)]
    expected = {file.path: file for file in pinned or ()}
    if pinned and set(expected) != {sibling.rfilename for sibling in wanted}:
        raise MissingPrerequisite(
            f"refused: {source.repository} offers other files at {revision[:12]} than those pinned",
            "the hub changed what it serves there; remove the pin only if you trust the new files",
        )
    if not any(sibling.rfilename.endswith(".safetensors") for sibling in wanted):
        raise MissingPrerequisite(f"{source.repository} has no safetensors files at {revision}")
    total, done, got = sum(sibling.size or 0 for sibling in wanted), 0, []
    for sibling in sorted(wanted, key=lambda s: s.rfilename):
        on_progress(Progress("download", done, total))
        got.append(fetch_file(api, source, commit, sibling, expected.get(sibling.rfilename), folder))
        done += sibling.size or 0
    on_progress(Progress("download", total, total))
    return commit, tuple(got)


def is_wanted(path: str, source: Hub) -> bool:
    """Whether the repository's file `path` belongs to the model: top level only, data only."""
    if "/" in path or any(fnmatch.fnmatch(path.lower(), never) for never in NEVER):
        return False
    return any(fnmatch.fnmatch(path, pattern) for pattern in source.patterns)


def fetch_file(
    api: "HfApi", source: Hub, commit: str, sibling: "RepoSibling", pinned: PinnedFile | None, folder: Path
) -> PinnedFile:
    """One file at `commit`, verified. An interrupted download goes on where it stopped."""
    try:
        name = checked_member(sibling.rfilename)
    except ValueError as error:
        raise BadInput(f"{source.repository} offers a file with an unsafe name: {error}") from error
    path = folder / name
    announced = pinned.sha256 if pinned else sibling.lfs.sha256 if sibling.lfs else None
    if not (path.is_file() and announced and file_digest(path) == announced):
        path.unlink(missing_ok=True)
        api.hf_hub_download(source.repository, name, revision=commit, local_dir=folder)
    digest = file_digest(path)
    if announced and digest != announced:
        path.unlink()
        raise MissingPrerequisite(
            f"refused: {name} of {source.repository} has sha256 {digest[:12]}... where {announced[:12]}... "
            f"is {'pinned' if pinned else 'announced'}",
            "give the command again; if it is refused again, do not trust this hub",
        )
    return PinnedFile(path=name, sha256=digest, size=path.stat().st_size)
