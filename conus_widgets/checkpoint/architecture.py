"""ResNet50 as one table.

He et al., "Deep Residual Learning for Image Recognition", 2015, arXiv:1512.03385, table 1, column
"50-layer": a 7x7 stem, four stages of bottleneck blocks, the mean over all cells, one dense layer.
Imports nothing of Theano: every engine walks through the same table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

#: name of the stage, filters of its 1x1 and 3x3 convolutions at width 1, number of blocks
STAGES = (("res2", 64, 3), ("res3", 128, 4), ("res4", 256, 6), ("res5", 512, 3))
EXPANSION = 4  # a block's last 1x1 convolution has four times the filters of the others


@dataclass(frozen=True)
class Convolution:
    """One convolution and the batch norm after it. `pad` zeros stand on each side."""

    name: str
    channels: int
    filters: int
    size: int
    stride: int = 1
    pad: int = 0
    bias: bool = False


@dataclass(frozen=True)
class Block:
    """A bottleneck: three convolutions beside a shortcut, projected if shapes change.

    A shortcut without a projection takes every `step`-th cell: see `propagate_strides`.
    """

    name: str
    branch: tuple[Convolution, Convolution, Convolution]
    projection: Convolution | None
    step: int = 1


@dataclass(frozen=True)
class Architecture:
    """What must be known to build the network that a checkpoint belongs to.

    Parameters
    ----------
    classes : int
        Number of classes.
    width : float
        Scales the filters of the four stages; 1 is ResNet50.
    stem : int
        Filters of the first convolution.
    stride_on : {"1x1", "3x3"}
        Which convolution of a stage's first block halves the resolution: the original network's
        first 1x1, or the 3x3 of torchvision ("ResNet v1.5").
    pool : {"ceil", "pad1"}
        First max pooling, 3x3 with stride 2: unpadded, the last partial window kept (original), or
        with one cell of padding on each side (torchvision).
    size : int
        Height and width of the input in pixels.

    Raises
    ------
    ValueError
        If a value is not one of those above.
    """

    classes: int
    width: float = 1.0
    stem: int = 64
    stride_on: str = "1x1"
    pool: str = "ceil"
    size: int = 224

    def __post_init__(self) -> None:
        for name, known in (("stride_on", ("1x1", "3x3")), ("pool", ("ceil", "pad1"))):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}: use one of {known}.")
        fits = 0 < self.width <= 4 and 32 <= self.size <= 2048
        if self.classes < 1 or self.stem < 1 or not fits:
            raise ValueError(
                f"No network has {self.classes} classes, width {self.width}, stem {self.stem} and "
                f"size {self.size}: at least 1 class, width above 0 and up to 4, stem at least 1, "
                "size from 32 to 2048 are needed."
            )

    @property
    def convolution1(self) -> Convolution:
        """The stem; the published network gave it a bias although a batch norm follows."""
        return Convolution("conv1", 3, self.stem, size=7, stride=2, pad=3, bias=True)

    def blocks(self) -> Iterator[Block]:
        """Yield the 16 blocks in order; their names are res2a ... res5c."""
        channels = self.stem
        for stage, base, count in STAGES:
            middle = self._middle(base)
            out = EXPANSION * middle
            for number in range(count):
                name = stage + "abcdef"[number]
                stride = 2 if number == 0 and stage != "res2" else 1
                first, second = (stride, 1) if self.stride_on == "1x1" else (1, stride)
                branch = (
                    Convolution(f"{name}_branch2a", channels, middle, 1, first),
                    Convolution(f"{name}_branch2b", middle, middle, 3, second, pad=1),
                    Convolution(f"{name}_branch2c", middle, out, 1),
                )
                projection = Convolution(f"{name}_branch1", channels, out, 1, stride)
                yield Block(name, branch, projection if number == 0 else None)
                channels = out

    def _middle(self, base: int) -> int:
        return max(1, round(base * self.width))

    def convolutions(self) -> Iterator[Convolution]:
        """Yield the 53 convolutions in the order of their parameters in a checkpoint."""
        yield self.convolution1
        for block in self.blocks():
            if block.projection:
                yield block.projection
            yield from block.branch

    def layers(self) -> Iterator[str]:
        """Yield the names of the layers that can be looked into: conv1, pool1, res2a ... res5c."""
        yield from ("conv1", "pool1")
        yield from (block.name for block in self.blocks())

    @property
    def features(self) -> int:
        """Length of the feature vector in front of the dense layer: 2048 at width 1."""
        _, base, _ = STAGES[-1]
        return EXPANSION * self._middle(base)

    def parameters(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return names and shapes of all arrays in the order of `lasagne.layers.get_all_params`."""
        found: list[tuple[str, tuple[int, ...]]] = []
        for c in self.convolutions():
            found.append((f"{c.name}.W", (c.filters, c.channels, c.size, c.size)))
            if c.bias:
                found.append((f"{c.name}.b", (c.filters,)))
            of_batch_norm = ("beta", "gamma", "mean", "inv_std")
            found += [(f"{c.name}_bn.{name}", (c.filters,)) for name in of_batch_norm]
        found.append(("logits.W", (self.features, self.classes)))
        found.append(("logits.b", (self.classes,)))
        return found


