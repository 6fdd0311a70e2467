"""A photograph and its answer, as they stand on the page."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image

from conus_widgets.prediction import Prediction
from conus_widgets.widgets.live.words import percent, sentence

__all__ = ["Card", "Settings", "answer", "remarks", "thumbnail"]

_THUMBNAIL = 256


@dataclass(frozen=True)
class Settings:
    """How photographs are to be answered; see ``Classifier``."""

    top: int
    views: int
    seed: int | None
    region: str | None
    specimen: bool


@dataclass
class Card:
    """One photograph on the page.

    Attributes
    ----------
    source : Any
        The file's bytes, or whatever else was given to ``classify``.
    state : str
        ``"waiting"``, ``"running"``, ``"done"``, ``"failed"`` or ``"stopped"``.
    upload : str
        The number the page gave the file; empty if it did not come from the page.
    """

    number: int
    name: str
    source: Any
    note: str = ""
    upload: str = ""
    state: str = "waiting"
    thumbnail: bytes = b""
    prediction: Prediction | None = None
    error: Exception | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing more is to come: answered, failed or stopped."""
        return self.state not in ("waiting", "running")

    def settle(
        self, *, prediction: Prediction | None = None, error: Exception | None = None
    ) -> None:
        """Keep an answer, or the error that stands instead of one."""
        self.prediction, self.error = prediction, error
        self.state = "done" if error is None else "failed"

    def reset(self) -> None:
        """Wait for an answer again."""
        self.prediction, self.error, self.state = None, None, "waiting"

    def message(self) -> dict[str, Any]:
        """Return the card as plain data for the page, without its bytes."""
        return {
            "number": self.number,
            "name": self.name,
            "note": self.note,
            "upload": self.upload,
            "state": self.state,
            "error": "" if self.error is None else sentence(self.error),
            "answer": answer(self.prediction),
        }


def answer(prediction: Prediction | None) -> dict[str, Any] | None:
    """Return a prediction as plain data for the page; None for None."""
    if prediction is None:
        return None
    rows = [
        {
            "label": label,
            "probability": float(probability),
            "percent": percent(probability),
            "info": info if info != "-" else "",
        }
        for label, probability, info in zip(
            prediction.labels, prediction.probabilities, prediction.info, strict=True
        )
    ]
    return {"rows": rows, "remarks": remarks(prediction)}


def remarks(prediction: Prediction) -> list[str]:
    """List what must be known beside the numbers: where they come from, how they were got."""
    said = [prediction.notice] if prediction.notice else []
    if prediction.views > 1:
        said.append(f"mean of {prediction.views} random views")
    if prediction.region:
        said.append(f"weighed by region: {prediction.region}")
    said += prediction.remarks  # of how the photographs were read
    return said


def thumbnail(image: Image.Image) -> bytes:
    """Return a small JPEG of an RGB image."""
    small = image.copy()
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=85)
    return file.getvalue()
