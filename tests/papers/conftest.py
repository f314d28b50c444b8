"""What the tests of papers share."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "papers"


@pytest.fixture
def shared_papers() -> Path:
    """Real papers beside the checkout, which do not ship with it."""
    if not SHARED.is_dir():
        pytest.skip("no papers beside the checkout")
    return SHARED
