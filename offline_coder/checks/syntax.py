"""The first rung: is this text valid in the language that its file name says?

The language's own parser decides whether (for Python: the compiler of this interpreter); tree-sitter
adds where else. Text is measured before it is parsed, so no input is slow or deep enough to do harm.
"""

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import yaml

from offline_coder.checks.source import parse_python
from offline_coder.checks.trees import MAX_BYTES, MAX_DEPTH, Grammar, bracket_depth, broken_lines
from offline_coder.core.compiling import REFUSALS, compiler_warnings
from offline_coder.core.finding import Finding

# The parsers of these two take quadratic time on some inputs.
MAX_YAML_BYTES = 64 * 1024
MAX_TOML_BYTES = 32 * 1024
MAX_YAML_INDENT = 200
MAX_YAML_MERGES = 10
SHELL_SECONDS = 5
SHOWN_CHARACTERS = 100
SHOWN_FINDINGS = 20

_ADVICE = (
    ("was never closed", "Close this bracket."),
    ("unmatched", "Remove this closing bracket, or open it earlier."),
    ("does not match", "Use the closing bracket that belongs to the opening one."),
    ("expected an indented block", "Write the body of this block, indented by 4 more spaces."),
    ("unexpected indent", "Indent this line like the statement before it."),
    ("unindent does not match", "Indent this line like one of the blocks around it, with spaces."),
    ("inconsistent use of tabs", "Indent with spaces only."),
    ("unterminated triple-quoted", 'Close the string with """ before the code goes on.'),
    ("unterminated", "Close the string on this line."),
    ("expected ':'", "End the head of the block with a colon."),
    ("Missing parentheses", "Call it as a Python 3 function, with parentheses."),
    ("forgot a comma", "Put a comma between the two expressions, or finish the first one."),
    ("expected 'except' or 'finally'", "Give the try block an except or a finally block."),
    ("outside function", "Move this statement into a function, or remove it."),
    ("follows default argument", "Place parameters without a default before those with one."),
    ("follows parameter with a default", "Place parameters without a default before those with one."),
    ("duplicate argument", "Give each parameter its own name."),
    ("invalid character", "Replace this character by plain ASCII, or put it in a string or a comment."),
    ("invalid non-printable", "Remove this invisible character."),
    ("too many nested", "Split the expression into several statements."),
)
_NO_ADVICE = "Rewrite this line as valid code; write no prose outside comments and strings."


def check_syntax(path: str, text: str) -> tuple[Finding, ...]:
    """What is wrong with `text` as the file `path`, by its suffix; empty when it is valid.

    Severity "error" means that the file does not parse. Notes with rule "syntax-near" are further
    places that look broken; warnings of the compiler are notes with rule "syntax-warning". Suffixes
    without a grammar here (.md, .txt, ...) are always valid. Lines count from 1.
    """
    language = _LANGUAGES.get(PurePosixPath(path).suffix.lower())
    if language is None:
        return ()
    return _check_measures(path, text, language) or language.check(path, text)


def parses(path: str, text: str) -> bool:
    """Whether `text` may be written as the file `path`."""
    return not any(finding.severity == "error" for finding in check_syntax(path, text))


def _check_measures(path: str, text: str, language: "_Language") -> tuple[Finding, ...]:
    """Refuse what would be slow or dangerous to parse, before any parser sees it."""
    limit = language.max_bytes
    if len(text) > limit or len(text.encode("utf-8", "surrogatepass")) > limit:
        return (_error(path, 0, f"the file is over {limit // 1024} KiB", "Write a shorter file."),)
    for character, name in (("\0", "a null character"), ("\ufeff", "a byte order mark")):
        if (at := text.find(character)) >= 0 and (character == "\0" or at > 0):
            return (_error(path, _line_of(text, at), f"{name} in the text", "Remove it."),)
    if surrogate := re.search("[\ud800-\udfff]", text):
        at = surrogate.start()
        return (_error(path, _line_of(text, at), "half of a character pair in the text", "Remove it."),)
    depth, line = bracket_depth(language.grammar, text)
    if depth > MAX_DEPTH:
        message = f"brackets nest {depth} deep, more than {MAX_DEPTH}"
        return (_error(path, line, message, "Split the expression into several statements."),)
    return ()


