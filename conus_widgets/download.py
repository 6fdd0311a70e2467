"""A checkpoint's files from an address: fetched once, resumed, verified, never unpickled."""

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

import platformdirs

from .transfer import DownloadError, Session, download, shown

__all__ = ["KNOWN", "STEM", "DownloadError", "fetch", "fetch_configured"]

KNOWN = {"deep-oc-conus": "https://cephrgw01.ifca.es:8080/swift/v1/conus/"}
"""Names and addresses; this one is from the authors' Dockerfile of 2018, without a digest."""

STEM = "resnet50_70classes_100epochs"
"""What the published .npz and .json are called."""

_OPTIONAL = ("info.txt", "regions.csv")
_RECEIPT = "fetched.json"


def fetch(
    source: str,
    folder: str | os.PathLike | None = None,
    *,
    sha256: str | None = None,
    stem: str = STEM,
    progress: bool = True,
) -> Path:
    """Fetch a checkpoint's files, unless they are there already.

    Parameters
    ----------
    source : str
        A key of `KNOWN`; or the http(s) address of the folder in which the published files lie; or
        that of the .npz file itself, beside which the others lie.
    folder : path, optional
        Where to put them; by default a folder of its own in the user's data folder.
    sha256 : str, optional
        What the .npz file's SHA-256 must be, as 64 hexadecimal digits.
    stem : str
        Name of the .npz and .json files without their ending, where `source` does not say it.
    progress : bool
        Show a bar, where standard error is a terminal.

    Returns
    -------
    pathlib.Path
        The folder with STEM.npz, STEM.json, synsets.txt and, where they exist at the address,
        info.txt and regions.csv.

    Raises
    ------
    DownloadError
        One sentence with the address and the way out. What has come is kept for the next call,
        except where it turned out to be wrong.
    ValueError
        `source` or `sha256` is not of the form above.

    Notes
    -----
    A file appears under its name only when it is whole. A second call makes no request as long as
    the files are there with their sizes. Proxies come from HTTPS_PROXY and the like.
    """
    if sha256 is not None:
        sha256 = sha256.strip().lower()
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise ValueError(f"sha256 must be 64 hexadecimal digits, not {len(sha256)} characters")
    base, stem, name = _resolve(source, stem)
    place = Path(folder) if folder is not None else folder_of(name)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(
            f"The folder {place} cannot be made ({error.strerror}); choose another one for "
            f"{shown(base.geturl())}."
        ) from error
    with _alone_in(place):
        try:
            _fetch_all(base, stem, place, sha256, progress)
        except DownloadError:
            raise
        except OSError as error:
            raise DownloadError(
                f"The folder {place} cannot be used ({error.strerror or error}); make room there "
                f"or choose another one for {shown(base.geturl())}."
            ) from error
    return place


def fetch_configured(*, sha256: str | None = None, progress: bool = True) -> Path | None:
    """Fetch from CONUS_MODEL_URL, checked against `sha256`, or else CONUS_MODEL_SHA256 if set.

    Returns
    -------
    pathlib.Path or None
        As `fetch`; None where CONUS_MODEL_URL is not set or empty.
    """
    source = os.environ.get("CONUS_MODEL_URL", "").strip()
    if not source:
        return None
    sha256 = sha256 or os.environ.get("CONUS_MODEL_SHA256") or None
    return fetch(source, sha256=sha256, progress=progress)


def _resolve(source: str, stem: str) -> tuple[SplitResult, str, str]:
    """The folder's address, the stem, and a name for the folder here."""
    url = KNOWN.get(source, source).strip()
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"{shown(url)!r} is neither an http or https address nor a known name "
            f"({', '.join(KNOWN)})"
        )
    path = parts.path
    if path.lower().endswith(".npz"):
        path, _, file = path.rpartition("/")
        stem = unquote(file)[: -len(".npz")]
    if not stem or stem.startswith(".") or not stem.isprintable() or re.search(r"[/\\:]", stem):
        raise ValueError(f"{stem!r} cannot be the name of a checkpoint's files")
    base = parts._replace(path=path.rstrip("/") + "/", fragment="")
    if source in KNOWN:
        return base, stem, source
    digest = hashlib.sha256(base.geturl().encode()).hexdigest()[:8]
    readable = re.sub(r"[^\w.-]+", "-", f"{parts.hostname}-{stem}")[:80].strip(".")
    return base, stem, f"{readable}-{digest}"


