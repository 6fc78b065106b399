"""The holder of a port, as the kernel tells it in ``/proc``."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Protocol = Literal["tcp", "udp"]
_LISTEN = "0A"


@dataclass(frozen=True, slots=True)
class Bound:
    """A socket that is bound to a port (of TCP: that listens)."""

    port: int
    uid: int
    inode: str


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a socket. ``pid``, ``program`` None: the kernel tells only its owner and root."""

    uid: int
    pid: int | None
    program: str | None


def bound(protocol: Protocol) -> Iterator[Bound]:
    """Every bound socket of this network namespace (proc_net(5)); nothing where there is no /proc."""
    for table in (protocol, f"{protocol}6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if protocol == "udp" or fields[3] == _LISTEN:
                yield Bound(int(fields[1].rpartition(":")[2], 16), int(fields[7]), fields[9])


def holder(socket_of: Bound) -> Holder:
    """The process that has this socket open."""
    wanted = f"socket:[{socket_of.inode}]"
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                with suppress(OSError):
                    if str(descriptor.readlink()) == wanted:
                        return Holder(socket_of.uid, int(process.name), _program(process))
    return Holder(socket_of.uid, None, None)


def bind_error(protocol: Protocol, host: str, port: int) -> OSError | None:
    """Why ``host:port`` cannot be bound now, as our servers bind it; None when it can. ``gaierror`` for no address."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind) as probe:
            if protocol == "tcp":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            if protocol == "tcp":
                probe.listen(1)
    except OSError as error:
        return error
    return None


def _program(process: Path) -> str:
    words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    return " ".join(word for word in words if word)[:80] or (process / "comm").read_text(encoding="utf-8").strip()
