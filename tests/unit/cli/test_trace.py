"""``gateway trace``: finds a call by any of its names and prints what a person debugging it needs."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta

import pytest

from gateway.cli import trace
from gateway.cli.trace_view import as_text, mask, timings
from gateway.domain.ids import rfc3339
from gateway.errors import NotFound
from gateway.ports.store import TicketPage

pytestmark = pytest.mark.unit

START = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
CALL_ID = "a84b4c76e66710@10.0.0.7"
TICKET = "01KB0000000000000000000001"
INTERACTION = "01KB0000000000000000000002"


def at(ms: int) -> str:
    return rfc3339(START + timedelta(milliseconds=ms))


def sip(ms: int, direction: str, first_line: str, cseq: str = "1 INVITE", call_id: str = CALL_ID) -> dict[str, str]:
    raw = f"{first_line}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\nFrom: <sip:13800138000@10.0.0.7>;tag=1\r\n\r\n"
    return {"ts": at(ms), "dir": direction, "peer": "10.0.0.7:5060", "first_line": first_line, "cseq": cseq, "raw": raw}


LADDER = [
    sip(0, "in", "INVITE sip:12345@10.0.0.1 SIP/2.0"),
    sip(1, "out", "SIP/2.0 100 Trying"),
    sip(6, "out", "SIP/2.0 180 Ringing"),
    sip(9, "out", "SIP/2.0 200 OK"),
    sip(15, "in", "ACK sip:12345@10.0.0.1 SIP/2.0", "1 ACK"),
    sip(9000, "in", "BYE sip:12345@10.0.0.1 SIP/2.0", "2 BYE"),
    sip(9001, "out", "SIP/2.0 200 OK", "2 BYE"),
]
EVENTS = [
    {"type": "interaction.started", "at": at(5), "interaction_id": INTERACTION, "data": {"flow": "hotline"}},
    {"type": "interaction.answered", "at": at(10), "interaction_id": INTERACTION, "data": {"after_ms": 5}},
    {"type": "transcript.segment", "at": at(7000), "interaction_id": INTERACTION, "data": {"seq": 2}},
    {"type": "ticket.demand_taken", "at": at(7500), "interaction_id": INTERACTION, "data": {}},
    {
        "type": "interaction.ended",
        "at": at(9010),
        "interaction_id": INTERACTION,
        "data": {"disposition": "completed", "rtp_lost": 3},
    },
]
RECORD = {
    "ticket_id": TICKET,
    "ticket_no": "202611230000001",
    "status": "registered",
    "line": "citizen",
    "interactions": [
        {
            "interaction_id": INTERACTION,
            "channel_id": "hotline",
            "node": "n1",
            "external_id": f"{CALL_ID};1",
            "started_at": at(4),
            "from_raw": "<sip:13800138000@10.0.0.7>;tag=1",
            "to_raw": "<sip:12345@10.0.0.1>",
            "flow": {"name": "hotline", "version": "7"},
            "disposition": "completed",
            "dtmf": [],
            "recording": None,
            "transcript": [
                {"start_ms": 0, "speaker": "bot", "text": "您好", "corrected_text": None},
                {"start_ms": 4000, "speaker": "requester", "text": "路灯坏了", "corrected_text": None},
            ],
        },
    ],
}


class OneTicket:
    """A reader that knows one ticket."""

    async def ticket(self, ticket_id):
        if ticket_id not in {TICKET, RECORD["ticket_no"]}:
            raise NotFound(ticket_id)
        return RECORD

    async def tickets(self, _query):
        return TicketPage(items=[RECORD], next_cursor=None)

    async def events(self, *, ticket_id, **_):
        assert ticket_id == TICKET
        return EVENTS


@pytest.fixture
def data_dir(tmp_path):
    day = tmp_path / "traces" / "20261123"
    day.mkdir(parents=True)
    other = sip(3, "in", "OPTIONS sip:12345@10.0.0.1 SIP/2.0", "9 OPTIONS", "somebody@else")
    lines = [json.dumps(m) for m in (*LADDER[:3], other, *LADDER[3:])]
    (day / "hotline.jsonl").write_text("\n".join(lines) + '\n{"ts": "2026-', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [CALL_ID, CALL_ID[:8], INTERACTION, INTERACTION[:26], TICKET, "202611230000001", "20261123-0000001", "20261123000"],
)
async def test_a_call_is_found_by_any_of_its_names(data_dir, name):
    call = await trace.collect(name, data_dir / "traces", OneTicket())
    assert call is not None
    assert [m.first_line for m in call.messages] == [m["first_line"] for m in LADDER]
    assert call.interaction is not None
    assert call.interaction["interaction_id"] == INTERACTION


async def test_a_call_without_a_record_still_shows_its_sip(data_dir):
    call = await trace.collect(CALL_ID, data_dir / "traces", None)
    assert call is not None
    assert "Record      none" in as_text(call, unmasked=False, raw=False)


async def test_stages_are_timed_from_the_invite(data_dir):
    call = await trace.collect(CALL_ID, data_dir / "traces", OneTicket())
    assert call is not None
    assert timings(call) == {
        "first_response": 1,
        "committed": 5,
        "ringing": 6,
        "final_response": 9,
        "answered": 10,
        "ack": 15,
        "first_speech": 4010,
        "first_text": 7000,
        "registered": 7500,
        "hangup": 9000,
        "closed": 9010,
    }


async def test_text_shows_ladder_and_events_in_order_and_masks_numbers(data_dir, capsys):
    args = argparse.Namespace(call=CALL_ID, json=False, raw=True, unmasked=False)
    assert await trace.run(args, data_dir, OneTicket()) == 0
    shown = capsys.readouterr().out
    order = [
        "INVITE sip",
        "100 Trying",
        "interaction.started",
        "180 Ringing",
        "200 OK",
        "interaction.answered",
        "ACK sip",
    ]
    places = [shown.index(word) for word in order]
    assert places == sorted(places)
    assert "13800138000" not in shown
    assert "138****8000" in shown
    assert "202611230000001" in shown
    assert "rtp_lost=3" in shown
    args.unmasked = True
    await trace.run(args, data_dir, OneTicket())
    assert "13800138000" in capsys.readouterr().out


async def test_json_is_for_programs(data_dir, capsys):
    args = argparse.Namespace(call=TICKET, json=True, raw=False, unmasked=False)
    assert await trace.run(args, data_dir, OneTicket()) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["ticket_no"] == "202611230000001"
    assert len(shown["sip"]) == len(LADDER)


@pytest.mark.parametrize("as_json", [True, False])
async def test_of_who_hides_nothing_is_printed(data_dir, capsys, monkeypatch, as_json):
    said = {"start_ms": 0, "speaker": "requester", "text": "我是张三丰13912345678", "corrected_text": None}
    interaction = {**RECORD["interactions"][0], "transcript": [said]}
    requester = {"secret": True, "name": "张三丰"}
    monkeypatch.setitem(globals(), "RECORD", {**RECORD, "requester": requester, "interactions": [interaction]})
    args = argparse.Namespace(call=TICKET, json=as_json, raw=True, unmasked=False)
    assert await trace.run(args, data_dir, OneTicket()) == 0
    shown = capsys.readouterr().out
    assert "202611230000001" in shown
    assert not [word for word in ("张", "三丰", "138**", "*8000", "139", "5678") if word in shown]


async def test_an_unknown_call_says_so(data_dir, capsys):
    args = argparse.Namespace(call="nobody", json=False, raw=False, unmasked=False)
    assert await trace.run(args, data_dir, OneTicket()) == 1
    assert "nothing is known" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("sip:13800138000@10.0.0.7", "sip:138****8000@10.0.0.7"),
        ("tel:+8613800138000", "tel:+86****8000"),
        ("to 12345, ticket 202611230000001", "to 12345, ticket 202611230000001"),
        ("0755-83123456", "0755-8****56"),
    ],
)
def test_masking_hides_numbers_and_nothing_else(text, masked):
    assert mask(text) == masked
