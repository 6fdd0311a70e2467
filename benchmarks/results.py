"""The results as they are kept on disk: table and figure can be made again from them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.answers import Agreement
from benchmarks.rounds import Values


@dataclass
class Results:
    """A run of the benchmark.

    Attributes
    ----------
    date, cpu, widest, python : str
    threads : int
    versions : dict of str to str
    agreements : list of Agreement
    seconds : Values
        Times, a value for each round.
    bytes : Values
        Peaks of memory.
    batches : Values
        Seconds for each photograph, for each size of a batch (see `batches`).
    chosen : dict of str to int
        The sizes that this project chooses.
    idle : float
        Median of how many CPUs the waiting workers used during a turn.
    stolen : float
        Share of the CPUs' time that the host took.
    others : float
        Share of the CPUs' time that programs took which have nothing to do with this.
    whole : bool
        Whether all was measured, as often as it should be.
    minutes : float
        How long it all took.
    remarks : list of str
        What was left out, and why.
    """

    date: str
    cpu: str
    widest: str
    python: str
    threads: int
    versions: dict[str, str] = field(default_factory=dict)
    agreements: list[Agreement] = field(default_factory=list)
    seconds: Values = field(default_factory=dict)
    bytes: Values = field(default_factory=dict)
    batches: Values = field(default_factory=dict)
    chosen: dict[str, int] = field(default_factory=dict)
    idle: float = 0.0
    stolen: float = 0.0
    others: float = 0.0
    whole: bool = False
    minutes: float = 0.0
    remarks: list[str] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write all as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


def read(path: Path) -> Results:
    """Return what `Results.save` wrote."""
    record = json.loads(path.read_text())
    agreements = [Agreement(**each) for each in record.pop("agreements")]
    return Results(**record, agreements=agreements)
