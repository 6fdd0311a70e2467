"""The surroundings of a shell: its place in the frame, the light, the ground, the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from conus_widgets.equality import ByValue

BACKGROUNDS = ("black", "grey", "sand", "cloth", "gradient")
SHARES = (0.62, 0.11, 0.17, 0.04, 0.06)
GRAIN = 256  # backgrounds are drawn at this size, so that every picture size shows the same ground


@dataclass(frozen=True, eq=False)
class Scene(ByValue):
    """One photograph's set-up. Lengths are shares of the frame; colours run from 0 to 1."""

    background: str
    centre: tuple[float, float]
    length: float
    turn: float  # radians; 0 has the apex up, positive turns clockwise
    light: NDArray[Any]  # unit vector in the frame: x right, y down, z to the camera
    ambient: float
    diffuse: float
    gloss: float
    sharpness: float
    white_balance: NDArray[Any]
    exposure: float
    contrast: float
    blur: float
    noise: float


def arrange(
    rng: np.random.Generator,
    *,
    radius: float,
    background: str | None = None,
    turn: float | None = None,
    fill: float | None = None,
    centre: tuple[float, float] | None = None,
) -> Scene:
    """Draw a set-up for a shell of half-width `radius` (in shell lengths); options fix parts."""
    chosen = str(rng.choice(BACKGROUNDS, p=SHARES))
    upright, sideways = rng.normal(0, 8), rng.choice([-90, 90]) + rng.normal(0, 10)
    free = rng.uniform(-180, 180)
    degrees = (upright, sideways, free)[rng.choice(3, p=(0.5, 0.28, 0.22))]
    length = 0.97 - 0.5 * rng.beta(1.2, 2.2)
    if turn is not None:
        degrees = turn
    if fill is not None:
        length = fill
    angle = np.deg2rad(degrees)
    room = []
    for along in (abs(np.sin(angle)), abs(np.cos(angle))):
        across = np.sqrt(1 - along * along)
        reach = length * (along / 2 + across * radius * 0.9)
        room.append(max(0.5 - reach - 0.01, 0.0))
    drawn = tuple(0.5 + r * np.clip(rng.normal(0, 0.4), -1, 1) for r in room)
    azimuth = np.deg2rad(rng.normal(-130, 55))
    height = np.deg2rad(rng.uniform(38, 68))
    light = np.array(
        [np.cos(azimuth) * np.cos(height), np.sin(azimuth) * np.cos(height), np.sin(height)]
    )
    return Scene(
        background=background or chosen,
        centre=centre or drawn,
        length=length,
        turn=float(angle),
        light=light,
        ambient=rng.uniform(0.34, 0.5),
        diffuse=rng.uniform(0.55, 0.8),
        gloss=rng.uniform(0.1, 0.5),
        sharpness=rng.uniform(18, 60),
        white_balance=np.exp(rng.normal(0, 1, 3) * (0.05, 0.012, 0.05)).astype(np.float32),
        exposure=rng.uniform(0.82, 1.16),
        contrast=rng.uniform(0.0, 0.45),
        blur=rng.choice([0.4, rng.uniform(0.4, 0.8), rng.uniform(0.8, 1.25)], p=(0.4, 0.4, 0.2)),
        noise=rng.choice([0.004, 0.011, 0.022], p=(0.5, 0.35, 0.15)),
    )


