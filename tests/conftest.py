"""Shared test material: the folder of real plates, when it is there."""

from pathlib import Path

import pytest
from hypothesis import settings

# What is compiled at the first call takes seconds, and machines are shared: no test may depend on the clock.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

PLATES = Path(__file__).resolve().parents[2] / "shared" / "plates"


@pytest.fixture
def plates() -> Path:
    """Folder of real footage. Skips when it isn't beside the checkout."""
    if not PLATES.is_dir():
        pytest.skip(f"no real footage at {PLATES}")
    return PLATES
