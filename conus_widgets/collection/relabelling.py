"""Labels as the verdicts leave them: a file for the next training, and what it changes."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

from conus_widgets.collection.accuracy import Accuracy
from conus_widgets.collection.collection import Collection
from conus_widgets.machine.beside import written_whole

COLUMNS = ("file", "label", "specimen", "view", "label_as_given", "left_out")


@dataclass(frozen=True, eq=False)
class Relabelling:
    """New labels, and what they change.

    Parameters
    ----------
    rows : tuple of dict
        One for each photograph; keys are `COLUMNS`. A photograph that must not be used has no label
        and the reason in "left_out".
    before, after : Accuracy
        With the labels as given, and as the verdicts leave them. They rise also because an expert
        only looked at what the network found odd: `after` is no measure of the network alone.
    kept : tuple of str
        Specimens that the network names otherwise and that an expert found right: odd, but right.
        They stay. Leaving them out would flatter the network and lose the rare forms.
    """

    rows: tuple[dict[str, str], ...]
    before: Accuracy
    after: Accuracy
    kept: tuple[str, ...]

    @property
    def changed(self) -> int:
        """Photographs with another label than was given, or with none."""
        return sum(row["label"] != row["label_as_given"] for row in self.rows)

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the rows as CSV in UTF-8; it appears under its name when it is whole."""
        path = Path(path)
        with written_whole(path, text=True) as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
        return path

    def __str__(self) -> str:
        lines = [
            f"{self.changed} of {len(self.rows)} photographs have another label, or none.",
            f"right as given: {self.before.top1}",
            f"right with the verdicts: {self.after.top1}",
        ]
        if self.kept:
            lines.append(f"odd but right, and kept: {', '.join(self.kept)}")
        return "\n".join(lines)


def relabelled(collection: Collection) -> Relabelling:
    """Return the labels of a collection as its verdicts leave them."""
    records, labels = collection.table.records, collection.labels
    rows = tuple(
        {
            "file": record.path,
            "label": label,
            "specimen": record.specimen,
            "view": record.view,
            "label_as_given": record.label,
            "left_out": "" if label else "by verdict" if record.label else "no label was given",
        }
        for record, label in zip(records, labels, strict=True)
    )
    confirmed = {
        judgement.case
        for judgement in collection.judgements.values()
        if judgement.verdict is not None and judgement.verdict.kind == "right"
    }
    odd = [str(mistake.specimen) for mistake in collection.mistakes]
    return Relabelling(
        rows,
        before=collection.as_given.accuracy,
        after=collection.accuracy,
        kept=tuple(name for name in odd if name in confirmed),
    )
