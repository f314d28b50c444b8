"""Make an environment for offline-coder: a virtual environment, a locked set of packages, the package.

    python3.11 scripts/setup.py           .venv for running and testing
    python3.11 scripts/setup.py --marker  .venv-marker, marker-pdf's own environment

Needs only Python and pip. Called again it compares a stamp and does nothing. Environment:
    WHEELHOUSE=DIR              install from this folder of wheels, ask no index
    OFFLINE_CODER_SET=cpu|cuda  instead of looking for an NVIDIA GPU
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUPPORTED = ((3, 11), (3, 13))


def hardware_set() -> str:
    """ "cuda" when the NVIDIA driver answers, else "cpu"; OFFLINE_CODER_SET decides when it is given."""
    if chosen := os.environ.get("OFFLINE_CODER_SET"):
        if chosen not in ("cpu", "cuda"):
            sys.exit(f"setup: OFFLINE_CODER_SET is cpu or cuda, not {chosen!r}")
        return chosen
    smi = shutil.which("nvidia-smi")
    if smi and subprocess.run([smi, "-L"], capture_output=True, check=False).returncode == 0:
        return "cuda"
    return "cpu"


def stamp_of(files: list[Path], python: str) -> str:
    """Digest of what the environment is made from; another stamp means: install again."""
    digest = hashlib.sha256(python.encode())
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def pip(environment: Path, *arguments: str) -> None:
    """Run the environment's pip; end with one line when it fails."""
    source: list[str] = []
    if wheelhouse := os.environ.get("WHEELHOUSE"):
        folder = Path(wheelhouse).expanduser().resolve()
        if not folder.is_dir():
            sys.exit(f"setup: WHEELHOUSE={wheelhouse} is not a folder")
        source = ["--no-index", "--find-links", str(folder)]
    command = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--no-warn-script-location", *source, *arguments]
    if subprocess.run(command, check=False).returncode:
        sys.exit(
            "setup: pip could not install the locked set (see above); on a machine without an index, "
            "give the wheels: WHEELHOUSE=DIR make setup"
        )


def install(environment: Path, files: list[Path], package: bool) -> None:
    """Make `environment` hold exactly what `files` lock, and the package in editable form."""
    stamp_file = environment / "offline-coder.stamp"
    stamp = stamp_of([*files, ROOT / "pyproject.toml"], sys.version)
    if stamp_file.is_file() and stamp_file.read_text() == stamp:
        note_locks(environment, files)
        return
    names = ", ".join(file.name for file in files)
    print(f"setup: {environment.name} from {names} (a few minutes the first time)", flush=True)
    venv.create(environment, with_pip=True, clear=environment.exists())
    for file in files:
        pip(environment, "--requirement", str(file))
    if package:
        pip(environment, "--no-build-isolation", "--editable", str(ROOT))
    note_locks(environment, files)
    stamp_file.write_text(stamp)


def note_locks(environment: Path, files: list[Path]) -> None:
    """Write down in `environment` which locks it holds, name -> sha256: runs put that into their
    manifests (offline_coder/runs/machine.py reads it)."""
    digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    (environment / "offline-coder.locks.json").write_text(json.dumps(digests, indent=2) + "\n")


def main() -> None:
    """Install what the command line asks for."""
    parser = argparse.ArgumentParser(description="Make an environment for offline-coder.")
    parser.add_argument("--marker", action="store_true", help="make marker-pdf's own environment")
    arguments = parser.parse_args()
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        sys.exit(f"setup: Python 3.11 to 3.13 is needed, this is {sys.version.split()[0]}")
    locks = ROOT / "requirements"
    if arguments.marker:
        install(ROOT / ".venv-marker", [locks / "marker.txt"], package=False)
    else:
        install(ROOT / ".venv", [locks / f"{hardware_set()}.txt", locks / "dev.txt"], package=True)


if __name__ == "__main__":
    main()
