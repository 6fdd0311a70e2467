"""One file over HTTP: resumed from where it was cut, moved into place only when whole."""

import errno
import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import requests
from tqdm import tqdm

from conus_widgets.checkpoint.texts import printable
from conus_widgets.machine.beside import beside, reason, written_whole

_CONNECT_SECONDS, _READ_SECONDS = 15, 60
_CHUNK = 1 << 16

#: The variable that says from which hosts alone something may be fetched, with commas; set and
#: empty: from none.
FROM = "CONUS_FETCH_FROM"


class DownloadError(OSError):
    """A download failed; the message is one sentence with the address and the way out."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class Unavailable(DownloadError):
    """The fault lies at the address or on the way to it, not on this machine."""


class Absent(Unavailable):
    """The address says that there is no such file."""


class WrongDigest(DownloadError):
    """A whole file is not the one that was asked for; it is kept beside its place."""


class Session(requests.Session):
    """Proxies and certificates as the environment says; never led from https down to http.

    ``CONUS_FETCH_FROM`` names the only hosts that are asked, also if one leads on to another.
    """

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request, if its host may be asked."""
        hosts = os.environ.get(FROM)
        if hosts is not None:
            allowed = [host.strip().lower() for host in hosts.split(",") if host.strip()]
            host = (urlsplit(request.url or "").hostname or "").lower()
            if host not in allowed:
                raise DownloadError(
                    f"{host} is not asked: here files come from {', '.join(allowed) or 'no host'} "
                    f"only ({FROM})."
                )
        return super().send(request, **options)

    def get_redirect_target(self, response: requests.Response) -> str | None:
        """Return where an answer leads; refuse what is less secure than https was."""
        target = super().get_redirect_target(response)
        if target is not None:
            new = urlsplit(urljoin(response.url, target))
            old = urlsplit(response.url)
            if new.scheme not in ("http", "https") or (old.scheme, new.scheme) == ("https", "http"):
                raise Unavailable(
                    f"{shown(response.url)} leads on to {new.scheme}://{new.hostname}, which is "
                    "not secure; ask its owner for an https address."
                )
        return target


def shown(url: str) -> str:
    """Return an address fit for a message: no password, no query, which may hold secrets."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    text = urlunsplit((parts.scheme, host, parts.path, "", ""))
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def download(
    session: requests.Session,
    url: str,
    target: Path,
    *,
    check: Callable[[Path], None] = lambda part: None,
    progress: bool = True,
) -> None:
    """Download one file.

    Parameters
    ----------
    session : requests.Session
    url : str
        Its address.
    target : pathlib.Path
        Its place. Until it is whole it lies beside it as NAME.part, with what is needed to go on
        later in NAME.part.json. The caller sees to it that nobody else writes there.
    check : callable
        Looks at the whole file before it is moved. If it raises a DownloadError, the file is
        deleted; if it raises WrongDigest, it is kept for a call with the right digest.
    progress : bool
        Show a bar if standard error is a terminal.

    Raises
    ------
    Unavailable
        If the address does not give the file, or gives another one; Absent if it has none.
    DownloadError
        If something else is wrong, as on this machine.
    """
    part, state = beside(target, ".part"), beside(target, ".part.json")

    def look() -> None:
        try:
            check(part)
        except WrongDigest:
            raise
        except DownloadError:
            _forget(part, state)
            raise

    try:
        begun, whole = part.exists(), _is_whole(part, state, url)
        if not whole:
            _receive(session, url, part, state, progress=progress)
        try:
            look()
        except WrongDigest:
            if not whole:
                raise
            # What was kept earlier is another file; the address may have changed since.
            _receive(session, url, part, state, progress=progress)
            look()
        except DownloadError:
            if not begun:
                raise
            # What had come earlier may be to blame: once more from the start.
            _receive(session, url, part, state, progress=progress)
            look()
        os.replace(part, target)
        _forget(part, state)
    except DownloadError:
        raise
    except requests.RequestException as error:
        raise Unavailable(_explain(error, url)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DownloadError(
                f"The disk of {target.parent} is full; make room and call again, what has come "
                "from " + shown(url) + " is kept."
            ) from error
        raise DownloadError(
            f"{target} cannot be written ({reason(error, target)}); choose another folder "
            f"for {shown(url)}."
        ) from error


def _receive(
    session: requests.Session, url: str, part: Path, state: Path, *, progress: bool
) -> None:
    """Bring `part` to its full length."""
    have = part.stat().st_size if part.exists() else 0
    validator = _read_state(state, url).get("validator") if have else None
    # Unencoded, or lengths and ranges would count compressed bytes.
    headers = {"Accept-Encoding": "identity"}
    if validator:
        # If-Range: the rest if the file is still the same, else all of it.
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    with session.get(
        url, headers=headers, stream=True, timeout=(_CONNECT_SECONDS, _READ_SECONDS)
    ) as response:
        if validator and response.status_code == 416:
            if response.headers.get("Content-Range", "") == f"bytes */{have}":
                return None  # nothing is missing, and it is the same file
            _forget(part, state)
            return _receive(session, url, part, state, progress=progress)
        _require_file(response, url)
        resumed = response.status_code == 206
        if resumed and not _continues(response, have, validator):
            _forget(part, state)
            return _receive(session, url, part, state, progress=progress)
        start = have if resumed else 0
        length = _length(response)
        total = None if length is None else start + length
        _require_room(part.parent, length, url)
        part.touch()
        os.truncate(part, start)
        _write_state(state, {"url": url, "validator": _validator(response), "total": total})
        with (
            open(part, "ab") as file,
            tqdm(
                desc=unquote(urlsplit(url).path).rpartition("/")[2],
                total=total,
                initial=start,
                unit="B",
                unit_scale=True,
                disable=None if progress else True,  # None: quiet unless a terminal
            ) as bar,
        ):
            try:
                for chunk in response.iter_content(_CHUNK):
                    file.write(chunk)
                    bar.update(len(chunk))
            except requests.RequestException:
                if total is None:
                    raise
                # Otherwise the lengths below say it better.
            file.flush()
            os.fsync(file.fileno())
    have = part.stat().st_size
    if total is not None and have < total:
        raise Unavailable(
            f"{shown(url)} broke off after {have:,} of {total:,} bytes; call again to go on there."
        )
    if total is not None and have > total:
        _forget(part, state)
        raise Unavailable(f"{shown(url)} sent {have:,} bytes instead of {total:,}; call again.")


def _continues(response: requests.Response, have: int, validator: str | None) -> bool:
    """Whether a partial answer goes on from where we stopped; some servers do not heed If-Range."""
    piece = response.headers.get("Content-Range", "")
    return piece.startswith(f"bytes {have}-") and _validator(response) in (None, validator)


def _require_file(response: requests.Response, url: str) -> None:
    status = response.status_code
    if status in (404, 410):
        raise Absent(f"{shown(url)} does not exist (HTTP {status}); check the address.")
    if status in (401, 403, 407):
        raise Unavailable(
            f"{shown(url)} may not be read (HTTP {status}); ask its owner for access."
        )
    if status not in (200, 206):
        raise Unavailable(f"{shown(url)} answered with HTTP {status}; try again later.")
    if response.headers.get("Content-Type", "").lower().startswith("text/html"):
        raise Unavailable(
            f"{shown(url)} answered with a web page instead of the file; open the address in a "
            "browser to see whether it asks for a log-in."
        )


def _require_room(folder: Path, length: int | None, url: str) -> None:
    free = shutil.disk_usage(folder).free
    if length is not None and length > free:
        raise DownloadError(
            f"The disk of {folder} has {free / 1e6:,.0f} MB free, {shown(url)} needs "
            f"{length / 1e6:,.0f} MB; make room or choose another folder."
        )


def _length(response: requests.Response) -> int | None:
    """Bytes still to come, if known."""
    text = response.headers.get("Content-Length", "")
    encoded = response.headers.get("Content-Encoding", "identity").lower() != "identity"
    return int(text) if text.isdecimal() and not encoded else None


def _validator(response: requests.Response) -> str | None:
    """Return what tells this version of the file from others, byte by byte: no weak ETag does."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        return None
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified")


