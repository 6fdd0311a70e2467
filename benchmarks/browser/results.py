"""The results of the browser's benchmark, as they are kept on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Seen:
    """An explorer in one host, on one network.

    Attributes
    ----------
    host, network : str
    figures : dict of str to list of float
        Milliseconds; updates a second for `figures.RATE`.
    way : list of list of float
        For each answer under the brush the times of `figures.WAY`.
    moves : float
        How many places of the pointer the page saw in a second while it brushed.
    """

    host: str
    network: str
    figures: dict[str, list[float]] = field(default_factory=dict)
    way: list[list[float]] = field(default_factory=list)
    moves: float = 0.0


@dataclass
class Results:
    """A run of the benchmark.

    Attributes
    ----------
    date, cpu, widest, chromium : str
    versions : dict of str to str
    seen : list of Seen
    stolen : float
        Share of the CPUs' time that the host of this machine took.
    others : list of float
        Share of the CPUs' time that programs used in the pauses before, between and after.
    minutes : float
    whole : bool
        Whether all was measured, as often as it should be.
    """

    date: str
    cpu: str
    widest: str
    chromium: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    stolen: float = 0.0
    others: list[float] = field(default_factory=list)
    minutes: float = 0.0
    whole: bool = False

    def save(self, path: Path) -> None:
        """Write all as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


def read(path: Path) -> Results:
    """Return what `Results.save` wrote."""
    record = json.loads(path.read_text())
    seen = [Seen(**each) for each in record.pop("seen")]
    return Results(**record, seen=seen)
