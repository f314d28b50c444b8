"""Resolve requirements/*.in into exact versions, requirements/*.txt.

    python scripts/lock.py            all sets
    python scripts/lock.py cpu dev    only these

pip resolves; this only reads its report. The files name no index: whoever installs decides where
wheels come from. Resolve `cuda` on a machine whose index serves the CUDA build of torch.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
INPUTS = {
    "cpu": ["cpu.in", "common.in"],
    "cuda": ["cuda.in", "common.in"],
    "dev": ["dev.in", "cpu.in", "common.in"],
    "marker": ["marker.in"],
}
# On the CPU these come as CUDA builds, which break the import of transformers' models. Nothing here
# uses them, so the set is installed without them (and therefore with --no-deps).
LEFT_OUT = {"cpu": {"torchvision", "torchaudio", "torchcodec"}}
INSTALLER = {"pip", "setuptools", "wheel"}


def canonical(name: str) -> str:
    """The normalised distribution name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def resolve(inputs: list[str], constraints: Path | None) -> dict[str, str]:
    """Name -> version of everything that `inputs` need, resolved as if nothing were installed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += ["--report", str(report)]
        for name in inputs:
            command += ["--requirement", str(REQUIREMENTS / name)]
        if constraints:
            command += ["--constraint", str(constraints)]
        subprocess.run(command, check=True)
        items = json.loads(report.read_text())["install"]
    return {canonical(item["metadata"]["name"]): item["metadata"]["version"].split("+")[0] for item in items}


def read_lock(name: str) -> dict[str, str]:
    """The versions that requirements/<name>.txt holds now."""
    lines = (REQUIREMENTS / f"{name}.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def lock(name: str) -> None:
    """Resolve one set and write its file."""
    versions = resolve(INPUTS[name], REQUIREMENTS / "cpu.txt" if name == "dev" else None)
    dropped = LEFT_OUT.get(name, set()) | (
        set(read_lock("cpu")) | LEFT_OUT["cpu"] if name == "dev" else set()
    )
    kept = sorted((n, v) for n, v in versions.items() if n not in dropped | (INSTALLER - {"setuptools"}))
    text = f"# Written by scripts/lock.py {name} from {', '.join(INPUTS[name])}; install with --no-deps.\n"
    (REQUIREMENTS / f"{name}.txt").write_text(text + "".join(f"{n}=={v}\n" for n, v in kept))
    print(f"requirements/{name}.txt: {len(kept)} packages")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or ["cpu", "cuda", "dev", "marker"]:
        lock(chosen)
