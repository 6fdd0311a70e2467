"""Everything that follows from a collection's answers, without the network.

Each number is computed by a function of its own module, from arrays; here they get the arrays. All
photographs are numbered by their places in the table, also if some have no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.collection.accuracy import Accuracy, accuracy, accuracy_per
from conus_widgets.collection.answers import Answers
from conus_widgets.collection.calibration import Calibration, Temperature, calibration, temperature
from conus_widgets.collection.confusion import Confusion, Mistake, confusion, mistakes
from conus_widgets.collection.duplicates import DISTANCE, Duplicates, find_duplicates
from conus_widgets.collection.names import Names
from conus_widgets.collection.neighbours import CLASSES, Neighbour, neighbours
from conus_widgets.collection.outlying import NEIGHBOUR, Outlying, outlying
from conus_widgets.collection.prediction_sets import PredictionSets, prediction_sets
from conus_widgets.collection.risk import RiskCurve, risk_curve
from conus_widgets.collection.slices import LEAST, Slices, slices
from conus_widgets.collection.specimens import NO_CLASS, Specimens, by_specimen, number
from conus_widgets.collection.suggestions import Provenance, Suggestions, suggest
from conus_widgets.collection.synonyms import NamedAccuracy, accuracy_by_names
from conus_widgets.collection.table import Table

if TYPE_CHECKING:
    from conus_widgets.training.last_layer import OutOfFold


class Derived:
    """What `Collection` derives. It gives `table`, `answers`, `labels` and `names`."""

    table: Table
    answers: Answers
    labels: tuple[str, ...]
    names: Names

    @property
    def accuracy(self) -> Accuracy:
        """What is right, by specimen."""
        asked = self._asked
        return accuracy(asked.probabilities, asked.classes, asked.specimens)

    def accuracy_per(self, what: str = "label") -> dict[str, Accuracy]:
        """Count what is right for each value of "label", "view", "institution" ... or a column."""
        asked = self._asked
        values = asked.some(self.known(what))
        return accuracy_per(values, asked.probabilities, asked.classes, asked.specimens)

    @property
    def accuracy_by_names(self) -> NamedAccuracy:
        """What is right as given, with synonyms, and by genus; see `names`."""
        asked, classes = self._asked, self.answers.classes
        labels = asked.some(self.labels)
        every = list(dict.fromkeys([*labels, *classes]))
        return accuracy_by_names(
            asked.probabilities,
            labels,
            asked.specimens,
            classes,
            accepted=self.names.mapping(every),
            ambiguous=self.names.ambiguous(every),
            genera=self.names.genera(every),
        )

    @property
    def confusion(self) -> Confusion:
        """Labels by first answers, in specimens: all classes, and labels that are no class."""
        asked, classes = self._asked, self.answers.classes
        # A label in other letters, as with an underscore, stands in the row of its class.
        labels = [
            classes[number] if number != NO_CLASS else label
            for number, label in zip(asked.classes, asked.some(self.labels), strict=True)
        ]
        return confusion(asked.probabilities, labels, asked.specimens, classes)

    @property
    def mistakes(self) -> list[Mistake]:
        """Specimens that the network names otherwise, those with the largest loss first."""
        asked = self._asked
        found = mistakes(asked.probabilities, asked.classes, asked.specimens)
        return [
            replace(one, photographs=tuple(asked.places[list(one.photographs)].tolist()))
            for one in found
        ]

    @property
    def calibration(self) -> Calibration:
        """Whether specimens named with 80 % are right in 80 %."""
        found = self._by_specimen
        return calibration(found.probabilities, found.labels)

    @property
    def temperature(self) -> Temperature:
        """By which number the logits should be divided."""
        asked = self._asked
        return temperature(self.answers.logits[asked.places], asked.classes)

    @property
    def risk(self) -> RiskCurve:
        """Which share may be skipped: errors among the surest specimens."""
        found = self._by_specimen
        return risk_curve(found.probabilities, found.labels)

    def prediction_sets(self, *, confidence: float = 0.9, held_out: bool = False) -> PredictionSets:
        """For each specimen the classes that cannot be ruled out.

        Parameters
        ----------
        confidence : float
        held_out : bool
            True if the network never saw this collection: its own probabilities are then used.
            Else they come from a last layer that was fitted to other specimens.
        """
        asked = self._asked
        probabilities = asked.probabilities if held_out else self.out_of_fold.probabilities
        return prediction_sets(probabilities, asked.classes, asked.specimens, confidence=confidence)

    def slices(self, *columns: str, least: int = LEAST) -> Slices:
        """Error rates by whatever is known of the photographs, those worse than the rest first.

        Parameters
        ----------
        columns : str
            Columns of the table to look at as well. Each one widens all intervals.
        least : int
            Specimens that a slice must have.
        """
        asked = self._asked
        known = self.known_for_slices(*columns)
        return slices(
            {what: asked.some(values) for what, values in known.items()},
            asked.probabilities,
            asked.classes,
            asked.specimens,
            least=least,
        )

    def known_for_slices(self, *columns: str) -> dict[str, Any]:
        """Return what `slices` looks at: for each thing that is known its values (N,)."""
        known: dict[str, Any] = {
            what: self.known(what) for what in ("view", "region", "institution", *columns)
        }
        answered = self.answers.answered
        measures = {
            name: np.where(answered, values, np.nan)
            for name, values in self.answers.measures.items()
        }
        known["megapixels"] = measures["width"] * measures["height"] / 1e6
        for name in ("brightness", "sharpness", "background", "background_texture"):
            known[name.replace("_", " ")] = measures[name]
        return known

    def suggestions(
        self, provenance: Provenance = Provenance.OUT_OF_FOLD, *, accept_in_sample: bool = False
    ) -> Suggestions:
        """Labels to look at first.

        Parameters
        ----------
        provenance : Provenance
            Where probabilities come from. Out-of-fold they are made from the stored features: a
            collection may have been trained on. ``Provenance.HELD_OUT`` takes the network's own.
        accept_in_sample : bool
            See `suggestions.suggest`.
        """
        asked = self._asked
        made = provenance is Provenance.OUT_OF_FOLD
        found = suggest(
            self.out_of_fold.probabilities if made else asked.probabilities,
            asked.classes,
            asked.specimens,
            provenance,
            judged=self.out_of_fold.judged if made else None,
            accept_in_sample=accept_in_sample,
        )
        quality = np.full(len(self.answers), np.nan)
        quality[asked.places] = found.quality
        return replace(found, quality=quality, order=asked.places[found.order])

    @cached_property
    def out_of_fold(self) -> OutOfFold:
        """Probabilities from a last layer that was not fitted to the photograph's specimen.

        They are of the photographs that were answered, in their order.
        """
        from conus_widgets.training.last_layer import out_of_fold  # brings scikit-learn

        asked = self._asked
        features = np.asarray(self.answers.features.of(asked.places), np.float32)
        groups = asked.some(self.split_groups)
        return out_of_fold(features, asked.classes, groups, len(self.answers.classes))

    @cached_property
    def split_groups(self) -> NDArray[Any]:
        """Numbers (N,) of what must stay on one side of every split.

        A specimen's photographs have one number, and so have those that are the same or look the
        same, whatever specimen they are given to.
        """
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        specimens, _ = number(self.specimens)
        alike = len(specimens) + self.duplicates().groups  # after the specimens' numbers
        size = int(alike.max(initial=len(specimens))) + 1
        links = coo_matrix((np.ones(len(alike)), (specimens, alike)), shape=(size, size))
        _, groups = connected_components(links, directed=False)
        return np.asarray(groups[specimens])

    def neighbours(
        self, photograph: int, *, count: int = 5, classes: int = CLASSES
    ) -> dict[int, list[Neighbour]]:
        """Return the nearest photographs of the most probable classes and of the own label.

        Parameters
        ----------
        photograph : int
            One that was answered.
        count, classes : int
            Of each class; how many classes.
        """
        answers = self.answers
        if not answers.answered[photograph]:
            raise ValueError(
                f"Photograph {photograph} has no answer ({answers.status[photograph]}): it has no "
                "neighbours."
            )
        asked = np.where(answers.answered, answers.class_of, NO_CLASS)
        return neighbours(
            photograph,
            answers.features,  # type: ignore[arg-type]  # indexed as an array, and left on the disk
            answers.probabilities[photograph],
            asked,
            self.specimens,
            self.known("view"),
            count=count,
            classes=classes,
        )

    def outlying(self, *, neighbour: int = NEIGHBOUR) -> Outlying:
        """How far each photograph lies from those of other specimens; NaN without an answer."""
        asked = self._asked
        features: Any = self.answers.features.of(asked.places)
        found = outlying(features, asked.classes, asked.specimens, neighbour=neighbour)
        distance = np.full(len(self.answers), np.nan, np.float32)
        percentile = np.full(len(self.answers), np.nan)
        distance[asked.places], percentile[asked.places] = found.distance, found.percentile
        return replace(found, distance=distance, percentile=percentile)

    def duplicates(self, *, distance: int = DISTANCE) -> Duplicates:
        """Photographs that are there twice, those under two labels first."""
        digests = [
            digest if answered else ""
            for digest, answered in zip(self.answers.digests, self.answers.answered, strict=True)
        ]
        return find_duplicates(
            digests,
            self.answers.hashes,
            labels=self.labels,
            specimens=self.specimens,
            distance=distance,
        )

    @property
    def specimens(self) -> list[str]:
        """The specimen of each photograph."""
        return self._column("specimen")

    def _column(self, name: str) -> list[str]:
        """Return a field of each record."""
        return [getattr(record, name) for record in self.table.records]

    def known(self, what: str) -> list[str]:
        """Return what the table says of each photograph: "label", "view" ..., or a column."""
        if what == "label":
            return list(self.labels)
        if what in ("view", "region", "institution", "specimen", "catalogue", "occurrence"):
            return self._column(what)
        records = self.table.records
        columns = sorted({name for record in records for name in record.others})
        if what not in columns:
            raise ValueError(
                f"Nothing is known as {what!r}; there are label, view, region, institution"
                f"{''.join(f', {name}' for name in columns)}."
            )
        return [record.others.get(what, "") for record in records]

    @cached_property
    def _asked(self) -> _Asked:
        specimens, labels = self.specimens, self.labels
        labelled = {specimen for specimen, label in zip(specimens, labels, strict=True) if label}
        # A photograph that must not count does not contradict its specimen's other photographs.
        counts = [
            bool(label) or specimen not in labelled
            for specimen, label in zip(specimens, labels, strict=True)
        ]
        places = np.flatnonzero(self.answers.answered & np.array(counts, bool))
        return _Asked(
            places,
            self.answers.probabilities[places],
            self.answers.class_of[places],
            [specimens[place] for place in places.tolist()],
        )

    @property
    def _by_specimen(self) -> Specimens:
        asked = self._asked
        return by_specimen(asked.probabilities, asked.classes, asked.specimens)


@dataclass(frozen=True, eq=False)
class _Asked:
    """The photographs with an answer: their places, and what derivations take."""

    places: NDArray[Any]
    probabilities: NDArray[Any]
    classes: NDArray[Any]
    specimens: list[str]

    def some(self, values: Sequence[Any] | NDArray[Any]) -> Any:
        """Return of N values those of the photographs with an answer."""
        if isinstance(values, np.ndarray):
            return values[self.places]
        return [values[place] for place in self.places.tolist()]
