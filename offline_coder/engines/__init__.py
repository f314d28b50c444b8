"""Floor 2: text generation behind one Protocol (core/engine.py); `open.py` chooses the engine."""
