"""A collection of labelled photographs: read, asked once, everything else derived."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conus_widgets.collection.answers import FAILED, Answers, Places, losses
from conus_widgets.collection.case import Case
from conus_widgets.collection.consensus import Judgement, judgements, labels_after
from conus_widgets.collection.darwin_core import read_darwin_core
from conus_widgets.collection.derived import Derived
from conus_widgets.collection.digests import MEASURES
from conus_widgets.collection.drawn import draw_collection
from conus_widgets.collection.evaluation import Evaluation, evaluate
from conus_widgets.collection.folder import read_folder
from conus_widgets.collection.labels import Comparison, compare_labels
from conus_widgets.collection.names import Names, read_names
from conus_widgets.collection.problems import Problem
from conus_widgets.collection.store import Store, StoreError, open_store
from conus_widgets.collection.stored_table import StoredTable
from conus_widgets.collection.table import Record, Table
from conus_widgets.collection.tabular import read_table
from conus_widgets.collection.verdict_log import Log
from conus_widgets.collection.verdict_log import read as read_log
from conus_widgets.network.interface import PredictorProtocol, Progress

if TYPE_CHECKING:  # a review makes reports, which need more than a collection does; so does Dask
    from distributed import Client

    from conus_widgets.collection.blind import BlindReview
    from conus_widgets.collection.matching import Matching
    from conus_widgets.collection.review import Review


class Collection(Derived):
    """Labelled photographs, and what a network says of them.

    Make one with `from_folder`, `from_table`, `from_darwin_core` or `drawn`, then `evaluate` it; or
    `open` one that was evaluated.

    Parameters
    ----------
    table : Table
    names : Names or path, optional
        Which names mean the same: a ``names.csv``, or a file of the WoRMS Taxon Match.
    """

    def __init__(
        self, table: Table | StoredTable, names: Names | str | os.PathLike[str] | None = None
    ) -> None:
        self._given = table
        self._store: Store | None = None
        self._follows = True
        self._reader = ""  # the reviewer who sees it; "" for somebody who may see all
        own = names if isinstance(names, Names) or names is None else read_names(names)
        self.names = own or Names()

    @classmethod
    def from_folder(cls, path: str | os.PathLike[str], *args: Any, **options: Any) -> Collection:
        """Read a folder with a folder for each class; options as in `folder.read_folder`."""
        names = options.pop("names", None)
        return cls(read_folder(path, *args, **options), names)

    @classmethod
    def from_table(cls, path: str | os.PathLike[str], *args: Any, **options: Any) -> Collection:
        """Read a CSV or Parquet file; options as in `tabular.read_table`."""
        names = options.pop("names", None)
        return cls(read_table(path, *args, **options), names)

    @classmethod
    def from_darwin_core(
        cls,
        archive: str | os.PathLike[str],
        photographs: str | os.PathLike[str],
        **options: Any,
    ) -> Collection:
        """Read a Darwin Core archive; options as in `darwin_core.read_darwin_core`."""
        names = options.pop("names", None)
        return cls(read_darwin_core(archive, photographs, **options), names)

    @classmethod
    def drawn(cls, folder: str | os.PathLike[str], **options: Any) -> Collection:
        """Draw shells with planted errors; options as in `drawn.draw_collection`."""
        names = options.pop("names", None)
        return cls(draw_collection(folder, **options), names)

    @classmethod
    def open(
        cls, store: str | os.PathLike[str], names: Names | str | os.PathLike[str] | None = None
    ) -> Collection:
        """Open a collection that was evaluated; neither its source nor the network is needed.

        Raises
        ------
        StoreError
            If that folder holds no evaluated collection.
        """
        opened = open_store(store)
        found = cls(opened.read_table(), names)
        found._store = opened
        return found

    def review(self, by: str, *, orcid: str = "") -> Review:
        """Begin a session of verdicts: see `Review`.

        Parameters
        ----------
        by : str
            The reviewer's name.
        orcid : str
            As 0000-0002-1825-0097, if the reviewer has one.
        """
        from conus_widgets.collection.review import Review

        return Review(self, by, orcid=orcid)

    def blind(self, by: str, **options: Any) -> BlindReview:
        """Begin a blind review; options as in `BlindReview`.

        The reviewer decides before the network's answer is shown, and again after.
        """
        from conus_widgets.collection.blind import BlindReview

        return BlindReview(self, by, **options)

    @property
    def verdicts_folder(self) -> Path:
        """Where the logs of verdicts lie: beside the answers."""
        return Path(self._opened.folder) / "verdicts"

    @cached_property
    def log(self) -> Log:
        """All verdicts on this collection; empty before it was evaluated."""
        if self._store is None:
            return Log()
        found = read_log(self.verdicts_folder)
        return found.seen_by(self._reader) if self._reader else found

    @cached_property
    def judgements(self) -> dict[tuple[str, str], Judgement]:
        """The judgement on each specimen and photograph: see `consensus.judgements`."""
        return judgements(self.log.standing)

    def seen_by(self, reviewer: str) -> Collection:
        """Return the same collection as a reviewer may see it.

        Verdicts of others, and numbers that contain them, follow for each case when the reviewer's
        own judgement of it is saved: see `Log.seen_by`.
        """
        if not reviewer:
            raise ValueError("reviewer is empty: give the name that stands in the verdicts.")
        found = copy.copy(self)
        found._forget()
        found._reader = reviewer
        return found

    def follow_verdicts(self) -> None:
        """Read the logs again: another reviewer may have added to them."""
        self._forget()

    @property
    def as_given(self) -> Collection:
        """The same collection with its labels as they were given, whatever the verdicts say."""
        found = copy.copy(self)
        found._forget()
        found._follows = False
        return found

    @property
    def evaluated(self) -> bool:
        """Whether a network was asked about it."""
        return self._store is not None

    @property
    def fingerprint(self) -> str:
        """Of the network that was asked."""
        return self._opened.fingerprint.digest

    @property
    def network_name(self) -> str:
        """Of the network that was asked."""
        return self._opened.fingerprint.name

    @property
    def notice(self) -> str:
        """The network's: it stands wherever its answers stand."""
        return self._opened.fingerprint.notice

    def evaluate(
        self,
        predictor: PredictorProtocol,
        out: str | os.PathLike[str],
        *,
        views: int = 1,
        seed: int = 0,
        progress: bool | Progress = True,
        cancelled: Callable[[], bool] | None = None,
        cluster: str | Client | None = None,
        fetch: Iterable[str] = (),
    ) -> Evaluation:
        """Ask the network about every photograph, and keep the answers; see `evaluation.evaluate`.

        Parameters
        ----------
        predictor : Predictor
        out : path
            The folder of the answers. One of an earlier evaluation goes on.
        views, seed, progress, cancelled, fetch
            See there.
        cluster : str or distributed.Client, optional
            A Dask scheduler's address, or a client of it: its workers do the work. See
            ``docs/cluster.md``.
        """
        self._forget()
        done = evaluate(
            self.table,
            predictor,
            out,
            views=views,
            seed=seed,
            progress=progress,
            cancelled=cancelled,
            cluster=cluster,
            fetch=fetch,
        )
        self._store = open_store(out)
        return done

    def __len__(self) -> int:
        return len(self._given)

    def __repr__(self) -> str:
        asked = f", answers in {self._store.folder}" if self._store else ", not evaluated"
        return f"<Collection of {len(self):,} photographs{asked}>"

    @cached_property
    def table(self) -> Table:  # type: ignore[override]
        """All records."""
        return self._given.table if isinstance(self._given, StoredTable) else self._given

    @property
    def records(self) -> Sequence[Record]:
        """All records; of an opened collection each is made when it is asked for."""
        return self._given.records

    @property
    def source(self) -> str:
        """The folder, file or archive that it was read from."""
        return self._given.source

    @property
    def grouped(self) -> bool:
        """Whether the source says which photographs show the same specimen."""
        return self._given.grouped

    def _column(self, name: str) -> list[str]:
        given = self._given
        return given.column(name) if isinstance(given, StoredTable) else super()._column(name)

    @cached_property
    def labels(self) -> tuple[str, ...]:  # type: ignore[override]
        """Of each photograph: as given, or as reviewers agree; "" if it must not count."""
        given = tuple(self._column("label"))
        if not self._follows or not self.judgements:
            return given
        after = labels_after(given, self.specimens, self.digests, self.judgements)
        return tuple(label or "" for label in after)

    @cached_property
    def digests(self) -> list[str]:
        """SHA-256 of each photograph's file, "" for what was never read."""
        return Places(self._opened.live(), self._paths).texts(lambda part: part.digest)

    @property
    def paths(self) -> list[str]:
        """The file or address of each photograph."""
        return list(map(os.fsdecode, self._paths))

    @property
    def _paths(self) -> list[bytes]:
        given = self._given
        if isinstance(given, StoredTable):
            return list(given.paths)
        return [os.fsencode(record.path) for record in given.records]

    @cached_property
    def answers(self) -> Answers:  # type: ignore[override]
        """The network's answers.

        Raises
        ------
        StoreError
            If the collection was not evaluated.
        """
        store = self._opened
        fingerprint = store.fingerprint
        classes = self.label_comparison.ids
        return Answers(store.live(), self._paths, classes, fingerprint.labels, fingerprint.features)

    @cached_property
    def label_comparison(self) -> Comparison:
        """Which class each label means, and what is odd about labels and classes."""
        return compare_labels(self.labels, self._opened.fingerprint.labels, names=self.names)

    @property
    def problems(self) -> list[Problem]:
        """Problems of files, rows, labels, photographs and the store."""
        found = [*self.table.problems, *self.names.problems]
        if self._store is None:
            return found
        found += self.label_comparison.problems
        for record, status, error in zip(
            self.table.records, self.answers.status, self.answers.errors, strict=True
        ):
            if status == FAILED:
                name = Path(record.path).name
                found.append(Problem(record.path, error.removeprefix(name).strip()))
        return found + [Problem(str(self._store.folder), why) for why in self.answers.damaged]

    def case(self, number: int) -> Case:
        """Return one photograph with its answer."""
        answers = self.answers
        number = range(len(self))[number]
        row = answers.row(number)
        return Case(
            number=number,
            record=self.records[number],
            status=answers.status[number],
            error=answers.errors[number],
            digest=answers.digests[number],
            probabilities=row.probabilities[0],
            logits=row.logits[0],
            loss=float(losses(row.logits, answers.class_of[[number]])[0]),
            features=row.features[0],
            measures=dict(zip(MEASURES, row.measures[0].tolist(), strict=True)),
        )

    def match(
        self,
        predictor: PredictorProtocol,
        first: int,
        second: int,
        a: int | str,
        b: int | str,
        **options: Any,
    ) -> Matching:
        """Match places of two photographs that speak for class a rather than b.

        Parameters
        ----------
        predictor : Predictor
            It runs twice: cells are not stored.
        first, second : int
            Numbers of photographs.
        a, b, options
            See `matching.match`.
        """
        from conus_widgets.collection.matching import match

        one, other = (self.case(number).record.path for number in (first, second))
        return match(predictor, one, other, a, b, **options)

    @property
    def _opened(self) -> Store:
        if self._store is None:
            raise StoreError(
                "This collection was not evaluated: call evaluate(predictor, out=folder), or open "
                "a folder with Collection.open."
            )
        return self._store

    def _forget(self) -> None:
        for kind in (Collection, Derived):
            for name, value in vars(kind).items():
                if isinstance(value, cached_property) and name != "table":
                    self.__dict__.pop(name, None)
