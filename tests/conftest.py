"""What all tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

# No test asserts a time: a machine that is busy is no failure.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent
SHARED_PAPERS = ROOT.parent / "shared" / "papers"


@pytest.fixture
def shared_papers() -> Path:
    """Real papers to run on; skips where they are not."""
    if not SHARED_PAPERS.is_dir():
        pytest.skip("no ../shared/papers beside the checkout")
    return SHARED_PAPERS


# Seconds after which something counts as hanging. Not a measure of speed: those are benchmarks.
HANGS = 120.0
