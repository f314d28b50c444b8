"""Install the bundle that this file lies in, with nothing but Python's standard library and no network.

    python3 install.py --to DIR                   verify every file, then install
    python3 install.py --to DIR --store DIR       the models into that folder, not into the user's store
    python3 install.py --to DIR --from DIR ...    more folders that hold files of the bundle (other media)
    python3 install.py --check                    verify only

DIR holds afterwards: .venv, examples/, the list of licences, and `offline-coder`, which is typed to run it.
Typed again it installs again. Exit codes: 0 done; 2 bad usage, or not the machine the bundle is for; 3 a file
is wrong or missing, or the machine lacks something.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
CHUNK_BYTES = 1 << 20
AGAIN = "copy it from its source again; nothing was installed"
STAMP_NAME = "offline-coder.bundle"
LAUNCHER = """\
#!/bin/sh
# Written by install.py of the bundle.
{settings}exec {program} "$@"
"""


class Refused(Exception):
    """What is wrong, what to do about it, and the exit code."""

    def __init__(self, message: str, hint: str = "", code: int = 3) -> None:
        super().__init__(message)
        self.hint, self.code = hint, code


def say(line: str) -> None:
    """One line for whoever waits."""
    print(line, flush=True)


class Bundle:
    """The files of a bundle, wherever they lie among `folders`; every path in it is checked."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders
        self.contents: dict[str, Any] = {}

    def find(self, path: str) -> Path:
        """Where the file `path` of the bundle lies. Raises Refused."""
        for folder in self.folders:
            if (folder / path).is_file():
                return folder / path
        places = ", ".join(map(str, self.folders))
        raise Refused(f"missing: {path} is not in {places}", "copy it there, or name its folder: --from DIR")

    def open(self) -> dict[str, str]:
        """Read SHA256SUMS and, when it is as that says, bundle.json. Returns the digest of every file by
        its path. Raises Refused."""
        sums: dict[str, str] = {}
        raw = self.find("SHA256SUMS").read_bytes()
        for line in raw.decode("utf-8", "replace").splitlines():
            digest, _, path = line.partition("  ")
            if not re.fullmatch("[0-9a-f]{64}", digest) or path in sums:
                raise Refused("damaged: SHA256SUMS", AGAIN)
            sums[inside(path)] = digest
        say(f"SHA256SUMS has sha256 {hashlib.sha256(raw).hexdigest()}")
        contents = self.find("bundle.json")
        if digest_of(contents) != sums.get("bundle.json"):
            raise Refused(f"damaged: {contents} has other bytes than SHA256SUMS says", AGAIN)
        self.contents = json.loads(contents.read_text(encoding="utf-8"))
        if self.contents.get("format") != 1:
            raise Refused("bundle.json is of another format", "use the install.py of its bundle", 2)
        for file in self.contents["files"]:
            inside(file["path"])
        return sums

    def verify(self, sums: dict[str, str]) -> None:
        """Read every file and compare; all that is wrong is named. Raises Refused."""
        wrong: list[str] = []
        done = 0
        for path, digest in sums.items():
            try:
                found = self.find(path)
            except Refused as refused:
                wrong.append(str(refused))
                continue
            if digest_of(found) != digest:
                wrong.append(f"damaged: {found} has other bytes than SHA256SUMS says")
            done += found.stat().st_size
        for line in wrong[1:]:
            say(line)
        if wrong:
            raise Refused(wrong[0], AGAIN)
        say(f"every file verified: {len(sums)} files, {done / 1e9:.2f} GB")

    def pieces(self, file: dict[str, Any]) -> list[Path]:
        """The files that hold `file` of bundle.json, in order."""
        names = [f"{file['path']}.{number:03d}" for number in range(1, file["parts"] + 1)]
        return [self.find(name) for name in names or [file["path"]]]

    def put(self, file: dict[str, Any], target: Path) -> None:
        """Write `file` to `target`, joined where it was cut. Raises Refused."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as whole:
            for piece in self.pieces(file):
                with piece.open("rb") as part:
                    shutil.copyfileobj(part, whole, CHUNK_BYTES)
        if digest_of(target) != file["sha256"]:
            raise Refused(f"damaged: {target} is not what was bundled", "check the disk, and install again")

    def below(self, prefix: str) -> list[dict[str, Any]]:
        """The files of bundle.json whose path begins with `prefix`."""
        return [file for file in self.contents["files"] if file["path"].startswith(prefix)]

    def gathered(self, files: list[dict[str, Any]], work: Path) -> Path:
        """A folder that holds `files` whole under their paths: one of the bundle's own where they lie so,
        else `work`, where they are joined."""
        for folder in self.folders:
            if all(not file["parts"] and (folder / file["path"]).is_file() for file in files):
                return folder
        for file in files:
            self.put(file, work / file["path"])
        return work


def inside(path: str) -> str:
    """`path` when it stays below its folder. Raises Refused."""
    parts = PurePosixPath(path).parts
    if not parts or path != "/".join(parts) or path.startswith("/") or ".." in parts or "\\" in path:
        raise Refused(f"not a path of a bundle: {path!r}")
    return path


def digest_of(path: Path) -> str:
    """sha256 of the bytes of `path`."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def require_machine(target: dict[str, Any]) -> None:
    """This machine and this Python must be what the wheels are for. The right Python is called when it
    is here under its own name. Raises Refused."""
    python = ".".join(map(str, sys.version_info[:2]))
    if python != target["python"]:
        other = shutil.which(f"python{target['python']}")
        if other and os.path.realpath(other) != os.path.realpath(sys.executable):
            os.execv(other, [other, *sys.argv])  # noqa: S606
        raise Refused(
            f"this bundle is for Python {target['python']}, and this is {python}",
            f"install it: apt-get install python{target['python']}-venv; or bundle with --python {python}",
            2,
        )
    if platform.machine() != target["machine"]:
        raise Refused(f"this bundle is for {target['machine']}, and this is {platform.machine()}", code=2)
    library, version = platform.libc_ver()
    minor = version.partition(".")[2].partition(".")[0]
    if library != "glibc" or not minor.isdigit() or int(minor) < target["glibc"]:
        raise Refused(
            f"this bundle needs glibc 2.{target['glibc']}, and here is {library or 'no glibc'} {version}",
            "bundle with --platform manylinux_2_N, N being what `ldd --version` says here",
            2,
        )


