"""What config.yaml settles: mechanical repair that knows the settings, their optimizer and their loss.

It comes before the model is asked, so that a value which the paper says is read from there and not written
anew from memory.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from offline_coder.checks.assumed_sizes import assumed_size
from offline_coder.checks.batches import made_in_the_loop
from offline_coder.checks.cures import RULES
from offline_coder.checks.kept_settings import kept_settings
from offline_coder.checks.lists import number_for_list
from offline_coder.checks.not_in_torch import warmed_up, with_entries
from offline_coder.checks.rules import Rule
from offline_coder.checks.sized_constructors import sized_constructor
from offline_coder.checks.symbols import Symbols
from offline_coder.checks.usual_tools import undefined_tool, usual_of_network
from offline_coder.checks.usual_values import by_its_symbol, usual_attribute, usual_value

SIZES_OF = ("undefined-name", "missing-attribute")
"""The rules of findings that may be about a size which nothing says."""
Rules = Mapping[str, tuple[Rule, ...]]
NO_SYMBOLS: Symbols = MappingProxyType({})


def settled_by(config: Mapping[str, object], symbols: Symbols) -> Rules:
    """The rules that know `config`, the loaded config.yaml, and the paper's `symbols` for its settings."""
    return {
        "undefined-name": (
            partial(undefined_tool, config),
            partial(usual_value, config),
            partial(by_its_symbol, symbols),
        ),
        "missing-attribute": (partial(usual_attribute, config),),
        "network-attribute": (partial(usual_of_network, config), partial(kept_settings, config)),
        "batch-parts": (partial(made_in_the_loop, config),),
        "signature": (partial(sized_constructor, config),),
        "missing-library-name": (partial(warmed_up, config),),
        "library-call": (partial(with_entries, config),),
        "list-operand": (partial(number_for_list, config),),
    }


def rules_with(config: Mapping[str, object], symbols: Symbols = NO_SYMBOLS, *, assume: bool = False) -> Rules:
    """All rules of mechanical repair, those that know `config` and the paper's `symbols` for its settings
    after the others; with `assume` then the one that assumes the sizes of networks."""
    known = settled_by(config, symbols)
    last: dict[str, tuple[Rule, ...]] = dict.fromkeys(SIZES_OF, (assumed_size,)) if assume else {}
    every = {**RULES, **known, **last}
    return {rule: (*RULES.get(rule, ()), *known.get(rule, ()), *last.get(rule, ())) for rule in every}
