"""What all tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

from offline_coder.core.stage_settings import StageSettings

# No test asserts a time: a machine that is busy is no failure.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "noisepair" / "paper.md"
# For runs with a real engine: they are about the path, not about the quality of what a small model plans.
SMALL_BUDGETS = StageSettings(
    overview_tokens=200,
    architecture_tokens=500,
    config_candidates=10,
    max_components=0,
    requirement_requests=1,
    regenerations=0,
)
SHARED_PAPERS = ROOT.parent / "shared" / "papers"


@pytest.fixture
def shared_papers() -> Path:
    """Real papers to run on; skips where they are not."""
    if not SHARED_PAPERS.is_dir():
        pytest.skip("no ../shared/papers beside the checkout")
    return SHARED_PAPERS


# Seconds after which something counts as hanging. Not a measure of speed: those are benchmarks.
HANGS = 120.0
