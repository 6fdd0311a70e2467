"""Sizes of batches: stated limits of memory, and that they hold."""

import numpy as np
import pytest
from op_cases import run

from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.machine import allowance
from conus_widgets.machine.machine import SetupError
from conus_widgets.network import memory

FULL = Architecture(70)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("memory.max", "max\n", float("inf")),
        ("memory.max", "1073741824\n", 2.0**30),
        ("memory/memory.limit_in_bytes", "2147483648\n", 2.0**31),
        ("memory/memory.limit_in_bytes", "9223372036854771712\n", float("inf")),
        ("elsewhere", "1", float("inf")),
    ],
)
def test_the_limit_of_a_container(tmp_path, file, text, expected):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    assert allowance.cgroup_bytes(tmp_path) == expected


def test_the_limit_that_somebody_states_wins(monkeypatch):
    monkeypatch.setenv("CONUS_MEMORY_MB", "500")
    assert memory.limit() == 500e6


@pytest.mark.parametrize("text", ["0", "much", "-3", "1.5"])
def test_a_limit_that_is_no_number_is_refused(monkeypatch, text):
    monkeypatch.setenv("CONUS_MEMORY_MB", text)
    with pytest.raises(SetupError, match=f"CONUS_MEMORY_MB is '{text}'"):
        memory.limit()


def test_less_room_means_smaller_batches_and_never_none(monkeypatch):
    small = Architecture(5, width=0.25, stem=16, size=64)
    monkeypatch.setattr(memory, "resident", lambda: 300e6)
    each, once = memory.gradient_bytes(small), memory.packed_bytes(small)
    for count in (0, 1, 3, 7, 100):
        megabytes = (300e6 + 2 * once + (count + 0.5) * each) / 1e6
        monkeypatch.setenv("CONUS_MEMORY_MB", str(round(megabytes)))
        assert memory.batch(small, gradient=True) == min(max(count, 1), memory.BATCH)


def test_large_outputs_are_computed_one_by_one():
    widths = [0.0625, 0.125, 0.25, 0.5, 1]
    architectures = [Architecture(5, width=w, stem=int(64 * w)) for w in widths]
    found = list(map(memory.batch, architectures))
    assert found == [8, 8, 4, 2, 1]
    back = [memory.batch(of, gradient=True) for of in architectures]
    assert back == [8, 8, 8, 4, 2]
    words = [memory.batch(of, precision="bfloat16") for of in architectures]
    assert words == [8, 8, 8, 4, 2]  # half as large


@pytest.mark.parametrize("limit", [480, 800])
def test_the_stated_limit_holds_for_the_network_of_full_width(limit):
    """Peak memory of a process that looks at 16 photographs in front and back."""
    printed = run(
        """
        import sys
        import numpy as np
        sys.path.insert(0, "tests")
        from networks import random_arrays, random_checkpoint
        from conus_widgets.checkpoint.architecture import Architecture
        from conus_widgets.network.network import Network

        class Drawn:  # one array at a time, as from a checkpoint on disk
            def __iter__(self):
                rng = np.random.default_rng(0)
                for name, shape in Architecture(70).parameters():
                    yield rng.normal(0, 0.02, shape).astype("float32")

        network = Network(random_checkpoint(Architecture(70), arrays=Drawn()))
        x = np.zeros((16, 3, 224, 224), "float32")
        network.forward(x)
        network.gradients(x, np.ones(70))
        print(network.batch, network.gradient_batch)
        # Not ru_maxrss, which may be that of the process that started this one.
        status = open("/proc/self/status").read()
        print(int(status.split("VmHWM:")[1].split()[0]) / 1e3)
        """,
        CONUS_MEMORY_MB=str(limit),
    )
    peak = float(printed.split()[-1])
    assert peak < limit, printed


def test_what_a_photograph_takes_grows_with_the_network():
    small = Architecture(5, width=0.25, stem=16, size=64)
    assert memory.forward_bytes(small) < memory.forward_bytes(FULL) / 20
    assert memory.gradient_bytes(small) < memory.gradient_bytes(FULL) / 20
    assert np.isfinite(memory.gradient_bytes(FULL))
