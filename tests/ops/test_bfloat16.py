"""bfloat16: exact conversions everywhere, and what it costs in exactness.

Where the processor has no bfloat16, the network is computed with float32 of rounded numbers, step
by step: the definition of what the fast kernels compute, with sums in another order.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from networks import SMALL, photographs, random_checkpoint
from op_cases import processor_has

from conus_widgets import ops, shells
from conus_widgets.loading import load_predictor
from conus_widgets.machine.runtime import T, theano
from conus_widgets.network.inference import fold, look_forward
from conus_widgets.network.network import Network
from conus_widgets.ops.bfloat16 import NEEDED

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)

LOGITS = 0.01  # largest difference to float32, in units of the logits' range: see docs/ops.md


@pytest.fixture(scope="module")
def convert():
    x = T.ftensor4()
    words = ops.to_bfloat16(x)
    return theano.function([x], [words, ops.from_bfloat16(words)])


def test_numbers_are_rounded_to_the_nearest(convert):
    rng = np.random.default_rng(0)
    x = (
        rng.standard_normal((3, 50, 60, 7)) * 10.0 ** rng.integers(-30, 30, (3, 50, 60, 7))
    ).astype("float32")
    words, back = convert(x)
    # Neighbours: the word below and above in magnitude.
    below = (x.view("uint32") >> 16 << 16).view("float32").astype("float64")
    above = ((x.view("uint32") >> 16) + 1 << 16).view("float32").astype("float64")
    nearest = np.where(np.abs(above - x) < np.abs(x - below), above, below)
    ties = np.abs(above - x) == np.abs(x - below)
    np.testing.assert_array_equal(back[~ties], nearest[~ties].astype("float32"))
    np.testing.assert_array_equal(words, back.view("uint32") >> 16)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1.0, 1.0),
        (1 + 2**-8, 1.0),  # a tie: to even
        (1 + 3 * 2**-8, 1 + 2**-6),  # a tie: to even, upwards
        (-(1 + 2**-8 + 2**-20), -(1 + 2**-7)),
        (0.0, 0.0),
        (np.inf, np.inf),
        (-np.inf, -np.inf),
        (3.4e38, np.inf),  # beyond the largest bfloat16
        (np.nan, np.nan),
    ],
)
def test_single_numbers(convert, number, expected):
    found = convert(np.full((1, 1, 1, 1), number, "float32"))[1].item()
    np.testing.assert_equal(found, np.float32(expected))


def test_a_nan_of_any_form_stays_one(convert):
    words = np.array([0x7F800001, 0x7FFFFFFF, 0xFF800001, 0xFFFFFFFF], "uint32")
    assert np.isnan(convert(words.view("float32").reshape(1, 1, 1, 4))[1]).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "cells",
    [np.s_[:], np.s_[..., ::2, :], np.s_[..., ::2], np.s_[..., ::-1], np.s_[..., :1], np.s_[1:]],
    ids=["all", "rows", "columns", "mirrored", "one column", "one image"],
)
def test_views_are_converted_in_their_own_order(convert, channels, cells):
    """Channels that lie in planes, too, as those of photographs do."""
    planes = np.arange(2 * channels * 15, dtype="float32").reshape(2, channels, 5, 3)
    x = np.moveaxis(planes[cells], 1, 3)
    for view in (planes.transpose(0, 2, 3, 1), x, x[:, 1:, :, ::-1]):
        np.testing.assert_array_equal(convert(view)[1], view)


def test_other_dtypes_are_refused():
    with pytest.raises(TypeError, match="4 axes of uint16, not 4 of float32"):
        ops.from_bfloat16(T.ftensor4())
    with pytest.raises(TypeError, match="4 axes of float32, not 4 of float64"):
        ops.to_bfloat16(T.dtensor4())
    words = T.TensorType("uint16", [False] * 4)()
    weights, bias = np.zeros((4, 4, 1, 1), "float32"), np.zeros(4, "float32")
    with pytest.raises(TypeError, match="residual must have 4 axes of uint16, not 4 of float32"):
        ops.convolution(words, weights, bias, residual=T.ftensor4())


def test_gradients_are_refused_with_the_reason():
    x = T.ftensor4()
    with pytest.raises(NotImplementedError, match="wrong by 17 %"):
        T.grad(ops.from_bfloat16(ops.to_bfloat16(x)).sum(), x)


def rounded(checkpoint):
    """float32 inputs -> logits, computed in steps of bfloat16."""
    architecture = checkpoint.architecture
    look = look_forward(architecture, fold(architecture, checkpoint.arrays), precision="rounded")
    return lambda x: np.concatenate(
        [look(x[n : n + 8], outputs=["logits"])[0] for n in range(0, len(x), 8)]
    )


def drawings(predictor, count):
    """Drawings of seeds that the demonstration was never trained on."""
    kinds = list(shells.KINDS)
    images = [shells.draw(kinds[n % 16], 910_000 + n).image for n in range(count)]
    return predictor.inputs(images)


def test_the_answer_stays_on_127_of_128_drawings():
    predictor = load_predictor()
    x = drawings(predictor, 128)
    exact, found = predictor.forward(x).logits, rounded(predictor.checkpoint)(x)
    same = (exact.argmax(axis=1) == found.argmax(axis=1)).sum()
    assert same >= 127
    assert 0 < np.abs(found - exact).max() < LOGITS * np.ptp(exact)


def test_layers_are_shown_as_float32():
    look = look_forward(SMALL, fold(SMALL, random_checkpoint().arrays), precision="rounded")
    exact = look_forward(SMALL, fold(SMALL, random_checkpoint().arrays))
    x = np.random.default_rng(0).normal(0, 60, (2, 3, 64, 64)).astype("float32")
    for name in ("conv1", "pool1", "res3a"):
        (seen,), (expected,) = look(x, outputs=[name]), exact(x, outputs=[name])
        assert seen.dtype == np.float32 and seen.shape == expected.shape
        assert np.abs(seen - expected).max() < 0.05 * np.abs(expected).max(), name


@pytest.mark.parametrize("flag", [*NEEDED, "avx512f"])
def test_the_processor_is_asked(tmp_path, flag, monkeypatch):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"model name\t: one\nflags\t\t: fpu avx2 {flag} sse\n")
    found = ops.bfloat16_available(cpuinfo)
    assert bool(found) == (flag in NEEDED)
    assert found or "amx_bf16 or avx512_bf16" in found.reason
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert "ONEDNN_MAX_CPU_ISA is AVX2" in ops.bfloat16_available(cpuinfo).reason


def test_where_it_is_missing_the_network_says_so(monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    with pytest.raises(ValueError, match="bfloat16 cannot be used here: .*precision='float32'"):
        load_predictor(precision="bfloat16")


def test_another_precision_is_refused():
    with pytest.raises(ValueError, match="precision is 'float16': use 'float32' or 'bfloat16'"):
        Network(random_checkpoint(), precision="float16")


def test_between_convolutions_nothing_is_reordered_and_all_is_fused():
    """oneDNN's own list of what it runs, once the weights are packed.

    With AMX it computes all 53 convolutions; else our own kernels take eight: those of 3x3 cells
    and a stride of 1 in stages 3 and 4. In stages 2 and 5 there are too few channels or cells.
    """
    found = ops.bfloat16_available()
    if not found:
        pytest.skip(f"NO BFLOAT16 HERE, its fast kernels are not tested: {found.reason}")
    script = """
