"""A picture of the answers that needs no kernel: it stays in the saved notebook."""

import base64
from collections.abc import Sequence
from html import escape
from typing import Any

from conus_widgets.widgets.classifier.cards import Card, remarks
from conus_widgets.widgets.live.saved import QUIET
from conus_widgets.widgets.live.saved import Picture as Saved
from conus_widgets.widgets.live.words import percent, sentence

__all__ = ["Picture"]

_AT_MOST = 24

_NAME = "font-weight:600;overflow-wrap:anywhere"
_CELL = "padding:1px 12px 1px 0;border:0;background:none;text-align:left;vertical-align:middle"


class Picture(Saved):
    """The answers of a classifier as HTML and as text, fixed at the moment it was made.

    Parameters
    ----------
    cards : sequence of Card
    specimen : Prediction, Exception or None
        The answer for all photographs together, if they were taken for one specimen.
    """

    def __init__(self, cards: Sequence[Card], specimen: Any = None) -> None:
        entries = [_entry(card) for card in cards if card.settled and card.state != "stopped"]
        if specimen is not None:
            names = [card.name for card in cards if card.error is None]
            kind = {"error": specimen} if isinstance(specimen, Exception) else {"answer": specimen}
            entries = [e for e in entries if e["error"] is not None]
            entries.insert(0, _specimen(names, cards, **kind))
        self._more = max(0, len(entries) - _AT_MOST)
        self._entries = entries[:_AT_MOST]

    def body(self) -> tuple[str, str]:
        """Return the HTML, and a sentence that goes below it."""
        body = "".join(_html(entry) for entry in self._entries)
        more = f"<p>... and {self._more} more</p>" if self._more else ""
        return body + more, "Answers of the last run." if body else ""

    def __repr__(self) -> str:
        lines = [line for entry in self._entries for line in _text(entry)]
        if self._more:
            lines.append(f"... and {self._more} more")
        return "\n".join(lines) or "No photographs have been classified yet."


def _entry(card: Card) -> dict[str, Any]:
    return {
        "title": card.name,
        "pictures": [(card.name, card.thumbnail)] if card.thumbnail else [],
        "answer": card.prediction,
        "error": card.error,
    }


def _specimen(
    names: list[str], cards: Sequence[Card], answer: Any = None, error: Any = None
) -> dict[str, Any]:
    return {
        "title": f"One specimen: {', '.join(names)}",
        "pictures": [(card.name, card.thumbnail) for card in cards if card.thumbnail][:6],
        "answer": answer,
        "error": error,
    }


def _text(entry: dict[str, Any]) -> list[str]:
    if entry["error"] is not None:
        return [sentence(entry["error"])]
    answer = entry["answer"]
    if answer is None:
        return []
    said = remarks(answer)
    lines = [entry["title"] + (f" ({'; '.join(said)})" if said else "")]
    for label, probability in zip(answer.labels, answer.probabilities, strict=True):
        lines.append(f"  {percent(probability):>8}  {label}")
    return lines


def _html(entry: dict[str, Any]) -> str:
    pictures = "".join(
        f'<img alt="{escape(name)}" style="max-width:96px;max-height:96px;margin:0 12px 0 0" '
        f'src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
        for name, data in entry["pictures"]
    )
    title = f'<div style="{_NAME}">{escape(entry["title"])}</div>'
    if entry["error"] is not None:
        title = ""
        body = f"<div>&#9888; {escape(sentence(entry['error']))}</div>"
    elif entry["answer"] is not None:
        body = _table(entry["answer"])
    else:
        return ""
    return (
        f'<div style="display:flex;flex-wrap:wrap;align-items:flex-start;margin:8px 0">'
        f'<div style="min-width:108px">{pictures}</div><div>{title}{body}</div></div>'
    )


def _table(answer: Any) -> str:
    rows = "".join(
        f'<tr style="background:none"><td style="{_CELL}">{escape(label)}</td>'
        f'<td style="{_CELL}"><div style="width:160px"><div style="height:8px;background:#1976d2;'
        f'width:{100 * probability:.1f}%"></div></div></td>'
        f'<td style="{_CELL};text-align:right">{escape(percent(probability))}</td></tr>'
        for label, probability in zip(answer.labels, answer.probabilities, strict=True)
    )
    said = escape("; ".join(remarks(answer)))
    return (
        f'<table style="border-collapse:collapse;margin:2px 0">{rows}</table>'
        f'<div style="{QUIET}">{said}</div>'
    )