def propagate_strides(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks so that each computes only the cells that the next one reads.

    If a block begins with convolutions of one pixel and a stride of 2, three of four cells before
    it are never read. The stride then moves into the block before: into its 3x3 convolution and its
    shortcut. What follows is the same, to the last block; only the layer between the two has a
    quarter of its cells. At full width and 224 pixels that spares 9.7 % of all multiplications.

    If the stride stands in the 3x3 convolution ("ResNet v1.5") all cells are read, and nothing
    changes. Not for training: batch statistics would be those of a quarter of the cells.
    """
    for block, following in pairwise([*blocks, None]):
        assert block is not None
        if block.branch[0].stride > 1:  # taken over by the block before
            first, second, third = block.branch
            assert block.projection is not None
            block = replace(
                block,
                branch=(replace(first, stride=1), second, third),
                projection=replace(block.projection, stride=1),
            )
        if following is not None and (step := following.branch[0].stride) > 1:
            first, second, third = block.branch
            block = replace(block, branch=(first, replace(second, stride=step), third), step=step)
        yield block


def connect(
    architecture: Architecture,
    x: Any,
    convolve: Any,
    pool: Any,
    subsample: Callable[[Any, int], Any] | None = None,
) -> dict[str, Any]:
    """Walk through the table from the input to the last block, with whatever is to be built.

    Parameters
    ----------
    architecture : Architecture
    x : object
        The input.
    convolve : callable
        ``convolve(x, convolution, relu, residual)`` returns the output of a convolution and its
        batch norm, plus `residual` if it is not None, through ReLU if `relu` is true.
    pool : callable
        ``pool(x)`` returns the output of the first max pooling.
    subsample : callable, optional
        ``subsample(x, step)`` returns every `step`-th cell of each row and column. If it is given,
        only the cells that are read later are computed: see `propagate_strides`.

    Returns
    -------
    dict
        "conv1", "pool1" and each block's output ("res2a" ... "res5c"), in order.

    Notes
    -----
    A shortcut is built before the branch beside it: this is the order of the parameters in a
    checkpoint.
    """
    found = {"conv1": convolve(x, architecture.convolution1, True, None)}
    found["pool1"] = current = pool(found["conv1"])
    blocks = architecture.blocks()
    for block in blocks if subsample is None else propagate_strides(blocks):
        found[block.name] = current = connect_block(block, current, convolve, subsample)
    return found


def connect_block(
    block: Block, x: Any, convolve: Any, subsample: Callable[[Any, int], Any] | None = None
) -> Any:
    """Walk through one block from what it reads; parameters as in `connect`."""
    shortcut = x
    if block.projection:
        shortcut = convolve(x, block.projection, False, None)
    elif block.step > 1:
        assert subsample is not None
        shortcut = subsample(x, block.step)
    for c in block.branch[:2]:
        x = convolve(x, c, True, None)
    return convolve(x, block.branch[2], True, shortcut)
