"""A B C A B C ...: engines take turns, so that what the machine does meanwhile meets them all."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any, Protocol

PAUSE = 0.1  # seconds before each turn: threads of the engine before go on waiting busily for some
WARM_UP = 2  # calls of each kind in a new process: kernels are made, TorchScript looks at types

#: figure, then engine, to a value for each round
Values = dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class Figure:
    """What is timed in a turn.

    Attributes
    ----------
    name : str
    engines : tuple of str
        In the order of their turns.
    question : dict
        What is asked of a worker, without the numbers of calls.
    repeats : int
        Calls in a turn that count: their median is the turn's value.
    unmeasured : int
        Calls in a turn before those that count.
    every : int
        In which rounds: 1 for all, 2 for each second one ...
    warm_up : int
        Calls in each new process before the first round.
    """

    name: str
    engines: tuple[str, ...]
    question: dict[str, Any]
    repeats: int
    unmeasured: int = 1
    every: int = 1
    warm_up: int = WARM_UP


class Asked(Protocol):
    """What a turn needs of a process."""

    def ask(self, do: str, **options: Any) -> Any: ...
    def cpu(self) -> float: ...
    def close(self) -> None: ...


@dataclass
class Turns:
    """What was seen: `values`, and in each turn how many CPUs the waiting workers used (`idle`)."""

    values: Values = field(default_factory=dict)
    idle: list[float] = field(default_factory=list)


def take_turns(
    figures: Sequence[Figure],
    start: Callable[[str], Asked],
    *,
    rounds: int,
    generations: int,
    say: Callable[[str], None] = lambda text: None,
) -> Turns:
    """Measure figures in interleaved rounds.

    Parameters
    ----------
    figures : sequence of Figure
    start : callable
        ``start(engine)`` returns its process.
    rounds : int
    generations : int
        How many processes each engine gets one after the other: where one happens to lie in memory
        makes it a little faster or slower for as long as it lives.
    say : callable
        Told of each round.
    """
    turns = Turns()
    engines = list(dict.fromkeys(name for figure in figures for name in figure.engines))
    for part in parts(rounds, generations):
        with ExitStack() as stack:
            processes = {name: stack.enter_context(closing(start(name))) for name in engines}
            for figure in figures:
                for name in figure.engines if figure.warm_up else ():
                    processes[name].ask(**figure.question, unmeasured=0, repeats=figure.warm_up)
            for number in part:
                for figure in figures:
                    if number % figure.every == 0:
                        _take(figure, processes, turns)
                say(f"round {number + 1} of {rounds}")
    return turns


def parts(rounds: int, generations: int) -> Iterator[range]:
    """Yield the numbers of the rounds, shared out between generations of processes."""
    generations = max(1, min(rounds, generations))
    edges = [rounds * n // generations for n in range(generations + 1)]
    for first, end in itertools.pairwise(edges):
        yield range(first, end)


def _take(figure: Figure, processes: dict[str, Asked], turns: Turns) -> None:
    for name in figure.engines:
        waiting = [process for other, process in processes.items() if other != name]
        time.sleep(PAUSE)
        used, start = sum(process.cpu() for process in waiting), time.perf_counter()
        seconds = processes[name].ask(
            **figure.question, unmeasured=figure.unmeasured, repeats=figure.repeats
        )
        used = sum(process.cpu() for process in waiting) - used
        turns.idle.append(used / (time.perf_counter() - start))
        values = turns.values.setdefault(figure.name, {})
        values.setdefault(name, []).append(statistics.median(seconds))
