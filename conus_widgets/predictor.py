"""From photographs to predictions."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import os
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conus_widgets.arguments import nearest, one_of, shown, whole
from conus_widgets.checkpoint import files as checkpoints
from conus_widgets.checkpoint.finding import path_of
from conus_widgets.network.interface import STAGES, Forward, Progress
from conus_widgets.network.network import Network
from conus_widgets.photographs.names import name_of
from conus_widgets.photographs.photograph import MAX_PIXELS, PhotographError
from conus_widgets.prediction import Prediction, rank
from conus_widgets.preparation import Preparation, generators, several
from conus_widgets.stream import Answer, stream

EMBEDDED = Path(__file__).parent / "checkpoint" / "demonstration"


def load_predictor(
    source: str | bytes | os.PathLike[Any] | None = None,
    *,
    precision: str = "float32",
    max_megapixels: float | None = None,
) -> Predictor:
    """Load a checkpoint and compile its network.

    Parameters
    ----------
    source : path or str, optional
        The folder of a checkpoint, its ``.npz``, or a known name (``"deep-oc-conus"``, which must
        have been fetched). By default the embedded demonstration, which knows drawn shells only.
    precision : {"float32", "bfloat16"}
        bfloat16 predicts faster, and less exactly, where the processor has it: see `Network`.
    max_megapixels : float, optional
        Larger photographs are refused. By default 250; telephones have 200.

    Returns
    -------
    Predictor

    Raises
    ------
    CheckpointError
        Where the checkpoint cannot be used, or `source` leads to none.
    TypeError
        Where `source` is no path at all: a number, a loaded Predictor.
    ValueError
        Where the precision cannot be used here, or `max_megapixels` is no number above 0.
    runtime.SetupError
        Where this machine lacks a compiler, or room.
    """
    if source is None:
        return Predictor(
            checkpoints.read(EMBEDDED), precision=precision, max_megapixels=max_megapixels
        )
    if isinstance(source, Predictor):
        raise TypeError(f"{source!r} is loaded already: use it as it is.")
    path = path_of(source)
    if len(path.parts) == 1 and not os.path.exists(path):
        # Imported here: what speaks HTTP takes a fifth of the start.
        from conus_widgets.checkpoint import download

        if str(path) in download.KNOWN:
            folder = download.folder_of(str(path))
            if not folder.is_dir():
                raise checkpoints.CheckpointError(
                    f"{path} is not on this machine yet. "
                    f"'python -m conus_widgets fetch {path}' fetches it."
                )
            return Predictor(
                checkpoints.read(folder), precision=precision, max_megapixels=max_megapixels
            )
        near = difflib.get_close_matches(str(path), download.KNOWN)
        if near:
            raise checkpoints.CheckpointError(
                f"{path} does not exist: give the folder of a checkpoint, its .npz, or the known "
                f"name {near[0]}."
            )
    return Predictor(checkpoints.read(path), precision=precision, max_megapixels=max_megapixels)


class Predictor:
    """A compiled network and the words for its answers. `load_predictor` makes it.

    Parameters
    ----------
    checkpoint : Checkpoint
    precision : {"float32", "bfloat16"}
        See `Network`.
    max_megapixels : float, optional
        See `load_predictor`.

    Attributes
    ----------
    name : str
        Of the checkpoint.
    labels, info : list of str
        Class names; a line of text for each, "-" for none.
    regions : list of str
        Names usable as ``region=``; empty where the checkpoint has none.
    size : int
        Height and width of the network's input in pixels.
    resample : str
        How photographs are resized.
    max_pixels : int
        Larger photographs are refused.
    notice : str
        Stands wherever an answer stands.
    stages : tuple of str
        What `shuffled` can shuffle, from the top down.

    Notes
    -----
    A photograph is anything that `read_photograph` takes. Wherever photographs are asked for, one
    alone is a list of one: see `several`. All methods may be called from any thread.
    """

    def __init__(
        self,
        checkpoint: checkpoints.Checkpoint,
        *,
        precision: str = "float32",
        max_megapixels: float | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self.name = checkpoint.name
        self.labels = list(checkpoint.labels)
        self.info = list(checkpoint.info)
        self.regions = list(checkpoint.regions)
        self.size = checkpoint.architecture.size
        self.resample = checkpoint.resample
        self.notice = checkpoint.notice
        self.stages = STAGES
        self.max_pixels = _pixels(max_megapixels)
        self.preparation = Preparation(checkpoint, max_pixels=self.max_pixels)
        self.network = Network(checkpoint, precision=precision)

    def __repr__(self) -> str:
        notice = f" ({self.notice})" if self.notice else ""
        return f"<Predictor {self.name}: {len(self.labels)} classes{notice}>"

    def predict(
        self,
        photographs: Any,
        *,
        top: int = 5,
        views: int = 1,
        seed: int | None = None,
        region: str | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Prediction:
        """Name one specimen.

        Parameters
        ----------
        photographs : photograph or list of photographs
            All of the same specimen.
        top : int
            Length of the ranked list.
        views : int
            1: the plain photograph, always the same answer. 10: the published procedure, the mean
            of ten random views of each photograph.
        seed : int, optional
            Makes random views reproducible.
        region : str, optional
            Weighs the classes by where they live, with the checkpoint's ``regions.csv``.
        progress : callable, optional
            ``progress(done, total)`` is called behind each batch.
        cancelled : callable, optional
            Asked before each batch; true stops the work.

        Returns
        -------
        Prediction
            Probabilities are averaged over views, then over photographs. Photographs that cannot
            be used are left out and stand in its `errors`.

        Raises
        ------
        PhotographError
            Where no photograph can be used.
        ValueError
            For `top`, `views` or `seed` that is no whole number, `top` or `views` below 1, `seed`
            below 0, no photograph, or an unknown region.
        Cancelled
            Where `cancelled` returned true.
        """
        top, views = self._validated(top, views, region)
        given = several(photographs)
        if not given:
            raise ValueError("No photograph was given: a specimen needs at least one.")
        rows = self._each(given, views, seed, progress, cancelled)
        errors = [row for row in rows if isinstance(row, PhotographError)]
        good = [row for row in rows if not isinstance(row, PhotographError)]
        if not good:
            raise errors[0]
        mean = np.mean([row.probabilities for row in good], axis=0)
        return self._answer(good, mean, errors, top=top, views=views, seed=seed, region=region)

    def predict_each(
        self,
        photographs: Any,
        *,
        top: int = 5,
        views: int = 1,
        seed: int | None = None,
        region: str | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Prediction | PhotographError]:
        """Name each photograph by itself; options as in `predict`.

        Returns
        -------
        list
            In the order of `photographs`; a photograph that cannot be used is an error in its
            place, and costs the others nothing.
        """
        top, views = self._validated(top, views, region)
        rows = self._each(several(photographs), views, seed, progress, cancelled)
        return [
            row
            if isinstance(row, PhotographError)
            else self._answer(
                [row], row.probabilities, [], top=top, views=views, seed=seed, region=region
            )
            for row in rows
        ]

    def stream(
        self,
        photographs: Any,
        *,
        views: int = 1,
        seed: int | None = None,
        features: bool = False,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Generator[Answer | PhotographError, None, None]:
        """Answer photographs one after the other, while the next ones are decoded.

        Parameters
        ----------
        features : bool
            Whether answers carry what the dense layer reads.
        views, seed, progress, cancelled
            As in `predict`.

        Yields
        ------
        Answer or PhotographError
            In the order of `photographs`; one that cannot be used is an error in its place. What
            is held does not grow with their number.
        """
        return stream(
            self,
            several(photographs),
            views=views,
            seed=seed,
            features=features,
            progress=progress,
            cancelled=cancelled,
        )

    def logits(self, photographs: Any) -> np.ndarray:
        """Return the logits (N, classes), float32, of N plain photographs."""
        return self._run(photographs).logits

    def features(self, photographs: Any) -> np.ndarray:
        """Return the features in front of the dense layer (N, F), float32, of N photographs."""
        return self._run(photographs).features

    def probabilities(
        self, photographs: Any, *, views: int = 1, seed: int | None = None
    ) -> np.ndarray:
        """Return the probabilities (N, classes), float64, of N photographs.

        Raises
        ------
        PhotographError
            Where one cannot be used; `predict_each` goes on with the others.
        """
        _, views = self._validated(1, views, None)
        rows = self._each(several(photographs), views, seed, None, None)
        for row in rows:
            if isinstance(row, PhotographError):
                raise row
        return np.array(
            [row.probabilities for row in rows if not isinstance(row, PhotographError)]
        ).reshape(-1, len(self.labels))

    def inputs(self, photographs: Any, *, views: int = 1, seed: int | None = None) -> np.ndarray:
        """Return network inputs (N * views, 3, size, size), float32; a photograph's views follow
        one another.

        Raises
        ------
        PhotographError
            Where one of the photographs cannot be used.
        """
        _, views = self._validated(1, views, None)
        given = several(photographs)
        chance = generators(seed, len(given))
        inputs = np.empty((len(given) * views, 3, self.size, self.size), np.float32)
        rows = iter(inputs)
        for number, photograph in enumerate(given):
            name = name_of(photograph, number + 1)
            for view in self.preparation.views(
                photograph, name, views, functools.partial(chance.__getitem__, number)
            ):
                next(rows)[...] = view
        return inputs

    def forward(
        self,
        inputs: np.ndarray,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Forward:
        """Run the network on what `inputs` returned: see `Network.forward`."""
        return self.network.forward(inputs, progress=progress, cancelled=cancelled)

    def shuffled(self, stages: str | Sequence[str], *, seed: int = 0) -> Predictor:
        """Return a predictor with the numbers of each array in some stages in random order.

        Parameters
        ----------
        stages : str or sequence of str
            Some of `stages` of this predictor, which is left as it is.
        seed : int
            The same seed shuffles an array in the same way, whatever the other stages.

        Raises
        ------
        ValueError
            For a stage that does not exist, or a seed that is no whole number.

        Notes
        -----
        The arrays are not drawn from a distribution, so activations keep about their size. Nothing
        is compiled for the new predictor.
        """
        given = [stages] if isinstance(stages, str) else stages
        stages = tuple(one_of("stage", stage, self.stages) for stage in given)
        seed = whole("seed", seed)
        arrays = []
        for number, (name, _) in enumerate(self.checkpoint.architecture.parameters()):
            array = self.checkpoint.arrays[number]
            if name.startswith(stages):
                rng = np.random.default_rng([seed, number])
                array = rng.permutation(array.ravel()).reshape(array.shape)
            arrays.append(array)
        other = dataclasses.replace(self.checkpoint, arrays=arrays)
        return Predictor(other, precision=self.network.precision)

    def _validated(self, top: int, views: int, region: str | None) -> tuple[int, int]:
        top, views = whole("top", top, least=1), whole("views", views, least=1)
        if region is None:
            return top, views
        if not isinstance(region, str):
            raise ValueError(f"region is {shown(region)}: give the name of a region, or None.")
        if region not in self.checkpoint.regions:
            if not self.regions:
                raise ValueError(
                    f"{self.name} cannot weigh classes by region {region!r}: its folder has no "
                    "regions.csv."
                )
            raise ValueError(
                f"No region is called {region!r}; there are {nearest(region, self.regions)}."
            )
        return top, views

    def _run(self, photographs: Any) -> Forward:
        """Run the network over plain photographs; one that cannot be used is raised."""
        logits = [np.empty((0, len(self.labels)), np.float32)]
        features = [np.empty((0, self.checkpoint.architecture.features), np.float32)]
        for answer in self.stream(photographs, features=True):
            if isinstance(answer, PhotographError):
                raise answer
            assert answer.features is not None  # they were asked for
            logits.append(answer.logits[None])
            features.append(answer.features[None])
        return Forward(np.concatenate(logits), np.concatenate(features))

    def _each(
        self,
        photographs: list[Any],
        views: int,
        seed: int | None,
        progress: Progress | None,
        cancelled: Callable[[], bool] | None,
    ) -> list[Answer | PhotographError]:
        """Return the answer to each photograph, or what is wrong with it."""
        answers = self.stream(
            photographs, views=views, seed=seed, progress=progress, cancelled=cancelled
        )
        return list(answers)

    def _answer(
        self,
        rows: list[Answer],
        probabilities: np.ndarray,
        errors: list[PhotographError],
        *,
        top: int,
        region: str | None,
        views: int,
        seed: int | None,
    ) -> Prediction:
        if region is not None:
            weighed = probabilities * self.checkpoint.regions[region]
            if weighed.sum() <= 0:
                raise ValueError(
                    f"No class that this network considers possible lives in {region!r}: leave "
                    "the region out."
                )
            probabilities = weighed / weighed.sum()
        best = rank(probabilities, top)
        return Prediction(
            names=[row.name for row in rows],
            label_ids=list(best),
            labels=[self.labels[i] for i in best],
            probabilities=[float(probabilities[i]) for i in best],
            info=[self.info[i] for i in best],
            all_probabilities=probabilities,
            views=views,
            seed=seed,
            region=region,
            notice=self.notice,
            errors=errors,
            remarks=[remark for row in rows for remark in row.remarks],
        )


def _pixels(max_megapixels: float | None) -> int:
    if max_megapixels is None:
        return MAX_PIXELS
    if isinstance(max_megapixels, bool) or not isinstance(max_megapixels, (int, float)):
        raise ValueError(f"max_megapixels is {shown(max_megapixels)}: give a number, as 300.")
    if not 0 < max_megapixels < 1e6:
        raise ValueError(f"max_megapixels is {max_megapixels}: give one above 0, as 300.")
    return int(max_megapixels * 1e6)