def _smooth(rng: np.random.Generator, width: float) -> NDArray[Any]:
    """Smooth noise with mean 0 and variance 1, (GRAIN, GRAIN) float32; `width` in grains."""
    coarse = max(int(width) // 4, 1)
    n = GRAIN // coarse
    field = rng.standard_normal((n, n), dtype=np.float32)
    for _ in range(2):
        field = ndimage.uniform_filter(field, max(round(width / coarse), 1), mode="wrap")
    field /= field.std()
    return field if coarse == 1 else _resized(field, GRAIN)


def _resized(plane: NDArray[Any], size: int) -> NDArray[Any]:
    image = Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


def _sand(rng: np.random.Generator) -> NDArray[Any]:
    # Round grains in two sizes, each lit from above left: the height's slope is the light on it.
    fine, coarse = _smooth(rng, rng.integers(2, 4)), _smooth(rng, rng.integers(4, 7))
    height = fine + 1.6 * coarse
    slope = height - np.roll(height, (1, 1), (0, 1))
    slope /= slope.std()
    grain = np.roll(fine, rng.integers(GRAIN, size=2), (0, 1))
    tone = 0.72 + 0.10 * np.tanh(slope) + 0.06 * grain + 0.05 * _smooth(rng, 70)
    warm = np.array([[1.0, 0.92, 0.80], [1.0, 0.95, 0.88], [0.98, 0.86, 0.70]])
    colour = warm[rng.integers(3)] * rng.uniform(0.8, 1.12)
    ground = tone[..., None] * colour.astype(np.float32)
    for speck, amount in (((0.55, 0.16, 0.14), 2.7), ((0.3, 0.22, 0.18), 2.5), ((1, 1, 1), 2.0)):
        grain = np.roll(fine, rng.integers(GRAIN, size=2), (0, 1))
        rows, columns = np.nonzero(grain > amount)
        cover = np.clip((grain[rows, columns] - amount) * 2, 0, 0.8)[:, None]
        ground[rows, columns] += cover * (np.array(speck, np.float32) - ground[rows, columns])
    return ground


def ground(rng: np.random.Generator, kind: str, size: int) -> NDArray[Any]:
    """Draw the background `kind` as float32 (size, size, 3)."""
    x = np.linspace(-1, 1, GRAIN, dtype=np.float32)[None, :, None]
    y = x.transpose(1, 0, 2)
    lean, across, down = rng.normal(0, 1, 3)
    slant = np.float32(lean) * (x * np.float32(across) + y * np.float32(down)) * 0.5
    if kind == "black":
        return np.full((size, size, 3), rng.choice([0.0, rng.uniform(0.0, 0.03)]), np.float32)
    if kind == "grey":
        tint = rng.uniform(0.25, 0.85) * (1 + rng.normal(0, 0.02, 3))
        out = tint.astype(np.float32) * (1 + 0.12 * slant)
    elif kind == "sand":
        out = _sand(rng) * (1 + 0.05 * slant)
    else:
        tint = rng.uniform(0.05, 0.7, 3) * 0.4 + 0.6 * rng.uniform(0.05, 0.7)
        out = tint.astype(np.float32) * (1 + 0.25 * slant)
        if kind == "cloth":
            turns = rng.uniform(30, 55)
            weave = np.sin(turns * np.pi * x) * np.sin(turns * np.pi * y)
            out = out * (1 + 0.12 * weave + 0.05 * _smooth(rng, 28)[..., None])
    return np.stack([_resized(out[..., k], size) for k in range(3)], axis=-1)


def cast_shadow(canvas: NDArray[Any], cover: NDArray[Any], scene: Scene) -> None:
    """Darken `canvas` in place where the shell `cover` (h, w, 0 to 1) keeps the light away."""
    size = len(cover)
    shade = np.zeros_like(cover)
    for softness, reach, depth in ((0.012, 0.012, 0.45), (0.05, 0.05, 0.4)):
        reach = reach * scene.length * size
        blurred = Image.fromarray((cover * 255).astype(np.uint8)).filter(
            ImageFilter.GaussianBlur(softness * scene.length * size)
        )
        shift = (-scene.light[1] * reach * 1.3, -scene.light[0] * reach * 1.3)
        rows, columns = (int(round(v)) for v in shift)
        moved = np.roll(np.asarray(blurred, np.float32) / 255, (rows, columns), (0, 1))
        shade = 1 - (1 - shade) * (1 - depth * moved)
    canvas *= (1 - shade)[..., None]


def photograph(rng: np.random.Generator, canvas: NDArray[Any], scene: Scene) -> NDArray[Any]:
    """Return what the camera makes of the light: float32 (n, n, 3) in, uint8 out.

    Every step is local: a pixel depends on its neighbours up to `blur_reach` only, and never on the
    whole picture, so twins stay equal wherever nothing near them differs.
    """
    size = len(canvas)
    sigma = scene.blur * size / 224
    reach = blur_reach(scene, size)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    taps = (taps / taps.sum()).astype(np.float32)
    out = canvas * (scene.exposure * scene.white_balance)
    for axis in (0, 1):
        out = ndimage.correlate1d(out, taps, axis=axis, mode="nearest")
    np.clip(out, 0, 1, out=out)
    grain = rng.standard_normal(out.shape, dtype=np.float32)
    grain *= scene.noise * (0.35 + np.sqrt(out))
    curve = out * out
    curve *= 3 - 2 * out
    out += scene.contrast * (curve - out) + grain
    out *= 255
    out += 0.5
    np.clip(out, 0, 255, out=out)
    return out.astype(np.uint8)


def blur_reach(scene: Scene, size: int) -> int:
    """How far the blur spreads, in pixels."""
    return int(np.ceil(2.5 * scene.blur * size / 224))
