"""Archives of papers' sources: .zip, .tar, .tar.gz and a single gzipped file, as arXiv ships them.

Only regular files that LaTeX is written in are unpacked (figures are not needed). A member that is absolute
or climbs out of its folder makes the whole archive refused; links and devices are left out. Python's filter
"data" (PEP 706) checks members of tar files once more.
"""

import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from offline_coder.core.errors import BadInput
from offline_coder.papers.paper import Paper

MOST_MEMBERS = 5000
LARGEST_MEMBER = 16 << 20
LARGEST_TEXT = 64 << 20
LARGEST_UNPACKED = 256 << 20
CHUNK = 1 << 20
TEXT_SUFFIXES = frozenset([".tex", ".ltx", ".latex", ".bbl", ".bib", ".sty", ".cls", ".txt"])
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
TAR_MAGIC = slice(257, 262)
HINT = "unpack it yourself and give the folder that holds the paper's LaTeX"


def is_archive(raw: bytes) -> bool:
    """Whether the bytes of a file begin as a zip, gzip or tar file does."""
    return raw.startswith((GZIP, ZIP)) or raw[TAR_MAGIC] == b"ustar"


def read_archive(path: Path) -> Paper:
    """The paper whose LaTeX is in an archive, of at most 5,000 members, 256 MiB unpacked, of which 64 MiB may
    be text and 16 MiB in one file.

    Raises:
        BadInput: it is damaged, encrypted or over a limit, a member would leave the folder, or there is no
            LaTeX paper in it.
    """
    from offline_coder.papers.latex import read_latex_folder

    with TemporaryDirectory(prefix="offline-coder-paper-") as name:
        folder = Path(name).resolve()
        try:
            unpack(path, folder)
        except (OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
            raise BadInput(f"{path} is a damaged archive: {one_line(error)}", HINT) from None
        except (NotImplementedError, RuntimeError, ValueError, UnicodeError) as error:
            raise BadInput(f"{path} is an archive that cannot be read: {one_line(error)}", HINT) from None
        try:
            return read_latex_folder(folder)
        except BadInput as error:
            raise BadInput(error.message.replace(str(folder), str(path)), HINT) from None


def one_line(error: Exception) -> str:
    """What an error says, on one line of at most 200 characters."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def unpack(path: Path, folder: Path) -> None:
    """Write the text files of the archive at `path` into `folder`."""
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        if start == ZIP:
            unpack_zip(path, file, folder)
        elif start.startswith(GZIP):
            with TemporaryFile(prefix="offline-coder-paper-") as plain:
                gunzip(path, file, plain)
                if plain.read(TAR_MAGIC.stop)[TAR_MAGIC] == b"ustar":
                    plain.seek(0)
                    unpack_tar(path, plain, folder)
                else:
                    plain.seek(0)
                    (folder / "main.tex").write_bytes(limited(path, plain.read(LARGEST_MEMBER + 1)))
        else:
            unpack_tar(path, file, folder)


def gunzip(path: Path, file: IO[bytes], plain: IO[bytes]) -> None:
    """Write what a gzip file holds to `plain`, and go back to its beginning."""
    total = 0
    with gzip.GzipFile(fileobj=file) as packed:
        while chunk := packed.read(CHUNK):
            total += len(chunk)
            if total > LARGEST_UNPACKED:
                raise too_large(path)
            plain.write(chunk)
    plain.seek(0)


def unpack_zip(path: Path, file: IO[bytes], folder: Path) -> None:
    """The text files of a zip file. What a member says of its own size is not believed."""
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise too_large(path)
        total = 0
        for member in members:
            name = safe_name(path, member.filename)
            mode = member.external_attr >> 16
            if member.is_dir() or not wanted(name) or (stat.S_IFMT(mode) not in (0, stat.S_IFREG)):
                continue
            if member.flag_bits & 1:
                raise BadInput(f"{path} is encrypted", HINT)
            with archive.open(member) as packed:
                text = limited(path, packed.read(LARGEST_MEMBER + 1))
            total += len(text)
            if total > LARGEST_TEXT:
                raise too_large(path)
            write(folder, name, text)


def unpack_tar(path: Path, file: IO[bytes], folder: Path) -> None:
    """The text files of a tar file."""
    total = 0
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in limited_members(path, archive):
            name = safe_name(path, member.name)
            if not member.isreg() or not wanted(name):
                continue
            try:
                tarfile.data_filter(member, str(folder))
            except tarfile.FilterError as error:
                raise BadInput(
                    f"{path} has a member that must not be unpacked: {one_line(error)}", HINT
                ) from None
            packed = archive.extractfile(member)
            text = limited(path, packed.read(LARGEST_MEMBER + 1)) if packed else b""
            total += len(text)
            if total > LARGEST_TEXT:
                raise too_large(path)
            write(folder, name, text)


def limited_members(path: Path, archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members of a tar file, which has no table of contents, one by one up to the limit."""
    for number, member in enumerate(archive):
        if number >= MOST_MEMBERS:
            raise too_large(path)
        yield member


def safe_name(path: Path, name: str) -> PurePosixPath:
    """A member's name as a relative path. Raises BadInput when it is absolute or climbs."""
    relative = PurePosixPath(name.replace("\\", "/"))
    drive = bool(relative.parts) and relative.parts[0].endswith(":")
    if relative.is_absolute() or drive or ".." in relative.parts or "\0" in name or len(name) > 1000:
        raise BadInput(f"{path} has a member outside of its folder: {name[:100]!r}", HINT)
    return relative


def wanted(name: PurePosixPath) -> bool:
    """Whether a member is text that LaTeX may be written in."""
    return name.suffix.lower() in TEXT_SUFFIXES and not any(part.startswith(".") for part in name.parts)


def write(folder: Path, name: PurePosixPath, text: bytes) -> None:
    """Write one file; the first of one name counts."""
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.write_bytes(text)


def limited(path: Path, raw: bytes) -> bytes:
    """`raw`, unless it is over the limit of one file."""
    if len(raw) > LARGEST_MEMBER:
        raise too_large(path)
    return raw


def too_large(path: Path) -> BadInput:
    """The error for an archive over a limit."""
    return BadInput(
        f"{path} unpacks to more than a paper has ({MOST_MEMBERS} members, {LARGEST_UNPACKED >> 20} MiB,"
        f" {LARGEST_TEXT >> 20} MiB of text, {LARGEST_MEMBER >> 20} MiB in one file)",
        HINT,
    )
