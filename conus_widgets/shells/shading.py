"""Light on a shell: the inside of the aperture, wear, and shading of the surface."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from . import markings
from .geometry import Surface, smoothstep
from .scene import Scene


def colour_aperture(
    rng: np.random.Generator,
    s: Surface,
    colour: NDArray[Any],
    alphas: dict[str, NDArray[Any]],
    extra: str | None,
) -> None:
    """Colour the inside of the aperture: a dark gap beside the body, pale, the lip's thin edge."""
    inner = np.array(
        [[0.95, 0.93, 0.92], [0.86, 0.88, 0.94], [0.95, 0.85, 0.84], [0.93, 0.88, 0.80]]
    )
    tone = markings.pick(rng, inner, 0.015)
    gap = rng.uniform(0.1, 0.2)
    where = np.flatnonzero(s.in_aperture)
    q = s.across_lip[where]
    depth = 0.12 + 0.88 * smoothstep(0.0, gap, q - 0.05)
    shade = depth * (0.62 + 0.3 * smoothstep(0.1, 0.8, q))
    edge = smoothstep(0.85, 0.9, q) * (1 - 0.5 * smoothstep(0.93, 1.0, q))
    pale = tone * shade[:, None]
    # A bright thin edge; a dark tip stains the end within, too.
    pale += edge[:, None] * (np.array([1.0, 0.96, 0.88], np.float32) * 0.97 - pale)
    if extra == "dark_tip":
        tip = alphas["dark_tip"][where, None]
        pale = pale * (1 - tip) + tip * (0.45 * pale + 0.55 * colour[where])
    colour[where] = pale
    for name, alpha in alphas.items():
        if name != extra:
            alpha[where] = 0
    margin = np.flatnonzero(s.lip & ~s.in_aperture)
    colour[margin] = 0.6 * colour[margin] + 0.4 * tone


def wear_down(rng: np.random.Generator, s: Surface, colour: NDArray[Any]) -> None:
    """Scratches, growth scars and chalky spots, laid over everything."""
    facing = s.g - 0.5 * (s.phi > 0.25)
    for _ in range(rng.integers(0, 3)):
        place, side = rng.uniform(-0.2, 0.2), 0.5 * rng.integers(2)
        waves, phase = rng.uniform(4, 9), rng.uniform(0, 6)
        hit = np.flatnonzero(np.abs(s.phi - place - side) < 0.02)
        bend = 0.012 * np.sin(waves * s.u[hit] + phase)
        scar = 0.4 * markings.line(s.phi[hit] - place - side + bend, 0.001, 0.005)[:, None]
        colour[hit] += scar * (0.2 - colour[hit])
    for _ in range(rng.poisson(1.2)):
        u0, g0, slant = rng.uniform(0.05, 0.9), rng.uniform(-0.2, 0.2), rng.normal(0, 0.5)
        length = rng.uniform(0.01, 0.05)
        hit = np.flatnonzero(np.abs(facing - g0) < length + 0.01)
        dg = facing[hit] - g0
        away = markings.line(s.u[hit] - u0 - slant * dg * 4, 0.001, 0.004)
        scratch = (0.5 * away * markings.line(dg, length, 0.01))[:, None]
        colour[hit] += scratch * (0.85 - colour[hit])
    for _ in range(rng.poisson(0.7)):
        u0, g0, size = rng.uniform(0.05, 0.9), rng.uniform(-0.2, 0.2), rng.uniform(0.008, 0.022)
        hit = np.flatnonzero(np.abs(s.u - u0) < size)
        d = np.hypot(s.u[hit] - u0, 1.6 * (facing[hit] - g0))
        chalk = 0.8 * (1 - smoothstep(size * 0.6, size, d))[:, None]
        colour[hit] += chalk * (0.88 - colour[hit])


def light_up(
    rng: np.random.Generator, s: Surface, colour: NDArray[Any], scene: Scene
) -> NDArray[Any]:
    """Light the coloured surface: growth lines, diffuse light, dark limbs, gloss."""
    lines = ndimage.gaussian_filter1d(rng.standard_normal(1024), 1.0).astype(np.float32)
    cords = rng.uniform(30, 55)
    at = s.phi * 900 + 12 * np.sin(2.2 * s.u)
    growth = lines[at.astype(np.int32) % 1024]
    strength = rng.uniform(0.01, 0.05), rng.uniform(0.0, 0.05)
    relief = strength[0] * growth
    low = np.flatnonzero(s.u > 0.45)
    u = s.u[low]
    relief[low] += strength[1] * np.sin(2 * np.pi * cords * u) * smoothstep(0.45, 0.95, u)

    cos, sin = np.cos(scene.turn), np.sin(scene.turn)
    lx, ly, lz = scene.light
    lx, ly = lx * cos + ly * sin, ly * cos - lx * sin
    lx, ly, lz = np.float32(lx), np.float32(ly), np.float32(lz)
    nx, ny, nz = s.normal
    flat = np.flatnonzero(s.in_aperture)
    # The inside of the lip is a shallow trough that faces the viewer.
    lean = 0.55 - 0.9 * s.across_lip[flat]
    nx[flat], ny[flat] = -lean, 0.1
    nz[flat] = np.sqrt(np.clip(0.99 - lean * lean, 0.05, 1))
    facing = nx * lx + ny * ly + nz * lz
    diffuse = np.maximum((facing + 0.25) * 0.8, 0)
    limb = 0.5 + 0.5 * smoothstep(0.0, 0.55, s.depth)
    limb[flat] = 1
    top = np.flatnonzero(s.on_spire)
    limb[top] *= 0.55 + 0.45 * smoothstep(0.0, 0.16, s.whorl[top])
    shade = (scene.ambient + scene.diffuse * diffuse + relief) * limb

    # Two soft boxes: a bright one at the light, a weaker one on the other side.
    gloss = np.zeros(len(s.u), np.float32)
    for side, power in ((1, 1.0), (-1, rng.uniform(0, 0.5))):
        half = np.array([side * lx, ly * 0.5, lz + 1.0])
        half = (half / np.linalg.norm(half)).astype(np.float32)
        peak = nx * half[0] + ny * half[1] + nz * half[2] + 0.15 * relief
        hit = np.flatnonzero(peak > 0.3 ** (1 / scene.sharpness))
        box = smoothstep(0.3, 0.75, np.minimum(peak[hit], 1) ** scene.sharpness)
        u = s.u[hit]
        gloss[hit] += power * box * smoothstep(-0.3, 0.12, u) * (1 - smoothstep(0.45, 0.85, u))
    gloss *= np.where(s.in_aperture, 0.35, 1.0) * scene.gloss
    return colour * shade[:, None] + gloss[:, None]
