"""The command ``serve``: notebooks as pages, for people who may be strangers."""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
from pathlib import Path

from conus_widgets.checkpoint.transfer import FROM
from conus_widgets.serving.addresses import Network, network
from conus_widgets.serving.pages import PAGES, prepare
from conus_widgets.serving.places import usual_per_address, usual_per_browser
from conus_widgets.widgets.live.guests import FILES, MEGABYTES

__all__ = ["add_arguments", "run"]

NUMBERS = (
    ("port", 8866, "where to listen"),
    ("most", 8, "pages open at once"),
    ("files", 50, "files that a visit may send"),
    ("file-mb", 24, "megabytes that such a file may have"),
    ("memory-mb", 1000, "megabytes that a visit's photographs may take"),
    ("unattended", 45, "seconds that a visit lives without its page"),
    ("patience", 3600, "seconds that it lives with an idle page"),
)
SHARES = (
    ("per-browser", usual_per_browser, "of them in one browser"),
    ("per-address", usual_per_address, "of them at one address on the internet"),
)
LARGEST_FILE = 256 * 2**20  # bytes of a file that a visit writes, as its log of verdicts


def add_arguments(serve: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    serve.add_argument(
        "notebooks", nargs="*", metavar="NOTEBOOK", help=f"which ones ({' '.join(PAGES)})"
    )
    serve.add_argument("--ip", default="127.0.0.1", help="where to listen (127.0.0.1: here only)")
    for name, usual, words in NUMBERS:
        serve.add_argument(
            f"--{name}", type=_whole, metavar="N", default=usual, help=f"{words} ({usual})"
        )
    for name, share, words in SHARES:
        serve.add_argument(
            f"--{name}", type=_whole, metavar="N", default=0, help=f"{words} ({share(8)} of 8)"
        )
    serve.add_argument(
        "--proxy",
        nargs="+",
        type=_network,
        default=[],
        metavar="ADDRESS",
        help="proxies that say whence a visitor comes, in X-Forwarded-For (those on this machine)",
    )
    serve.add_argument(
        "--fetch-from",
        nargs="+",
        default=[],
        metavar="HOST",
        help="hosts from which the notebooks may fetch a checkpoint (none)",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until it is stopped; 1 if it could not begin."""
    try:
        from conus_widgets.serving.server import configured
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "voila":
            raise
        print("Voila is not installed: pip install 'conus-widgets[voila]'.", file=sys.stderr)
        return 1
    os.environ |= {
        FILES: str(options.files),
        MEGABYTES: str(options.file_mb),
        "CONUS_MEMORY_MB": str(options.memory_mb),
        FROM: ",".join(options.fetch_from),
    }
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    most = LARGEST_FILE if hard == resource.RLIM_INFINITY else min(hard, LARGEST_FILE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))  # for the kernels as well
    with tempfile.TemporaryDirectory(prefix="conus-serve-") as name:
        folder = Path(name)
        for part in ("pages", "visits"):
            (folder / part).mkdir()
        try:
            prepare(folder / "pages", options.notebooks or PAGES)
        except FileNotFoundError as error:
            print(error, file=sys.stderr)
            return 1
        server = configured(
            folder / "pages",
            folder / "visits",
            ip=options.ip,
            port=options.port,
            most=options.most,
            unattended=options.unattended,
            patience=options.patience,
            per_browser=options.per_browser,
            per_address=options.per_address,
            proxies=options.proxy,
        )
        print(f"The pages are at http://{options.ip}:{options.port}/ (Ctrl + C ends them)")
        sys.stdout.flush()
        server.start()
    return 0


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _network(text: str) -> Network:
    try:
        return network(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither an address, as 10.0.0.5, nor a network, as 10.0.0.0/8"
        ) from None
