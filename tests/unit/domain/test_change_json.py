"""A Change survives the spool."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain import change_json
from gateway.domain.guess import Guess
from gateway.domain.keys import ExternalKey, Identity
from gateway.domain.transcript import NewSegment
from tests.support.change import Change, NewEvent, NewRequester, NewTicket

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 23, 1, 2, 3, 456000, tzinfo=UTC)


def test_round_trip() -> None:
    change = Change(
        dedupe=ExternalKey(channel_id="hotline", external_id="a;b"),
        new_ticket=NewTicket(
            ticket_id="T",
            created_at=NOW,
            line="citizen",
            channel="sip",
            channel_id="hotline",
            requester=NewRequester(
                identities=(Identity(kind="phone", value="+8613800138000"),), fields={"name": "张三"}
            ),
            fields={("prefill", "pending"): True, ("handling", "units"): [{"unit": "u"}]},
        ),
        guesses=(Guess(path="demand.type", value="help", source="rule", span=(0, 2), confidence=0.8),),
        segments=(NewSegment(seq=1, speaker="requester", start_ms=0, end_ms=5, text="路灯\n坏了"),),
        interaction_fields={"dtmf": ["1", "#"], "recording": {"duration_s": 1.5}},
        corrected_segments={3: "改"},
        events=(NewEvent(type="ticket.registered", at=NOW, data={"line": "citizen"}),),
    )
    line = change_json.dumps(change)
    assert "\n" not in line
    assert change_json.loads(line) == change


@pytest.mark.parametrize(
    "line", ["", "{", "[]", '{"class":"Nope","fields":{}}', '{"time":"2026-01-01T00:00:00+00:00"}']
)
def test_a_torn_line_is_refused(line: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        change_json.loads(line)
