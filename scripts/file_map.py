"""Write the file map of README.md from the first sentence of each module's docstring.

python scripts/file_map.py           write it
python scripts/file_map.py --check   exit with 1 when it is not current
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BEGIN, END = "<!-- map -->", "<!-- end of map -->"
FLOORS = (
    "core",
    "papers",
    "weights",
    "engines",
    "checks",
    "sandbox",
    "runs",
    "stages",
    "report",
    "bundles",
    "cli",
)
OTHERS = {
    "grammars/": "JSON Schemas that constrain decoding",
    "models/": "one manifest a model: source, files, sha256, licence, context",
    "requirements/": "what is installed: *.in by hand, *.txt locked by scripts/lock.py",
    "scripts/": "set-up, locks, demo, benchmarks, this map",
    "docs/": "what was measured of the reader, of plans and code, and of runs that are disturbed",
    "examples/noisepair/": "a paper of our own with the reference it was measured from",
    "examples/registry/": "what a lab has: datasets.toml and models.toml, for --registry",
    "tests/": "mirrors the package",
}


def first_sentence(path: Path) -> str:
    """The first sentence of a module's docstring, on one line."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(docstring.split("\n\n")[0].split())
    return paragraph.split(". ")[0].rstrip(".")


def file_map() -> str:
    """The map as a fenced block."""
    package = ROOT / "offline_coder"
    files = [package / f"{name}.py" for name in ("pipeline", "session", "replay", "verify")]
    for floor in FLOORS:
        files += sorted((package / floor).rglob("*.py"))
    lines = []
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        shown = name.removesuffix("__init__.py")
        lines.append(f"{shown:<58} {first_sentence(path)}")
    lines += [f"{name:<58} {purpose}" for name, purpose in OTHERS.items()]
    return "\n".join(("```", *lines, "```"))


def main() -> None:
    """Write or check."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    wanted = f"{before}{BEGIN}\n\n{file_map()}\n\n{END}{after}"
    if "--check" in sys.argv[1:]:
        sys.exit(0 if text == wanted else "README.md's file map is not current: python scripts/file_map.py")
    README.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
