"""A contact sheet of every kind, for the eye."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

from .drawing import VIEWS, draw
from .kinds import KINDS


def contact_sheet(*, seed: int = 4, size: int = 150, columns: int = 4) -> Image.Image:
    """Every kind in both views on black, its name beneath.

    Parameters
    ----------
    seed : int
        Each kind is drawn from a seed of its own, counted from here.
    size : int
        Side of one drawing in pixels.
    columns : int
        Kinds in a row.
    """
    font = ImageFont.load_default(max(11, size // 11))
    margin = size // 12
    caption = size // 6
    width, height = 2 * size + margin, size + caption + margin
    rows = -(-len(KINDS) // columns)
    sheet = Image.new("RGB", (columns * width + margin, rows * height + margin), "black")
    pen = ImageDraw.Draw(sheet)
    for n, kind in enumerate(KINDS):
        x, y = margin + n % columns * width, margin + n // columns * height
        for k, view in enumerate(VIEWS):
            drawing = draw(
                kind,
                seed + n,
                size=size,
                view=view,
                background="black",
                turn=0,
                fill=0.94,
                centre=(0.5, 0.5),
            )
            sheet.paste(Image.fromarray(drawing.image), (x + k * size, y))
        pen.text((x + size, y + size + caption // 2), kind, "#dddddd", font, anchor="mm")
    return sheet
