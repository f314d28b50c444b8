"""Floor 2: text generation behind one Protocol (see protocol.py); `open.py` chooses the engine."""
