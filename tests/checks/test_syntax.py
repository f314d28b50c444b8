"""Syntax: what parses passes, what does not is named with its line, and nothing is slow or raises."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.checks.syntax import check_syntax, parses
from tests.conftest import HANGS

SUFFIXES = ("py", "yaml", "json", "sh", "toml")

VALID = {
    "a.py": "import os\n\n\ndef f(x: int = 1) -> int:\n    return x\n",
    "b.yaml": "model:\n  width: 64\n  names: [a, b]\n",
    "c.json": '{"a": [1, 2, {"b": null}]}',
    "d.sh": 'set -e\nif [ -z "$1" ]; then\n  echo "usage"\nfi\n',
    "e.toml": '[tool]\nname = "x"\n',
    "README.md": "# Anything ((( goes\n```\n",
    "requirements.txt": "torch\n",
    "LICENSE": "words",
}

BROKEN = [
    ("a.py", "x = (1,\ny = 2\n", 1, "never closed"),
    ("a.py", "print 'x'\n", 1, "Missing parentheses"),
    ("a.py", "if True:\nx = 1\n", 2, "indented block"),
    ("a.py", "class A:\n", 1, "indented block"),
    ("a.py", "x = 1\nreturn x\n", 2, "outside function"),
    ("a.py", "x = 1\n  y = 2\n", 2, "unexpected indent"),
    ("a.py", 'x = """never\n', 1, "unterminated triple-quoted"),
    ("a.py", "Here is the code you asked for:\n", 1, "invalid syntax"),
    ("a.py", "x = 1\0\n", 1, "null character"),
    ("a.py", "x = '\ud800'\n", 1, "character pair"),
    ("a.py", "# coding: no-such-codec\nx = 1\n", 0, "encoding"),
    ("b.yaml", "a: 1\nb: [1, 2\nc: 3\n", 3, "begun in line 2"),
    ("b.yaml", "a: 1\n  b: 2\n", 2, "not allowed here"),
    ("b.yaml", "a: *nowhere\n", 1, "undefined alias"),
    ("b.yaml", "a: !!python/object:os.system x\n", 1, "could not determine a constructor"),
    ("b.yaml", "d: 2020-13-45\n", 0, "month"),
    ("b.yaml", "a: 1\n---\nb: 2\n", 2, "single document"),
    ("c.json", '{"a": 1,\n "b": }', 2, "Expecting value"),
    ("d.sh", "if true; then\n  echo hello\n", 3, "end of file"),
    ("d.sh", "echo 'open\n", 1, "matching"),
    ("e.toml", "[a]\nb = \n", 2, "Invalid value"),
]


@pytest.mark.parametrize("path", VALID)
def test_valid_text_has_no_findings(path: str) -> None:
    assert check_syntax(path, VALID[path]) == ()
    assert parses(path, VALID[path])


@pytest.mark.parametrize(("path", "text", "line", "said"), BROKEN)
def test_broken_text_is_named_with_line_and_advice(path: str, text: str, line: int, said: str) -> None:
    first, *others = check_syntax(path, text)
    assert (first.severity, first.rule, first.file) == ("error", "syntax", path)
    assert first.line == line
    assert said in first.message
    assert first.advice
    assert all(finding.severity == "note" for finding in others)
    assert not parses(path, text)


def test_the_broken_line_is_shown() -> None:
    (finding,) = check_syntax("a.py", "x = 1\nprint 'hello'\n")
    assert "`print 'hello'`" in finding.message


def test_further_broken_places_are_notes() -> None:
    findings = check_syntax("a.py", "def f(:\n    return 1\n\n\ndef g():\n    return 2\n\n\nx = = 3\n")
    assert [finding.severity for finding in findings] == ["error", "note"]
    assert findings[1].line == 9


def test_compiler_warnings_are_notes_and_never_printed(capsys: pytest.CaptureFixture[str]) -> None:
    findings = check_syntax("a.py", 'x = "\\d"\ny = x is 1\n')
    assert [(finding.rule, finding.severity) for finding in findings] == [("syntax-warning", "note")] * 2
    assert {finding.line for finding in findings} == {1, 2}
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("path", "text"), [("b.yaml", "a: 1\nb: 2\na: 3\n"), ("c.json", '{"a": 1, "a": 2}')])
def test_duplicate_keys_are_warnings(path: str, text: str) -> None:
    (finding,) = check_syntax(path, text)
    assert (finding.rule, finding.severity) == ("duplicate-key", "warning")
    assert parses(path, text)


def test_brackets_in_python_strings_and_comments_do_not_count_as_nesting() -> None:
    assert check_syntax("a.py", f"x = '{'(' * 5000}'\n# {'[' * 5000}\n") == ()


def test_merges_that_grow_exponentially_are_refused_at_once() -> None:
    levels = "".join(f"a{i}: &a{i}\n  <<: [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    started = time.monotonic()
    (finding,) = check_syntax("b.yaml", f"a0: &a0\n  x: 1\n{levels}")
    assert "merge" in finding.message
    assert time.monotonic() - started < HANGS


def test_an_alias_circle_ends() -> None:
    assert check_syntax("b.yaml", "a: &a\n  b: *a\n") == ()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_over_the_limit_is_refused(suffix: str) -> None:
    (finding,) = check_syntax(f"a.{suffix}", "# a comment\n" * 30_000)
    assert "KiB" in finding.message


# Each of these made some parser quadratic, recurse without end, or run out of memory.
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "unit",
    ["(", "[", "{", "- ", "a.", "1+", "not ", "'\\", '"""a\\', "\\\n", "if 1:", "\n", "f'{", "$((", "<<A\n"],
)
def test_hostile_text_ends_quickly(suffix: str, unit: str) -> None:
    started = time.monotonic()
    for size in (200_000, 60_000) if suffix == "yaml" else (200_000, 30_000):
        check_syntax(f"a.{suffix}", unit * (size // len(unit)))
    assert time.monotonic() - started < HANGS


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(SUFFIXES),
    st.text(max_size=300) | st.text("()[]{}:'\"\\\n\t #-*&!|>$`ax1,=", max_size=300),
)
def test_any_text_is_judged_and_nothing_is_raised(suffix: str, text: str) -> None:
    for finding in check_syntax(f"a.{suffix}", text):
        assert 0 <= finding.line <= text.count("\n") + 2
        assert "\n" not in finding.message
