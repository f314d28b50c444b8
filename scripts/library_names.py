"""Write what PyTorch's, NumPy's, SciPy's and scikit-learn's modules have in them and how it is called, for
offline_coder/checks/library.py and library_calls.py.

    python scripts/library_names.py           write library_names.json and library_signatures.json
    python scripts/library_names.py --check   exit with 1 when they are not what is installed

Run it after `make lock`. The modules are imported here, once, and not when a repository is checked.
"""

import importlib
import inspect
import json
import pkgutil
import sys
import warnings
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from types import ModuleType

CHECKS = Path(__file__).parent.parent / "offline_coder" / "checks"
NAMES = CHECKS / "library_names.json"
SIGNATURES = CHECKS / "library_signatures.json"
MODULES = (
    *("torch", "torch.autograd", "torch.cuda", "torch.distributions", "torch.fft", "torch.linalg"),
    *("torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.utils", "torch.nn.utils.rnn"),
    *("torch.optim", "torch.optim.lr_scheduler", "torch.utils", "torch.utils.data"),
    *("numpy", "numpy.fft", "numpy.linalg", "numpy.random"),
    *("scipy", "scipy.optimize", "scipy.spatial.distance", "scipy.special", "scipy.stats"),
    *("sklearn.datasets", "sklearn.metrics", "sklearn.model_selection", "sklearn.preprocessing"),
)
LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn")
PLAIN = (bool, int, float, str, type(None))
EMPTY = inspect.Signature.empty
OPEN = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}


def names_in(module: ModuleType) -> list[str]:
    """Public names of a module, the modules below it included, imported or not."""
    below = [found.name for found in pkgutil.iter_modules(getattr(module, "__path__", []))]
    return sorted({name for name in (*dir(module), *below) if not name.startswith("_")})


def signatures_in(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Name and parameters of what can be called in a module and says how; not of what takes anything."""
    for name in names_in(module):
        try:
            called = inspect.signature(getattr(module, name))
        except (AttributeError, TypeError, ValueError):
            continue
        parameters = list(called.parameters.values())
        if not {parameter.kind for parameter in parameters} >= OPEN:
            yield name, str(called.replace(parameters=[*map(bare, parameters)], return_annotation=EMPTY))


def bare(parameter: inspect.Parameter) -> inspect.Parameter:
    """A parameter without its type; a default that is no plain value is `...`."""
    default = parameter.default
    shown = default if default is EMPTY or type(default) in PLAIN else ...
    return parameter.replace(annotation=EMPTY, default=shown)


def written() -> dict[Path, str]:
    """The content of the files: a module a line, a callable a line."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        modules = {name: importlib.import_module(name) for name in MODULES}
        names = {name: " ".join(names_in(module)) for name, module in modules.items()}
        signatures = {
            f"{name}.{called}": shown
            for name, module in modules.items()
            for called, shown in signatures_in(module)
        }
    return {NAMES: as_lines("modules", names), SIGNATURES: as_lines("signatures", signatures)}


def as_lines(title: str, content: dict[str, str]) -> str:
    """`content` as JSON, an entry a line, with the versions it is of."""
    versions = {name: metadata.version(name).partition("+")[0] for name in LIBRARIES}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in content.items()]
    return "{" + f'"versions": {json.dumps(versions)}, "{title}": {{\n' + ",\n".join(lines) + "\n}}\n"


def main() -> None:
    """Write the files, or say whether they are current."""
    texts = written()
    for place, text in texts.items():
        if "--check" not in sys.argv:
            place.write_text(text, encoding="utf-8")
        elif place.read_text(encoding="utf-8") != text:
            sys.exit(f"{place} is not what is installed; run: python scripts/library_names.py")


if __name__ == "__main__":
    main()
