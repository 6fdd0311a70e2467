"""Draw one shell: form, pigment, light, scene and camera, each from its own stream of the seed."""

from __future__ import annotations

import difflib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from conus_widgets.equality import ByValue

from . import markings
from .geometry import Form, Surface, grow_form, locate
from .kinds import KINDS
from .knobs import Frame, draw_knobs
from .scene import BACKGROUNDS, Scene, arrange, blur_reach, cast_shadow, ground, photograph
from .shading import colour_aperture, light_up, wear_down

OVERSAMPLE = 2
VIEWS = ("apertural", "dorsal")

Window = tuple[slice, slice]
"""Rows and columns of a picture."""


@dataclass(eq=False)
class Drawing(ByValue):
    """A drawn shell.

    Attributes
    ----------
    image : uint8 array, shape (size, size, 3)
        RGB.
    label : str
        The kind, a key of `KINDS`.
    view : {"apertural", "dorsal"}
    masks : dict of str to bool array, shape (size, size)
        ``shell`` and ``background``; the parts ``spire``, ``shoulder``, ``body_whorl``,
        ``aperture`` and ``lip``, which share the shell out between them (``aperture`` is empty in
        dorsal view); and one for each marking the shell has. The mask of a marking that tells a
        pair apart covers every pixel that the marking changes, blur included, so it may reach a
        little beyond the shell; the other markings' masks cover where they are seen.
    """

    image: NDArray[Any]
    label: str
    view: str
    masks: dict[str, NDArray[Any]]


