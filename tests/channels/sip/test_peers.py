"""Other people's software as the far side: Kamailio in between, pyVoIP as a telephone of ours."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import socket
import sys

import pytest

from gateway.ports.call import EndReason
from tests.channels.sip.sipp import MISSING, SIPP, invite, pause, recv, run, send
from tests.channels.sip.test_registrar import Phones

pytestmark = pytest.mark.integration

KAMAILIO = shutil.which("kamailio")
PROXY = """#!KAMAILIO
debug=0
log_stderror=yes
children=4
disable_tcp=yes
listen=udp:127.0.0.1:{port}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
request_route {{
  if (is_method("CANCEL")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
  if (has_totag()) {{
    if (loose_route()) {{ t_relay(); exit; }}
    if (is_method("ACK")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
    sl_send_reply("481", "Not here"); exit;
  }}
  t_check_trans();
  record_route();
  $du = "sip:127.0.0.1:{gateway}";
  t_relay();
}}
"""
TELEPHONE = """
import os, sys, time
from pyVoIP.VoIP import CallState, VoIPPhone
server, sip, rtp = (int(x) for x in sys.argv[1:])
phone = VoIPPhone("127.0.0.1", server, "8001", "pass", "127.0.0.1", sipPort=sip, rtpPortLow=rtp, rtpPortHigh=rtp + 20)
phone.start()
deadline = time.time() + 20
while "REGISTERED" not in str(phone.get_status()) and time.time() < deadline:
    time.sleep(0.05)
call = phone.call("12345")
while call.state == CallState.DIALING and time.time() < deadline:
    time.sleep(0.05)
assert call.state == CallState.ANSWERED, call.state
call.write_audio(bytes(range(128)) * 20)
heard = set()
while heard <= {0x80} and time.time() < deadline:
    heard |= set(call.read_audio(160, blocking=False))
    time.sleep(0.02)
assert not heard <= {0x80}, heard
call.hangup()
time.sleep(0.5)
print("fine", flush=True)
os._exit(0)
"""


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
async def behind_kamailio(make, tmp_path):
    """A gateway and the port of a proxy that record-routes in front of it."""
    gateway = await make(t1_ms=500)
    port = free_port()
    config = tmp_path / "kamailio.cfg"
    config.write_text(PROXY.format(port=port, gateway=gateway.agent.port))
    process = await asyncio.create_subprocess_exec(
        KAMAILIO, "-DD", "-f", config, "-w", tmp_path, "-Y", tmp_path, "-m", "16", "-M", "4",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await asyncio.sleep(1.5)
    assert process.returncode is None
    yield gateway, port
    process.terminate()
    await process.wait()


@pytest.mark.skipif(KAMAILIO is None, reason="kamailio is not installed (apt-get install kamailio)")
@pytest.mark.skipif(SIPP is None, reason=MISSING)
async def test_behind_a_proxy_that_record_routes(behind_kamailio, tmp_path):
    gateway, port = behind_kamailio

    def routed(method, cseq):
        return send(method, cseq, "", "[routes]", uri="[next_url]")

    steps = [
        invite(), recv(100, optional=True), recv(180, optional=True),
        recv(200, "Record-Route: <sip:127.0.0.1:").replace("<recv ", '<recv rrs="true" ', 1), routed("ACK", 1),
        pause(200), routed("BYE", 2), recv(200),
    ]  # fmt: skip
    await run(tmp_path, port, steps, calls=50, rate=25)
    assert len(gateway.legs) == 50
    assert {leg.ended.result() for leg in gateway.legs} == {EndReason.CALLER_HUNG_UP}


@pytest.mark.skipif(KAMAILIO is None, reason="kamailio is not installed (apt-get install kamailio)")
@pytest.mark.skipif(SIPP is None, reason=MISSING)
async def test_cancel_through_a_proxy(behind_kamailio, tmp_path):
    gateway, port = behind_kamailio
    gateway.handler = gateway.ring
    steps = [
        invite(), recv(100, optional=True), recv(180), pause(100),
        send("CANCEL", 1, branch="INVITE1", tag=""), recv(200), recv(487), send("ACK", 1, branch="INVITE1"),
    ]  # fmt: skip
    await run(tmp_path, port, steps)
    assert await gateway.legs[0].ended is EndReason.CANCELLED


@pytest.mark.skipif(importlib.util.find_spec("pyVoIP") is None, reason="pyVoIP is not installed")
@pytest.mark.skipif(sys.version_info >= (3, 13), reason="pyVoIP 1.6.8 needs audioop, gone in Python 3.13")
async def test_pyvoip_registers_calls_and_hears_us(make):
    gateway = await make(Phones(), trunks=("192.0.2.1",), t1_ms=500)

    async def handler(leg):
        leg.trying()
        await leg.answer()
        leg.play(b"\x2a\x35" * 80_000)
        await leg.ended

    gateway.handler = handler
    rtp = free_port() // 2 * 2
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", TELEPHONE, str(gateway.agent.port), str(free_port()), str(min(rtp, 65_000)),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert b"fine" in output, output.decode()
    assert gateway.legs[0].info.from_user == "8001"
    assert gateway.legs[0].started_media
    assert await gateway.legs[0].ended is EndReason.CALLER_HUNG_UP