def _is_whole(part: Path, state: Path, url: str) -> bool:
    """Tell if all bytes had come, but the process ended before the file was moved."""
    known = _read_state(state, url)
    return (
        bool(known.get("validator")) and part.exists() and part.stat().st_size == known.get("total")
    )


def _read_state(state: Path, url: str) -> dict[str, Any]:
    try:
        known = json.loads(state.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(known, dict) or known.get("url") != url:
        return {}
    validator = known.get("validator")
    usable = isinstance(validator, str) and validator.isascii() and validator.isprintable()
    return known if usable else {**known, "validator": None}


def _write_state(state: Path, known: dict[str, Any]) -> None:
    with written_whole(state, text=True) as file:
        json.dump(known, file)


def _forget(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _explain(error: requests.RequestException, url: str) -> str:
    causes: list[BaseException | None] = [error]
    while causes[-1] is not None and len(causes) < 20:
        last = causes[-1]
        inner = next((a for a in last.args if isinstance(a, BaseException)), None)
        reason = getattr(last, "reason", None)
        reason = reason if isinstance(reason, BaseException) else None
        causes.append(inner or reason or last.__cause__ or last.__context__)
    where, host = shown(url), urlsplit(url).hostname

    def caused_by(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if caused_by(requests.exceptions.ProxyError):
        return f"The proxy did not let {where} through; check HTTPS_PROXY and HTTP_PROXY."
    if caused_by(requests.exceptions.SSLError):
        return (
            f"No secure connection to {host} could be made for {where}; check the address and this "
            "computer's clock, or ask its owner about the certificate."
        )
    if caused_by(socket.gaierror):
        return f"No computer named {host} was found for {where}; check address and network."
    if caused_by(ConnectionRefusedError):
        return f"{host} refused the connection to {where}; check the address or try again later."
    if caused_by(requests.exceptions.ContentDecodingError):
        return f"{where} came in a compression that cannot be undone; tell its owner."
    if caused_by(requests.exceptions.Timeout, TimeoutError):
        return f"{where} did not answer in time; check the network or try again later."
    if caused_by(requests.exceptions.InvalidURL, requests.exceptions.TooManyRedirects):
        return f"{where} is no usable address; check it."
    return f"{where} broke off or could not be reached; call again, what has come is kept."
