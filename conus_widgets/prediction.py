"""Answers: of the network about one photograph, and for one specimen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.checkpoint.ranges import weighed
from conus_widgets.equality import ByValue
from conus_widgets.photographs.photograph import PhotographError


@dataclass(frozen=True, eq=False)
class Answer:
    """What the network says of one photograph.

    Attributes
    ----------
    number : int
        Place of the photograph among those that were given.
    name : str
    probabilities : float64 array (classes,)
        The mean over its views.
    logits : float32 array (classes,)
        Their softmax is `probabilities`: of one view as the network gives them, of several the
        logarithm of the mean.
    features : float32 array (F,) or None
        What the dense layer reads, the mean over the views; None unless it was asked for.
    remarks : tuple of str
        What must be known of how the photograph was read, each with its name.
    about : object
        What the reader of the photograph added; None by default.
    """

    number: int
    name: str
    probabilities: NDArray[Any]
    logits: NDArray[Any]
    features: NDArray[Any] | None = None
    remarks: tuple[str, ...] = ()
    about: Any = None


@dataclass(frozen=True, eq=False)
class Prediction(ByValue):
    """A ranked list of classes for one specimen. Two are equal if all that they say is equal.

    Parameters
    ----------
    names : list of str
        The photographs that were used.
    label_ids : list of int
        The best classes, best first.
    labels : list of str
        Their names.
    probabilities : list of float
        Their probabilities.
    info : list of str
        Their lines of `info.txt`, "-" for none.
    all_probabilities : float64 array (classes,)
        Of all classes; sums to 1.
    views : int
        Views of each photograph that were averaged; 1 is the plain photograph.
    seed : int or None
        Of the views.
    region : str or None
        The region by which classes were weighed, None if they were not.
    notice : str
        Stands wherever the answer stands; "" if nothing has to be said.
    errors : list of PhotographError
        Photographs of the specimen that could not be used.
    remarks : list of str
        What must be known of how photographs were read, each with the photograph's name: pixels
        that are missing, a white that was guessed, pages that were left out.
    """

    names: list[str]
    label_ids: list[int]
    labels: list[str]
    probabilities: list[float]
    info: list[str]
    all_probabilities: NDArray[Any]
    views: int = 1
    seed: int | None = None
    region: str | None = None
    notice: str = ""
    errors: list[PhotographError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the answer in the form that the DEEP-OC classifier's service published.

        Returns
        -------
        dict
            ``{"status": "ok", "predictions": [{"label_id", "label", "probability", "info":
            {"links": [{"link", "url"}], "metadata"}}]}``; after it, if there is something to
            say, "notice", "region", "errors" and "remarks".
        """
        # A drawn shell's kind is no species: a link would pretend that it is.
        linked = not self.notice
        rows = zip(self.label_ids, self.labels, self.probabilities, self.info, strict=True)
        answer: dict[str, Any] = {
            "status": "ok",
            "predictions": [
                {
                    "label_id": label_id,
                    "label": label,
                    "probability": probability,
                    "info": {"links": links(label) if linked else [], "metadata": info},
                }
                for label_id, label, probability, info in rows
            ],
        }
        if self.notice:
            answer["notice"] = self.notice
        if self.region is not None:
            answer["region"] = self.region
        if self.errors:
            answer["errors"] = [{"file": e.name, "message": str(e)} for e in self.errors]
        if self.remarks:
            answer["remarks"] = list(self.remarks)
        return answer

    def __str__(self) -> str:
        width = max(len(label) for label in self.labels)
        lines = [", ".join(self.names)]
        for label, probability in zip(self.labels, self.probabilities, strict=True):
            lines.append(f"{probability:8.1%}  {label:<{width}}".rstrip())
        if self.region is not None:
            lines.append(f"Classes were weighed by region: {self.region}.")
        lines += [f"Left out: {error}" for error in self.errors]
        lines += [f"{remark}." for remark in self.remarks]
        if self.notice:
            lines.append(self.notice[0].upper() + self.notice[1:] + ".")
        return "\n".join(lines)

    __repr__ = __str__


def links(label: str) -> list[dict[str, str]]:
    """Return where to read on about a species, as the published service did."""
    search = urlencode({"tbm": "isch", "q": label})
    return [
        {"link": "Google images", "url": f"https://www.google.es/search?{search}"},
        {
            "link": "Wikipedia",
            "url": f"https://en.wikipedia.org/wiki/{quote(label.replace(' ', '_'))}",
        },
    ]


def rank(probabilities: NDArray[Any], top: int) -> Sequence[int]:
    """Return the classes with the highest probabilities, best first; ties in class order."""
    return [int(i) for i in np.argsort(-probabilities, kind="stable")[:top]]


def answered(
    checkpoint: Checkpoint,
    rows: Sequence[Answer],
    probabilities: NDArray[Any],
    errors: Sequence[PhotographError],
    *,
    top: int,
    region: str | None,
    views: int,
    seed: int | None,
) -> Prediction:
    """Return the prediction for one specimen.

    Parameters
    ----------
    checkpoint : Checkpoint
        Gives the words: labels, texts, the notice, and the regions.
    rows : sequence of Answer
        About the specimen's photographs.
    probabilities : float64 array (classes,)
        Their mean.
    errors : sequence of PhotographError
        Photographs that could not be used.
    top, region, views, seed
        As `Predictor.predict` was asked.

    Raises
    ------
    ValueError
        If no class that is possible lives in the region.
    """
    if region is not None:
        probabilities = weighed(probabilities, region, checkpoint.regions)
    best = rank(probabilities, top)
    return Prediction(
        names=[row.name for row in rows],
        label_ids=list(best),
        labels=[checkpoint.labels[i] for i in best],
        probabilities=[float(probabilities[i]) for i in best],
        info=[checkpoint.info[i] for i in best],
        all_probabilities=probabilities,
        views=views,
        seed=seed,
        region=region,
        notice=checkpoint.notice,
        errors=list(errors),
        remarks=[remark for row in rows for remark in row.remarks],
    )
