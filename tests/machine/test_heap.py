"""Memory that nobody uses goes back to the system, when a worker rests."""

import os
import platform
import subprocess
import sys
import threading

import pytest

from conus_widgets import worker as module
from conus_widgets.worker import Worker

HELD = """
import threading
import numpy as np
from conus_widgets.machine.heap import give_back

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

kept = []
def work():
    layers = [np.ones(12_000) for _ in range(1000)]  # 96 kB each: malloc's heaps, no maps
    kept.append(layers[-1])
thread = threading.Thread(target=work)
thread.start()
thread.join()
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc is not glibc's here")
def test_one_layer_that_lives_on_does_not_keep_the_freed_ones():
    run = subprocess.run(
        [sys.executable, "-c", HELD], capture_output=True, text=True, check=True, timeout=60
    )
    assert float(run.stdout) > 50, "of 96 MB that were freed"


def test_a_worker_that_rests_gives_back_once_and_goes_on(monkeypatch):
    given = threading.Semaphore(0)
    monkeypatch.setattr(module, "REST", 0.02)
    monkeypatch.setattr(module, "give_back", given.release)
    worker = Worker(threading.Event)  # stands for a network
    try:
        done = []
        for number in range(2):
            ticket = worker.submit("somebody", lambda predictor, _, n=number: done.append(n))
            assert ticket.wait(10) and done[-1] == number
            assert given.acquire(timeout=10)
            assert not given.acquire(timeout=0.2), "once for each rest"
    finally:
        worker.close()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc is not glibc's here")
def test_memory_is_kept_in_a_process_that_was_told_to_give_it_back():
    """As Dask tells its workers; page faults are counted, not time."""
    code = (
        "import resource, sys\n"
        "import numpy as np\n"
        "from conus_widgets.machine import heap\n"
        "if sys.argv[1] == 'keep': heap.keep()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(50): np.ones(500_000)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)"
    )
    faults = {}
    for how in ("keep", "told"):
        found = subprocess.run(
            [sys.executable, "-c", code, how],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "MALLOC_TRIM_THRESHOLD_": "65536"},
        )
        faults[how] = int(found.stdout)
    assert faults["keep"] * 5 < faults["told"], faults
