"""Names that code takes for granted and whose value is known: a setting of config.yaml, the device."""

import ast
import json
from collections.abc import Iterator, Mapping

from offline_coder.checks.edits import add_import
from offline_coder.checks.mend import Edit, Repository
from offline_coder.core.finding import Finding

DEVICE = 'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")'
READ = 'CONFIG = yaml.safe_load(Path(__file__).with_name("config.yaml").read_text(encoding="utf-8"))'
IMPORTS = ("from pathlib import Path", "import yaml")


def usual_value(
    config: Mapping[str, object], repository: Repository, finding: Finding, tree: ast.Module
) -> Iterator[Edit]:
    """A name that is undefined and that only one setting of `config` has: read from config.yaml below the
    imports. `device`, where torch is imported: a GPU if there is one."""
    text, name = repository.files[finding.file], finding.subject
    lines = text.split("\n")
    if name == "device" and "import torch" in lines:
        yield Edit(finding.file, add_import(text, f"\n{DEVICE}"), "gave `device` its usual value")
    places = [keys for keys in _places(config) if keys[-1] == name]
    if len(places) != 1 or ("CONFIG" in text and READ not in lines):
        return
    value = "".join(f"[{json.dumps(key)}]" for key in places[0])
    line = f"{name} = CONFIG{value}"
    if READ in lines:
        at = lines.index(READ) + 1
        text = "\n".join([*lines[:at], line, *lines[at:]])
    else:
        text = add_import(text, f"\n{READ}\n{line}")
        for statement in IMPORTS:
            if statement not in lines:
                text = add_import(text, statement)
    yield Edit(finding.file, text, f"reads `{name}` from config.yaml")


def _places(config: Mapping[str, object], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each value in `config`."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _places(value, (*above, str(key)))
        else:
            yield (*above, str(key))
