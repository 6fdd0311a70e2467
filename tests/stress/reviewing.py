"""A review in a process of its own, as a kernel runs it, which may be killed at any moment."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]

CHILD = """
import json, resource, signal, sys
from conus_widgets.collection import Collection
from conus_widgets.collection.verdict_log import LogError
from conus_widgets.collection.verdicts import Verdict

store, by, most = sys.argv[1:]
if int(most):  # stands in for a full disk, in this process only
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), hard))
review = Collection.open(store).seen_by(by).review(by)
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    verdict = Verdict.from_dict(json.loads(line))
    try:
        review.add(verdict)
        said = {"saved": verdict.id}
    except LogError as error:
        said = {"refused": verdict.id, "why": str(error)}
    print(json.dumps(said), flush=True)
"""


class Kernel:
    """A process that saves the verdicts that it is sent, and says so.

    Parameters
    ----------
    store : Path
    by : str
        The reviewer.
    most : int
        Bytes that its log may have; 0 for no limit.
    """

    def __init__(self, store, by, *, most=0):
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(store), by, str(most)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), *sys.path])},
        )
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._process.stdout, selectors.EVENT_READ)
        self._rest = b""
        self._said = []
        assert self.hear(60) == {"ready": True}

    def send(self, verdict):
        """Send a verdict; the answer is heard later."""
        self._process.stdin.write(json.dumps(verdict.to_dict()).encode() + b"\n")
        self._process.stdin.flush()

    def hear(self, seconds):
        """Return what it says next; None if it says nothing for so long, or has ended."""
        end = time.monotonic() + seconds
        while not self._said:
            if not self._ready.select(max(0, end - time.monotonic())):
                return None
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                return None
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._said += [json.loads(line) for line in lines]
        return self._said.pop(0)

    def kill(self):
        """Kill it, and return all that it had said before."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        said = []
        while (one := self.hear(1)) is not None:
            said.append(one)
        self._close()
        return said

    def end(self):
        """Have it end by itself."""
        self._process.stdin.close()
        assert self._process.wait(30) == 0
        self._close()

    def _close(self):
        self._ready.close()
        self._process.stdout.close()
