"""Masks of the specimen in a photograph, from the colours of the photograph's border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

WORKING_SIDE = 320  # pixels: cells are far coarser than what is lost by scaling down to this
BORDER = 0.03  # share of the shorter side
SMOOTH = 1.0  # pixels: noise must not hide a pale shell on a grey ground
LEAST_SPREAD = 3.0  # grey levels: what JPEG and a camera's noise do to an even background
MOST_SPREAD = 9.0  # grey levels; drawn sand has 10 and more, most cloth less than 9
FAR = 4.0  # spreads between background and specimen
# A shadow is the background's colour, darker and smooth: so many spreads off the colour, between
# this share of its brightness and all of it, and so rough from pixel to pixel, again in spreads.
SHADOW_OFF, SHADOW_DARK, SHADOW_ROUGH = 2.0, 0.3, 4.0
LEAST_INLIERS = 0.8  # of the border's pixels
LEAST_AREA, MOST_AREA = 0.01, 0.9  # of the photograph
COMPANION = 0.25  # of the largest piece: smaller pieces are dust, labels, scales


@dataclass(frozen=True, eq=False)
class SpecimenMask:
    """A mask, and whether to believe it.

    Parameters
    ----------
    mask : bool array (h, w)
        True on the specimen. Of the photograph's shape, scaled down so that no side has more than
        320 pixels.
    reason : str
        Why the mask is not to be believed, as a sentence; "" for a mask that is.
    """

    mask: NDArray[Any]
    reason: str = ""

    @property
    def fails(self) -> bool:
        """Whether the mask is not to be believed."""
        return bool(self.reason)


def specimen_mask(photograph: NDArray[Any]) -> SpecimenMask:
    """Tell the specimen from an even background.

    A smooth surface is fitted to the colours of the border. What differs from it, and is not its
    shadow, is the specimen.

    Parameters
    ----------
    photograph : uint8 array (H, W, 3)
        RGB, at least 16 pixels wide and high.

    Returns
    -------
    SpecimenMask
        If the method fails (sand, a specimen that reaches over the border, nothing that differs
        from the background) the mask is its best guess, and `reason` says what is wrong.

    Raises
    ------
    ValueError
        For another shape or type.
    """
    photograph = np.asarray(photograph)
    if photograph.ndim != 3 or photograph.shape[2] != 3 or photograph.dtype != np.uint8:
        raise ValueError(
            f"The photograph has shape {photograph.shape} and type {photograph.dtype}: give RGB "
            "(height, width, 3) as uint8."
        )
    if min(photograph.shape[:2]) < 16:
        raise ValueError(
            f"The photograph has {photograph.shape[1]} x {photograph.shape[0]} pixels; a mask "
            "needs at least 16 x 16."
        )
    pixels = ndimage.gaussian_filter(_scaled_down(photograph), (SMOOTH, SMOOTH, 0))
    background, spread, inliers = _background(pixels)
    differs = _apart(pixels, background, spread) > FAR
    mask = _pieces(differs & ~_shadow(pixels, background, spread))
    return SpecimenMask(mask, _reason(mask, float(spread.max()), inliers))


def _scaled_down(photograph: NDArray[Any]) -> NDArray[Any]:
    image = Image.fromarray(photograph)
    image.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
    return np.asarray(image, np.float64)


def _background(pixels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], float]:
    """Fit the border's colours.

    Returns
    -------
    background : array (h, w, 3)
    spread : array (3,)
        Round it, in grey levels.
    share : float
        Of the border's pixels, those that belong to it.
    """
    height, width = pixels.shape[:2]
    wide = max(2, round(BORDER * min(height, width)))
    border = np.ones((height, width), bool)
    border[wide:-wide, wide:-wide] = False
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    given, colours = terms[border], pixels[border]
    # Starts from the commonest colour and lets go of what lies far from it: a part of the border
    # may be a specimen, a scale or a label.
    centre = np.median(colours, axis=0)
    far = np.abs(colours - centre).max(axis=1)
    kept = far <= max(np.median(far) * 3, 8 * LEAST_SPREAD)
    spread = np.full(3, LEAST_SPREAD)
    for _ in range(5):
        surface = np.linalg.lstsq(given[kept], colours[kept], rcond=None)[0]
        errors = colours - given @ surface
        spread = np.maximum(1.4826 * np.median(np.abs(errors[kept]), axis=0), LEAST_SPREAD)
        kept = _apart(colours, given @ surface, spread) <= FAR
    return terms @ surface, spread, float(kept.mean())


def _apart(one: NDArray[Any], other: NDArray[Any], spread: NDArray[Any]) -> NDArray[Any]:
    """Return the distance between colours along the last axis, in spreads."""
    return np.sqrt((((one - other) / spread) ** 2).mean(axis=-1))


def _shadow(pixels: NDArray[Any], background: NDArray[Any], spread: NDArray[Any]) -> NDArray[Any]:
    dark = (pixels * background).sum(axis=2) / np.maximum((background**2).sum(axis=2), 1)
    coloured = _apart(pixels, dark[..., None] * background, spread)
    light = pixels.mean(axis=2)
    variance = ndimage.uniform_filter(light**2, 5) - ndimage.uniform_filter(light, 5) ** 2
    rough = np.sqrt(np.maximum(variance, 0)) / spread.mean()
    return (coloured < SHADOW_OFF) & (dark > SHADOW_DARK) & (dark < 1) & (rough < SHADOW_ROUGH)


def _pieces(differs: NDArray[Any]) -> NDArray[Any]:
    """Close gaps, fill holes, drop dust."""
    radius = max(1, round(min(differs.shape) / 150))
    disc = np.hypot(*np.mgrid[-radius : radius + 1, -radius : radius + 1]) <= radius + 0.5
    mask = ndimage.binary_opening(differs, disc)
    mask = ndimage.binary_fill_holes(ndimage.binary_closing(mask, disc) | mask)
    names, count = ndimage.label(mask)
    if count < 2:
        return mask
    areas = np.bincount(names.ravel())[1:]
    return np.isin(names, 1 + np.flatnonzero(areas >= COMPANION * areas.max()))


def _reason(mask: NDArray[Any], spread: float, inliers: float) -> str:
    cure = "draw the specimen's outline, or switch the mask off"
    if spread > MOST_SPREAD:
        return (
            f"the background is not even (its colours spread by {spread:.0f} grey levels, at most "
            f"{MOST_SPREAD:.0f} can be told from a specimen): {cure}."
        )
    if inliers < LEAST_INLIERS:
        return (
            f"{1 - inliers:.0%} of the border is not background, at most {1 - LEAST_INLIERS:.0%} "
            f"may be: {cure}."
        )
    area = float(mask.mean())
    if not LEAST_AREA <= area <= MOST_AREA:
        return (
            f"{area:.1%} of the photograph differs from its border, but a specimen takes "
            f"{LEAST_AREA:.0%} to {MOST_AREA:.0%}: {cure}."
        )
    return ""
