"""A checkpoint's files from an address: fetched once, resumed, verified, never unpickled."""

import contextlib
import hashlib
import os
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

import platformdirs

from conus_widgets.checkpoint import arrays, contents
from conus_widgets.checkpoint import receipt as receipts
from conus_widgets.checkpoint.texts import printable
from conus_widgets.checkpoint.transfer import (
    Absent,
    DownloadError,
    Session,
    Unavailable,
    WrongDigest,
    download,
    shown,
)
from conus_widgets.machine.beside import NAME_BYTES, beside

__all__ = ["KNOWN", "STEM", "DownloadError", "fetch", "fetch_configured"]

KNOWN = {"deep-oc-conus": "https://cephrgw01.ifca.es:8080/swift/v1/conus/"}
"""Names and addresses; this one is from the authors' Dockerfile of 2018, without a digest."""

STEM = "resnet50_70classes_100epochs"
"""The names of the published .npz and .json."""

_OPTIONAL = ("info.txt", "regions.csv")


def fetch(
    source: str,
    folder: str | os.PathLike[str] | None = None,
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
        unless it is damaged; and so is what was there before.
    ValueError
        `source` or `sha256` is not of the form above.

    Notes
    -----
    A file appears under its name only when it is whole and can be loaded: an error page is never
    taken for it. A second call makes no request as long as the files are there as they came; one
    that was damaged is fetched again, and what lay there is set aside as NAME.old if it may be
    somebody's own work. A file put there by hand that can be loaded is left alone.

    info.txt and regions.csv are optional: if the address does not give them, whatever the
    reason, standard error says that they were left out. They are asked for again next time; after
    a day if the answer was that they do not exist. Proxies come from HTTPS_PROXY and the like.
    """
    if sha256 is not None:
        sha256 = sha256.strip().lower()
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise ValueError(f"sha256 must be 64 hexadecimal digits, not {len(sha256)} characters")
    address, name = _resolve(source, stem)
    place = folder_of(name) if folder is None else Path(os.fsdecode(folder)).expanduser()
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(
            f"The folder {place} cannot be made ({error.strerror}); choose another one for "
            f"{address.source}."
        ) from error
    with _alone_in(place):
        try:
            _Fetch(address, place, sha256, progress).all()
        except DownloadError:
            raise
        except OSError as error:
            raise DownloadError(
                f"The folder {place} cannot be used ({error.strerror or error}); make room there "
                f"or choose another one for {address.source}."
            ) from error
    return place


def fetch_configured(*, sha256: str | None = None, progress: bool = True) -> Path | None:
    """Fetch from CONUS_MODEL_URL, checked against `sha256`, or else CONUS_MODEL_SHA256 if set.

    Returns
    -------
    pathlib.Path or None
        As `fetch`; None if CONUS_MODEL_URL is not set or empty.
    """
    source = os.environ.get("CONUS_MODEL_URL", "").strip()
    if not source:
        return None
    sha256 = sha256 or os.environ.get("CONUS_MODEL_SHA256") or None
    return fetch(source, sha256=sha256, progress=progress)


@dataclass(frozen=True)
class _Address:
    """Where a checkpoint's files are: the folder's address, and what the .npz is called there."""

    base: SplitResult
    stem: str
    quoted: str  # the stem as it stands in the address, which may be no UTF-8

    @property
    def source(self) -> str:
        """The folder's address without password and query, which may hold secrets."""
        return urlunsplit(self.base._replace(query="", netloc=self.base.netloc.rpartition("@")[2]))

    def of(self, name: str) -> str:
        known = name.startswith(f"{self.stem}.")
        quoted = self.quoted + quote(name[len(self.stem) :]) if known else quote(name)
        return urlunsplit(self.base._replace(path=self.base.path + quoted))


def _resolve(source: str, stem: str) -> tuple[_Address, str]:
    """Return the address, and a name for the folder here."""
    url = KNOWN.get(source, source).strip()
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # as of "http://[1"
        right = False
    if not right:
        raise ValueError(
            f"{re.sub('//[^/]*@', '//', url)!r} is neither an http or https address nor a known "
            f"name ({', '.join(KNOWN)})"
        )
    path, quoted = parts.path, quote(stem)
    if path.lower().endswith(".npz"):
        path, _, file = path.rpartition("/")
        quoted = file[: -len(".npz")]
        stem = unquote(quoted)
    if not stem or stem.startswith(".") or not stem.isprintable() or re.search(r"[/\\:]", stem):
        raise ValueError(f"{stem!r} cannot be the name of a checkpoint's files")
    size = len(os.fsencode(f"{stem}.json"))
    if size > NAME_BYTES:
        raise ValueError(
            f"{stem[:20]}... cannot be the name of a checkpoint's files: with its ending it has "
            f"{size} bytes, and a name may have {NAME_BYTES}"
        )
    base = parts._replace(path=path.rstrip("/") + "/", fragment="")
    if source in KNOWN:
        return _Address(base, stem, quoted), source
    digest = hashlib.sha256(base.geturl().encode()).hexdigest()[:8]
    readable = re.sub(r"[^\w.-]+", "-", f"{parts.hostname}-{stem}")[:80]
    readable = readable.encode()[:200].decode(errors="ignore").strip(".")
    return _Address(base, stem, quoted), f"{readable}-{digest}"


def folder_of(name: str) -> Path:
    return platformdirs.user_data_path("conus_widgets") / "models" / name


class _Fetch:
    """One checkpoint on its way into one folder, which nobody else fills meanwhile."""

    def __init__(self, address: _Address, place: Path, sha256: str | None, progress: bool) -> None:
        self._address, self._place, self._progress = address, place, progress
        self._sha256 = sha256
        self._weights = f"{address.stem}.npz"
        self._receipt = receipts.read(place)
        if self._receipt.source not in ("", address.source):
            raise DownloadError(
                f"The folder {place} holds what came from {self._receipt.source}; choose another "
                f"one for {address.source}."
            )
        self._receipt.source = address.source
        self._header: contents.Header
        self._labels: list[str]
        self._renewed = False  # whether anything came

    def all(self) -> None:
        """Fetch what is not there; the small ones first: a wrong address shows at once."""
        with Session() as session:
            for name in (f"{self._address.stem}.json", "synsets.txt", *_OPTIONAL, self._weights):
                self._one(session, name)

    def _one(self, session: Session, name: str) -> None:
        """See to one file; those that it is validated against are there."""
        target, receipt = self._place / name, self._receipt
        there = target.is_file()
        digest = _digest(target) if there and os.access(target, os.R_OK) else ""
        untouched = there and receipt.came(name, digest, target.stat().st_size)
        # Weights that came so were validated then, against the same JSON.
        proven = name == self._weights and receipt.files.get(name) == digest and not self._renewed
        fault = self._fault(name, target) if there and not proven else ""
        asked_for = name != self._weights or self._sha256 in (None, digest)
        if there and not fault and asked_for and (untouched or name not in receipt.files):
            if isinstance(receipt.files.get(name), int):  # so that the next damage is seen
                receipt.files[name] = digest
                receipts.write(self._place, receipt)
            return
        if not there and name in _OPTIONAL and receipt.is_missing(name):
            return

        def check(part: Path) -> None:
            self._check_arrived(name, part)
            if there and not untouched and not (fault and name == self._weights):
                self._set_aside(target, "is not as it was fetched")

        try:
            download(session, self._address.of(name), target, check=check, progress=self._progress)
        except Unavailable as error:
            if there and not fault and asked_for:
                _say(f"{target} was changed after it was fetched, and is used as it is: {error}")
                return
            if there and not fault:
                raise Unavailable(
                    f"{target} has the SHA-256 {digest} and not {self._sha256}, and another one "
                    f"did not come: {error}"
                ) from error
            if name not in _OPTIONAL:
                if there:
                    raise Unavailable(f"{fault} It did not come again: {error}") from error
                raise
            if there and name not in receipt.files:  # somebody's own
                _say(f"{fault} The address has none: {error}")
            elif there:
                del receipt.files[name]
                self._set_aside(target, f"could not be used ({fault.rstrip('.')})")
            self._leave_out(name, error)
        else:
            receipt.files[name] = _digest(target)
            receipt.missing.pop(name, None)
            self._renewed = True
        # After each file, so that an interrupted folder is never mixed with another source.
        receipts.write(self._place, receipt)

    def _validate(self, name: str, file: Path) -> None:
        """Raise CheckpointError if a file cannot be loaded; keep what others depend on."""
        if name == self._weights:
            arrays.validate_file(file, self._header.architecture)
        elif name == f"{self._address.stem}.json":
            self._header = contents.header(file)
        elif name == "synsets.txt":
            self._labels = contents.labels(file, self._header.architecture.classes)
        elif name == "info.txt":
            contents.info(file, self._header.architecture.classes)
        else:
            contents.region_weights(file, self._labels)

    def _fault(self, name: str, file: Path) -> str:
        try:
            self._validate(name, file)
        except arrays.CheckpointError as error:
            return str(error)
        return ""

    def _check_arrived(self, name: str, part: Path) -> None:
        where = shown(self._address.of(name))
        if name in _OPTIONAL and not part.stat().st_size:
            raise Unavailable(f"{where} is empty.")
        try:
            self._validate(name, part)
        except arrays.CheckpointError as error:
            what = str(error).replace(printable(str(part)), where).rstrip(".")
            raise Unavailable(f"{what}; check the address, or ask its owner.") from error
        if name == self._weights and self._sha256 is not None:
            digest = _digest(part)
            if digest != self._sha256:
                raise WrongDigest(
                    f"{where} has the SHA-256 {digest} and not {self._sha256}, so it was not put "
                    f"in place (it is kept as {part.name}); check both with its owner."
                )

    def _leave_out(self, name: str, error: Unavailable) -> None:
        known_missing = name in self._receipt.missing
        if isinstance(error, Absent):
            self._receipt.missing[name] = time.time()
        elif not known_missing:
            _say(f"{name} was left out; it is optional, and is asked for again next time: {error}")
            return
        if not known_missing and self._progress and sys.stderr.isatty():
            _say(f"{name} was left out; it is optional, and the address has none.")

    def _set_aside(self, file: Path, why: str) -> None:
        """Keep what may be somebody's own work."""
        other = beside(file, ".old")
        os.replace(file, other)
        _say(f"{file} {why}: it was set aside as {other.name}.")


def _say(text: str) -> None:
    print(printable(text), file=sys.stderr)


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
