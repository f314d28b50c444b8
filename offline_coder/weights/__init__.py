"""Floor 2: pinned model manifests; pull, verify, convert, import."""

from offline_coder.weights.manifest import sampling_of
from offline_coder.weights.verify import Weights, resolve

__all__ = ["Weights", "resolve", "sampling_of"]
