"""The colours of a decoded picture as the 8-bit RGB a viewer shows."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from .decoding import PhotographError

# Numbers of TIFF tags.
_BITS_PER_SAMPLE, _PHOTOMETRIC = 258, 262


def to_rgb(image: Image.Image, name: str) -> Image.Image:
    """Bring any mode to RGB: profile applied, 16 bits to 8, transparency over black.

    Parameters
    ----------
    image : PIL.Image.Image
        Decoded; left as it is.
    name : str
        The photograph's name for errors.

    Raises
    ------
    PhotographError
        Its numbers have no agreed meaning as colours (32-bit or fractional, without a known white).
    """
    if image.mode.startswith("I;16"):
        image = _high_byte(image)
    elif image.mode in ("I", "F", "LAB", "HSV"):
        what = {"I": "32-bit numbers", "F": "fractional numbers"}.get(image.mode, image.mode)
        raise PhotographError(
            name, f"stores its colours as {what}; save it with 8 or 16 bits in grey or RGB."
        )
    profile = image.info.get("icc_profile")
    alpha = None
    if image.has_transparency_data:
        image, alpha = _split_alpha(image)
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    rgb = _managed(image, profile) if profile else None
    if rgb is None:
        rgb = image.copy() if image.mode == "RGB" else image.convert("RGB")
    if alpha is not None:
        black = Image.new("RGB", rgb.size)
        black.paste(rgb, mask=alpha)
        rgb = black
    return rgb


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    transparent = image.info.get("transparency")
    if isinstance(transparent, tuple) and max(transparent) > 255:  # of a 16-bit RGB picture
        image = image.copy()
        image.info["transparency"] = tuple(value >> 8 for value in transparent)
    rgba = image.convert("RGBA")
    return rgba.convert("RGB"), rgba.getchannel("A")


def _high_byte(image: Image.Image) -> Image.Image:
    """16-bit grey as 8 bits; Pillow's own conversion would clip everything above 255 to white."""
    tags = getattr(image, "tag_v2", {})  # only TIFF has them
    values = np.asarray(image).astype(np.uint16)
    grey = (values >> (tags.get(_BITS_PER_SAMPLE, (16,))[0] - 8)).astype(np.uint8)
    result = Image.fromarray(255 - grey if tags.get(_PHOTOMETRIC) == 0 else grey)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        opaque = np.where(values == transparent, 0, 255).astype(np.uint8)
        result.putalpha(Image.fromarray(opaque))
    result.info = {"icc_profile": image.info.get("icc_profile")}
    return result


def _managed(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Apply an embedded colour profile; None where it says sRGB or is of no use."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        return ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None  # damaged, or meant for other channels: viewers ignore such a profile
