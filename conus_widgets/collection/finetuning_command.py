"""The command ``python -m conus_widgets finetune``: a collection's classes are learnt."""

from __future__ import annotations

import argparse
import sys

from conus_widgets.collection.command import add_source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    add_source(parser)
    parser.add_argument(
        "--start",
        help="what it starts from: a folder, .npz, .safetensors or name (demonstration)",
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder of the new network")
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
        print(describe(tuned))
        file = tuned.write(options.out, force=options.force)
        print(f"Written: {plain(str(file))}. Use it with --model {plain(str(options.out))}.")
    except (RuntimeError, ValueError, OSError) as error:
        print(plain(str(error)), file=sys.stderr)
        return 1
    return 1 if tuned.failed else 0
