"""offline-coder: a machine-learning paper in, a repository that reproduces it out, with no internet."""

__version__ = "0.1.0"
