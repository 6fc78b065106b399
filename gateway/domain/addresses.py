"""Network addresses as limits count them."""

from __future__ import annotations

import ipaddress

SUBSCRIBER_BITS = 64
"""What one subscriber has of IPv6 (RFC 6177): whoever has one address there has 2**64 of them."""


def limit_key(address: str) -> str:
    """What a limit per client counts by: an IPv4 address, or an IPv6 subscriber's whole network.

    What is no address (a socket's path) stands for itself.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, SUBSCRIBER_BITS), strict=False))
    return str(found)


SITE_BITS = 48
"""What one customer is given of IPv6 at most (RFC 6177): a household has a /56 or a /64, an office a /48."""
_IPV4_SHOWN_BITS = 24


def site_key(address: str) -> str:
    """What a limit counts by that whoever has a whole site's addresses must not escape: IPv4 address or IPv6 /48."""
    return _short(address, ipv4_bits=32)


def short_form(address: str) -> str:
    """An address as it is written down about people: an IPv4 /24 or an IPv6 /48, enough to tell places apart."""
    return _short(address, ipv4_bits=_IPV4_SHOWN_BITS)


def _short(address: str, *, ipv4_bits: int) -> str:
    key = limit_key(address)
    try:
        network = ipaddress.ip_network(key)
    except ValueError:
        return key
    bits = ipv4_bits if network.version == 4 else SITE_BITS  # noqa: PLR2004 - the version's own number
    return str(network.supernet(new_prefix=min(bits, network.prefixlen)))
