"""Checks of ports: free or held by us, enough of them for audio, and who can reach them."""

from __future__ import annotations

import errno
import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path

from gateway.cli.doctor.check import Finding, check, fail, ok, warn
from gateway.cli.doctor.machine import Machine
from gateway.cli.doctor.sockets import Protocol, bind_error, bound, holder
from gateway.cli.doctor.users import user
from gateway.ports.channel import Listening

SYSCTL = Path("/proc/sys/net/ipv4")


@check("port.http")
def http(machine: Machine) -> Iterator[Finding]:
    """API and desk."""
    given = machine.settings.http
    yield _one(machine, "port.http", "tcp", given.host, given.port, "[http] port")


@check("port.health")
def health(machine: Machine) -> Iterator[Finding]:
    """What roles that run apart answer to monitoring; closed by default."""
    given = machine.settings.health
    if given.port:
        yield _one(machine, "port.health", "tcp", given.host, given.port, "[health] port")


@check("port.asr")
def recognisers(machine: Machine) -> Iterator[Finding]:
    """Where other machines reach the recognisers of this one, a port for each; closed by default."""
    given = machine.settings.asr_server
    if not given.port:
        return
    for index in range(machine.settings.asr.workers_here):
        key = "[asr_server] port" + (f" + {index}" if index else "")
        yield _one(machine, "port.asr", "tcp", given.host, given.port + index, key)


@check("port", channels=True)
def channels(machine: Machine) -> Iterator[Finding]:
    """Each channel that listens: its port, by UDP and TCP."""
    for channel_id, kind, given in _listening(machine):
        for protocol in ("udp", "tcp"):
            key = f"port of [[channel]] {channel_id}"
            yield _one(machine, f"port.{kind}", protocol, given.host, given.port, key)


@check("port.rtp", channels=True)
def audio(machine: Machine) -> Iterator[Finding]:
    """The ranges of audio: large enough, and nobody else's."""
    listening = _listening(machine)
    for channel_id, _, given in listening:
        if given.audio == (0, 0):
            yield ok("port.rtp", f"{channel_id}: audio takes any free port")
            continue
        found = [*_too_small(channel_id, given), *_shared(channel_id, given, listening), *_temporary(channel_id, given)]
        found += _held(machine, channel_id, given)
        first, last = given.audio
        yield from found or [ok("port.rtp", f"{channel_id}: UDP {first} to {last}, enough for {given.calls} calls")]


@check("listener.public")
def public(machine: Machine) -> Iterator[Finding]:
    """What listens where the whole internet may come."""
    name, given = "listener.public", machine.settings.http
    try:
        address = ipaddress.ip_address(given.host)
    except ValueError:
        address = None
    if address is not None and (address.is_unspecified or address.is_global):
        yield warn(
            name,
            f"[http] host = {given.host}: API and desk are served without TLS to whoever reaches this machine",
            'put a TLS proxy in front: [http] host = "127.0.0.1", public_url = "https://…", trusted_proxies = ["…"]',
        )
    else:
        yield ok(name, f"[http] listens on {given.host} only")


@check("trunks", channels=True)
def trunks(machine: Machine) -> Iterator[Finding]:
    """The trunks that may call."""
    name = "trunks"
    for channel_id, _, given in _listening(machine):
        how = 'name who hands calls over in gateway.toml: trunks = ["203.0.113.5/32"] (media gateways too)'
        loopback = ipaddress.ip_address(given.host).is_loopback
        if given.trunks:
            yield ok(name, f"{channel_id}: {', '.join(given.trunks)} and our own phones may call")
        elif given.public:
            addresses = ", ".join(given.public)
            yield fail(name, f"{channel_id}: trunks is empty and {addresses} is public: it does not start", how)
        elif loopback:
            yield ok(name, f"{channel_id}: trunks is empty, and {given.host} is reached from this machine only")
        else:
            yield warn(name, f"{channel_id}: trunks is empty: everybody who reaches {given.host} may call", how)


def _listening(machine: Machine) -> list[tuple[str, str, Listening]]:
    return [
        (channel_id, spec.kind, spec.listens(options))
        for channel_id, spec, options in machine.channels()
        if spec.listens is not None
    ]


def _one(machine: Machine, name: str, protocol: Protocol, host: str, port: int, key: str) -> Finding:
    where = f"{host}:{port} ({protocol.upper()})"
    if port == 0:
        return ok(name, f"{key} = 0: any free one")
    error = bind_error(protocol, host, port)
    match error.errno if error is not None else None:
        case None:
            return _free(name, where, port)
        case errno.EADDRINUSE:
            return _taken(machine, name, protocol, port, where, key)
        case errno.EADDRNOTAVAIL:
            return fail(name, f"{host} is no address of this machine", f"set host to one of `ip addr`, for {key}")
        case errno.EACCES:
            return fail(
                name,
                f"{where} may not be bound by {user(os.geteuid())}: ports below {_unprivileged()} are root's",
                f"choose another {key}, or give the service AmbientCapabilities=CAP_NET_BIND_SERVICE",
            )
        case _:
            return fail(name, f"{where} cannot be bound: {error}", f"correct host and {key}")


