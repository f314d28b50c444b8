"""Floor 3: the stages. Each turns values into values through an engine."""
