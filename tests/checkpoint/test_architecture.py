"""The table against the paper, and against how Lasagne counts."""

import numpy as np
import pytest

from conus_widgets.checkpoint.architecture import Architecture, connect, propagate_strides
from conus_widgets.machine.runtime import lasagne
from conus_widgets.network.resnet import build

# He et al. 2015, table 1, column "50-layer": rows of a stage, and how often they stand there.
PAPER = {
    "conv2_x": ([(1, 64), (3, 64), (1, 256)], 3),
    "conv3_x": ([(1, 128), (3, 128), (1, 512)], 4),
    "conv4_x": ([(1, 256), (3, 256), (1, 1024)], 6),
    "conv5_x": ([(1, 512), (3, 512), (1, 2048)], 3),
}


def papers_convolutions():
    """Return (size, channels, filters) of all convolutions, a projection where shapes change."""
    found, channels = [(7, 3, 64)], 64
    for rows, times in PAPER.values():
        for number in range(times):
            if number == 0:
                found.append((1, channels, rows[-1][1]))
            for size, filters in rows:
                found.append((size, channels, filters))
                channels = filters
    return found


def test_at_width_1_it_is_the_table_of_the_paper():
    ours = [(c.size, c.channels, c.filters) for c in Architecture(70).convolutions()]
    assert ours == papers_convolutions()
    assert Architecture(70).features == 2048


def test_the_published_network_has_268_arrays_and_as_many_numbers_as_the_paper_says():
    """53 convolutions of five arrays, one bias more, and two of the dense layer: 268."""
    convolutions = papers_convolutions()
    shapes = [shape for _, shape in Architecture(70).parameters()]
    assert len(shapes) == 53 * 5 + 1 + 2 == 268
    numbers = sum(size**2 * channels * filters for size, channels, filters in convolutions)
    channels = sum(filters for *_, filters in convolutions)
    expected = numbers + 4 * channels + 64 + 2048 * 70 + 70
    assert sum(int(np.prod(shape)) for shape in shapes) == expected


def test_with_1000_classes_it_is_as_large_as_torchvisions_resnet50():
    """torchvision documents 25,557,032 parameters (IMAGENET1K weights): without a bias in conv1,
    and without mean and variance, which it counts as buffers."""
    trained = [
        int(np.prod(shape))
        for name, shape in Architecture(1000).parameters()
        if not name.endswith((".mean", ".inv_std")) and name != "conv1.b"
    ]
    assert sum(trained) == 25_557_032


@pytest.mark.parametrize("stride_on", ["1x1", "3x3"])
@pytest.mark.parametrize("pool", ["ceil", "pad1"])
@pytest.mark.parametrize(("width", "stem"), [(1, 64), (0.5, 64), (0.25, 32), (0.07, 5)])
def test_names_and_shapes_are_those_of_lasagne_in_its_order(stride_on, pool, width, stem):
    architecture = Architecture(9, width=width, stem=stem, stride_on=stride_on, pool=pool)
    parameters = lasagne.layers.get_all_params(build(architecture)["logits"])
    found = [(p.name, p.get_value(borrow=True).shape) for p in parameters]
    assert found == architecture.parameters()


def strides(stride_on):
    return {c.name: c.stride for c in Architecture(2, stride_on=stride_on).convolutions()}


@pytest.mark.parametrize(("stride_on", "halving"), [("1x1", "branch2a"), ("3x3", "branch2b")])
def test_three_stages_halve_the_resolution_in_one_convolution_and_beside_it(stride_on, halving):
    found = {name for name, stride in strides(stride_on).items() if stride == 2}
    expected = {f"res{stage}a_{part}" for stage in (3, 4, 5) for part in ("branch1", halving)}
    assert found == expected | {"conv1"}


def test_the_variants_differ_in_nothing_but_strides():
    assert Architecture(3, stride_on="3x3").parameters() == Architecture(3).parameters()


def test_connect_hands_each_convolution_the_channels_that_it_expects():
    """A stand-in for the engines: an "array" is its number of channels and its resolution."""
    architecture, seen = Architecture(3, width=0.25, stem=24), []

    def convolve(x, convolution, relu, residual):
        channels, cells = x
        assert channels == convolution.channels, convolution.name
        y = convolution.filters, cells // convolution.stride
        assert residual is None or residual == y, convolution.name
        seen.append((convolution.name, relu, residual is not None))
        return y

    found = connect(architecture, (3, 224), convolve, lambda x: (x[0], x[1] // 2))
    assert [name for name, *_ in seen] == [c.name for c in architecture.convolutions()]
    assert list(found)[:3] == ["conv1", "pool1", "res2a"] and len(found) == 18
    assert found["res5c"] == (architecture.features, 7)
    # A projection has no ReLU; the sum has one, behind a block's last convolution.
    assert {name for name, relu, _ in seen if not relu} == {
        f"res{n}a_branch1" for n in (2, 3, 4, 5)
    }
    assert {name for name, _, sums in seen if sums} == {f"{n}_branch2c" for n in list(found)[2:]}


def multiplications(blocks, cells=56):
    """Of blocks on a square of cells, and the cells of each block's output."""
    total, sides = 0, {}
    for block in blocks:
        side, beside = cells, block.projection
        if beside:
            total += (cells // beside.stride) ** 2 * beside.channels * beside.filters
        for c in block.branch:
            side = -(-side // c.stride)
            total += side**2 * c.size**2 * c.channels * c.filters
        shortcut = beside.stride if beside else block.step
        assert side == -(-cells // shortcut), block.name
        sides[block.name] = cells = side
    return total, sides


def test_only_the_cells_that_are_read_are_computed():
    """The strides stand one block earlier, and a tenth of the work is spared."""
    plain = Architecture(68)
    every, sides = multiplications(plain.blocks())
    read, fewer = multiplications(propagate_strides(plain.blocks()))
    stem = 112**2 * 7 * 7 * 3 * 64
    assert 0.096 < 1 - (read + stem) / (every + stem) < 0.098
    assert {n for n in sides if sides[n] != fewer[n]} == {"res2c", "res3d", "res4f"}
    assert all(fewer[n] == sides[n] / 2 for n in ("res2c", "res3d", "res4f"))
    kept = [(c.name, c.channels, c.filters, c.size) for b in plain.blocks() for c in b.branch]
    assert kept == [
        (c.name, c.channels, c.filters, c.size)
        for b in propagate_strides(plain.blocks())
        for c in b.branch
    ]


def test_where_all_cells_are_read_nothing_changes():
    blocks = list(Architecture(68, stride_on="3x3").blocks())
    assert list(propagate_strides(blocks)) == blocks


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"classes": 0}, "0 classes"),
        ({"width": 0}, "width 0"),
        ({"width": float("nan")}, "width nan"),
        ({"width": 4.5}, "width 4.5"),
        ({"stem": 0}, "stem 0"),
        ({"size": 31}, "size 31"),
        ({"stride_on": "2x2"}, "stride_on is '2x2'"),
        ({"pool": "floor"}, "pool is 'floor'"),
    ],
)
def test_an_impossible_network_is_refused_with_its_numbers(options, words):
    with pytest.raises(ValueError, match=words):
        Architecture(**{"classes": 3, **options})
