"""A case: one photograph of a collection with its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from conus_widgets.collection.table import Record


@dataclass(frozen=True, eq=False)
class Case:
    """One photograph with its answer.

    Attributes
    ----------
    number : int
        Its place in the table.
    record : Record
    status, error, digest : str
        See `Answers`.
    probabilities, logits : float32 arrays (C,)
    loss : float
    features : float16 array (F,)
    measures : dict of str to float
    """

    number: int
    record: Record
    status: str
    error: str
    digest: str
    probabilities: NDArray[Any]
    logits: NDArray[Any]
    loss: float
    features: NDArray[Any]
    measures: dict[str, float]
