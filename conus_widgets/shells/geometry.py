"""The form of a cone shell seen from the side: where a pixel lies on it and which way it faces.

The shell stands with its apex up. ``t`` runs along the axis from the apex (0) to the anterior end
(1); lengths are shares of the shell's length. ``phi`` counts turns round the axis; the lip of the
aperture is at ``LIP_TURN``, on the right in apertural view and at the left margin from behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.equality import ByValue

LIP_TURN = 0.22
TABLE = 1024


def smoothstep(
    low: float | NDArray[Any], high: float | NDArray[Any], x: float | NDArray[Any]
) -> Any:
    """0 below `low`, 1 above `high`, a smooth cubic between: exactly 0 and 1 outside."""
    s = (x - low) * (1 / (high - low))
    s = np.minimum(np.maximum(s, 0), 1)
    return s * s * (3 - 2 * s)


@dataclass(frozen=True, eq=False)
class Form(ByValue):
    """The proportions of one specimen, and its profile as a table over ``t``."""

    spire: float  # height of the spire
    radius: float  # half-width at the shoulder
    whorl_ratio: float  # size of a whorl relative to the next
    tilt: float  # how far the spire leans to the viewer
    lip_width: float
    gape: float  # growth of the aperture's width towards the anterior end
    left: NDArray[Any]
    right: NDArray[Any]
    slope: NDArray[Any]


def grow_form(rng: np.random.Generator) -> Form:
    """Draw the proportions of a specimen; they never depend on its kind."""
    spire = rng.uniform(0.07, 0.15) + 0.07 * rng.random() ** 2
    radius = rng.uniform(0.24, 0.325)
    curve = rng.uniform(0.8, 1.25)
    convexity = rng.uniform(0.02, 0.2)
    anterior = rng.uniform(0.17, 0.27)
    rounding = rng.uniform(0.05, 0.3)
    ratio = rng.uniform(0.58, 0.72)
    step = rng.uniform(0.02, 0.06)
    t = np.linspace(0, 1, TABLE)
    s = t / spire
    u = (t - spire) / (1 - spire)
    cone = radius * s**curve
    body = radius * (anterior + (1 - anterior) * (1 - u) + convexity * 4 * u * (1 - u) * (u > 0))
    # A soft minimum of the two lines rounds the shoulder.
    mean = (cone + body - np.sqrt((cone - body) ** 2 + (rounding * radius) ** 2)) / 2
    mean = np.maximum(mean, 0.012 * np.sqrt(np.clip(t / 0.01, 0, 1)))
    mean *= np.sqrt(np.clip(1 - (np.clip(t - 0.965, 0, None) / 0.035) ** 2, 0, 1))
    sides = []
    # The outer lip stands out a little.
    flare = rng.uniform(0.02, 0.08) * np.sin(np.pi * np.clip(u, 0, 1))
    for turn in (-0.25, 0.25):
        f = whorl_fraction(np.maximum(s, 1e-3), turn, ratio)
        scallop = step * (np.sin(np.pi * f) ** 0.7 - 0.6) * (s < 1) * smoothstep(1.0, 0.9, s)
        sides.append((mean * (1 + scallop + flare * (turn > 0))).astype(np.float32))
    return Form(
        spire=spire,
        radius=radius,
        whorl_ratio=ratio,
        tilt=rng.uniform(-0.05, 0.16),
        lip_width=rng.uniform(0.2, 0.36),
        gape=rng.uniform(0.0, 0.3),
        left=sides[0],
        right=sides[1],
        slope=np.gradient(mean, t).astype(np.float32),
    )


def whorl_fraction(s: NDArray[Any], phi: float | NDArray[Any], ratio: float) -> NDArray[Any]:
    """Place across a spire whorl, 0 at its upper suture and 1 at the next; `s` is ``t / spire``.

    Whorls shrink by `ratio` a turn, as in a logarithmic spiral, so the suture is a line of constant
    ``log(s) / log(1 / ratio) + phi``; right-handed, as nearly all cone shells are.
    """
    return np.mod(np.log(s) / np.log(1 / ratio) + phi - LIP_TURN, 1.0)


@dataclass(eq=False)
class Surface(ByValue):
    """What the viewer sees at each of n pixels of the shell: all arrays have shape (n,)."""

    t: NDArray[Any]
    u: NDArray[Any]  # place along the body whorl: 0 at the shoulder, 1 at the anterior end
    phi: NDArray[Any]
    g: NDArray[Any]  # turns, stretched so that a marking does not shrink with the girth
    girth: NDArray[Any]  # radius at this place, in shell lengths
    whorl: NDArray[Any]  # place across the spire whorl
    depth: NDArray[Any]  # cosine of the angle to the viewer: 1 in the middle, 0 at the limb
    normal: tuple[
        NDArray[Any], NDArray[Any], NDArray[Any]
    ]  # x to the right, y to the anterior end, z to the viewer
    on_spire: NDArray[Any]
    in_aperture: NDArray[Any]
    across_lip: NDArray[Any]  # 0 at the inner edge of the aperture, 1 at the lip's edge
    lip: NDArray[Any]


def locate(form: Form, x: NDArray[Any], y: NDArray[Any], view: str) -> tuple[NDArray[Any], Surface]:
    """Find which points (x, y) lie on the shell, and where.

    Parameters
    ----------
    x, y : float32 arrays, shape (m,)
        In shell lengths; x from the axis to the right, y from the apex down.
    view : {"apertural", "dorsal"}

    Returns
    -------
    inside : int array, shape (n,)
        Indices of the points on the shell.
    Surface
    """
    inside = np.flatnonzero((np.abs(x) < 1.2 * form.radius) & (y > 0) & (y < 1))
    x, y = x[inside], y[inside]
    index = (y * (TABLE - 1)).astype(np.int32)
    mirrored = view == "dorsal"
    left, right = (form.right, form.left) if mirrored else (form.left, form.right)
    half = np.where(x < 0, left[index], right[index])
    hit = np.flatnonzero(np.abs(x) < half)
    inside, x, y, index = inside[hit], x[hit], y[hit], index[hit]
    edge_left, edge_right = left[index], right[index]
    u_plane = (y - form.spire) / (1 - form.spire)

    inner = edge_right
    in_aperture = np.zeros(len(x), bool)
    across = np.zeros(len(x), np.float32)
    if not mirrored:
        width = form.radius * (form.lip_width + form.gape * u_plane)
        width = np.minimum(width, 1.35 * edge_right)
        width = width * np.sqrt(np.clip((u_plane - 0.01) / 0.09, 0, 1))
        inner = edge_right - width
        in_aperture = (x > inner) & (u_plane > 0.012)
        across = np.where(in_aperture, (x - inner) / np.maximum(width, 1e-4), 0).astype(np.float32)
    # The body turns away just behind the aperture's inner edge.
    limb = inner + np.float32(0.12) * (u_plane > 0) * (edge_right - inner)
    girth = np.maximum((edge_left + limb) / 2, 1e-4)
    sine = np.clip((x + (edge_left - limb) / 2) / girth, -0.9995, 0.9995)
    depth = np.sqrt(1 - sine * sine)
    t = np.clip(y - form.tilt * girth * depth * smoothstep(0.0, 0.1, y), 1e-3, 1)
    slope = form.slope[(t * (TABLE - 1)).astype(np.int32)]
    middle = 0.5 if mirrored else 0.0
    turn = np.arcsin(sine) / (2 * np.pi)
    phi = turn + middle
    s = t / form.spire
    on_spire = (s < 1) & ~in_aperture
    top = np.flatnonzero(on_spire)
    whorl = np.zeros_like(t)
    whorl[top] = whorl_fraction(s[top], phi[top], form.whorl_ratio)
    tilt_y = -slope
    tilt_y[top] += 1.1 * (whorl[top] - 0.45)
    norm = 1 / np.sqrt(1 + tilt_y * tilt_y)
    lip = (across > 0.84) if not mirrored else ((x + edge_left < 0.016) & (u_plane > 0.0))
    single = np.float32
    return inside, Surface(
        t=t.astype(single),
        u=((t - form.spire) / (1 - form.spire)).astype(single),
        phi=phi.astype(single),
        g=(turn * np.sqrt(girth / form.radius) + middle).astype(single),
        girth=girth.astype(single),
        whorl=whorl.astype(single),
        depth=depth.astype(single),
        normal=(
            (sine * norm).astype(single),
            (tilt_y * norm).astype(single),
            (depth * norm).astype(single),
        ),
        on_spire=on_spire,
        in_aperture=in_aperture,
        across_lip=across,
        lip=lip,
    )
