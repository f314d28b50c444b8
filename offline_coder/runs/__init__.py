"""Floor 2: the run folder, its journal and its manifest."""
