"""Room for pixels: small photographs always have it, and cost no look at the system's limits."""

import pytest

from conus_widgets.photographs import room


@pytest.fixture
def looks(monkeypatch):
    found = []

    def limit():
        found.append("looked")
        return 1e9

    monkeypatch.setattr(room, "limit", limit)
    monkeypatch.setattr(room, "resident", lambda: 0.5e9)
    return found


def test_a_small_photograph_fits_and_nobody_looks_how_much_memory_there_is(looks):
    assert room.fits(room.ALWAYS) and not looks


def test_a_large_one_fits_if_there_is_memory_for_it(looks):
    assert room.fits(0.5e9) and looks
    assert not room.fits(0.51e9)
