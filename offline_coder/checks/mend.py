"""Mechanical repair: what a machine can put right without guessing.

Every rule starts from a finding and offers changes to that one file; a change counts only when the file
still parses and the whole repository has fewer findings than before. So no rule can make things worse,
and the order in which they are tried only decides which of two cures is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from offline_coder.checks.cures import RULES
from offline_coder.checks.modules import modules_of
from offline_coder.checks.rules import Edit, Repository, Rule
from offline_coder.checks.syntax import parses
from offline_coder.core.attempt import Attempt
from offline_coder.core.finding import Finding, Tally

MAX_ATTEMPTS = 200

Look = Callable[[Mapping[str, str]], tuple[Finding, ...]]
"""All findings of a repository, path -> text."""


@dataclass(frozen=True, slots=True)
class Mended:
    """The repository afterwards, what is still found in it, and every change that was tried."""

    files: Mapping[str, str]
    findings: tuple[Finding, ...]
    attempts: tuple[Attempt, ...]


def mend(
    files: Mapping[str, str],
    look: Look,
    order: Sequence[str] = (),
    rules: "Mapping[str, tuple[Rule, ...]] | None" = None,
) -> Mended:
    """`files` with everything mended that one of `rules` can mend, all of `RULES` when none are given; at
    most 200 changes tried.

    `look` says what is wrong. `order` is the order in which the modules build on each other: of two modules
    that define a name, the earlier is imported from. Nothing is imported that would make a circle.
    """
    current = dict(files)
    findings = look(current)
    attempts: list[Attempt] = []
    refused: set[tuple[str, str]] = set()
    while len(attempts) < MAX_ATTEMPTS:
        edit = _next_edit(current, findings, order, refused, RULES if rules is None else rules)
        if edit is None:
            break
        changed = {**current, edit.file: edit.text}
        seen = look(changed)
        before, after = Tally.of(findings), Tally.of(seen)
        kept = after.fewer_than(before)
        attempts.append(Attempt(file=edit.file, means=edit.means, before=before, after=after, kept=kept))
        if kept:
            current, findings = changed, seen
        else:
            refused.add((edit.file, edit.means))
    return Mended(current, findings, tuple(attempts))


def _next_edit(
    files: Mapping[str, str],
    findings: Sequence[Finding],
    order: Sequence[str],
    refused: set[tuple[str, str]],
    rules: "Mapping[str, tuple[Rule, ...]]",
) -> Edit | None:
    """The first change that a rule offers and that was not refused before."""
    repository = Repository(files, modules_of(files), tuple(order))
    # Errors first: an import that is added may use what would otherwise be removed as unused.
    for finding in sorted(findings, key=lambda finding: finding.severity != "error"):
        tree = repository.modules.trees.get(finding.file)
        for rule in rules.get(finding.rule, ()) if tree else ():
            assert tree is not None
            for edit in rule(repository, finding, tree):
                whole = edit.text.strip() and parses(edit.file, edit.text)
                if whole and (edit.file, edit.means) not in refused:
                    return edit
    return None
