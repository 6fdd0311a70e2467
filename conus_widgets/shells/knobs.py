"""Knobs along the shoulder: the coronated spire."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .geometry import TABLE, Form, smoothstep
from .scene import Scene

Frame = tuple[float, float, float, float, float]
"""The scale from shell lengths to pixels: length, x0, y0, cosine and sine of the turn."""


def draw_knobs(
    rng: np.random.Generator,
    layers: NDArray[Any],
    form: Form,
    scene: Scene,
    view: str,
    frame: Frame,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Set knobs on the shoulder, lit like the shell, standing out a little at its sides.

    Parameters
    ----------
    layers : float32 array, shape (h, w, 4)
        Red, green and blue times coverage, and coverage; painted in place.
    frame : Frame

    Returns
    -------
    touched : bool array, shape (h, w)
        Every pixel that was painted.
    solid : bool array, shape (h, w)
        The pixels of the knobs themselves.
    """
    length, x0, y0, cos, sin = frame
    height, breadth = layers.shape[:2]
    touched, solid = np.zeros((2, height, breadth), bool)
    count = int(rng.integers(13, 18))
    shift = rng.random()
    size = 0.63 * 2 * np.pi * form.radius / count / 2 * rng.uniform(0.95, 1.15)
    tone = np.array([0.94, 0.89, 0.79]) * rng.uniform(0.9, 1.0)
    t = form.spire * 1.02 + 0.008
    rim = (form.left, form.right) if view == "apertural" else (form.right, form.left)
    turns = 2 * np.pi * (np.arange(count) + shift) / count
    for angle in sorted(turns, key=np.cos):
        jitter = rng.normal(0, 0.05, 2)
        depth = np.cos(angle)
        if depth < 0.05:
            continue
        side = np.sin(angle + jitter[0])
        radius = rim[int(side > 0)][int(t * (TABLE - 1))]
        x = side * radius * 0.96
        y = t + form.tilt * radius * depth * 0.9 - 0.5
        broad = size * max(0.5, depth**0.5) * (1 + jitter[1])
        px, py = x0 + length * (x * cos - y * sin), y0 + length * (x * sin + y * cos)
        reach = 1.4 * size * length + 2
        columns = np.arange(max(int(px - reach), 0), min(int(px + reach) + 1, breadth))
        rows = np.arange(max(int(py - reach), 0), min(int(py + reach) + 1, height))
        if not len(rows) or not len(columns):
            continue
        dx = (columns[None, :] + 0.5 - px) / length
        dy = (rows[:, None] + 0.5 - py) / length
        a = (dx * cos + dy * sin) / broad
        b = (dy * cos - dx * sin) / (1.15 * size)
        far = np.hypot(a, b)
        window = np.ix_(rows, columns)
        patch = layers[window]
        under = layers[min(max(int(py), 0), height - 1), min(max(int(px), 0), breadth - 1), :3]
        # A shadow at the foot, then the knob, which fades into the body whorl below it.
        foot = (
            0.65
            * (1 - smoothstep(0.9, 1.3, far))
            * (far > 0.5)
            * (1 - 0.6 * smoothstep(-0.2, 0.9, b))
        )
        patch[..., :3] *= (1 - foot)[..., None]
        body = (1 - smoothstep(0.88, 1.0, far)) * (1 - 0.75 * smoothstep(0.1, 1.0, b))
        dome = 0.35 + np.sqrt(np.clip(1 - far * far, 0, 1))
        nx, ny = 0.8 * a + 0.5 * side, 0.8 * b - 0.25
        norm = 1 / np.sqrt(nx * nx + ny * ny + dome * dome)
        lx, ly, lz = scene.light
        lx, ly = lx * cos + ly * sin, ly * cos - lx * sin
        facing = (nx * lx + ny * ly + dome * lz) * norm
        shade = scene.ambient + scene.diffuse * np.clip((facing + 0.2) / 1.2, 0, 1)
        gloss = 0.5 * scene.gloss * np.clip(facing, 0, 1) ** 24
        lit = 0.7 * tone * shade[..., None] + 0.3 * under + gloss[..., None]
        patch[..., :3] = patch[..., :3] * (1 - body[..., None]) + lit * body[..., None]
        patch[..., 3] = np.maximum(patch[..., 3], 1 - smoothstep(0.88, 1.0, far))
        layers[window] = patch
        touched[window] |= far < 1.3
        solid[window] |= body > 0.5
    return touched, solid