def _check_python(path: str, text: str) -> tuple[Finding, ...]:
    # Bytes, not text: that way a coding comment counts, as it will when the file is imported.
    source = text.encode("utf-8")
    with compiler_warnings() as caught:
        try:
            compile(source, path, "exec", dont_inherit=True)
            failure = None
        except REFUSALS as error:
            failure = error
    if failure is None and parse_python(text) is None:
        failure = RecursionError()
    if failure is None:
        return tuple(
            Finding(
                file=path,
                line=warning.lineno,
                rule="syntax-warning",
                message=_one_line(str(warning.message)),
                severity="note",
            )
            for warning in caught[:SHOWN_FINDINGS]
        )
    if isinstance(failure, SyntaxError):
        first = _error_in_line(path, text, failure.lineno or 0, failure.msg)
    elif isinstance(failure, ValueError):
        first = _error(path, 0, _one_line(str(failure)), _NO_ADVICE)
    else:
        first = _error(path, 0, "the code nests too deep", "Split long chains and nested blocks.")
    return _with_places("python", path, text, first)


def _check_yaml(path: str, text: str) -> tuple[Finding, ...]:
    for number, line in enumerate(text.split("\n"), start=1):
        # "- - - -" and "? ? ?" nest without brackets.
        steps = re.match(r"(?:[-?:]\s+|\s)*", line)
        if steps and steps.end() > MAX_YAML_INDENT:
            return (_error(path, number, "the line nests too deep", "Use a flatter structure."),)
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        mappings = list(_yaml_mappings(root))
        if sum(map(_merges, mappings)) > MAX_YAML_MERGES:
            # Merges of merges grow exponentially, so they are counted before anything is constructed.
            return (_error(path, 0, "too many merge keys (<<)", "Write the values out."),)
        # Constructing finds what composing does not: unknown tags, impossible dates, unhashable keys.
        if root is not None:
            loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = ", ".join(filter(None, (error.context, error.problem)))
        if error.context_mark and mark and error.context_mark.line < mark.line:
            message += f" (begun in line {error.context_mark.line + 1})"
        first = _error_in_line(path, text, mark.line + 1 if mark else 0, message)
        return _with_places("yaml", path, text, first)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError, OverflowError) as error:
        return (_error(path, 0, _one_line(str(error)) or "not valid YAML", "Write plain block YAML."),)
    return _yaml_duplicates(path, mappings)


