"""Test photographs, drawn here: nothing is committed, and nothing depends on a network."""

import io

import numpy as np
from PIL import Image, ImageDraw


def shell(seed=0, size=(320, 240)):
    """An RGB picture that differs from all its turnings, and for every seed."""
    rng = np.random.default_rng(seed)
    width, height = size
    image = Image.new("RGB", size, (8, 8, 10))
    draw = ImageDraw.Draw(image)
    colours = [tuple(int(c) for c in rng.integers(60, 250, 3)) for _ in range(4)]
    cone = [(0.15, 0.3), (0.3, 0.12), (0.55, 0.2), (0.85, 0.9), (0.7, 0.95)]
    draw.polygon([(x * width, y * height) for x, y in cone], fill=colours[0])
    for i, (x, y) in enumerate(rng.uniform(0.25, 0.6, (6, 2))):
        box = [x * width, y * height, (x + 0.12) * width, (y + 0.1) * height]
        draw.ellipse(box, fill=colours[1 + i % 3])
    return image


def encoded(image, form="JPEG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def turned(image, orientation=6):
    """JPEG bytes of a camera held sideways: the pixels turned, the turn back noted in EXIF."""
    back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image.transpose(back), "JPEG", quality=95, subsampling=0, exif=exif)


def large(seed=0, megabytes=12):
    """JPEG bytes of a noisy 24-megapixel photograph, at least so many megabytes."""
    rng = np.random.default_rng(seed)
    image = shell(seed, (6000, 4000))
    noise = np.tile(rng.integers(0, 60, (400, 600, 3), dtype=np.uint8), (10, 10, 1))
    image = Image.fromarray(np.asarray(image) // 2 + noise)
    data = encoded(image, "JPEG", quality=92)
    assert len(data) >= megabytes * 1e6
    return data
