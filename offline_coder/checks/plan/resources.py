"""Are the data sets and models ones that the paper names, and does the lab have them?"""

from collections.abc import Iterator, Mapping, Sequence

from offline_coder.checks.library_calls import signatures
from offline_coder.checks.plan.problem import problem
from offline_coder.checks.plan.requirements import check_quote
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Resource

FILE = "resources.json"


def check_resources(resources: Sequence[Resource], sections: Mapping[str, str]) -> Iterator[Finding]:
    """What does not hold in resources.json.

    Rules: "unknown-section", "quote-not-found", "unknown-library" for what no library is known to have, and
    the note "not-registered" for what neither a registry nor a library has.
    """
    for number, resource in enumerate(resources):
        key = f"[{number}]"
        yield from check_quote(FILE, key, resource.section, resource.quote, sections)
        if not resource.at_hand:
            message = f"the {resource.kind} {resource.name!r} of {resource.section} is in no local registry"
            advice = "Add it to datasets.toml or models.toml, or set its path in config.yaml."
            yield problem(FILE, key, "not-registered", message, advice, "note")
        elif resource.library is not None and resource.library not in signatures():
            message = f"no function {resource.library} is known"
            yield problem(FILE, key, "unknown-library", message, "Take it out, or set a path.")
