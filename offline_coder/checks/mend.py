"""Mechanical repair: what a machine can put right without guessing.

Every rule starts from a finding and offers changes to that one file; a change counts only when the file
still parses and the whole repository has fewer findings than before. So no rule can make things worse,
and the order in which they are tried only decides which of two cures is taken.

A name that is not known hides what is wrong with its use: where nothing better is left, a change counts
too that makes the name known and only lets an error show that stood behind it. What was cured so may not
come back, so this ends.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from offline_coder.checks.cures import RULES
from offline_coder.checks.modules import modules_of
from offline_coder.checks.rules import Edit, Repository, Rule
from offline_coder.checks.syntax import parses
from offline_coder.core.attempt import Attempt
from offline_coder.core.finding import Finding, Tally

MAX_ATTEMPTS = 200
HIDING = frozenset(
    {
        "undefined-name",
        "missing-name",
        "missing-module",
        "relative-import",
        "unknown-package",
        "missing-library-name",
    }
)
"""Rules about names behind which nothing can be checked."""

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
    rules = RULES if rules is None else rules
    attempts: list[Attempt] = []
    refused: set[tuple[str, str]] = set()
    uncovering: set[tuple[str, str]] = set()
    uncovered: set[tuple[str, str, str]] = set()
    while len(attempts) < MAX_ATTEMPTS:
        offered = _next_edit(current, findings, order, refused | uncovering, rules)
        offered = offered or _next_edit(current, findings, order, refused, rules)
        if offered is None:
            break
        finding, edit = offered
        changed = {**current, edit.file: edit.text}
        seen = look(changed)
        before, after = Tally.of(findings), Tally.of(seen)
        better = after.fewer_than(before)
        shows = not better and uncovers(finding, findings, seen, uncovered)
        named = (edit.file, edit.means)
        kept = better or (shows and named in uncovering)
        attempts.append(Attempt(file=edit.file, means=edit.means, before=before, after=after, kept=kept))
        if kept:
            current, findings = changed, seen
            uncovered |= {about(finding)} if shows else set()
        else:
            (uncovering if shows and named not in uncovering else refused).add(named)
    return Mended(current, findings, tuple(attempts))


def uncovers(
    cured: Finding, before: Sequence[Finding], after: Sequence[Finding], uncovered: set[tuple[str, str, str]]
) -> bool:
    """Whether a change made the name of `cured` known and lets no more errors show than it cured, all of
    them in the same file, and none of those that were `uncovered` before."""
    old, new = map(errors_about, (before, after))
    shown = new - old
    return (
        cured.rule in HIDING
        and about(cured) not in new
        and shown.total() <= (old - new).total()
        and all(file == cured.file for file, _, _ in shown)
        and uncovered.isdisjoint(new)
    )


def about(finding: Finding) -> tuple[str, str, str]:
    """What a finding is about, wherever in its file it stands."""
    return finding.file, finding.rule, finding.subject


def errors_about(findings: Sequence[Finding]) -> Counter[tuple[str, str, str]]:
    """What the errors among `findings` are about."""
    return Counter(about(each) for each in findings if each.severity == "error")


def _next_edit(
    files: Mapping[str, str],
    findings: Sequence[Finding],
    order: Sequence[str],
    refused: set[tuple[str, str]],
    rules: "Mapping[str, tuple[Rule, ...]]",
) -> tuple[Finding, Edit] | None:
    """The first change that a rule offers and that was not refused before, with what it is to cure."""
    repository = Repository(files, modules_of(files), tuple(order))
    # Errors first: an import that is added may use what would otherwise be removed as unused.
    for finding in sorted(findings, key=lambda finding: finding.severity != "error"):
        tree = repository.modules.trees.get(finding.file)
        for rule in rules.get(finding.rule, ()) if tree else ():
            assert tree is not None
            for edit in rule(repository, finding, tree):
                whole = edit.text.strip() and parses(edit.file, edit.text)
                if whole and (edit.file, edit.means) not in refused:
                    return finding, edit
    return None