def stream(seed: int, name: str) -> np.random.Generator:
    """Return an independent stream of random numbers for one purpose."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _one_of(value: str, allowed: Iterable[str], what: str) -> None:
    if value in allowed:
        return
    near = difflib.get_close_matches(str(value), allowed, 3, 0.4) or list(allowed)
    raise ValueError(f"There is no {what} {value!r}; the nearest: {', '.join(near)}.")


def draw(
    kind: str,
    seed: int,
    *,
    size: int = 224,
    view: str | None = None,
    background: str | None = None,
    turn: float | None = None,
    fill: float | None = None,
    centre: tuple[float, float] | None = None,
) -> Drawing:
    """Draw a cone shell of a kind.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    seed : int, at least 0
        The same kind and seed always give the same drawing. The two kinds of a pair give, from
        the same seed, pictures equal to the bit outside the mask of the marking that differs.
    size : int, optional
        Side of the square picture in pixels, at least 32.
    view : {"apertural", "dorsal"}, optional
    background : {"black", "grey", "sand", "cloth", "gradient"}, optional
    turn : float, optional
        Degrees clockwise; 0 has the apex up.
    fill : float, optional
        The shell's length as a share of the frame, 0.2 to 1.
    centre : (x, y), optional
        The middle of the shell's axis as shares of the frame.
        What is not given is drawn from the seed.

    Raises
    ------
    ValueError
        For an unknown kind, view or background (naming the nearest), or a number out of range.
    """
    _one_of(kind, KINDS, "kind of shell")
    if view is not None:
        _one_of(view, VIEWS, "view")
    if background is not None:
        _one_of(background, BACKGROUNDS, "background")
    if size < 32:
        raise ValueError(f"A drawing of {size} pixels is too small; the least is 32.")
    if fill is not None and not 0.2 <= fill <= 1:
        raise ValueError(f"fill must lie between 0.2 and 1, not {fill}.")
    spec = KINDS[kind]
    form = grow_form(stream(seed, "form"))
    view = view or VIEWS[stream(seed, "view").integers(2)]
    scene = arrange(
        stream(seed, "scene"),
        radius=form.radius,
        background=background,
        turn=turn,
        fill=fill,
        centre=centre,
    )
    window = _window(scene, form, size)
    x, y = _shell_plane(scene, size, window)
    inside, surface = locate(form, x, y, view)
    colour = np.empty((len(inside), 3), np.float32)
    alphas = {}
    keep = _base_colour(seed, spec.base, surface, colour)
    for name in (spec.base, spec.extra):
        if name and name != "knobs":
            paint = getattr(markings, name)
            alphas[name] = paint(stream(seed, f"marking {name}"), surface, colour, keep)
    colour_aperture(stream(seed, "aperture"), surface, colour, alphas, spec.extra)
    wear_down(stream(seed, "wear"), surface, colour)

    shape = tuple(OVERSAMPLE * (s.stop - s.start) for s in window)

    def plane(values: NDArray[Any]) -> NDArray[Any]:
        out = np.zeros((shape[0] * shape[1], *values.shape[1:]), values.dtype)
        out[inside] = values
        return out.reshape(*shape, *values.shape[1:])

    layers = np.empty((len(inside), 4), np.float32)
    layers[:, :3] = light_up(stream(seed, "relief"), surface, colour, scene)
    layers[:, 3] = 1
    layers = plane(layers)
    parts = plane(_parts(surface))
    canvas = ground(stream(seed, "ground"), scene.background, size)
    if scene.background != "black":
        cover = np.zeros((size, size), np.float32)
        cover[window] = _halve(layers[..., 3])
        cast_shadow(canvas, cover, scene)
    touched = {name: alpha > 0 for name, alpha in alphas.items() if name == spec.extra}
    touched = {name: plane(hit) for name, hit in touched.items()}
    if spec.extra == "knobs":
        frame = _frame(scene, size, window)
        rng = stream(seed, "marking knobs")
        touched["knobs"], solid = draw_knobs(rng, layers, form, scene, view, frame)
        parts[solid] = PARTS.index("shoulder") + 1
    small = _halve(layers)
    canvas[window] *= 1 - small[..., 3:]
    canvas[window] += small[..., :3]
    image = photograph(stream(seed, "noise"), canvas, scene)

    shell = small[..., 3] >= 0.5
    parts = np.where(shell, _fold(np.maximum, parts), 0)
    found = {"shell": shell}
    found |= {part: parts == k for k, part in enumerate(PARTS, 1)}
    found |= {n: (_halve(plane(a)) >= 0.5) & shell for n, a in alphas.items() if n not in touched}
    found |= {name: _fold(np.logical_or, hit) for name, hit in touched.items()}
    masks = {}
    for name, mask in found.items():
        masks[name] = np.zeros((size, size), bool)
        masks[name][window] = mask
    masks["background"] = ~masks["shell"]
    for name in touched:
        masks[name] = ndimage.maximum_filter(masks[name], 2 * blur_reach(scene, size) + 1)
    return Drawing(image=image, label=kind, view=view, masks=masks)


PARTS = ("spire", "shoulder", "body_whorl", "aperture", "lip")


def _parts(s: Surface) -> NDArray[Any]:
    code = np.full(len(s.u), PARTS.index("body_whorl") + 1, np.uint8)
    code[s.u < 0.07] = PARTS.index("shoulder") + 1
    code[s.u < -0.015] = PARTS.index("spire") + 1
    code[s.in_aperture] = PARTS.index("aperture") + 1
    code[s.lip] = PARTS.index("lip") + 1
    return code


def _fold(ufunc: np.ufunc, plane: NDArray[Any]) -> NDArray[Any]:
    """Join each 2 x 2 block of `plane` to one value."""
    rows = ufunc(plane[0::2], plane[1::2])
    return ufunc(rows[:, 0::2], rows[:, 1::2])


def _halve(plane: NDArray[Any]) -> NDArray[Any]:
    return _fold(np.add, plane) * np.float32(0.25)


def _window(scene: Scene, form: Form, size: int) -> Window:
    """Return the rows and columns that the shell, knobs included, can reach: two slices."""
    slices = []
    cos, sin = abs(np.cos(scene.turn)), abs(np.sin(scene.turn))
    broad = form.radius * 1.2 + 0.03
    for middle, along, across in ((scene.centre[1], cos, sin), (scene.centre[0], sin, cos)):
        reach = scene.length * (along * 0.5 + across * broad)
        low, high = (middle - reach) * size - 2, (middle + reach) * size + 3
        slices.append(slice(max(int(low), 0), min(int(high), size)))
    return slices[0], slices[1]


def _frame(scene: Scene, size: int, window: Window) -> Frame:
    """How shell lengths become pixels of the oversampled window: length, x0, y0, cosine, sine."""
    return (
        scene.length * size * OVERSAMPLE,
        (scene.centre[0] * size - window[1].start) * OVERSAMPLE,
        (scene.centre[1] * size - window[0].start) * OVERSAMPLE,
        np.cos(scene.turn),
        np.sin(scene.turn),
    )


def _shell_plane(scene: Scene, size: int, window: Window) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return each oversampled pixel's place on the shell, in shell lengths: x and y, flat."""
    length, x0, y0, cos, sin = _frame(scene, size, window)
    rows, columns = (np.arange(OVERSAMPLE * (s.stop - s.start)) + 0.5 for s in window)
    p = ((columns - x0) / length).astype(np.float32)
    q = ((rows - y0) / length).astype(np.float32)
    c, s, half = np.float32(cos), np.float32(sin), np.float32(0.5)
    x = (p * c)[None, :] + (q * s)[:, None]
    y = (q * c + half)[:, None] - (p * s)[None, :]
    return x.ravel(), y.ravel()


def _base_colour(seed: int, base: str | None, s: Surface, colour: NDArray[Any]) -> NDArray[Any]:
    """Fill in the ground colour; return the share of pigment that wear has left at each place."""
    rng = stream(seed, f"ground colour {base}")
    if base == "blotched":
        tone = markings.pick(rng, markings.DARK[[0, 1, 3, 4]] * 0.8)
    elif base in (None, "spotted"):
        tone = markings.pick(rng, markings.TINTED, 0.04)
    elif base == "flamed":
        tone = markings.pick(rng, np.concatenate([markings.LIGHT, markings.TINTED[:2]]))
    else:
        tone = markings.pick(rng, markings.LIGHT)
    colour[:] = tone
    rng = stream(seed, "wear of pigment")
    cloud = markings.ripple(rng, s, 1.2)
    colour *= (1 + 0.07 * cloud)[:, None]
    fade = rng.uniform(0, 0.28) * rng.random()
    return np.clip(1 - fade * (1 + cloud), 0.6, 1).astype(np.float32)
