"""Floor 4: what a person looks at when a run is done."""
