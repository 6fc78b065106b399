"""Debian's Kamailio in front of gateways, with the configuration that is shipped."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.peers.processes import program, running, tail
from tests.support.ports import LOOPBACK, free_port
from tests.support.waiting import until

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "kamailio"
MARK = "X-Through-Proxy"
"""A header added to every request that came with a Route header of ours: proof that the set was followed."""


def configure(folder: Path, listen: str, gateways: Sequence[str]) -> Path:
    """What an operator does with the shipped files: an address to listen at, the voice machines, who may call."""
    files = {name: folder / name for name in ("kamailio.cfg", "dispatcher.list", "address.list")}
    text = (SHIPPED / "kamailio.cfg").read_text(encoding="ascii")
    ours = {"10.0.0.5:5060": listen}
    ours |= {f"/etc/kamailio/{name}": str(path) for name, path in files.items() if name != "kamailio.cfg"}
    for theirs, here in ours.items():
        assert text.count(f"!{theirs}!g") == 1
        text = text.replace(theirs, here)
    files["kamailio.cfg"].write_text(text, encoding="ascii")
    # Set 1, one line a gateway, e.g. ``127.0.0.1:5060;transport=tcp``.
    files["dispatcher.list"].write_text("".join(f"1 sip:{one} 0 0\n" for one in gateways), encoding="ascii")
    files["address.list"].write_text("1 127.0.0.0 8\n", encoding="ascii")
    return files["kamailio.cfg"]


@dataclass(frozen=True)
class Proxy:
    """A running Kamailio."""

    port: int
    log: Path
    pid: int


@contextlib.asynccontextmanager
async def kamailio(folder: Path, gateways: Sequence[str]) -> AsyncIterator[Proxy]:
    """Kamailio in front of ``gateways`` (host:port[;transport=tcp]), ready to route a call."""
    binary = program("kamailio", "kamailio")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config, log = configure(folder, f"{LOOPBACK}:{port}", gateways), folder / "kamailio.log"
    argv = [binary, "-DD", "-E", "-A", "WITH_ROUTE_MARK", "-f", str(config), "-m", "32", "-M", "4"]
    argv += ["-P", str(folder / "pid"), "-Y", str(folder)]
    async with running(argv, log) as process:

        def up() -> bool:
            assert process.returncode is None, f"kamailio ended with {process.returncode}:\n{tail(log)}"
            return answers_options(port)

        await until(up, "Kamailio answers OPTIONS")
        yield Proxy(port=port, log=log, pid=process.pid)


def answers_options(port: int) -> bool:
    """Whether a SIP server on this UDP port answers OPTIONS, whatever it says."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((LOOPBACK, 0))
        udp.settimeout(0.3)
        here = f"{LOOPBACK}:{udp.getsockname()[1]}"
        udp.sendto(
            (
                f"OPTIONS sip:{LOOPBACK}:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{port};rport\r\n"
                f"From: <sip:probe@{here}>;tag=1\r\nTo: <sip:{LOOPBACK}:{port}>\r\nCall-ID: probe-{here}\r\n"
                f"CSeq: 1 OPTIONS\r\nContact: <sip:probe@{here}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            ).encode("ascii"),
            (LOOPBACK, port),
        )
        try:
            return udp.recv(4096).startswith(b"SIP/2.0 ")
        except OSError:
            return False
