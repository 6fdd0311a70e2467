"""Command line: ``python -m conus_widgets classify | explain | trust | evaluate | doctor ...``."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from conus_widgets.collection.command import add_arguments
from conus_widgets.copies import copy_notebooks

DEMONSTRATION = "the embedded demonstration, which knows drawn shells only"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0, or 1 if any photograph, download or check failed. Wrong usage exits with 2.
    """
    _open_streams()
    options = _parser().parse_args(arguments)
    try:
        code = int(options.command(options))
        sys.stdout.flush()  # a full disk or a closed pipe shows here
        return code
    except KeyboardInterrupt:
        _say("Stopped.")
        return 130
    except BrokenPipeError:  # as in "... | head"
        _forget_stdout()
        return 1
    except MemoryError:
        _say("The memory does not suffice: give fewer or smaller photographs, or allow more.")
    except OSError as error:
        _say(f"The answer cannot be written: {error.strerror or error}.")
        _forget_stdout()
    return 1


def _open_streams() -> None:
    """Let anything be printed.

    What the terminal cannot show is escaped; if a stream is closed, as by ``2>&-``, nothing is.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _forget_stdout() -> None:
    """Let what is still to be written go nowhere, or Python would report it again at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m conus_widgets",
        description="Tell cone snails apart in photographs. The photographs never leave this "
        "machine. Nobody should handle a living cone snail on the word of a classifier.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Command)

    classify = commands.add_parser("classify", help="name the shells in photographs")
    classify.set_defaults(command=_classify)
    classify.add_argument("photographs", nargs="+", metavar="PHOTO")
    classify.add_argument(
        "--specimen", action="store_true", help="all photographs show the same specimen"
    )
    classify.add_argument("--model", help=f"a checkpoint's folder, .npz or name ({DEMONSTRATION})")
    classify.add_argument("--top", type=_whole(1), default=5, help="length of the list (5)")
    classify.add_argument(
        "--views", type=_whole(1), default=1, help="random views to average (1: the plain photo)"
    )
    classify.add_argument("--seed", type=_whole(0), help="makes random views reproducible")
    classify.add_argument("--region", help="weigh the classes by where they live")
    classify.add_argument("--json", action="store_true", help="print the published form")
    _add_max_megapixels(classify)

    explain = commands.add_parser(
        "explain",
        help="draw why the network says so",
        description="Draw what in a photograph speaks for a class, and what against it, and write "
        "the picture. docs/explain.md says what each method claims.",
        epilog="Example: python -m conus_widgets explain shell.jpg --target coronated "
        "--against banded",
        fill=_explain_options,
    )
    explain.set_defaults(command=_explain)

    trust = commands.add_parser(
        "trust", help="which explanations find a known marking?", fill=_trust_options
    )
    trust.set_defaults(command=_trust)

    evaluate = commands.add_parser(
        "evaluate",
        help="ask the network about a whole collection, and keep the answers",
        description="Ask the network about every photograph of a collection, once, and keep the "
        "answers in a folder. A run that was stopped goes on from where it was.",
        fill=_evaluate_options,
    )
    evaluate.set_defaults(command=_evaluate)

    finetune = commands.add_parser(
        "finetune",
        help="teach a network the classes of your own photographs",
        description="Fit the last layer of a network to the photographs of a collection, in "
        "seconds, say how good it is about specimens that it never saw, and write it.",
        epilog="Example: python -m conus_widgets finetune my-shells --out my-network --pattern "
        "'{label}_{specimen}_{view}'",
        fill=_finetune_options,
    )
    finetune.set_defaults(command=_finetune)

    fetch = commands.add_parser("fetch", help="fetch a checkpoint, once")
    fetch.set_defaults(command=_fetch)
    fetch.add_argument(
        "source",
        nargs="?",
        help="an address, or 'deep-oc-conus'; by default the address in CONUS_MODEL_URL",
    )
    fetch.add_argument("--sha256", help="digest that the .npz must have")

    notebooks = commands.add_parser(
        "notebooks",
        help="copy the notebooks into a folder of your own",
        description="Copy the notebooks that come with this package. A notebook that you changed "
        "is never overwritten.",
        epilog="Example: python -m conus_widgets notebooks ~/conus",
    )
    notebooks.set_defaults(command=_notebooks)
    notebooks.add_argument("folder", metavar="FOLDER", help="made if it is not there")
    notebooks.add_argument(
        "--reset",
        action="store_true",
        help="put fresh notebooks in the place of changed ones, which become NAME-mine.ipynb",
    )

    serve = commands.add_parser(
        "serve",
        help="show notebooks as pages to visitors, without code",
        description="Show notebooks as pages, by Voila. Each visitor has a process of their own, "
        "runs nothing but what the page offers, and leaves nothing behind. docs/voila.md says what "
        "a visitor can and cannot do.",
        epilog="Example: python -m conus_widgets serve --ip 0.0.0.0 --most 12",
        fill=_serve_options,
    )
    serve.set_defaults(command=_serve)

    doctor = commands.add_parser("doctor", help="test whether this machine has what is needed")
    doctor.set_defaults(command=_doctor)
    warm = commands.add_parser("warm", help="compile ahead, so that notebooks start quickly")
    warm.set_defaults(command=_warm)
    return parser


