"""Markings: pigment as a function of the place on the shell.

Each marking paints on `colour` (n, 3) in place and returns how strongly it covers each of the n
places, 0 to 1. `keep` (n,) is the share of pigment that wear has left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .geometry import Surface, smoothstep
from .tents import CELLS, grow_tents, sample

LIGHT = np.array(
    [
        [0.95, 0.91, 0.82],
        [0.96, 0.94, 0.90],
        [0.93, 0.80, 0.70],
        [0.86, 0.80, 0.82],
        [0.92, 0.82, 0.56],
        [0.90, 0.86, 0.72],
    ]
)
TINTED = np.array(
    [
        [0.86, 0.67, 0.42],
        [0.85, 0.58, 0.34],
        [0.82, 0.62, 0.55],
        [0.72, 0.62, 0.66],
        [0.74, 0.68, 0.46],
        [0.88, 0.70, 0.30],
    ]
)
DARK = np.array(
    [
        [0.40, 0.19, 0.08],
        [0.27, 0.13, 0.06],
        [0.52, 0.26, 0.08],
        [0.15, 0.09, 0.07],
        [0.33, 0.15, 0.16],
        [0.34, 0.25, 0.08],
    ]
)


def pick(rng: np.random.Generator, palette: NDArray[Any], jitter: float = 0.03) -> NDArray[Any]:
    """One colour of a palette, slightly changed; float32 (3,)."""
    colour = palette[rng.integers(len(palette))] + rng.normal(0, jitter, 3)
    return np.clip(colour, 0.03, 1).astype(np.float32)


def paint(colour: NDArray[Any], alpha: NDArray[Any], pigment: NDArray[Any]) -> None:
    """Lay `pigment` over `colour` with coverage `alpha`, touching only places where it is not 0."""
    hit = np.flatnonzero(alpha)
    a = alpha[hit, None]
    colour[hit] += a * (pigment - colour[hit])


def ripple(rng: np.random.Generator, s: Surface, frequency: float, terms: int = 3) -> NDArray[Any]:
    """Return a smooth random field over the shell, about -1 to 1, from a few sines."""
    out = np.zeros(len(s.u), np.float32)
    for _ in range(terms):
        along, round_, phase = rng.normal(0, 1, 2).tolist() + [rng.random()]
        out += np.sin(frequency * (6 * along * s.u + 14 * round_ * s.g) + 6.28 * phase)
    return out / terms


def line(distance: NDArray[Any], half_width: float | NDArray[Any], soft: float) -> NDArray[Any]:
    """Coverage of a line: 1 within `half_width` of its middle, 0 beyond `half_width + soft`."""
    return 1 - smoothstep(half_width, half_width + soft, np.abs(distance))


def wrap(x: NDArray[Any]) -> NDArray[Any]:
    """Distance to the nearest whole number, signed, -0.5 to 0.5."""
    return x - np.round(x)


def spire_blotches(rng: np.random.Generator, s: Surface, alpha: NDArray[Any]) -> None:
    """Replace `alpha` on the spire by blotches across its whorls, as most patterned cones have."""
    n = rng.integers(11, 18)
    shift = rng.random()
    where = np.flatnonzero(s.on_spire)
    d = wrap(n * s.phi[where] + shift + 0.25 * s.whorl[where])
    alpha[where] = line(d, 0.14, 0.12) * smoothstep(0.008, 0.03, s.t[where])


def banded(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint broad bands along the spiral."""
    n = int(rng.integers(2, 4))
    shift = 0.06 * ripple(rng, s, 0.5)
    alpha = np.zeros(len(s.u), np.float32)
    for k in range(n):
        centre = 0.16 + (k + 0.5 + rng.uniform(-0.15, 0.15)) * 0.74 / n
        alpha = np.maximum(
            alpha, line(s.u - centre - 0.25 * shift, rng.uniform(0.25, 0.33) * 0.74 / n, 0.012)
        )
    alpha[s.on_spire] = line(s.whorl[s.on_spire] - 0.75, 0.14, 0.06)
    alpha *= keep
    paint(colour, alpha, pick(rng, DARK))
    return alpha


