"""TIFFs that Pillow reads otherwise than they stand, or not at all; files are made by hand."""

import io

import numpy as np
import pytest
from PIL import Image
from tiffs import SHORT, tiff

from conus_widgets.photographs.photograph import PhotographError, open_photograph, read_photograph


def colours(height=24, width=36):
    """uint16 (height, width, 3), of which no byte of a number is like another."""
    y, x = np.mgrid[:height, :width]
    picture = np.stack([x * 1801 + y, 65535 - 1777 * x - y, y * 2503 + x], axis=-1)
    return picture.astype(np.uint16)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", [False, True])
def test_16_bits_a_channel_together_and_apart(order, planar):
    data = tiff(colours(), order=order, planar=planar)
    assert np.array_equal(read_photograph(data), colours() >> 8)


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bits_and_alpha_apart(order):
    alpha = np.full((24, 36, 1), 65535, np.uint16)
    data = tiff(np.dstack([colours(), alpha]), order=order, planar=True, tags=[(338, SHORT, [2])])
    assert np.array_equal(read_photograph(data), colours() >> 8)


def test_8_bits_apart_stay_as_they_were():
    picture = (colours() >> 8).astype(np.uint8)
    assert np.array_equal(read_photograph(tiff(picture, planar=True)), picture)


def test_planar_and_turned():
    stored = np.ascontiguousarray(np.rot90(colours()))  # orientation 6 turns it back
    data = tiff(stored, planar=True, tags=[(274, SHORT, [6])])
    assert np.array_equal(read_photograph(data), colours() >> 8)


def test_an_image_that_pillow_has_mixed_up_is_refused():
    image = Image.open(io.BytesIO(tiff(colours(), planar=True)))
    with pytest.raises(PhotographError, match="which Pillow mixes up; give the file itself"):
        read_photograph(image)
    straight = Image.open(io.BytesIO(tiff(colours())))
    assert np.array_equal(read_photograph(straight), colours() >> 8)


def test_other_pages_are_told():
    first, other = (np.full((5, 7), level, np.uint8) for level in (10, 200))
    opened = open_photograph(tiff([first, other, other]))
    assert opened.whole().getpixel((0, 0)) == (10, 10, 10)
    assert opened.remarks == ("the first of 3 pages",)
    assert open_photograph(tiff(first)).remarks == ()


def test_a_thumbnail_is_no_page():
    thumbnail = tiff([np.zeros((50, 70), np.uint8), np.zeros((5, 7), np.uint8)])
    # Both pages have the tag; of the second it is set.
    both = tiff([np.zeros((50, 70), np.uint8), np.zeros((5, 7), np.uint8)], tags=[(254, 4, [0])])
    at = both.rindex(b"\xfe\0\4\0\1\0\0\0") + 8
    marked = both[:at] + b"\1" + both[at + 1 :]
    assert open_photograph(marked).remarks == ()
    assert open_photograph(thumbnail).remarks == ("the first of 2 pages",)


def with_tag(data, tag, value):
    """The same file with another value of a short tag."""
    at = data.index(tag.to_bytes(2, "little") + b"\3\0\1\0\0\0") + 8
    return data[:at] + value.to_bytes(2, "little") + data[at + 2 :]


@pytest.mark.parametrize(
    ("compression", "words"),
    [(50001, "WebP"), (34712, "JPEG 2000"), (50002, "JPEG XL"), (34887, "LERC"), (4711, "4711")],
)
def test_a_compression_that_cannot_be_read_is_named(compression, words):
    data = with_tag(tiff(np.zeros((5, 7), np.uint8)), 259, compression)
    with pytest.raises(
        PhotographError, match=f"compressed as .*{words}.*; .*JPEG or PNG"
    ) as caught:
        read_photograph(data)
    assert "whole" not in str(caught.value) and "damaged" not in str(caught.value)


def test_an_arrangement_that_cannot_be_read_is_told_with_its_numbers():
    two = tiff(np.zeros((5, 7, 2), np.uint16))
    with pytest.raises(PhotographError, match="2 whole numbers of 16 bits for each pixel"):
        read_photograph(two)
    signed = tiff(np.zeros((5, 7, 3), np.int16))
    with pytest.raises(PhotographError, match="3 signed whole numbers of 16 bits"):
        read_photograph(signed)


def test_a_directory_that_is_cut_off_is_told():
    data = tiff(colours())
    directory_at_the_end = len(data)
    with pytest.raises(PhotographError, match=f"{directory_at_the_end - 60:,} of .* bytes"):
        read_photograph(data[:-60])


def test_the_link_to_the_next_page_may_be_missing():
    data = tiff(np.full((5, 7), 9, np.uint8))  # its directory comes last, and the link in it
    for missing in range(1, 5):
        assert read_photograph(data[:-missing]).getpixel((6, 4)) == (9, 9, 9)
