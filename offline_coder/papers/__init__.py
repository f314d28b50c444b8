"""Floor 2: a PDF, LaTeX, Markdown or S2ORC file becomes a `Paper`."""