def require_place(target: Path) -> None:
    """`target` must be new, empty, or an earlier installation. Raises Refused."""
    if target.is_dir() and any(target.iterdir()) and not (target / STAMP_NAME).is_file():
        raise Refused(f"{target} is there already and is no earlier installation", "--to another DIR", 2)
    target.mkdir(parents=True, exist_ok=True)
    (target / STAMP_NAME).write_text("Installed by install.py of a bundle of offline-coder.\n")


def make_environment(bundle: Bundle, environment: dict[str, Any], target: Path) -> None:
    """Make one virtual environment from its wheels alone. Raises Refused."""
    place = target / inside(environment["name"])
    say(f"{place}: {len(environment['wheels'])} wheels")
    try:
        venv.create(place, with_pip=True, clear=place.exists())
    except (OSError, subprocess.CalledProcessError) as error:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        raise Refused(f"Python's venv failed in {place}: {error}", f"apt-get install {package}") from error
    files = [bundle.below(path)[0] for path in environment["wheels"]]
    work = target / ".joined"
    wheels = [str(bundle.gathered([file], work) / file["path"]) for file in files]
    command = [str(place / "bin" / "python"), "-I", "-m", "pip", "--isolated", "install", "--quiet"]
    command += ["--no-index", "--no-deps", "--no-cache-dir", "--disable-pip-version-check"]
    # --isolated passes over the user's settings, and this over the system's, where an index may be named.
    surroundings = {**os.environ, "PIP_CONFIG_FILE": os.devnull}
    if subprocess.run(
        [*command, "--no-warn-script-location", *wheels], env=surroundings, check=False
    ).returncode:
        raise Refused(f"pip could not install into {place} (see above)", "free some space, and install again")
    locks = {environment["lock"]: environment["lock_sha256"]}
    (place / "offline-coder.locks.json").write_text(json.dumps(locks, indent=2) + "\n")
    shutil.rmtree(work, ignore_errors=True)


