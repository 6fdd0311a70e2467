"""``python -m conus_widgets evaluate``: a collection is read, asked once, and its answers kept."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conus_widgets.collection.collection import Collection


def add_source(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """Add what says which collection: see `reading.read_collection`."""
    parser.add_argument(
        "collection",
        nargs="?" if optional else None,
        metavar="FOLDER|TABLE|ARCHIVE",
        help="a folder with a folder for each class, a CSV or Parquet file, or a Darwin Core "
        "archive (a .zip, or a folder with meta.xml)",
    )
    parser.add_argument(
        "--names",
        metavar="FILE",
        help="which names mean the same: names.csv, or a WoRMS Taxon Match",
    )
    parser.add_argument(
        "--photographs", metavar="DIR", help="where the photographs of a table or archive are"
    )
    parser.add_argument(
        "--pattern", help="what the names of files in a folder say: '{label}_{specimen}_{view}'"
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes; `collection` may be missing (see `__main__`)."""
    add_source(parser, optional=True)
    parser.add_argument(
        "--out", metavar="DIR", help="the folder of the answers; an old one goes on"
    )
    parser.add_argument("--model", help="a checkpoint's folder, .npz or name (the demonstration)")
    parser.add_argument(
        "--views", type=int, default=1, help="random views to average (1: the plain photograph)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of random views (0)")
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--workers", type=int, metavar="N", help="N processes on this machine do the work (Dask)"
    )
    who.add_argument(
        "--cluster", metavar="ADDRESS", help="workers of a Dask scheduler do, as tcp://host:8786"
    )


def run(options: argparse.Namespace) -> int:
    """Evaluate a collection and say what came of it; return 0, or 1 if anything failed."""
    if not options.out:
        print("Say where the answers go: --out DIR.", file=sys.stderr)
        return 2
    # Imported here: the command line only needs the words above.
    from conus_widgets.photographs.names import plain

    try:
        # If Theano cannot start, the reason is one sentence, not a traceback.
        from conus_widgets.collection.problems import summed_up
        from conus_widgets.collection.reading import read_collection
        from conus_widgets.loading import load_predictor

        collection = read_collection(
            options.collection,
            options.photographs,
            pattern=options.pattern,
            names=options.names,
        )
        predictor = load_predictor(options.model)
        with _cluster(options) as cluster:
            done = collection.evaluate(
                predictor,
                options.out,
                views=options.views,
                seed=options.seed,
                progress=_terminal(),
                cluster=cluster,
            )
        print(done)
        if collection.answers.answered.any():
            print("\n".join(_accuracies(collection)))
        for line in summed_up(collection.problems):
            print(line, file=sys.stderr)
        print(f"The answers are in {plain(str(options.out))}.")
    except (ImportError, RuntimeError, ValueError, OSError) as error:
        print(plain(str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            f"Stopped. What was answered is saved in {plain(str(options.out))}; the same command "
            "goes on from there.",
            file=sys.stderr,
        )
        return 130
    return 1 if done.failed else 0


@contextmanager
def _cluster(options: argparse.Namespace) -> Iterator[Any]:
    """Whatever does the work: an address, a client of workers here, or None for this process."""
    if options.workers is None:
        yield options.cluster
        return
    from conus_widgets.collection.cluster import local_workers  # brings Dask

    with local_workers(options.workers) as client:
        yield client


def _terminal() -> bool:
    """Whether somebody looks on: a bar in a log is a line for each of its steps."""
    return sys.stderr.isatty()


def _accuracies(collection: Collection) -> Iterable[str]:
    found = collection.accuracy
    unit = "specimens" if collection.table.grouped else "photographs"
    if not found.top1.whole:
        yield "No label is a class of the model: nothing can be said about its accuracy."
        return
    yield f"Right, of {unit} with a label that is a class: {found.top1}"
    if found.top5 is not None:
        yield f"Among the first five: {found.top5}"
    if collection.names.entries:
        named = collection.accuracy_by_names
        yield f"With synonyms: {named.with_synonyms}"
        yield f"By genus: {named.by_genus}"
