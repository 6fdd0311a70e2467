"""A stand-in for the network: answers from the pixels at once, counts, can be slow, can fail."""

import threading
import time
from dataclasses import dataclass, field

import numpy as np

from conus_widgets.photographs.photograph import open_photograph

LABELS = ["plain", "banded", "spotted rows", "tented", "axial flames", "reticulated", "dark tip"]


class Cancelled(Exception):
    pass


@dataclass(frozen=True)
class FakePrediction:
    names: list
    label_ids: list
    labels: list
    probabilities: list
    info: list
    all_probabilities: np.ndarray
    views: int
    seed: int | None
    region: str | None
    notice: str
    errors: list = field(default_factory=list)
    remarks: list = field(default_factory=list)


class FakePredictor:
    """The interface of ``Predictor`` as the widgets use it.

    Its answer is a softmax of fixed random sums over the photograph's 4 x 4 mean colours: it
    changes when a photograph is turned, and is the same for the same pixels.
    """

    name = "stand-in"
    size = 224

    def __init__(
        self,
        *,
        delay=0.0,
        fail=None,
        regions=(),
        resample="bicubic",
        labels=LABELS,
        notice="stand-in",
    ):
        self.labels = list(LABELS)
        self.info = ["-"] * len(self.labels)
        self.info[0] = "a shell without marks"
        self.regions, self.resample, self.notice = list(regions), resample, notice
        self.delay, self.fail = delay, fail
        self.calls, self.batches, self.threads = [], 0, set()
        self._busy = threading.Lock()
        self._weights = np.random.default_rng(5).normal(size=(len(self.labels), 48)) * 3

    def predict(
        self, photographs, *, top=5, views=1, seed=None, region=None, progress=None, cancelled=None
    ):
        assert self._busy.acquire(blocking=False), "two threads in Theano"
        try:
            return self._predict(photographs, top, views, seed, region, progress, cancelled)
        finally:
            self._busy.release()

    def _predict(self, photographs, top, views, seed, region, progress, cancelled):
        if not isinstance(photographs, list):
            photographs = [photographs]
        self.threads.add(threading.current_thread().name)
        self.calls.append({"count": len(photographs), "views": views, "region": region})
        for done in range(views):
            if cancelled is not None and cancelled():
                raise Cancelled
            time.sleep(self.delay)
            self.batches += 1
            if progress is not None:
                progress(done + 1, views)
        if self.fail is not None:
            raise self.fail
        rows, remarks = [], []
        for photograph in photographs:
            opened = open_photograph(photograph)
            remarks += [f"{opened.name}: {remark}" for remark in opened.remarks]
            small = opened.whole().resize((4, 4), 4)
            rows.append(self._weights @ (np.asarray(small, float).ravel() / 255 - 0.4))
        logits = np.mean(rows, axis=0)
        if region:
            logits[self.regions.index(region)] += 2
        p = np.exp(logits - logits.max())
        p /= p.sum()
        order = [int(i) for i in np.argsort(-p)[:top]]
        return FakePrediction(
            names=[f"photograph {n + 1}" for n in range(len(photographs))],
            label_ids=order,
            labels=[self.labels[i] for i in order],
            probabilities=[float(p[i]) for i in order],
            info=[self.info[i] for i in order],
            all_probabilities=p,
            views=views,
            seed=seed,
            region=region,
            notice=self.notice,
            remarks=remarks,
        )