def _yaml_mappings(root: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    """Every mapping below `root`, each once: an alias is the same node again, maybe in a circle."""
    waiting = [root] if root is not None else []
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            waiting.extend(part for pair in node.value for part in pair)
            yield node


def _merges(mapping: yaml.MappingNode) -> int:
    """How many mappings this one takes in through merge keys."""
    merged = [value for key, value in mapping.value if key.value == "<<"]
    return sum(len(value.value) if isinstance(value, yaml.SequenceNode) else 1 for value in merged)


def _yaml_duplicates(path: str, mappings: list[yaml.MappingNode]) -> tuple[Finding, ...]:
    """Keys given twice in one mapping: valid for the loader, which silently keeps the last."""
    findings = []
    for mapping in mappings:
        keys: set[str] = set()
        for key, _ in mapping.value:
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                continue
            if key.value in keys:
                findings.append(_duplicate(path, key.start_mark.line + 1, key.value))
            keys.add(key.value)
    return tuple(sorted(findings, key=lambda finding: finding.line)[:SHOWN_FINDINGS])


def _check_json(path: str, text: str) -> tuple[Finding, ...]:
    duplicates: list[str] = []

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(items)
        if len(found) < len(items):
            counts = Counter(key for key, _ in items)
            duplicates.extend(sorted(key for key, count in counts.items() if count > 1))
        return found

    try:
        json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        return _with_places("json", path, text, _error_in_line(path, text, error.lineno, error.msg))
    except (ValueError, RecursionError) as error:
        return (_error(path, 0, _one_line(str(error)), "Write smaller numbers and flatter values."),)
    return tuple(_duplicate(path, 0, key) for key in duplicates[:SHOWN_FINDINGS])


def _check_toml(path: str, text: str) -> tuple[Finding, ...]:
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        message = _one_line(str(error))
        at = re.search(r"at line (\d+)", message)
        return (_error_in_line(path, text, int(at.group(1)) if at else 0, message),)
    return ()


def _check_shell(path: str, text: str) -> tuple[Finding, ...]:
    bash = shutil.which("bash")
    if bash is None:
        places = broken_lines("bash", text)
        return tuple(_error_in_line(path, text, line, "not valid shell") for line in places)
    try:
        # -n reads and never runs. The environment is empty because BASH_ENV names a file to run.
        done = subprocess.run(
            [bash, "--norc", "--noprofile", "-n"],
            input=text.encode("utf-8"),
            capture_output=True,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            timeout=SHELL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return (_error(path, 0, "bash cannot read the script in time", "Write a shorter script."),)
    complaint = re.search(r"line (\d+): (.*)", done.stderr.decode("utf-8", "replace"))
    if done.returncode == 0 and complaint is None:
        return ()
    if complaint is None:
        return (_error(path, 0, "bash cannot read the script", "Write a shorter script."),)
    line, message = int(complaint.group(1)), complaint.group(2)
    # "here-document delimited by end-of-file" is a warning for bash, yet the script is cut.
    return _with_places("bash", path, text, _error_in_line(path, text, line, message))


def _with_places(grammar: Grammar, path: str, text: str, first: Finding) -> tuple[Finding, ...]:
    """`first`, and a note for each further line that tree-sitter sees as broken."""
    others = [line for line in broken_lines(grammar, text) if line != first.line]
    notes = (
        Finding(
            file=path,
            line=line,
            rule="syntax-near",
            message=f"this place looks broken too: {_shown(text, line)}",
            severity="note",
        )
        for line in others
    )
    return (first, *notes)


def _error_in_line(path: str, text: str, line: int, message: str) -> Finding:
    advice = next((advice for part, advice in _ADVICE if part in message), _NO_ADVICE)
    shown = _shown(text, line)
    return _error(path, line, f"{_one_line(message)}: {shown}" if shown else _one_line(message), advice)


def _error(path: str, line: int, message: str, advice: str) -> Finding:
    return Finding(file=path, line=line, rule="syntax", message=message, advice=advice)


def _duplicate(path: str, line: int, key: str) -> Finding:
    return Finding(
        file=path,
        line=line,
        rule="duplicate-key",
        message=f"the key {_one_line(key)[:SHOWN_CHARACTERS]!r} is given twice; only the last one counts",
        severity="warning",
        advice="Keep one of them.",
    )


def _shown(text: str, line: int) -> str:
    """Line `line` of `text` between backquotes, cut to a readable length; "" when there is none."""
    lines = text.split("\n")
    shown = lines[line - 1].strip()[:SHOWN_CHARACTERS] if 0 < line <= len(lines) else ""
    return f"`{shown}`" if shown else ""


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


@dataclass(frozen=True, slots=True)
class _Language:
    grammar: Grammar
    check: Callable[[str, str], tuple[Finding, ...]]
    max_bytes: int = MAX_BYTES


_PYTHON = _Language("python", _check_python)
_YAML = _Language("yaml", _check_yaml, MAX_YAML_BYTES)
_SHELL = _Language("bash", _check_shell)
_LANGUAGES = {
    ".py": _PYTHON,
    ".pyi": _PYTHON,
    ".yaml": _YAML,
    ".yml": _YAML,
    ".json": _Language("json", _check_json),
    ".toml": _Language("json", _check_toml, MAX_TOML_BYTES),
    ".sh": _SHELL,
    ".bash": _SHELL,
}