class _Command(argparse.ArgumentParser):
    """One command; `fill` adds its options when it is chosen.

    The table of methods takes a second to import, which other commands need not wait for.
    """

    def __init__(
        self, *, fill: Callable[[argparse.ArgumentParser], None] | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self._fill = fill

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        fill, self._fill = self._fill, None
        if fill is not None:
            fill(self)
        return super().parse_known_args(args, namespace)


def _explain_options(explain: argparse.ArgumentParser) -> None:
    from conus_widgets.explain.catalogue import METHODS

    layered = " and ".join(name for name, method in METHODS.items() if method.takes("layer"))
    kinds = "; ".join(
        f"{', '.join(method.kinds)} (of {name})" for name, method in METHODS.items() if method.kinds
    )
    explain.add_argument("photograph", metavar="PHOTO", help="a JPEG, PNG, HEIC ... file")
    doubtful = " and ".join(name for name, method in METHODS.items() if method.caveat)
    explain.add_argument(
        "--method",
        default="cam",
        help=f"one of {', '.join(METHODS)} (cam); not to be trusted: {doubtful}",
    )
    explain.add_argument(
        "--target", metavar="CLASS", help="what is explained, by name or number (the top class)"
    )
    explain.add_argument(
        "--against", metavar="CLASS", help="another class: why the target rather than this one"
    )
    explain.add_argument(
        "--layer", help=f"of {layered}, as res3c (the last one that is finer than the last of all)"
    )
    explain.add_argument("--kind", help=kinds)
    explain.add_argument("--style", default="map", help="of a .png: map, contours or mask (map)")
    explain.add_argument(
        "--out",
        metavar="FILE",
        help="a figure (.png) or everything (.npz); PHOTO-METHOD.png in this folder. An earlier "
        "map is replaced, the photograph never",
    )
    explain.add_argument(
        "--force", action="store_true", help="replace any other file that is called like FILE"
    )
    explain.add_argument("--model", help=f"a checkpoint's folder, .npz or name ({DEMONSTRATION})")
    _add_max_megapixels(explain)


def _evaluate_options(evaluate: argparse.ArgumentParser) -> None:

    add_arguments(evaluate)
    _trust_options(evaluate, shown=False)  # what `trust` was called by version 0.1


def _finetune_options(finetune: argparse.ArgumentParser) -> None:
    from conus_widgets.collection.finetuning_command import add_arguments

    add_arguments(finetune)


def _serve_options(serve: argparse.ArgumentParser) -> None:
    from conus_widgets.serving.command import add_arguments

    add_arguments(serve)


def _trust_options(trust: argparse.ArgumentParser, *, shown: bool = True) -> None:
    from conus_widgets.explain.evaluate.methods import VARIANTS, compared

    def words(text: str) -> str:
        return text if shown else argparse.SUPPRESS

    trust.add_argument("--pairs", type=_whole(1), default=200, help=words("drawn pairs (200)"))
    trust.add_argument(
        "--methods",
        nargs="+",
        metavar="METHOD",
        help=words(f"these only, of {', '.join([*compared(), *VARIANTS])}"),
    )
    trust.add_argument("--checks", action="store_true", help=words("all other checks instead"))


def _add_max_megapixels(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--max-megapixels",
        type=_whole(1),
        metavar="N",
        help="refuse larger photographs (250); CONUS_MEMORY_MB limits the memory",
    )


def _limits(options: argparse.Namespace) -> dict[str, Any]:
    most = options.max_megapixels
    return {} if most is None else {"max_megapixels": most}


def _whole(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if text.isdecimal() and len(text) > 18:
            raise argparse.ArgumentTypeError(f"{text[:18]}... is too large a number")
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return int(text)

    return parse


def _say(error: BaseException | str) -> None:
    print(str(error) or type(error).__name__, file=sys.stderr)


def _json(form: Any) -> str:
    """Return JSON that standard output can hold; letters that it cannot write are escaped."""
    text = json.dumps(form, indent=2, ensure_ascii=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(form, indent=2)
    return text


def _classify(options: argparse.Namespace) -> int:
    try:
        # Imported here: if Theano cannot start, the reason is one sentence, not a traceback.
        from conus_widgets.loading import load_predictor
        from conus_widgets.photographs.photograph import PhotographError
        from conus_widgets.prediction import Prediction

        predictor = load_predictor(options.model, **_limits(options))
    except (RuntimeError, ValueError, OSError) as error:
        _say(error)
        return 1
    settings: dict[str, Any] = {
        name: getattr(options, name) for name in ("top", "views", "seed", "region")
    }
    answers: list[Prediction | PhotographError]
    try:
        if options.specimen:
            answer = predictor.predict(options.photographs, **settings)
            answers, failed = [answer], list(answer.errors)
        else:
            answers = predictor.predict_each(options.photographs, **settings)
            failed = [answer for answer in answers if isinstance(answer, PhotographError)]
    except PhotographError as error:  # not one photograph of the specimen can be used
        each = predictor.predict_each(options.photographs)  # costs nothing: nothing is computed
        answers, failed = [error], [bad for bad in each if isinstance(bad, PhotographError)]
    except (RuntimeError, ValueError, OSError) as error:  # an unknown region
        _say(error)
        return 1
    if options.json:
        forms = [_form(answer) for answer in answers]
        alone = options.specimen or len(options.photographs) == 1
        print(_json(forms[0] if alone else forms))
    else:
        good = [answer for answer in answers if not isinstance(answer, PhotographError)]
        print("\n\n".join(map(str, good)), end="\n" if good else "")
    for failure in failed:
        _say(failure)
    return 1 if failed else 0


def _explain(options: argparse.Namespace) -> int:
    try:
        from conus_widgets.explain.command import run
        from conus_widgets.loading import load_predictor

        said = run(load_predictor(options.model, **_limits(options)), options)
    except (RuntimeError, ValueError, OSError) as error:
        _say(error)
        return 1
    print(said)
    return 0


def _trust(options: argparse.Namespace) -> int:
    from conus_widgets.explain.evaluate.command import run

    return run(options)


def _finetune(options: argparse.Namespace) -> int:
    from conus_widgets.collection.finetuning_command import run

    return run(options)


def _serve(options: argparse.Namespace) -> int:
    from conus_widgets.serving.command import run

    return run(options)


def _evaluate(options: argparse.Namespace) -> int:
    if options.collection is None:
        _say(
            "Evaluating explanations is called 'trust' now: python -m conus_widgets trust. "
            "'evaluate FOLDER --out DIR' asks the network about a collection."
        )
        return _trust(options)
    from conus_widgets.collection.command import run

    return run(options)


def _form(answer: Any) -> dict[str, Any]:
    if isinstance(answer, Exception):
        name = getattr(answer, "name", "")
        return {"status": "error", "file": name, "message": str(answer)}
    return dict(answer.to_dict())


def _fetch(options: argparse.Namespace) -> int:
    from conus_widgets.checkpoint import download

    try:
        if options.source is None:
            folder = download.fetch_configured(sha256=options.sha256)
            if folder is None:
                _say("Nothing to fetch: give an address, 'deep-oc-conus', or set CONUS_MODEL_URL.")
                return 1
        else:
            folder = download.fetch(options.source, sha256=options.sha256)
    except (OSError, ValueError) as error:
        _say(error)
        return 1
    print(folder)
    return 0


def _notebooks(options: argparse.Namespace) -> int:
    try:
        found = copy_notebooks(options.folder, reset=options.reset)
    except (OSError, RuntimeError) as error:  # a full disk; a home that nobody knows
        _say(error)
        return 1
    print("\n".join(found.sentences(Path(options.folder).expanduser())))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from conus_widgets.doctor import report

    return 0 if report() else 1


def _warm(options: argparse.Namespace) -> int:
    try:
        from conus_widgets.loading import load_predictor
        from conus_widgets.machine.machine import let_others_read

        predictor = load_predictor()
        import numpy as np

        inputs = np.zeros((1, 3, predictor.size, predictor.size), "float32")
        predictor.forward(inputs)
        predictor.network.variants(inputs, inputs, [[]])
        for guided in (False, True):
            predictor.network.gradients(inputs, np.ones(len(predictor.labels)), guided=guided)
        let_others_read()
    except (RuntimeError, ValueError, OSError) as error:
        _say(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
