"""A picture of the page that needs no kernel: it stays in the saved notebook."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from conus_widgets.explain.scale import limit_of
from conus_widgets.network.interface import softmax
from conus_widgets.widgets.explorer import lines
from conus_widgets.widgets.explorer.methods import method_called
from conus_widgets.widgets.explorer.state import State
from conus_widgets.widgets.live.saved import QUIET
from conus_widgets.widgets.live.saved import Picture as Saved
from conus_widgets.widgets.live.words import percent, signed

__all__ = ["AGAINST", "FOR", "Picture", "overlay"]

#: Colours of what speaks for the target and against it, R, G, B: colours.js has the same.
FOR, AGAINST = (255, 140, 26), (61, 139, 255)
OPACITY = 0.75
SIDE = 420  # pixels of a map's longer side
TOP = 6  # classes in the table

_CELL = "padding:1px 14px 1px 0;border:0;background:none;text-align:"


class Picture(Saved):
    """The maps, the ranking and the area's numbers, fixed at the moment it was made.

    Parameters
    ----------
    state : State
        Whoever makes a picture holds ``state.changed``.
    """

    def __init__(self, state: State) -> None:
        found = [(pane, pane.explanation) for pane in state.panes if pane.explanation is not None]
        self._errors = [pane.error for pane in state.panes if pane.error]
        self._maps = []
        for pane, one in found:
            limit = limit_of([peer for _, peer in found if peer.unit == one.unit])
            scale = (
                "the same everywhere" if limit is None else f"colours up to ±{limit:.3g} {one.unit}"
            )
            rows, columns = one.values.shape
            how = f"{one.method}, {rows} × {columns} cells, {scale}"
            line = lines.of_map(state, pane, method_called(pane.method), one.layer)
            png = overlay(one.image, one.values, limit)
            self._maps.append((png, one.target.words, how, line))
        self._rows: list[list[str]] = []
        self._notice = state.predictor.notice if state.predictor else ""
        self._covered = self._line = ""
        if found:
            self._table(state, found[0][0].photograph)

    def _table(self, state: State, number: int) -> None:
        sight, area = state.sight(number), state.area
        if sight is None:
            return
        chances = softmax(sight.logits)
        here = area.is_checked and area.photograph == number
        evidence = state.evidence(area) if here else None
        heads = ["class", "probability", "logit"]
        if evidence is not None:
            heads += ["share of the area", "checked: change where covered"]
            self._covered = (
                f"Covered: {evidence.fraction:.1%} of the photograph, with {evidence.fill}."
            )
            self._line = lines.of_evidence(state, area)
        self._rows.append(heads)
        for i in np.argsort(-sight.logits, kind="stable")[:TOP]:
            label = state.loaded.labels[i]
            row = [label, percent(float(chances[i])), signed(float(sight.logits[i]))]
            if evidence is not None:
                row += [signed(float(evidence.shares[i])), signed(float(evidence.changes[i]))]
            self._rows.append(row)

    def body(self) -> tuple[str, str]:
        """Return the HTML, and a sentence that goes below it."""
        maps = "".join(
            f'<div style="max-width:{SIDE}px"><img alt="{escape(words)}" style="max-width:100%" '
            f'src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
            f'<div style="font-weight:600;overflow-wrap:anywhere">{escape(words)}</div>'
            f'<div style="{QUIET}">{escape(how)}<br><code>{escape(line)}</code></div></div>'
            for data, words, how, line in self._maps
        )
        rows = "".join(
            f'<tr style="background:none">{"".join(map(_cell, range(len(row)), row))}</tr>'
            for row in self._rows
        )
        table = (
            f'<table style="border-collapse:collapse;margin:6px 0">{rows}</table>' if rows else ""
        )
        said = " ".join(text for text in (*self._errors, self._covered, self._notice) if text)
        body = (
            f'<div style="display:flex;flex-wrap:wrap;gap:16px">{maps}</div>{table}'
            f'<div style="{QUIET}">{escape(said)}</div>'
        )
        if self._line:
            body += f'<code style="{QUIET};overflow-wrap:anywhere">{escape(self._line)}</code>'
        return body, "Orange speaks for, blue against. The last state." if maps else ""

    def __repr__(self) -> str:
        said = [f"{words} ({how})" for _, words, how, _ in self._maps]
        said += ["  " + "  ".join(row) for row in self._rows]
        said += [text for text in (*self._errors, self._covered, self._notice) if text]
        return "\n".join(said) or "There is no photograph yet."


def _cell(number: int, text: str) -> str:
    side = "left" if number == 0 else "right"
    return f'<td style="{_CELL}{side}">{escape(text)}</td>'


def overlay(image: Image.Image, values: NDArray[Any], limit: float | None) -> bytes:
    """Return a JPEG of the photograph with the map's cells over it.

    Parameters
    ----------
    image : PIL.Image.Image
    values : array (rows, columns)
    limit : float or None
        The value with the strongest colour; None for a flat map, which is drawn as nothing.
    """
    small = image.copy()
    small.thumbnail((SIDE, SIDE))
    share = np.zeros_like(values) if limit is None else np.clip(values / limit, -1, 1)
    colours = np.where(share[..., None] > 0, np.array(FOR), np.array(AGAINST))
    alpha = np.rint(255 * OPACITY * np.abs(share))[..., None]
    cells = Image.fromarray(np.concatenate([colours, alpha], -1).astype(np.uint8), "RGBA")
    fine = max(values.shape) > max(small.size)
    cells = cells.resize(small.size, Image.Resampling.BOX if fine else Image.Resampling.NEAREST)
    drawn = Image.alpha_composite(small.convert("RGBA"), cells).convert("RGB")
    file = io.BytesIO()
    drawn.save(file, "JPEG", quality=88)
    return file.getvalue()