def folder_of(name: str) -> Path:
    return platformdirs.user_data_path("conus_widgets") / "models" / name


def _fetch_all(
    base: SplitResult, stem: str, place: Path, sha256: str | None, progress: bool
) -> None:
    weights = f"{stem}.npz"
    receipt = _read_receipt(place / _RECEIPT)
    source = urlunsplit(base._replace(query="", netloc=base.netloc.rpartition("@")[2]))
    if receipt and receipt.get("source") != source:
        raise DownloadError(
            f"The folder {place} holds what came from {receipt.get('source')}; choose another one "
            f"for {source}."
        )
    known: dict[str, int] = dict(receipt.get("files", {}))
    missing: list[str] = list(receipt.get("missing", []))
    proven: str | None = receipt.get("sha256")

    def check_weights(part: Path) -> None:
        with open(part, "rb") as file:
            if file.read(2) != b"PK":
                raise DownloadError(
                    f"{source}{weights} is not an .npz file; check the address and call again."
                )
        _check_digest(part, sha256, f"{source}{weights}")

    with Session() as session:
        # The small ones first: a wrong address shows at once.
        for name in (f"{stem}.json", "synsets.txt", *_OPTIONAL, weights):
            target = place / name
            size = target.stat().st_size if target.is_file() else None
            if size is not None and known.get(name, size) == size:
                if name != weights or sha256 in (None, proven) or _digest(target) == sha256:
                    continue
                target.unlink()  # not what was asked for: an older or damaged copy
            elif name in missing:
                continue
            arrived = download(
                session,
                urlunsplit(base._replace(path=base.path + quote(name))),
                target,
                optional=name in _OPTIONAL,
                check=check_weights if name == weights else _pass,
                progress=progress,
            )
            if arrived:
                known[name] = target.stat().st_size
            else:
                missing.append(name)
            if name == weights:
                proven = sha256
            # After each file, so that an interrupted folder is never mixed with another source.
            new = {"source": source, "files": known, "missing": missing, "sha256": proven}
            _write_receipt(place / _RECEIPT, new)


def _pass(part: Path) -> None:
    """Nothing can be said about this file here; checkpoint.py reads it critically."""


def _check_digest(path: Path, sha256: str | None, where: str) -> None:
    if sha256 is None:
        return
    digest = _digest(path)
    if digest != sha256:
        raise DownloadError(
            f"{where} has the SHA-256 {digest} and not {sha256}, so it was deleted; "
            "check both with its owner."
        )


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_receipt(path: Path) -> dict:
    try:
        receipt = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    whole = (
        isinstance(receipt, dict)
        and isinstance(receipt.get("files"), dict)
        and isinstance(receipt.get("missing"), list)
    )
    return receipt if whole else {}


def _write_receipt(path: Path, receipt: dict) -> None:
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(receipt, indent=1), "utf-8")
    os.replace(beside, path)


@contextlib.contextmanager
def _alone_in(place: Path) -> Iterator[None]:
    """Wait until no other process fetches into this folder.

    A lock of the operating system, not the mere existence of a file: it ends with its process,
    however that ends, so the .part files can keep one name each and be resumed by anyone.
    """
    import fcntl

    try:
        file = open(place / ".lock", "w")
    except OSError as error:
        raise DownloadError(
            f"The folder {place} cannot be written ({error.strerror}); choose another one."
        ) from error
    with file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.1)  # short naps, so that the kernel can be interrupted
            except OSError as error:
                raise DownloadError(
                    f"The folder {place} cannot be locked ({error.strerror}); choose one on "
                    "another disk."
                ) from error
        yield
