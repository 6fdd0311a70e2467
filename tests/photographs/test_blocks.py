"""The memory of decoded pixels: kept while photographs are read, given up if it is short."""

import gc

import pytest
from PIL import Image

from conus_widgets.photographs import blocks, room


@pytest.fixture(autouse=True)
def as_it_was():
    gc.collect()  # no image of another test gives its memory back in the middle of these
    before = Image.core.get_blocks_max()
    yield
    Image.core.set_blocks_max(before)
    Image.core.clear_cache(before)


def cached():
    return Image.core.get_stats()["blocks_cached"]


def large():
    return Image.new("RGB", (3000, 2000))


def test_what_a_photograph_used_serves_the_next_one_and_goes_back_at_the_end():
    Image.core.set_blocks_max(0)
    with blocks.kept(1):
        held = large()
        del held
        assert cached() >= 2  # of 16 MB at most
        reused = Image.core.get_stats()["reused_blocks"]
        held = large()
        assert Image.core.get_stats()["reused_blocks"] >= reused + 2
        del held
    assert cached() == Image.core.get_blocks_max() == 0


def test_what_somebody_asked_for_stays(monkeypatch):
    Image.core.set_blocks_max(100)
    with blocks.kept(1), blocks.kept(2):
        assert Image.core.get_blocks_max() == 100
    assert Image.core.get_blocks_max() == 100


def test_kept_memory_is_given_up_before_a_photograph_is_refused(monkeypatch):
    Image.core.set_blocks_max(0)
    monkeypatch.setattr(room, "limit", lambda: 1e9)
    monkeypatch.setattr(room, "resident", lambda: 0.5e9 + 16e6 * cached())
    with blocks.kept(1):
        held = large()
        del held
        kept = cached()
        assert kept >= 2 and room.free() < 0.5e9
        assert room.fits(0.4e9) and cached() == kept
        assert room.fits(0.5e9) and cached() == 0
        assert not room.fits(0.51e9)
