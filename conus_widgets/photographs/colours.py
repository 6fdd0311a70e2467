"""The colours of a decoded picture as the 8-bit RGB a viewer shows."""

from io import BytesIO

from PIL import Image, ImageChops, ImageCms

from conus_widgets.photographs.names import PhotographError

_BITS_PER_SAMPLE = 258  # a TIFF's tag


def to_rgb(image: Image.Image, name: str) -> Image.Image:
    """Bring any mode of 8 bits to RGB: profile applied, transparency over black.

    Parameters
    ----------
    image : PIL.Image.Image
        Decoded; left as it is.
    name : str
        The photograph's name for errors.

    Returns
    -------
    PIL.Image.Image
        The image itself if it is RGB and nothing is to do.

    Raises
    ------
    PhotographError
        Its numbers have no agreed meaning as colours (32-bit or fractional, without a known white).
    """
    if image.mode in ("I", "F", "LAB", "HSV"):
        tags = getattr(image, "tag_v2", {})
        bits = tags.get(_BITS_PER_SAMPLE, (32,))[0]
        what = {"I": f"{bits}-bit numbers", "F": "fractional numbers"}.get(image.mode, image.mode)
        raise PhotographError(
            name, f"stores its colours as {what}; save it with 8 or 16 bits in grey or RGB."
        )
    profile = image.info.get("icc_profile")
    alpha = None
    if image.has_transparency_data:
        image, alpha = _split_alpha(image)
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    rgb = _managed(image, profile) if profile else None
    if rgb is None:
        rgb = image if image.mode == "RGB" else image.convert("RGB")
    if alpha is not None:
        black = Image.new("RGB", rgb.size)
        black.paste(rgb, mask=alpha)
        rgb = black
    return rgb


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Colours without alpha, as grey if they are grey: a grey profile fits only grey."""
    transparent = image.info.get("transparency")
    if isinstance(transparent, tuple) and max(transparent) > 255:  # of a 16-bit RGB picture
        image = image.copy()
        image.info["transparency"] = tuple(value >> 8 for value in transparent)
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    grey = image.mode in ("1", "L", "LA", "La")
    return (rgba.getchannel("R") if grey else rgba.convert("RGB")), rgba.getchannel("A")


def _managed(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Apply an embedded colour profile; None if it says sRGB or is of no use.

    A grey picture may have a profile for RGB, as viewers take it. A profile for grey is applied
    if all channels are alike: some formats hand grey out as RGB.
    """
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        space = source.profile.xcolor_space.strip()
        if image.mode == "L" and space == "RGB":
            image = image.convert("RGB")
        elif image.mode == "RGB" and space == "GRAY" and _is_grey(image):
            image = image.getchannel("R")
        return ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None  # damaged, or meant for other channels: viewers ignore such a profile


def _is_grey(image: Image.Image) -> bool:
    red, green, blue = image.split()
    return not any(ImageChops.difference(red, other).getextrema()[1] for other in (green, blue))
