"""Matched places: the laws of patches hold through the network and the photographs' files."""

import numpy as np
import pytest

from conus_widgets import load_predictor
from conus_widgets.collection.matching import match
from conus_widgets.shells import draw

A, B = "coronated", "banded"


@pytest.fixture(scope="module")
def predictor():
    return load_predictor()


@pytest.fixture(scope="module")
def shell():
    return draw("coronated", 3)


def test_a_photograph_matches_itself_cell_by_cell_inside_its_mask(predictor, shell):
    found = match(predictor, shell.image, shell.image, A, B)
    assert found.matches and not found.remarks
    assert all(one.first == one.second for one in found.matches)
    rows, columns = found.masks[0].shape
    for one in found.matches:
        row, column = one.first
        down = slice(row * rows // 7, (row + 1) * rows // 7)
        right = slice(column * columns // 7, (column + 1) * columns // 7)
        part = found.masks[0][down, right]
        assert part.any(), "a cell without a pixel of the specimen was matched"


def test_a_mask_can_be_drawn_or_switched_off(predictor, shell):
    drawn = np.zeros((7, 7), bool)
    drawn[3, 3] = True
    found = match(predictor, shell.image, shell.image, A, B, masks=(drawn, drawn))
    assert [one.first for one in found.matches] == [(3, 3)]
    free = match(predictor, shell.image, shell.image, A, B, masks=(None, None), most=49)
    assert len(free.matches) == 49 and free.masks == (None, None)


def test_a_mask_that_fails_says_so(predictor, shell):
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    assert "mask" in match(predictor, noise, shell.image, A, B).remarks[0]


def test_a_collection_matches_by_number(predictor, tmp_path):
    from PIL import Image

    from conus_widgets.collection import Collection

    (tmp_path / "shells" / A).mkdir(parents=True)
    for number in range(2):
        Image.fromarray(draw(A, number).image).save(tmp_path / "shells" / A / f"{number}.png")
    collection = Collection.from_folder(tmp_path / "shells")
    collection.evaluate(predictor, tmp_path / "out", progress=False)
    found = collection.match(predictor, 0, 1, A, B)
    paths = [record.path for record in collection.table.records]
    assert found.matches == match(predictor, *paths, A, B).matches


def test_an_unknown_class_is_refused(predictor, shell):
    with pytest.raises(ValueError, match="coronated"):
        match(predictor, shell.image, shell.image, "coronatd", B)