def write_launcher(bundle: Bundle, target: Path, store: Path | None) -> Path:
    """The script that runs the program with the settings of this installation."""
    settings: dict[str, str] = {}
    if store:
        settings["OFFLINE_CODER_HOME"] = str(store)
    if bundle.contents["marker_weights"]:
        settings["HF_HUB_CACHE"] = str(target / "marker-weights" / "hub")
        settings["MODEL_CACHE_DIR"] = str(target / "marker-weights" / "models")
    lines = [f"{name}=${{{name}:-{quoted(value)}}}; export {name}\n" for name, value in settings.items()]
    launcher = target / "offline-coder"
    program = quoted(str(target / ".venv" / "bin" / "offline-coder"))
    launcher.write_text(LAUNCHER.format(settings="".join(lines), program=program))
    launcher.chmod(0o755)
    return launcher


def quoted(text: str) -> str:
    """`text` as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def import_models(bundle: Bundle, target: Path, launcher: Path) -> None:
    """Take each model into the store with the program that was just installed. Raises Refused."""
    for name in bundle.contents["models"]:
        say(f"model {name}")
        work = target / ".joined"
        folder = bundle.gathered(bundle.below(f"models/{inside(name)}/"), work) / "models" / name
        command = [str(launcher), "models", "import", str(folder), "--quiet"]
        if code := subprocess.run(command, check=False).returncode:
            raise Refused(f"the model {name} was not taken (see above)", code=code)
        shutil.rmtree(work, ignore_errors=True)


def install(bundle: Bundle, target: Path, store: Path | None) -> int:
    """Everything after verification; the exit code of `doctor`. Raises Refused."""
    require_place(target)
    for environment in bundle.contents["environments"]:
        make_environment(bundle, environment, target)
    for file in [*bundle.below("examples/"), *bundle.below("marker-weights/")]:
        bundle.put(file, target / file["path"])
    for name in ("LICENCES.txt", "DEBIAN.txt"):
        shutil.copyfile(bundle.find(name), target / name)
    launcher = write_launcher(bundle, target, store)
    import_models(bundle, target, launcher)
    say(f"\n$ {launcher} doctor")
    code = subprocess.run([str(launcher), "doctor"], check=False).returncode
    example = next(file["path"] for file in bundle.below("examples/"))
    model = bundle.contents["models"][0]
    say(f"\nInstalled in {target}. Packages of the system that doctor misses are in DEBIAN.txt. Now type:\n")
    say(f"    {launcher} run {target / example} --model {model} -o {target / 'runs' / 'example'}\n")
    return code


def main() -> NoReturn:
    """Do what the command line asks for, and exit."""
    parser = argparse.ArgumentParser(description="Verify and install the bundle that this file lies in.")
    parser.add_argument("--to", type=Path, metavar="DIR", help="where to install")
    parser.add_argument("--store", type=Path, metavar="DIR", help="where the models go")
    parser.add_argument(
        "--from", type=Path, metavar="DIR", dest="others", action="append", default=[], help="another medium"
    )
    parser.add_argument("--check", action="store_true", help="verify only")
    arguments = parser.parse_args()
    if not arguments.check and arguments.to is None:
        parser.error("--to DIR, or --check")
    bundle = Bundle([HERE, *(other.absolute() for other in arguments.others)])
    try:
        sums = bundle.open()
        if not arguments.check:
            require_machine(bundle.contents["target"])
        bundle.verify(sums)
        if arguments.check:
            sys.exit(0)
        store = arguments.store.absolute() if arguments.store else None
        sys.exit(install(bundle, arguments.to.absolute(), store))
    except Refused as refused:
        print(f"install: {refused}", file=sys.stderr)
        if refused.hint:
            print(f"  hint: {refused.hint}", file=sys.stderr)
        sys.exit(refused.code)
    except OSError as error:
        sys.exit(f"install: {error}")


if __name__ == "__main__":
    main()
