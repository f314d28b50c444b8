"""Keys of config.yaml: one for each named candidate, told apart where several have one name."""

from offline_coder.checks.provenance import holds
from offline_coder.core.plan import ConfigEntry
from offline_coder.stages.planning.candidates import Candidate


def entries_of(found: tuple[Candidate, ...], names: list[str]) -> tuple[ConfigEntry, ...]:
    """The named candidates, in the order of their keys; "" names none.

    Of several with one name and different values, one whose name is settled has the plain key, then the one
    with the highest score, of equal ones the one without a qualifier, then the first. Another that is sure
    and has a qualifier of its own ("training.batch_size_enwik8") is kept beside it.
    """
    groups: dict[str, list[Candidate]] = {}
    for candidate, name in zip(found, names, strict=True):
        if name:
            groups.setdefault(name, []).append(candidate)
    chosen: dict[str, Candidate] = {}
    for name, group in groups.items():
        first, *others = sorted(group, key=lambda one: (not one.settled, -one.score, one.qualifier != ""))
        chosen[name] = first
        for other in others:
            key = f"{name}_{other.qualifier}"
            taken = [
                chosen[name].value,
                *(one.value for at, one in chosen.items() if at.startswith(f"{name}_")),
            ]
            if other.sure and other.qualifier and other.value not in taken and key not in groups:
                chosen.setdefault(key, other)
    return tuple(entry_of(chosen[key], key) for key in sorted(chosen))


def entry_of(candidate: Candidate, key: str) -> ConfigEntry:
    """The setting, looked up once more in its quote: what does not stand there is an assumption."""
    if not holds(candidate.quote, candidate.value):
        reason = f"read in {candidate.section}, but the value could not be found there again"
        return ConfigEntry(key=key, value=candidate.value, source="assumption", reason=reason)
    return ConfigEntry(
        key=key, value=candidate.value, source="paper", section=candidate.section, quote=candidate.quote
    )