def lined(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint thin lines along the spiral."""
    n = rng.uniform(11, 16)
    shift = 0.12 * ripple(rng, s, 0.5)
    alpha = line(wrap(n * s.u + shift), rng.uniform(0.13, 0.19), 0.07) * smoothstep(0, 0.02, s.u)
    alpha = np.where(s.on_spire, line(s.whorl - 0.7, 0.08, 0.05), alpha) * keep
    paint(colour, alpha, pick(rng, DARK))
    return alpha


def cells(
    rng: np.random.Generator, s: Surface, rows: float, per_turn: float
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Divide the body whorl into staggered cells.

    Returns the offsets from each cell's centre (in rows, along the spiral and across it), the
    breadth of a cell in rows, and four random numbers a cell.
    """
    table = rng.random((64, 128, 4), dtype=np.float32)
    v = s.u * rows
    row = np.floor(v)
    at = row.astype(np.int32) & 63
    h = s.g * per_turn + 0.5 * (at & 1).astype(np.float32) + table[:, 0, 0][at] * 0.5
    column = np.floor(h)
    chance = table[at, column.astype(np.int32) & 127]
    stretch = s.girth * 2 * np.pi * rows / per_turn / 0.85  # a column's breadth, in rows
    stretch = np.minimum(stretch, 1.4)
    return (h - column - 0.5) * stretch, v - row - 0.5, stretch, chance


def spotted(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint rows of round spots."""
    rows = rng.uniform(8, 11.5)
    dx, dy, stretch, chance = cells(rng, s, rows, rows * rng.uniform(1.7, 2.1))
    # Towards the anterior end the columns crowd: the spots shrink rather than meet.
    radius = np.minimum(0.21 + 0.11 * chance[:, 0], 0.36 * stretch)
    dx = dx - 0.1 * (chance[:, 1] - 0.5)
    dy = dy - 0.16 * (chance[:, 2] - 0.5)
    alpha = line(np.sqrt(dx * dx + dy * dy), radius, 0.08) * (chance[:, 3] > 0.06)
    spire_blotches(rng, s, alpha)
    alpha *= keep
    paint(colour, alpha, pick(rng, DARK))
    return alpha


def dashed(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint rows of short dashes."""
    rows = rng.uniform(9, 13)
    dx, dy, _, chance = cells(rng, s, rows, rows * rng.uniform(0.55, 0.75))
    dx = np.abs(dx) / np.maximum(np.minimum(s.girth * 9.5, 1.4), 0.1)
    dx = dx + 0.12 * (chance[:, 1] - 0.5)
    dy = dy + 0.14 * (chance[:, 2] - 0.5)
    alpha = line(dy, 0.13, 0.07) * line(dx, 0.22 + 0.15 * chance[:, 0], 0.03)
    spire_blotches(rng, s, alpha)
    alpha *= keep
    paint(colour, alpha, pick(rng, DARK))
    return alpha


def chequered(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint a bent chessboard."""
    rows = rng.uniform(5.5, 7.5)
    bend = 0.2 * ripple(rng, s, 1.3)
    v = s.u * rows + 0.3 + bend
    row = np.floor(v).astype(np.int32)
    h = (
        s.g * (rows * rng.uniform(2.2, 2.8))
        + 0.5 * (row & 1).astype(np.float32)
        + 0.3 * ripple(rng, s, 1.5)
    )
    column = np.floor(h).astype(np.int32)
    size = rng.random((16, 64), dtype=np.float32)[row & 15, column & 63]
    a = line((v - row).astype(np.float32) - 0.5, 0.26 + 0.08 * size, 0.06)
    b = line((h - column).astype(np.float32) - 0.5, 0.24 + 0.09 * size, 0.07)
    alpha = a * b
    spire_blotches(rng, s, alpha)
    alpha *= keep
    paint(colour, alpha, pick(rng, DARK))
    return alpha


def flamed(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint flames from the shoulder to the base; some are cut short."""
    n = rng.uniform(9, 13)
    bend = 0.32 * ripple(rng, s, 0.9) + 0.07 * ripple(rng, s, 3.0)
    h = n * s.g + bend + 0.25 * np.sin(s.u * rng.uniform(4, 8) + rng.uniform(0, 6))
    width = 0.2 + 0.12 * ripple(rng, s, 0.8)
    # Some flames are cut short.
    table = rng.random((64, 2), dtype=np.float32)
    end = table[np.round(h).astype(np.int32) & 63]
    reach = smoothstep(-0.02, 0.1, s.u - 0.3 * end[:, 0] * (end[:, 1] > 0.6))
    width = np.maximum(width * reach, 0)
    alpha = line(wrap(h), width, 0.07) * (width > 0.01)
    where = np.flatnonzero(s.on_spire)
    alpha[where] = line(wrap(n * s.phi[where] + 0.3 * s.whorl[where]), 0.15, 0.1)
    alpha *= keep
    paint(colour, alpha, pick(rng, DARK))
    return alpha


def zigzag(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint zigzag lines from the shoulder to the base."""
    n = rng.uniform(9, 13)
    m = rng.uniform(4.5, 7)
    tooth = 2 * np.abs(wrap(m * s.u + 0.2 * ripple(rng, s, 0.5)))
    h = n * s.g + rng.uniform(0.75, 1.1) * tooth + 0.15 * ripple(rng, s, 0.7)
    alpha = line(wrap(h), rng.uniform(0.13, 0.18), 0.07)
    where = np.flatnonzero(s.on_spire)
    zig = n * s.phi[where] + 0.6 * np.abs(s.whorl[where] - 0.5)
    alpha[where] = line(wrap(zig), 0.14, 0.1)
    alpha *= keep
    paint(colour, alpha, pick(rng, DARK))
    return alpha


def reticulated(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint a net of two families of crossing lines."""
    n = rng.uniform(8, 11)
    m = n * rng.uniform(0.6, 0.85)
    bend = 0.3 * ripple(rng, s, 1.3), 0.3 * ripple(rng, s, 1.3)
    width = rng.uniform(0.075, 0.105)
    one = line(wrap(n * s.g + m * s.u + bend[0]), width, 0.07)
    two = line(wrap(n * s.g - m * s.u + bend[1]), width, 0.07)
    alpha = np.maximum(one, two)
    where = np.flatnonzero(s.on_spire)
    a, b = n * s.phi[where], 0.8 * s.whorl[where]
    alpha[where] = np.maximum(line(wrap(a + b), width, 0.1), line(wrap(a - b), width, 0.1))
    alpha *= keep
    paint(colour, alpha, pick(rng, DARK))
    return alpha


def blotched(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint pale blotches, rounded triangles, on the ground's colour."""
    rows = rng.uniform(6, 8)
    bend = 0.25 * ripple(rng, s, 1.2)
    v = s.u * rows + bend + 0.3
    row = np.floor(v).astype(np.int32)
    h = (
        s.g * (rows * rng.uniform(1.6, 1.9))
        + 0.5 * (row & 1).astype(np.float32)
        + 0.3 * ripple(rng, s, 1.0)
    )
    column = np.floor(h).astype(np.int32)
    chance = rng.random((16, 64, 2), dtype=np.float32)[row & 15, column & 63]
    dx, dy = (h - column).astype(np.float32) - 0.5, (v - row).astype(np.float32) - 0.5
    # A rounded triangle: the breadth shrinks along the growth direction.
    side = np.abs(dy) * 1.05 + 0.5 * dx
    shape = np.log(np.exp(9 * side) + np.exp(-9 * dx) + np.exp(9 * (dx - 0.1))) / 9
    alpha = line(np.maximum(shape, 0), 0.29 + 0.12 * chance[:, 0], 0.04) * (chance[:, 1] > 0.04)
    spire_blotches(rng, s, alpha)
    paint(colour, alpha, pick(rng, LIGHT[:2]))
    return alpha


def tented(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint white tents with dark outlines, grown by a cellular automaton."""
    resting, stripes = grow_tents(rng)
    zoom = rng.uniform(0.65, 1.0)
    scale = CELLS * zoom * rng.uniform(0.95, 1.15)
    middle = 0.5 if s.phi.mean() > 0.25 else 0.0
    row = 118 + (s.g - middle) * scale * 1.9
    column = s.u * (zoom * (CELLS - 1))
    # Older whorls show older growth; only their upper part is exposed.
    where = np.flatnonzero(s.on_spire)
    row[where] = 130 + (s.phi[where] - middle) * 240 - 0.2 * s.whorl[where]
    column[where] = 8 + s.whorl[where] * 18
    inside = sample(resting, row, column)
    stripe = sample(stripes, row, column)
    thin = rng.uniform(0.03, 0.1)
    ground = pick(rng, np.array([[0.80, 0.46, 0.14], [0.72, 0.38, 0.10], [0.85, 0.56, 0.22]]))
    ink = pick(rng, np.array([[0.26, 0.09, 0.04], [0.18, 0.08, 0.05], [0.36, 0.15, 0.05]]), 0.02)
    white = pick(rng, np.array([[0.96, 0.94, 0.88], [0.94, 0.90, 0.80], [0.90, 0.91, 0.90]]), 0.02)
    paint(colour, keep, ground)
    dark = np.maximum(smoothstep(-0.25, 0.15, stripe) * 0.95, smoothstep(thin, thin + 0.12, inside))
    paint(colour, dark * keep, ink)
    tent = smoothstep(0.52, 0.64, inside)
    paint(colour, tent, white)
    return np.maximum(tent, dark)


def dark_tip(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Darken the anterior end."""
    start = rng.uniform(0.76, 0.84)
    alpha = smoothstep(start, start + 0.03, s.u) * np.maximum(keep, 0.8)
    paint(colour, alpha, pick(rng, np.array([[0.16, 0.07, 0.07], [0.22, 0.09, 0.16]]), 0.02))
    return alpha


def _belt(
    rng: np.random.Generator,
    s: Surface,
    colour: NDArray[Any],
    keep: NDArray[Any],
    pigment: NDArray[Any],
) -> NDArray[Any]:
    centre, half = rng.uniform(0.4, 0.52), rng.uniform(0.045, 0.06)
    alpha = line(s.u - centre, half, 0.012) * np.maximum(keep, 0.85)
    alpha[s.in_aperture] = 0
    paint(colour, alpha, pigment)
    return alpha


def pale_band(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint a pale band round the body whorl."""
    return _belt(rng, s, colour, np.ones_like(keep), pick(rng, LIGHT[1:2], 0.015))


def dark_belt(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Paint a dark band round the body whorl."""
    return _belt(rng, s, colour, keep, pick(rng, DARK[:2], 0.02))


def dark_spire(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], keep: NDArray[Any]
) -> NDArray[Any]:
    """Darken the spire."""
    alpha = (1 - smoothstep(0.015, 0.035, s.u)) * np.maximum(keep, 0.85)
    alpha[s.in_aperture] = 0
    paint(colour, alpha, pick(rng, np.array([[0.17, 0.08, 0.05], [0.24, 0.10, 0.09]]), 0.02))
    return alpha
