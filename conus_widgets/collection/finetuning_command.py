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

        collection = read_collection(
            options.collection,
            options.photographs,
            pattern=options.pattern,
            names=options.names,
        )
        tuned = finetune(collection, options.start, folds=options.folds, seed=options.seed)
        print(describe(tuned), flush=True)
        if options.stages:
            tuned = _deeper(tuned, options)
        file = tuned.write(options.out, force=options.force)
        print(f"Written: {plain(str(file))}. Use it with --model {plain(str(options.out))}.")
    except (RuntimeError, ValueError, OSError) as error:
        print(plain(str(error)), file=sys.stderr)
        return 1
    return 1 if tuned.failed else 0


def _deeper(tuned: Any, options: argparse.Namespace) -> Any:
    """Train the last stages, too, and say what came of it."""
    from conus_widgets.collection.finetuning import describe_stages
    from conus_widgets.machine.interrupted import Interrupted
    from conus_widgets.predictor import load_predictor
    from conus_widgets.training.last_stages import Recipe, train_last_stages

    with Interrupted() as stop:
        found, deeper = train_last_stages(
            tuned,
            load_predictor(options.start),
            stages=options.stages,
            recipe=Recipe(seed=options.seed),
            watch=lambda point: print(point, flush=True),
            cancelled=stop.is_set,
        )
    print(describe_stages(tuned, deeper))
    return found
