"""Write what PyTorch's and NumPy's modules have in them, for offline_coder/checks/library.py.

    python scripts/library_names.py           write offline_coder/checks/library_names.json
    python scripts/library_names.py --check   exit with 1 when it is not what is installed

Run it after `make lock`. The modules are imported here, once, and not when a repository is checked.
"""

import importlib
import json
import pkgutil
import sys
import warnings
from importlib import metadata
from pathlib import Path
from types import ModuleType

PLACE = Path(__file__).parent.parent / "offline_coder" / "checks" / "library_names.json"
MODULES = (
    *("torch", "torch.autograd", "torch.cuda", "torch.distributions", "torch.fft", "torch.linalg"),
    *("torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.utils", "torch.nn.utils.rnn"),
    *("torch.optim", "torch.optim.lr_scheduler", "torch.utils", "torch.utils.data"),
    *("numpy", "numpy.fft", "numpy.linalg", "numpy.random"),
)


def names_in(module: ModuleType) -> list[str]:
    """Public names of a module, the modules below it included, imported or not."""
    below = [found.name for found in pkgutil.iter_modules(getattr(module, "__path__", []))]
    return sorted({name for name in (*dir(module), *below) if not name.startswith("_")})


def written() -> str:
    """The content of the file: a module a line."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = {name: names_in(importlib.import_module(name)) for name in MODULES}
    versions = {name: metadata.version(name).partition("+")[0] for name in ("torch", "numpy")}
    lines = [f"{json.dumps(name)}: {json.dumps(' '.join(found))}" for name, found in names.items()]
    return "{" + f'"versions": {json.dumps(versions)}, "modules": {{\n' + ",\n".join(lines) + "\n}}\n"


def main() -> None:
    """Write the file, or say whether it is current."""
    text = written()
    if "--check" not in sys.argv:
        PLACE.write_text(text, encoding="utf-8")
    elif PLACE.read_text(encoding="utf-8") != text:
        sys.exit(f"{PLACE} is not what is installed; run: python scripts/library_names.py")


if __name__ == "__main__":
    main()
