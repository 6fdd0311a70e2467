"""A predictor in other processes: it is pickled as what it was loaded from."""

import copy
import multiprocessing
import os
import pickle

import numpy as np
import pytest
from networks import photographs, random_arrays, random_checkpoint

from conus_widgets import CheckpointError
from conus_widgets.checkpoint import files as checkpoints
from conus_widgets.checkpoint.sources import EMBEDDED
from conus_widgets.loading import load_predictor
from conus_widgets.predictor import Predictor


@pytest.fixture
def folder(tmp_path):
    checkpoints.write(tmp_path / "model", random_checkpoint(regions={"R": np.arange(5.0)}))
    return tmp_path / "model"


def ask(task):
    """Run in the other process: name its predictor, and answer."""
    predictor, image = task
    found = predictor.predict(image, region="R" if predictor.regions else None)
    return id(predictor), predictor.max_pixels, found


def test_a_spawned_process_gives_equal_answers_and_loads_once(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    predictor = load_predictor("model", max_megapixels=2)
    images = photographs(3)
    expected = [predictor.predict(image, region="R") for image in images]
    assert len(pickle.dumps(predictor)) < 1000
    monkeypatch.chdir("/")  # where the relative path leads nowhere
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.map(ask, [(predictor, image) for image in images], chunksize=1)
    assert [prediction for *_, prediction in found] == expected
    assert {most for _, most, _ in found} == {2_000_000}
    assert len({number for number, *_ in found}) == 1


def test_the_embedded_demonstration_is_found_where_the_package_is(monkeypatch):
    predictor = load_predictor()
    written = pickle.dumps(predictor)
    assert os.fsencode(EMBEDDED) not in written
    assert pickle.loads(written).predict(photographs(1)) == predictor.predict(photographs(1))


def test_files_that_changed_since_are_refused(folder):
    predictor = load_predictor(folder)
    written = pickle.dumps(predictor)
    checkpoints.write(folder, random_checkpoint(arrays=random_arrays(seed=1)))
    with pytest.raises(CheckpointError, match=r"model is not what the process .* Load .* again"):
        pickle.loads(written)


def test_only_the_regions_changed(folder):
    written = pickle.dumps(load_predictor(folder))
    checkpoints.write(folder, random_checkpoint(regions={"R": np.ones(5)}))
    with pytest.raises(CheckpointError, match="is not what the process"):
        pickle.loads(written)


def test_what_was_replaced_is_pickled_as_what_was_loaded(folder):
    """Not as what lies there now: the other process would answer otherwise, without a word."""
    predictor = load_predictor(folder)
    checkpoints.write(folder, random_checkpoint(arrays=random_arrays(seed=1)))
    with pytest.raises(CheckpointError, match="is not what the process"):
        pickle.loads(pickle.dumps(predictor))


@pytest.mark.parametrize("made", [lambda p: p, lambda p: p.shuffled("logits")])
def test_one_from_arrays_says_how_it_is_done(made, folder, tmp_path):
    predictor = made(Predictor(random_checkpoint()))
    with pytest.raises(TypeError, match=r"arrays in memory .* write .* load_predictor\(folder\)"):
        pickle.dumps(predictor)
    checkpoints.write(tmp_path / "written", predictor.checkpoint)
    again = load_predictor(tmp_path / "written")
    image = photographs(1)
    assert pickle.loads(pickle.dumps(again)).predict(image) == predictor.predict(image)


def test_a_copy_is_the_same_network():
    predictor = Predictor(random_checkpoint())
    assert copy.copy(predictor) is predictor and copy.deepcopy([predictor])[0] is predictor


def test_a_shuffled_one_keeps_the_limit_of_pixels():
    predictor = Predictor(random_checkpoint(), max_megapixels=0.3)
    assert predictor.shuffled("logits").max_pixels == predictor.max_pixels == 300_000
