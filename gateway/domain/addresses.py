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
