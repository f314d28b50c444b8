"""What every training needs and a paper may not say: settings that are assumed, and say so."""

from offline_coder.core.plan import ConfigEntry

NEEDED: tuple[tuple[str, int | float, tuple[str, ...]], ...] = (
    ("training.seed", 0, ("training.seed",)),
    ("training.learning_rate", 0.001, ("training.learning_rate", "training.warmup_steps")),
    ("training.batch_size", 32, ("training.batch",)),
    ("training.epochs", 10, ("training.epochs", "training.steps")),
)
"""Key, common value, and the beginnings of keys that make it needless: with a warm-up the learning rate
follows the schedule."""


def assumed(config: tuple[ConfigEntry, ...]) -> tuple[ConfigEntry, ...]:
    """An assumption for each setting that no key of `config` answers."""
    keys = tuple(entry.key for entry in config)
    return tuple(
        ConfigEntry(key=key, value=value, source="assumption", reason="the paper names none; a common value")
        for key, value, answered in NEEDED
        if not any(name.startswith(answered) for name in keys)
    )
