"""The model and the settings that answers depend on, as one small record beside them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from conus_widgets.checkpoint.digest import model_digest
from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.collection.digests import MEASURING

FORMAT = 1  # of a store; a larger number is of a newer version of this kit


@dataclass(frozen=True)
class Fingerprint:
    """A model and how it was asked.

    Attributes
    ----------
    name : str
        Of the model.
    digest : str
        SHA-256 of what its answers depend on: see `model_digest`.
    labels : tuple of str
        Its classes.
    features : int
        How many numbers the dense layer reads.
    precision : str
    views : int
    seed : int or None
        Of the views; None if there is only the plain photograph.
    format : int
    measuring : int
        See `digests.MEASURING`; in a store that was begun by an older version, that of its oldest
        rows. It makes no two stores different.
    """

    name: str
    digest: str
    labels: tuple[str, ...]
    features: int
    precision: str = "float32"
    views: int = 1
    seed: int | None = None
    format: int = FORMAT
    notice: str = ""
    measuring: int = MEASURING

    def to_json(self) -> str:
        """Return the record as text."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Fingerprint:
        """Read what `to_json` returned.

        Raises
        ------
        ValueError
            If it is no such record.
        """
        given: Any = json.loads(text)
        if not isinstance(given, dict):
            raise ValueError("it holds no record")
        try:
            if int(given["format"]) > FORMAT:
                raise ValueError(
                    f"it has format {given['format']}, and this version of conus_widgets reads up "
                    f"to {FORMAT}"
                )
            # What early stores do not have.
            known: dict[str, Any] = {"notice": "", "measuring": 1}
            known |= {name: given[name] for name in cls.__dataclass_fields__ if name in given}
            known["labels"] = tuple(map(str, known["labels"]))
            known["features"] = int(known["features"])
            return cls(**known)
        except (KeyError, TypeError) as error:
            raise ValueError(f"it lacks {error}") from error

    def differences(self, other: Fingerprint) -> list[str]:
        """Return in words what is not the same as in `other`."""
        found = []
        if self.digest != other.digest:
            same = " of the same name" if self.name == other.name else ""
            found.append(
                f"the model is {self.name} ({self.digest[:8]}), not {other.name}{same} "
                f"({other.digest[:8]})"
            )
        for name in ("precision", "views", "seed"):
            ours, others = getattr(self, name), getattr(other, name)
            if ours != others:
                found.append(f"{name} is {ours}, not {others}")
        return found


def fingerprint(
    checkpoint: Checkpoint, *, precision: str, views: int = 1, seed: int | None = None
) -> Fingerprint:
    """Return the fingerprint of answers that a checkpoint's network will give."""
    return Fingerprint(
        name=checkpoint.name,
        digest=model_digest(checkpoint),
        labels=tuple(checkpoint.labels),
        features=checkpoint.architecture.features,
        precision=precision,
        views=views,
        seed=seed if views > 1 else None,
        notice=checkpoint.notice,
    )
