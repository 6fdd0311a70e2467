"""One picture, one answer: files that a browser would scale down, turn or darken in its own way."""

import io

import numpy as np
import pictures
import pytest
from PIL import Image
from playwright.sync_api import expect
from test_classifier import in_python


def encoded(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def upside(image):
    exif = Image.Exif()
    exif[0x0112] = 6
    return {"image": image.transpose(Image.Transpose.ROTATE_90), "exif": exif}


LARGE, SMALL = (1800, 1350), (320, 240)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("turned.webp", LARGE),
        ("turned.webp", SMALL),
        ("turned.png", LARGE),
        ("large.avif", LARGE),
        ("small.avif", SMALL),
        ("deep.png", LARGE),
        ("cut.jpg", LARGE),
    ],
)
def test_the_page_answers_as_python_does(tool, files, name, size):
    upright = pictures.shell(3, size)
    if name == "deep.png":
        grey = np.asarray(upright.convert("L")).astype(np.uint16)
        data = encoded(Image.fromarray(grey << 8), "PNG")
    elif name == "cut.jpg":
        data = encoded(upright, "JPEG")[:-2]
    elif name.startswith("turned"):
        form = {"turned.webp": "WEBP", "turned.png": "PNG"}[name]
        data = encoded(form=form, **upside(upright))
    else:
        data = encoded(upright, "AVIF")
    [path] = files({name: data})
    tool.zone.drop({"files": [path]})
    tool.status(f"{name}: ")
    assert tool.ranking(name) == in_python(tool, path)
    image = tool.card(name).locator("img")
    expect(image).to_be_visible()
    shape = image.evaluate("i => i.naturalWidth / i.naturalHeight")
    assert shape == pytest.approx(4 / 3, abs=0.02), "upright on the page, too"


def test_what_must_be_said_of_a_photograph_stands_on_its_card(tool, files):
    rng = np.random.default_rng(0)
    dim = rng.integers(0, 4096, (240, 320)).astype(np.uint16)
    [path] = files({"microscope.tif": encoded(Image.fromarray(dim), "TIFF")})
    tool.zone.drop({"files": [path]})
    tool.status("microscope.tif: ")
    expect(tool.card("microscope.tif")).to_contain_text("taken for 12 bits")
