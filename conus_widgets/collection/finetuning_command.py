"""The command ``python -m conus_widgets finetune``: a collection's classes are learnt."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from conus_widgets.collection.command import add_source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_source(parser)
    parser.add_argument(
        "--start",
        help="what it starts from: a folder, .npz, .safetensors or name (demonstration)",
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder of the new network")
    parser.add_argument(
        "--stages",
        type=int,
        choices=(0, 1, 2),
        default=0,
        help="train the last stages, too, for minutes: 1 (res5) or 2 (res4 and res5); Ctrl+C keeps "
        "the best so far (0: the last layer alone)",
    )
    parser.add_argument("--folds", type=int, default=8, help="parts for the figures (8)")
    parser.add_argument("--seed", type=int, default=0, help="decides which specimens share a part")
    parser.add_argument("--force", action="store_true", help="replace what is in --out")


def run(options: argparse.Namespace) -> int:
    """Fine-tune, say how good it is, and write it; return 0, or 1 if anything failed."""
    # Imported here: the command line only needs the words above.
    from conus_widgets.photographs.names import plain

    try:
        # If Theano cannot start, the reason is one sentence, not a traceback.
        from conus_widgets.collection.finetuning import describe, finetune
        from conus_widgets.collection.reading import read_collection
        from conus_widgets.loading import load_predictor
        from conus_widgets.training.finetuning import checked_folder

        checked_folder(options.out, force=options.force)  # now, not after all the work
        collection = read_collection(
            options.collection,
            options.photographs,
            pattern=options.pattern,
            names=options.names,
        )
        start = load_predictor(options.start)
        tuned = finetune(collection, start, folds=options.folds, seed=options.seed)
        print(describe(tuned), flush=True)
        # Before the stages: whatever happens to them, the last layer is not lost.
        file = tuned.write(options.out, force=options.force)
        print(
            f"Written: {plain(str(file))}. Use it with --model {plain(str(options.out))}.",
            flush=True,
        )
        if options.stages:
            _train_stages(tuned, start, options)
    except (RuntimeError, ValueError, OSError, FloatingPointError) as error:
        print(plain(str(error)), file=sys.stderr)
        return 1
    return 1 if tuned.failed else 0


def _train_stages(tuned: Any, start: Any, options: argparse.Namespace) -> None:
    """Train the last stages, too, say what came of it, and write it over the last layer alone."""
    from conus_widgets.collection.finetuning import describe_stages
    from conus_widgets.machine.interrupted import Interrupted
    from conus_widgets.network.interface import Cancelled
    from conus_widgets.training.last_stages import Recipe, train_last_stages

    try:
        with Interrupted() as stop:
            found, deeper = train_last_stages(
                tuned,
                start,
                stages=options.stages,
                recipe=Recipe(seed=options.seed),
                watch=lambda point: print(point, flush=True),
                cancelled=stop.is_set,
            )
    except Cancelled:
        print("Stopped before the first epoch: the last layer alone is kept.")
        return
    print(describe_stages(tuned, deeper))
    found.write(options.out, force=options.force)
    print("Written, with the last stages.")
