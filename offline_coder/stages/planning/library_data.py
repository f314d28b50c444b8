"""Data that scikit-learn brings along or makes: nobody has to have a file of it."""

import re
from functools import cache

from offline_coder.checks.library_calls import signatures

HOME = "sklearn.datasets"
SHIPS = "load_"
NAMES_LIBRARY = re.compile(r"\b(?:scikit-?learn|sklearn)\b", re.IGNORECASE)
SPEAKS_OF_DATA = re.compile(r"\bdata ?sets?\b", re.IGNORECASE)
UNMISTAKABLE = (f"{HOME}.make_moons", f"{HOME}.make_swiss_roll")
"""Functions whose data is called so nowhere else. "circles" may be any."""


@cache
def shipped() -> tuple[str, ...]:
    """The functions that give inputs and targets which are installed with the library: load_digits."""
    prefix = f"{HOME}.{SHIPS}"
    return tuple(
        dotted
        for dotted, shown in signatures().items()
        if dotted.startswith(prefix) and "return_X_y" in shown
    )


def library_data(sentence: str) -> str | None:
    """The function of sklearn.datasets, with dots, that gives the data set of which `sentence` speaks; what
    ships with the library only where the sentence names it too. None where it speaks of none."""
    if not SPEAKS_OF_DATA.search(sentence):
        return None
    for function in (*(shipped() if NAMES_LIBRARY.search(sentence) else ()), *UNMISTAKABLE):
        if re.search(rf"\b{name_of(function).replace(' ', '[ _-]')}\b", sentence, re.IGNORECASE):
            return function
    return None


def name_of(function: str) -> str:
    """The name of the data that a function of the library gives, from its dotted one: "digits"."""
    return function.rpartition(".")[2].partition("_")[2].replace("_", " ")