def _free(name: str, where: str, port: int) -> Finding:
    if port < _unprivileged() and os.geteuid() == 0:
        return warn(
            name,
            f"{where} is free, but only root may bind it, and the service is not root",
            "choose a port above, or give the service AmbientCapabilities=CAP_NET_BIND_SERVICE",
        )
    return ok(name, f"{where} is free")


def _taken(machine: Machine, name: str, protocol: Protocol, port: int, where: str, key: str) -> Finding:
    ours = machine.running.pids
    holders = [holder(one) for one in bound(protocol) if one.port == port]
    for one in holders:
        if one.pid in ours:
            return ok(name, f"{where} is held by our own {ours[one.pid]} (process {one.pid})")
    for one in holders:
        if one.pid is not None:
            return fail(
                name,
                f"{where} is held by process {one.pid} of {user(one.uid)}: {one.program}",
                f"stop it (`kill {one.pid}`, or its service), or set another {key}",
            )
    if holders:
        whose = user(holders[0].uid)
        if ours and holders[0].uid == machine.service_uid:
            return ok(name, f"{where} is held by a process of {whose}, whose gateway runs")
        return fail(name, f"{where} is held by a process of {whose}", "run this as root: it then names the process")
    return fail(name, f"{where} is taken, by nobody that can be seen here", f"set another {key}")


def _unprivileged() -> int:
    return int(_sysctl("ip_unprivileged_port_start") or 1024)


def _sysctl(name: str) -> str:
    try:
        return (SYSCTL / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _too_small(channel_id: str, given: Listening) -> Iterator[Finding]:
    first, last = given.audio
    pairs = (last + 1 - (first + first % 2)) // 2
    if pairs < given.calls:
        yield warn(
            "port.rtp",
            f"{channel_id}: rtp_ports {first} to {last} hold {pairs} calls, and max_calls is {given.calls}",
            f"widen rtp_ports to {2 * given.calls} ports, or lower max_calls to {pairs}",
        )


def _shared(channel_id: str, given: Listening, listening: list[tuple[str, str, Listening]]) -> Iterator[Finding]:
    first, last = given.audio
    for other_id, _, other in listening:
        if not _meet(given.host, other.host):
            continue
        if first <= other.port <= last:
            yield fail(
                "port.rtp",
                f"{channel_id}: rtp_ports {first} to {last} hold the port {other.port} of {other_id}",
                "move one of them",
            )
        if other_id > channel_id and other.audio[0] <= last and first <= other.audio[1]:
            yield warn(
                "port.rtp",
                f"{channel_id} and {other_id} share ports of audio",
                "give each channel a range of its own: calls would find fewer free ones than max_calls promises",
            )


def _meet(one: str, other: str) -> bool:
    return one == other or any(ipaddress.ip_address(host).is_unspecified for host in (one, other))


def _temporary(channel_id: str, given: Listening) -> Iterator[Finding]:
    """Ports that the kernel hands out to anybody who asks for any (ip-sysctl: ip_local_port_range)."""
    first, last = given.audio
    low, high = (int(part) for part in (_sysctl("ip_local_port_range") or "0 0").split())
    reserved = set()
    for part in filter(None, _sysctl("ip_local_reserved_ports").split(",")):
        begin, _, end = part.partition("-")
        reserved |= set(range(int(begin), int(end or begin) + 1))
    lent = set(range(max(first, low), min(last, high) + 1)) - reserved
    if lent:
        yield warn(
            "port.rtp",
            f"{channel_id}: the kernel lends {len(lent)} ports of {first} to {last} to any program "
            f"(ip_local_port_range {low} to {high})",
            f"sysctl -w net.ipv4.ip_local_reserved_ports={first}-{last}, or rtp_ports below {low}",
        )


def _held(machine: Machine, channel_id: str, given: Listening) -> Iterator[Finding]:
    first, last = given.audio
    there = [one for one in bound("udp") if first <= one.port <= last]
    if machine.running.up:
        there = [one for one in there if one.uid != machine.service_uid]
    if there:
        example = holder(there[0])
        who = f"process {example.pid}: {example.program}" if example.pid else user(example.uid)
        yield warn(
            "port.rtp",
            f"{channel_id}: others hold {len(there)} ports of {first} to {last}, e.g. {there[0].port} ({who})",
            "calls go round them; stop what holds many, or move rtp_ports",
        )
