"""The table of grids: against the network itself, by changing pixels and looking who notices."""

import numpy as np
import pytest
from networks import random_checkpoint

from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.network.grids import grids, read_grids
from conus_widgets.network.network import Network

FORMS = [("1x1", "ceil", 64), ("3x3", "pad1", 64), ("1x1", "ceil", 65), ("3x3", "pad1", 72)]


@pytest.fixture(scope="module", params=FORMS, ids=str)
def network(request):
    stride_on, pool, size = request.param
    form = Architecture(5, width=0.0625, stem=4, stride_on=stride_on, pool=pool, size=size)
    return Network(random_checkpoint(form))


def seen(network, layer, inputs):
    return network.activations(inputs, layer).activations


@pytest.mark.parametrize("layer", ["conv1", "pool1", "res2a", "res2c", "res3a", "res3d", "res4b"])
def test_a_change_reaches_the_cells_of_the_table_and_no_others(network, layer):
    size, grid = network.architecture.size, grids(network.architecture)[layer]
    rng = np.random.default_rng(0)
    plain = rng.normal(0, 60, (1, 3, size, size)).astype("float32")
    before = seen(network, layer, plain)
    assert before.shape[2] == before.shape[3] == grid.cells
    for first, end in [(0, 1), (size - 1, size), (20, 21), (30, 38)]:
        changed = plain.copy()
        changed[..., first:end, :] += rng.normal(0, 300, (3, end - first, size))
        differs = (seen(network, layer, changed) != before).any(axis=(0, 1, 3))
        low, high = grid.reached(first, end)
        assert not differs[:low].any() and not differs[high:].any()
        assert high - low <= grid.most_reached(end - first)
        if differs.any():  # cells that a stride skips never notice; the outermost ones may be dead
            assert differs[low:high].any()


@pytest.mark.parametrize(
    "network", [("1x1", "ceil", 96), ("3x3", "pad1", 96)], ids=str, indirect=True
)
@pytest.mark.parametrize("layer", ["conv1", "pool1", "res2c", "res3a"])
def test_a_crop_spoils_as_many_cells_as_the_table_says_at_most(network, layer):
    size, grid = network.architecture.size, grids(network.architecture)[layer]
    rng = np.random.default_rng(1)
    plain = rng.normal(0, 60, (1, 3, size, size)).astype("float32")
    whole = seen(network, layer, plain)
    other = plain.copy()
    start, stop = 1, grid.cells - 1  # cells of the crop; outside it everything is different
    inside = slice(start * grid.step, stop * grid.step)
    other[...] = rng.normal(0, 60, plain.shape)
    other[..., inside, :] = plain[..., inside, :]
    before, after = grid.spoilt
    kept = slice(start + before, stop - after)
    assert kept.start < kept.stop
    assert np.array_equal(seen(network, layer, other)[:, :, kept], whole[:, :, kept])


def test_a_layer_over_another_is_the_same_table():
    for form in (Architecture(68), Architecture(68, stride_on="3x3", pool="pad1")):
        table = grids(form)
        for below, above in [("res2c", "res3a"), ("res3a", "res3b"), ("pool1", "res4a")]:
            over = table[above].over(table[below])
            for first in range(0, 40, 7):
                cells = table[below].reached(first, first + 3)
                assert over.reached(*cells) == table[above].reached(first, first + 3)


def test_gaps_are_where_a_stride_skips_cells():
    gaps = [name for name, grid in grids(Architecture(68)).items() if grid.gaps]
    assert gaps == ["res2c", "res3d", "res4f"]
    assert not any(g.gaps for g in grids(Architecture(68, stride_on="3x3")).values())


def test_the_cells_that_are_read_are_every_second_one_where_there_are_gaps():
    for form in (Architecture(68), Architecture(68, size=230), Architecture(68, stride_on="3x3")):
        for name, grid in grids(form).items():
            read = read_grids(form)[name]
            assert not read.gaps
            step = 2 if grid.gaps else 1
            assert (read.cells, read.step) == (-(-grid.cells // step), step * grid.step), name
            for cell in range(read.cells):  # it sees the same pixels
                assert cell * read.step + read.low == step * cell * grid.step + grid.low
            assert read.sight == grid.sight
