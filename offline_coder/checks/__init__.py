"""Floor 2: what a machine can see in generated text without running it."""
