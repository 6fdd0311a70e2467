"""The project's targets, and whether they were reached."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.ratios import Spread, fastest, ratio, spread
from benchmarks.results import Results

FLOAT32 = ("onnxruntime", "openvino")
PYTORCH = ("pytorch",)
CAPTUM = ("captum",)
OPENVINO_BFLOAT16 = ("openvino bfloat16",)


@dataclass(frozen=True)
class Target:
    """A figure that is to be at most so much.

    Attributes
    ----------
    figure : str
        A key of `Results.seconds` or `Results.bytes`.
    at_most : float
        A ratio to a peer, or in `unit` if there is no peer.
    peers : tuple of str
        The one with the lowest median counts.
    ours : str
    unit : {"s", "MB"}
    """

    figure: str
    at_most: float
    peers: tuple[str, ...] = ()
    ours: str = "ours"
    unit: str = "s"


#: For Intel with AVX-512; bfloat16 for AMX. On other processors they are reported.
TARGETS = (
    Target("forward of 1", 0.97, FLOAT32),
    Target("forward of 8", 0.93, FLOAT32),
    Target("forward of 32", 0.93, FLOAT32),
    Target("gradient of 1", 0.52, PYTORCH),
    Target("occlusion", 0.50, CAPTUM),
    Target("occlusion, drill-down", 0.22, CAPTUM),
    Target("occlusion, first picture", 1.0),
    Target("SmoothGrad of 50", 0.80, CAPTUM),
    Target("peak memory of occlusion", 700, unit="MB"),
    Target("start, warm", 0.6, PYTORCH),
    Target("start, warm", 2.0),
    Target("start, cold cache", 15.0),
    Target("peak memory of 1", 0.85, PYTORCH),
    Target("bfloat16 forward of 1", 1.0, OPENVINO_BFLOAT16, "ours bfloat16"),
    Target("bfloat16 forward of 8", 1.0, OPENVINO_BFLOAT16, "ours bfloat16"),
)


@dataclass(frozen=True)
class Verdict:
    """What was seen beside a target; `seen` is None if it was not measured."""

    target: Target
    peer: str | None = None
    seen: Spread | None = None

    @property
    def met(self) -> bool:
        """Whether the median is low enough."""
        return self.seen is not None and self.seen.median <= self.target.at_most


def judge(results: Results) -> list[Verdict]:
    """Hold results against all targets."""
    verdicts = []
    measured = {**results.seconds, **results.bytes}
    for target in TARGETS:
        values = measured.get(target.figure, {})
        ours = values.get(target.ours)
        peer = fastest(values, target.peers)
        if ours and peer:
            verdicts.append(Verdict(target, peer, ratio(ours, values[peer])))
        elif ours and not target.peers:
            size = 1e6 if target.unit == "MB" else 1
            verdicts.append(Verdict(target, None, spread([value / size for value in ours])))
        else:
            verdicts.append(Verdict(target))
    return verdicts
