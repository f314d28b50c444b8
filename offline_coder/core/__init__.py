"""Floor 1: the nouns everything else is written in."""
