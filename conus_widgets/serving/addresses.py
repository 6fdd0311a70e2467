"""Where a visitor comes from: the address, also behind proxies, whose word for it is known."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

__all__ = ["Network", "network", "origin"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(text: str) -> Network:
    """Read an address, or a network as 172.16.0.0/12.

    Raises
    ------
    ValueError
        If it is neither.
    """
    return ipaddress.ip_network(text, strict=False)


def origin(peer: str, forwarded: str = "", proxies: Sequence[Network] = ()) -> str | None:
    """Return what one visitor cannot change at will: an address of IPv4, a /64 of IPv6.

    A proxy adds the address that it was asked from to the end of ``X-Forwarded-For``. So the list
    is read from its end, as far as proxies vouch for it: whatever stands before may be invented.

    Parameters
    ----------
    peer : str
        Who opened the connection.
    forwarded : str
        The header ``X-Forwarded-For``.
    proxies : sequence of Network
        Whose word is believed, beside this machine's.

    Returns
    -------
    str or None
        None if it is not known, as on this machine, or behind a proxy that does not say.

    Examples
    --------
    >>> origin("203.0.113.7", "198.51.100.1"), origin("127.0.0.1", "198.51.100.1, 203.0.113.7")
    ('203.0.113.7', '203.0.113.7')
    >>> origin("2001:db8::1:2:3:4"), origin("127.0.0.1")
    ('2001:db8::/64', None)
    """
    for hop in (peer, *reversed(forwarded.split(","))):
        try:
            address = ipaddress.ip_address(hop.strip())
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if address.is_loopback or any(address in proxy for proxy in proxies):
            continue
        if isinstance(address, ipaddress.IPv4Address):
            return str(address)
        return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
    return None
