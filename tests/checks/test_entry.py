"""main.py as a program, the other files as modules."""

import pytest

from offline_coder.checks.entry import check_entry

GUARD = "\n\nif __name__ == '__main__':\n    main()\n"
PARSER = "import argparse\n\n\ndef main():\n    parser = argparse.ArgumentParser()\n"
CONFIG = "    parser.add_argument('--config')\n    parser.add_argument('--smoke')\n    print(parser.parse_args())\n"

PROGRAMS = [
    (PARSER + CONFIG + GUARD, []),
    ("import sys\n\n\ndef main():\n    print(sys.argv)\n" + GUARD, []),
    (PARSER + CONFIG.replace("--smoke", "--small") + GUARD, [("entry-arguments", "warning")]),
    (
        f"{PARSER.replace('main', 'read')}{CONFIG}\n\ndef main():\n    print(1)\n{GUARD}",
        [("entry-arguments", "error")],
    ),
    (PARSER + CONFIG, [("no-entry-point", "error"), ("entry-arguments", "error")]),
    (PARSER + CONFIG + "\n\nmain()\n", [("unguarded-entry", "warning")]),
    (PARSER + "    parser.parse_args()\n" + GUARD, [("entry-arguments", "error")]),
    ("def main():\n    print(1)\n" + GUARD, [("entry-arguments", "warning")]),
]


@pytest.mark.parametrize(("text", "expected"), PROGRAMS)
def test_the_entry_point(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(f.rule, f.severity) for f in check_entry({"main.py": text})] == expected


def test_other_modules_do_nothing_when_they_are_imported() -> None:
    quiet = "import logging\n\nlogging.basicConfig()\nVALUE = int('3')\n"
    loud = "def train():\n    return 1\n\n\ntrain()\n"
    found = check_entry({"quiet.py": quiet, "loud.py": loud})
    assert [(f.file, f.line, f.rule) for f in found] == [("loud.py", 5, "runs-on-import")]