import numpy as np
from conus_widgets.loading import load_predictor
predictor = load_predictor(precision="bfloat16")
x = np.zeros((1, 3, predictor.size, predictor.size), "float32")
predictor.network.forward(x)
print("again", flush=True)
predictor.network.forward(x)
"""
    printed = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "ONEDNN_VERBOSE": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = [line for line in printed.partition("again")[2].splitlines() if ",exec," in line]
    count = 53 if processor_has("amx_bf16") else 53 - 8
    assert len(lines) == count and all(",convolution," in line for line in lines)
    assert sum("eltwise_relu" in line for line in lines) == count - 4  # shortcuts have none
    assert sum("binary_add" in line for line in lines) == 16  # one in each block
    assert sum("kh3sh2" in line for line in lines) == 3  # only the cells that are read
    assert not [line for line in lines if "ref" in line.split(",")[4]]


def test_fast_kernels_compute_what_the_steps_compute():
    found = ops.bfloat16_available()
    if not found:
        pytest.skip(f"NO BFLOAT16 HERE, its fast kernels are not tested: {found.reason}")
    predictor, fast = load_predictor(), load_predictor(precision="bfloat16")
    x = np.concatenate([drawings(predictor, 24), predictor.inputs(photographs(8))])
    exact, steps = predictor.forward(x).logits, rounded(predictor.checkpoint)(x)
    logits = fast.forward(x).logits
    assert logits.dtype == np.float32
    # Sums in another order round differently, so both stray from float32 as far.
    assert np.abs(logits - exact).max() < LOGITS * np.ptp(exact)
    assert np.abs(logits - steps).max() < LOGITS * np.ptp(exact)
    with pytest.raises(ValueError, match="Gradients need float32"):
        fast.network.gradients(x[:1], np.ones(16))
