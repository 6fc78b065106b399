"""Debian's Kamailio as a record-routing dispatcher in front of gateways: a configuration to start from, and a rig.

``configuration`` is usable outside of the tests: ``python -m tests.peers.kamailio LISTEN GATEWAY...`` prints one.
"""

from __future__ import annotations

import contextlib
import glob
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.peers.processes import program, running, tail
from tests.support.ports import LOOPBACK, free_port
from tests.support.waiting import until

MODULES = ("tm", "sl", "rr", "pv", "maxfwd", "textops", "siputils", "sanity", "dispatcher")
MARK = "X-Through-Proxy"
"""A header added to every request that came with a Route header of ours: proof that the set was followed."""

TEMPLATE = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=2
tcp_children=2
disable_tcp=no
auto_aliases=no
listen=udp:@LISTEN@
listen=tcp:@LISTEN@
mpath="@MODULES_DIR@"
@LOADMODULES@
modparam("rr", "enable_double_rr", 1)
modparam("rr", "enable_full_lr", 1)
modparam("tm", "fr_timer", 3000)
modparam("tm", "fr_inv_timer", 60000)
modparam("dispatcher", "list_file", "@LIST@")
modparam("dispatcher", "flags", 2)
modparam("dispatcher", "xavp_dst", "_target")
modparam("dispatcher", "ds_ping_interval", 1)
modparam("dispatcher", "ds_probing_mode", 1)
modparam("dispatcher", "ds_probing_threshold", 1)
modparam("dispatcher", "ds_inactive_threshold", 1)
modparam("dispatcher", "ds_ping_reply_codes", "class=2;class=3;class=4")

request_route {
    if (!mf_process_maxfwd_header("10")) {
        sl_send_reply("483", "Too Many Hops");
        exit;
    }
    if (!sanity_check("17895", "7")) {
        exit;
    }
    if (is_method("CANCEL")) {
        if (t_check_trans()) {
            t_relay();
        }
        exit;
    }
    if (has_totag()) {
        route(IN_DIALOG);
    }
    t_check_trans();
    if (is_method("OPTIONS") && uri == myself && $rU == $null) {
        sl_send_reply("200", "OK");
        exit;
    }
    record_route();
    # Algorithm 4: one after the other. Use 0 to keep a Call-ID at one gateway.
    if (!ds_select_dst("1", "4")) {
        sl_send_reply("503", "No gateway");
        exit;
    }
    t_on_failure("NEXT_GATEWAY");
    if (!t_relay()) {
        sl_reply_error();
    }
}

route[IN_DIALOG] {
    # Only what follows the route set passes; a request straight to a contact never comes here.
    if (loose_route()) {
        append_hf("@MARK@: loose\\r\\n");
        t_relay();
        exit;
    }
    if (is_method("ACK")) {
        if (t_check_trans()) {
            t_relay();
        }
        exit;
    }
    sl_send_reply("481", "No Route Followed");
    exit;
}

failure_route[NEXT_GATEWAY] {
    if (t_is_canceled()) {
        exit;
    }
    if (t_check_status("503") || (t_branch_timeout() && !t_branch_replied())) {
        if (ds_next_dst()) {
            t_on_failure("NEXT_GATEWAY");
            t_relay();
            exit;
        }
    }
}
"""


def modules_dir() -> str:
    """Where Debian keeps Kamailio's modules on this architecture."""
    found = glob.glob("/usr/lib/*/kamailio/modules/")  # noqa: PTH207 - Kamailio wants the trailing slash
    return found[0] if found else "/usr/lib/kamailio/modules/"


def configuration(listen: str, dispatcher_list: Path) -> str:
    """A kamailio.cfg that listens on ``host:port`` (UDP and TCP) and spreads calls over ``dispatcher_list``."""
    modules = "\n".join(f'loadmodule "{name}.so"' for name in MODULES)
    return (
        TEMPLATE.replace("@LISTEN@", listen)
        .replace("@MODULES_DIR@", modules_dir())
        .replace("@LOADMODULES@", modules)
        .replace("@LIST@", str(dispatcher_list))
        .replace("@MARK@", MARK)
    )


def targets(gateways: Sequence[str]) -> str:
    """The dispatcher's list: set 1, one line a gateway, e.g. ``127.0.0.1:5060;transport=tcp``."""
    return "".join(f"1 sip:{gateway} 0 0\n" for gateway in gateways)


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
    listed, config, log = folder / "dispatcher.list", folder / "kamailio.cfg", folder / "kamailio.log"
    listed.write_text(targets(gateways), encoding="ascii")
    config.write_text(configuration(f"{LOOPBACK}:{port}", listed), encoding="ascii")
    argv = [binary, "-DD", "-E", "-f", str(config), "-m", "32", "-M", "4", "-P", str(folder / "pid"), "-Y", str(folder)]
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


if __name__ == "__main__":
    folder = Path.cwd()
    (folder / "dispatcher.list").write_text(targets(sys.argv[2:]), encoding="ascii")
    sys.stdout.write(configuration(sys.argv[1], folder / "dispatcher.list"))
