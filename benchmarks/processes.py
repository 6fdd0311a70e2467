"""The driver's side of a worker: starts it, asks, sees what it uses, ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.engines import ENGINES, Unavailable

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "build" / "bench-venv" / "bin" / "python"


def python(ours: bool) -> str:
    """Return the Python of this project's environment, or of the peers'."""
    return sys.executable if ours else str(PEERS)


class Process:
    """A running worker, ready to be asked.

    Parameters
    ----------
    name : str
        A key of `ENGINES`.
    folder : Path
        Holds the network; the worker's own words go to a ``.log`` there.
    threads : int
    count : int
        How many photographs it predicts before it is ready.
    environment : dict of str to str, optional
        Variables beside those of this process.

    Attributes
    ----------
    seconds : float
        From before the process was started until it had predicted.

    Raises
    ------
    Unavailable
        If this engine cannot run here.
    RuntimeError
        If it ends without an answer; holds the end of its log.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        threads: int,
        count: int = 1,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self._log = folder / f"{name.replace(' ', '-')}.log"
        command = [python(ENGINES[name].ours), "-m", "benchmarks.worker"]
        # OMP_NUM_THREADS, because libraries that come along with an engine start threads as well.
        variables = {**os.environ, "OMP_NUM_THREADS": str(threads), **(environment or {})}
        start = time.perf_counter()
        with open(self._log, "w") as log:
            self._process = subprocess.Popen(
                [*command, name, str(folder), str(threads), str(count)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                env=variables,
            )
        try:
            self._answer()
        except BaseException:
            self.close()
            raise
        self.seconds = time.perf_counter() - start

    def ask(self, do: str, **options: Any) -> Any:
        """Return what the worker's method of this name answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **options}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            end = "\n".join(self._log.read_text().splitlines()[-15:])
            raise RuntimeError(f"{self.name} ended without an answer:\n{end}")
        answer = json.loads(line)
        if "unavailable" in answer:
            raise Unavailable(answer["unavailable"])
        return answer["answer"]

    def cpu(self) -> float:
        """Return how many seconds of CPU the process has used; 0 if the system does not say."""
        try:
            # The second field, its name, may hold spaces; all others are numbers after it.
            stat = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End the process: nobody asks any more."""
        try:
            self._process.communicate(timeout=10)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.communicate()

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
