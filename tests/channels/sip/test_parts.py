"""Pure parts: addresses, Via, timers, settings, limits, trace lines."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.sip import SPEC, uri
from channels.sip.admission import Networks
from channels.sip.flow import PeerFlow
from channels.sip.message import MalformedMessage, parse
from channels.sip.session_timers import AgreedTimer, SessionTimer
from channels.sip.session_timers import parse as parse_interval
from channels.sip.settings import SipSettings
from channels.sip.trace import TraceWriter
from gateway.cli.call_trace import read_messages
from gateway.edge.system_clock import SystemClock
from tests.support.waiting import until

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("address", "user", "tag"),
    [
        ("<sip:138@h>;tag=a", "138", "a"),
        ('"x <sip:no@h>;tag=no" <sip:138:pw@h;tag=no>;tag=a', "138", "a"),
        ("sip:138;ext=1@h;tag=a", "138", "a"),
        ("tel:+86138;phone-context=x;tag=a", "+86138", "a"),
        ("<sip:%2B86138@h>", "%2B86138", ""),
        ("<sip:h>", "", ""),
        ('"\\"" <sips:a@h> ; Tag = b ', "a", "b"),
        ("", "", ""),
        ("<<<>>>", "", ""),
    ],
)
def test_addresses(address, user, tag):
    assert (uri.user_of(address), uri.tag_of(address)) == (user, tag)


def test_uris():
    found = uri.parse_uri("sips:a@[::1]:5061;transport=TCP;lr?x=y")
    assert found == uri.Uri("sips", "a", "::1", 5061, {"transport": "TCP", "lr": ""})
    assert found.transport == "tcp"
    assert found.loose
    for bad in ("tel:1", "sip:", "sip:a@h:0", "sip:a@h:99999", "sip:a@h h", "sip:a@@h", "x"):
        assert uri.parse_uri(bad) is None


def test_vias():
    via = uri.parse_via("SIP / 2.0 / tcp [2001:DB8::1] : 5070 ; branch=z9hG4bKx;rport")
    assert (via.transport, via.host, via.port, via.branch, via.rport) == ("TCP", "2001:db8::1", 5070, "z9hG4bKx", True)
    assert uri.parse_via("SIP/2.0/UDP h:99999") is None
    assert uri.parse_via("HTTP/1.1 h") is None
    plain = uri.parse_via("SIP/2.0/UDP 10.0.0.1;rport=;received=1.1.1.1;branch=b")
    assert (
        uri.via_with_source("SIP/2.0/UDP 10.0.0.1;rport=;received=1.1.1.1;branch=b", plain, "192.0.2.1", 7)
        == "SIP/2.0/UDP 10.0.0.1;branch=b;rport=7;received=192.0.2.1"
    )


@given(st.binary(max_size=2000))
def test_nothing_but_malformed_comes_out_of_the_parser(data):
    try:
        parse(data, PeerFlow(None, "udp", "127.0.0.1", 1, None))
    except MalformedMessage:
        return


@given(st.text(max_size=200))
def test_addresses_never_raise(text):
    uri.user_of(text)
    uri.tag_of(text)
    uri.parse_uri(text)
    uri.parse_via(text)
    uri.address_params(text)


def test_intervals():
    assert parse_interval("90;refresher=UAS") == (90, "uas")
    assert parse_interval(" 1800 ; x") == (1800, "")
    for bad in ("", "x", "-1", "1e3", "99999999999", None):
        assert parse_interval(bad) is None


async def test_the_session_timer_refreshes_at_half_time_and_expires():
    fired = []
    timer = SessionTimer(lambda: fired.append("refresh"), lambda: fired.append("expired"))
    timer.start(AgreedTimer(1, we_refresh=True))
    timer.start(AgreedTimer(1, we_refresh=True))
    await until(lambda: "expired" in fired)
    assert fired == ["refresh", "expired"]
    timer.start(AgreedTimer(1, we_refresh=False))
    timer.stop()


def test_networks():
    networks = Networks(("10.0.0.0/8", "192.0.2.7", "2001:db8::/32"))
    assert "10.1.2.3" in networks
    assert "192.0.2.7" in networks
    assert "2001:db8::5" in networks
    assert "192.0.2.8" not in networks
    assert "10.1.2.3" not in Networks(())


def test_settings_refuse_what_cannot_work():
    assert SPEC.kind == "sip"
    assert SPEC.settings is SipSettings
    assert SipSettings().max_calls >= 500
    for wrong in (
        {"host": "localhost"}, {"port": -1}, {"rtp_ports": (30000, 20000)}, {"rtp_ports": (0, 5)}, {"trunks": ("x",)},
        {"min_se_s": 10}, {"session_expires_s": 90, "min_se_s": 100}, {"unknown": 1}, {"realm": 'a"b'},
        {"advertised_host": "pbx.example.invalid"}, {"line": "business"},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            SipSettings(**wrong)


async def test_traces_are_what_the_command_reads(tmp_path):
    trace = TraceWriter(tmp_path, "hotline", SystemClock())
    trace(True, "192.0.2.1:5060", b"INVITE sip:1@h SIP/2.0\r\ni: abc\r\nCSeq: 1 INVITE\r\n\r\n")
    trace(False, "192.0.2.1:5060", b"SIP/2.0 100 Trying\r\nCall-ID: abc\r\nCSeq: 1 INVITE\r\n\r\n")
    trace(True, "192.0.2.1:5060", b"\xff\x00garbage")
    await trace.aclose()
    messages = await asyncio.to_thread(read_messages, tmp_path, "abc")
    assert [(m.received, m.first_line, m.cseq) for m in messages] == [
        (True, "INVITE sip:1@h SIP/2.0", "1 INVITE"),
        (False, "SIP/2.0 100 Trying", "1 INVITE"),
    ]
    (path,) = tmp_path.glob("*/hotline.jsonl")
    assert path.parent.name == datetime.now(UTC).strftime("%Y%m%d")
    assert path.stat().st_mode & 0o077 == 0
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 3


async def test_a_trace_that_cannot_be_written_stops_nothing(tmp_path, monkeypatch):
    (tmp_path / "blocked").write_text("a file where a folder should be")
    trace = TraceWriter(tmp_path / "blocked", "hotline", SystemClock())
    trace(True, "p", b"x")
    await trace.aclose()
    assert trace.dropped == 1
    monkeypatch.setattr("channels.sip.trace.MAX_WAITING", 1)
    trace(True, "p", b"x")
    trace(True, "p", b"x")
    assert trace.dropped == 2
    await trace.aclose()
