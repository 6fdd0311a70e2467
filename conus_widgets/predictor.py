"""The predictor: photographs in, predictions out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.arguments import one_of, whole
from conus_widgets.checkpoint.digest import whole_digest
from conus_widgets.checkpoint.files import Checkpoint
from conus_widgets.checkpoint.ranges import require_region
from conus_widgets.checkpoint.shuffling import shuffled
from conus_widgets.network.interface import STAGES, Forward, Progress
from conus_widgets.network.network import Network
from conus_widgets.photographs.names import PhotographError, name_of
from conus_widgets.prediction import Answer, Prediction, answered
from conus_widgets.preparation import Preparation, generators, most_pixels, several
from conus_widgets.stream import stream


class Predictor:
    """A compiled network and the words for its answers. `load_predictor` makes it.

    Parameters
    ----------
    checkpoint : Checkpoint
    precision : {"float32", "bfloat16"}
        See `Network`.
    max_megapixels : float, optional
        See `load_predictor`.
    origin : callable, optional
        ``origin(digest)`` loads the same predictor in another process, and can be pickled: see
        `loading.Origin`. None: it cannot be pickled.

    Attributes
    ----------
    name : str
        Of the checkpoint.
    labels, info : list of str
        Class names; a line of text for each, "-" for none.
    regions : list of str
        Names usable as ``region=``; empty if the checkpoint has none.
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

    A predictor that was loaded from files can be pickled, as for dask or multiprocessing: its
    pickle holds the checkpoint's path and the options, some hundred bytes, and who opens it loads
    the checkpoint again. A process keeps the last one that came in this way, so that it is loaded
    once for many tasks.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        precision: str = "float32",
        max_megapixels: float | None = None,
        origin: Callable[[str], Predictor] | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self.origin = origin
        self.name = checkpoint.name
        self.labels = list(checkpoint.labels)
        self.info = list(checkpoint.info)
        self.regions = list(checkpoint.regions)
        self.size = checkpoint.architecture.size
        self.resample = checkpoint.resample
        self.notice = checkpoint.notice
        self.stages = STAGES
        self._max_megapixels = max_megapixels
        self.max_pixels = most_pixels(max_megapixels)
        self.preparation = Preparation(checkpoint, max_pixels=self.max_pixels)
        self.network = Network(checkpoint, precision=precision)

    def __repr__(self) -> str:
        notice = f" ({self.notice})" if self.notice else ""
        return f"<Predictor {self.name}: {len(self.labels)} classes{notice}>"

    def __reduce__(self) -> tuple[Callable[[str], Predictor], tuple[str]]:
        if self.origin is None:
            raise TypeError(
                f"{self!r} was made from arrays in memory and cannot be pickled: write its "
                "checkpoint into a folder with conus_widgets.checkpoint.files.write(folder, "
                "predictor.checkpoint), and pickle what load_predictor(folder) returns."
            )
        return self.origin, (self.digest,)

    def __copy__(self) -> Predictor:
        return self  # it does not change, so that a second network would only take memory

    def __deepcopy__(self, memo: Any) -> Predictor:
        return self

    @functools.cached_property
    def digest(self) -> str:
        """What its answers depend on, as one short text."""
        return whole_digest(self.checkpoint)

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
            ``progress(done, total)`` is called after each batch.
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
            If no photograph can be used.
        ValueError
            For `top`, `views` or `seed` that is no whole number, `top` or `views` below 1, `seed`
            below 0, no photograph, or an unknown region.
        Cancelled
            If `cancelled` returned true.
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
        return answered(
            self.checkpoint, good, mean, errors, top=top, views=views, seed=seed, region=region
        )

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
            else answered(
                self.checkpoint,
                [row],
                row.probabilities,
                [],
                top=top,
                views=views,
                seed=seed,
                region=region,
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

    def logits(self, photographs: Any) -> NDArray[Any]:
        """Return the logits (N, classes), float32, of N plain photographs."""
        return self._run(photographs).logits

    def features(self, photographs: Any) -> NDArray[Any]:
        """Return the features in front of the dense layer (N, F), float32, of N photographs."""
        return self._run(photographs).features

    def probabilities(
        self, photographs: Any, *, views: int = 1, seed: int | None = None
    ) -> NDArray[Any]:
        """Return the probabilities (N, classes), float64, of N photographs.

        Raises
        ------
        PhotographError
            If one cannot be used; `predict_each` goes on with the others.
        """
        _, views = self._validated(1, views, None)
        rows = self._each(several(photographs), views, seed, None, None)
        for row in rows:
            if isinstance(row, PhotographError):
                raise row
        return np.array(
            [row.probabilities for row in rows if not isinstance(row, PhotographError)]
        ).reshape(-1, len(self.labels))

    def inputs(self, photographs: Any, *, views: int = 1, seed: int | None = None) -> NDArray[Any]:
        """Return network inputs (N * views, 3, size, size), float32.

        A photograph's views follow one another.

        Raises
        ------
        PhotographError
            If one of the photographs cannot be used.
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
        inputs: NDArray[Any],
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
        other = shuffled(self.checkpoint, stages, whole("seed", seed))
        return Predictor(
            other, precision=self.network.precision, max_megapixels=self._max_megapixels
        )

    def _validated(self, top: int, views: int, region: str | None) -> tuple[int, int]:
        top, views = whole("top", top, least=1), whole("views", views, least=1)
        if region is not None:
            require_region(region, self.checkpoint.regions, self.name)
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
