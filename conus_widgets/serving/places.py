"""Who may have a place, and whose place a newcomer takes.

Nothing here waits for anything: what is looked at still holds when it is acted upon.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["NoPlace", "Place", "Places", "usual_per_address", "usual_per_browser"]


class NoPlace(Exception):
    """There is no place for a visitor; it says why, with numbers, and what to do."""


@dataclass(eq=False)
class Place:
    """What a visitor holds.

    Attributes
    ----------
    browser : str
        Whose it is, as a cookie says.
    address : str or None
        Where the visitor came from, if that is known.
    kernel : str or None
        The number of its kernel, if that has started.
    folder : Path or None
        What the kernel may write to.
    made : bool
        Whether its page has been made.
    attended : bool
        Whether a page has a line to its kernel, or opens one.
    seen : float or None
        When it was attended at last.
    gone : bool
        Whether whoever asked for the page left before it was made.
    leaving : bool
        Whether its kernel is being ended: the place is free for others as soon as it has ended.
    """

    browser: str
    address: str | None = None
    kernel: str | None = None
    folder: Path | None = None
    made: bool = False
    attended: bool = False
    seen: float | None = None
    gone: bool = False
    leaving: bool = False


def usual_per_browser(most: int) -> int:
    """Three pages, as on the list; no more than half of the places, and at least one."""
    return max(1, min(3, most // 2))


def usual_per_address(most: int) -> int:
    """All places but a quarter, which people elsewhere find free; at least one."""
    return max(1, most - max(1, most // 4))


class Places:
    """The places, oldest first.

    Parameters
    ----------
    most, per_browser, per_address : int
        How many there are, and how many of them a browser and an address may hold.
    """

    def __init__(self, most: int, per_browser: int, per_address: int) -> None:
        self.most, self.per_browser, self.per_address = most, per_browser, per_address
        self._held: list[Place] = []

    def take(self, browser: str, address: str | None) -> tuple[Place, Place | None]:
        """Take a place.

        Returns
        -------
        Place
        Place or None
            One of the same browser, which must end now.

        Raises
        ------
        NoPlace
            If there is none.
        """
        own, given_up = self._own(browser), self._given_up(browser, address)
        others = [place for place in self._held if not (place.leaving or place is given_up)]
        if len(own) >= self.per_browser and given_up is None:
            raise NoPlace(
                f"{_pages(len(own))} being made for your browser, and it may have "
                f"{self.per_browser} at once. Wait a minute, then try again: a new page takes the "
                f"place of your oldest one that has been made."
            )
        if len(others) >= self.most:
            yours = f" Your browser has {len(own)} of them: close a page of yours." if own else ""
            raise NoPlace(
                f"All places are taken just now: {_pages(len(others))} open, and there cannot be "
                f"more.{yours} A place is free when somebody closes a page. Try again in a minute."
            )
        near = sum(place.address == address for place in others)
        if address is not None and near >= self.per_address:
            raise NoPlace(
                f"At your address on the internet {_pages(near)} open. One address may have "
                f"{self.per_address} of the {self.most} places: people elsewhere find the others "
                f"free. A school, a firm or a family often has one address for all. Close a page "
                f"that nobody needs, and try again. For a class, ask whoever serves these pages "
                f"for more (serve --per-address)."
            )
        place = Place(browser, address)
        self._held.append(place)
        if given_up is not None:
            given_up.leaving = True
        return place, given_up

    def own_in_the_way(self, browser: str, address: str | None) -> bool:
        """Whether a browser's own pages, made or looked at, stand in its way to a place."""
        own, given_up = self._own(browser), self._given_up(browser, address)
        if given_up is not None:
            return given_up.attended
        return len(own) >= self.per_browser or (bool(own) and self._crowded(address))

    def give_back(self, place: Place) -> None:
        """Give a place back, if it is still held."""
        if place in self._held:
            self._held.remove(place)

    def _own(self, browser: str) -> list[Place]:
        return [place for place in self._held if place.browser == browser and not place.leaving]

    def _crowded(self, address: str | None) -> bool:
        here = [place for place in self._held if not place.leaving]
        near = sum(place.address == address for place in here if address is not None)
        return len(here) >= self.most or near >= self.per_address

    def _given_up(self, browser: str, address: str | None) -> Place | None:
        """Return the oldest place of a browser at which nobody looks, if a place is wanting.

        If the browser has all that it may have: else the oldest.
        """
        made = [place for place in self._own(browser) if place.made]
        left = [place for place in made if not place.attended]
        if len(self._own(browser)) >= self.per_browser:
            return next(iter(left or made), None)
        return next(iter(left), None) if self._crowded(address) else None


def _pages(number: int) -> str:
    return f"{number} page is" if number == 1 else f"{number} pages are"
