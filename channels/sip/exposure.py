"""Whether a listener that takes calls of everybody can be reached from the whole internet."""

from __future__ import annotations

import ipaddress
import socket
import struct

from channels.sip.settings import SipSettings

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_HEADER = struct.Struct("=IHHII")
"""Of a netlink message: length, type, flags, sequence, sender (netlink(7))."""
_ADDRESS = struct.Struct("=BBBBI")
"""ifaddrmsg: family, prefix, flags, scope, interface (rtnetlink(7))."""
_ATTRIBUTE = struct.Struct("=HH")
_GET_ADDRESSES, _NEW_ADDRESS = 22, 20
_REQUEST_DUMP = 0x301
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}


def public_addresses(settings: SipSettings) -> list[str]:
    """The addresses of a listener that belong to the internet: what it binds to and what it advertises."""
    host = ipaddress.ip_address(settings.host)
    bound = local_addresses(host.version) if host.is_unspecified else [host]
    if settings.advertised_host:
        bound.append(ipaddress.ip_address(settings.advertised_host))
    return sorted({str(address) for address in bound if address.is_global and not address.is_multicast})


def local_addresses(version: int) -> list[IpAddress]:
    """This machine's addresses of an IP version; IPv6 sockets take IPv4 calls too, so 6 means both."""
    families = (socket.AF_INET,) if version == 4 else (socket.AF_INET6, socket.AF_INET)  # noqa: PLR2004 - IP version
    found: list[IpAddress] = []
    for family in families:
        try:
            found += _by_netlink(family)
        except (AttributeError, OSError):  # not Linux, or a sandbox without netlink
            found += _by_route(family)
    return found


def _by_netlink(family: int) -> list[IpAddress]:
    """Ask the kernel (Linux) for all of them, those of secondary interfaces and labels too."""
    asked = _HEADER.pack(_HEADER.size + _ADDRESS.size, _GET_ADDRESSES, _REQUEST_DUMP, 1, 0)
    found: list[IpAddress] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as kernel:
        kernel.send(asked + _ADDRESS.pack(family, 0, 0, 0, 0))
        while True:
            answer = memoryview(kernel.recv(65_536))
            while len(answer) >= _HEADER.size:
                length, kind, *_ = _HEADER.unpack_from(answer)
                if kind != _NEW_ADDRESS:  # the last one, or a refusal
                    return found
                found += _addresses_in(answer[_HEADER.size + _ADDRESS.size : length])
                answer = answer[(length + 3) & ~3 :]


def _addresses_in(attributes: memoryview) -> list[IpAddress]:
    """The local address of one message: IFA_LOCAL, on IPv6 IFA_ADDRESS."""
    by_kind: dict[int, bytes] = {}
    while len(attributes) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(attributes)
        by_kind[kind] = bytes(attributes[_ATTRIBUTE.size : length])
        attributes = attributes[max(length + 3 & ~3, _ATTRIBUTE.size) :]
    local = by_kind.get(_IFA_LOCAL) or by_kind.get(_IFA_ADDRESS)
    return [ipaddress.ip_address(local)] if local else []


def _by_route(family: socket.AddressFamily) -> list[IpAddress]:
    """The one address by which this machine reaches the world; nothing is sent."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((_ELSEWHERE[family], 9))
        except OSError:
            return []
        return [ipaddress.ip_address(probe.getsockname()[0].partition("%")[0])]
