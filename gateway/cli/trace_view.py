"""How ``gateway trace`` prints a call. What is personal is masked unless asked for, display names in SIP excepted."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.cli import way_view
from gateway.cli.call_trace import SPOKEN, CallTrace, SipMessage
from gateway.domain import masking
from gateway.domain.events import (
    DemandTaken,
    InteractionAnswered,
    InteractionEnded,
    InteractionStarted,
    MessageDelivered,
    MessageFailed,
    MessageReceived,
    MessageSent,
    SegmentHeard,
    TranscriptCompleted,
)
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.words import Speaker

_PHONE = re.compile(r"(?<![\w.])\+?\d{7,14}(?![\w.])")
"""What can be a telephone number: not a 15-digit ticket number, not part of an id or an address."""
_WIDTH = 46


def mask(text: str, *, wholly: bool = False) -> str:
    """``text`` with the middle of every telephone number starred, or ``wholly``: 13800138000 → 138****8000."""
    if wholly:
        return _PHONE.sub("****", text)
    return _PHONE.sub(lambda m: f"{m[0][:3]}****{m[0][-4:]}" if m[0][10:] else f"{m[0][0]}****{m[0][-2:]}", text)


def veiled(call: CallTrace) -> CallTrace:
    """``call`` with its record as it is shown masked; the SIP messages stay as they came."""
    if call.record is None or call.interaction is None:
        return call
    record = masking.record(call.record)
    shown = next(i for i in record["interactions"] if i["interaction_id"] == call.interaction["interaction_id"])
    return dataclasses.replace(call, record=record, interaction=shown)


def _masked(text: str, call: CallTrace) -> str:
    """What is left to mask in what is printed of a veiled call: its SIP messages."""
    return mask(text, wholly=call.record is not None and masking.is_hidden(call.record.get("requester")))


def as_json(call: CallTrace, *, unmasked: bool) -> str:
    """The same for programs."""
    call = call if unmasked else veiled(call)
    whole = {
        "call_id": call.call_id,
        "ticket_id": (call.record or {}).get("ticket_id"),
        "ticket_no": (call.record or {}).get("ticket_no"),
        "interaction": call.interaction,
        "timings_ms": timings(call),
        "sip": [{**dataclasses.asdict(m), "at": rfc3339(m.at)} for m in call.messages],
        "events": call.events,
        "way": dataclasses.asdict(call.way) if call.way else None,
    }
    text = json.dumps(whole, ensure_ascii=False, indent=2)
    return text if unmasked else _masked(text, call)


def as_text(call: CallTrace, *, unmasked: bool, raw: bool) -> str:
    """Head, ladder with the events between the messages, timings, what was said."""
    call = call if unmasked else veiled(call)
    lines = [*_head(call), "", *_ladder(call, raw=raw), "", *_timings(call), *_media(call), *_transcript(call)]
    text = "\n".join(lines)
    return text if unmasked else _masked(text, call)


def timings(call: CallTrace) -> dict[str, int]:
    """Milliseconds from the first INVITE (or, untraced, from the interaction's start) to each stage of the call."""
    start = _start(call)
    if start is None:
        return {}
    marks: dict[str, datetime] = {}
    for message in call.messages:
        for name, pattern in (
            ("first_response", r"SIP/2\.0 1\d\d"),
            ("ringing", r"SIP/2\.0 180"),
            ("final_response", r"SIP/2\.0 [2-6]\d\d .*"),
            ("ack", r"ACK "),
            ("hangup", r"(BYE|CANCEL) "),
        ):
            if re.match(pattern, message.first_line) and ("response" not in name or "INVITE" in message.cseq):
                marks.setdefault(name, message.at)
    for event, name in (
        (InteractionStarted.TYPE, "committed"),
        (InteractionAnswered.TYPE, "answered"),
        (SegmentHeard.TYPE, "first_text"),
        (DemandTaken.TYPE, "registered"),
        (InteractionEnded.TYPE, "closed"),
        (TranscriptCompleted.TYPE, "transcribed"),
        (MessageReceived.TYPE, "accepted"),
        (MessageSent.TYPE, "answer_sent"),
        (MessageDelivered.TYPE, "answer_delivered"),
        (MessageFailed.TYPE, "answer_failed"),
    ):
        if event.startswith("message.") and is_call(call):
            continue
        moment = next((e["at"] for e in call.events if e["type"] == event), None)
        if moment is not None:
            marks[name] = from_rfc3339(moment)
    spoke = _first_words(call)
    if spoke is not None and "answered" in marks:
        milliseconds = round((marks["answered"] - start).total_seconds() * 1000)
        return dict(
            sorted({**_since(start, marks), "first_speech": milliseconds + spoke}.items(), key=lambda kv: kv[1])
        )
    return dict(sorted(_since(start, marks).items(), key=lambda kv: kv[1]))


def _since(start: datetime, marks: Mapping[str, datetime]) -> dict[str, int]:
    return {name: round((at - start).total_seconds() * 1000) for name, at in marks.items()}


def _start(call: CallTrace) -> datetime | None:
    if call.messages:
        return call.messages[0].at
    if call.interaction is None:
        return None
    moments = [from_rfc3339(call.interaction["started_at"])]
    if not is_call(call):
        moments += [at for at, _ in way_view.came_in(call)]
    return min(moments)


def _first_words(call: CallTrace) -> int | None:
    """Milliseconds from the answer to the caller's first recognised words."""
    transcript = (call.interaction or {}).get("transcript") or []
    return next((s["start_ms"] for s in transcript if s["speaker"] == Speaker.REQUESTER), None)


def _head(call: CallTrace) -> list[str]:
    lines = [f"Call        {call.call_id}"] if is_call(call) else []
    lines += way_view.traces(call)
    if call.record and call.interaction:
        it = call.interaction
        flow = it["flow"] or {}
        lines += [
            f"Ticket      {call.record['ticket_no']}  ({call.record['status']}, line {call.record['line']})",
            f"Interaction {it['interaction_id']}  at channel {it['channel_id']}, node {it['node']}",
            f"From        {it['from_raw']}",
            f"To          {it['to_raw']}",
            f"Flow        {flow.get('name')} {flow.get('version')}",
            f"Ended       {it['disposition'] or 'still open'}",
        ]
    else:
        lines.append("Record      none: refused before it was taken, or SQL could not be read")
    if not call.messages and is_call(call):
        lines.append("SIP         no messages kept (tracing off, or older than what is kept)")
    return lines


def _ladder(call: CallTrace, *, raw: bool) -> list[str]:
    start = _start(call)
    if start is None:
        return []
    who = "caller" if is_call(call) else "person"
    rows = [] if is_call(call) else way_view.came_in(call)
    rows += [(m.at, _arrow(m, raw=raw)) for m in call.messages]
    rows += way_view.rows(call, _WIDTH)
    rows += [(from_rfc3339(e["at"]), [_event(e, call)]) for e in call.events]
    lines = [f"{'ms':>8}  {who:<{_WIDTH - 8}}gateway"]
    for at, texts in sorted(rows, key=lambda row: row[0]):
        lines.append(f"{round((at - start).total_seconds() * 1000):>8}  {texts[0]}")
        lines += [f"{'':>10}| {text}" for text in texts[1:]]
    return lines


def is_call(call: CallTrace) -> bool:
    """Whether it came by telephone, as far as is known."""
    return bool(call.messages) or (call.interaction or {}).get("channel", SPOKEN) == SPOKEN


def _event(event: Mapping[str, Any], call: CallTrace) -> str:
    fed = way_view.fed(event.get("event_seq"), call.way)
    return " ".join(filter(None, (f"{'':{_WIDTH}}  * {event['type']}", _data(event["data"]), fed)))


def _arrow(message: SipMessage, *, raw: bool) -> list[str]:
    what = message.first_line.removeprefix("SIP/2.0 ").removesuffix(" SIP/2.0")[: _WIDTH - 12]
    dashes = "-" * max(2, _WIDTH - len(what) - 8)
    arrow = f"---- {what} {dashes}>" if message.received else f"<--- {what} {dashes}-"
    return [f"{arrow:<{_WIDTH}}  CSeq {message.cseq}  {message.peer}", *(message.raw.splitlines() if raw else ())]


def _data(data: Mapping[str, Any]) -> str:
    return " ".join(f"{k}={v}" for k, v in data.items() if v is not None)


def _timings(call: CallTrace) -> list[str]:
    found = timings(call)
    return (
        [
            f"Timings (ms after {'the INVITE' if is_call(call) else 'it came in'})",
            *(f"  {name:<16}{at:>8}" for name, at in found.items()),
            "",
        ]
        if found
        else []
    )


def _media(call: CallTrace) -> list[str]:
    ended: Mapping[str, Any] = next((e["data"] for e in call.events if e["type"] == InteractionEnded.TYPE), {})
    facts = {k: v for k, v in ended.items() if k != "disposition"}
    recording = (call.interaction or {}).get("recording")
    lines = [f"Media       {_data(facts)}"] if facts else []
    if recording:
        lines.append(f"Recording   {recording['duration_s']} s, sha256 {recording['sha256']}")
    keys = (call.interaction or {}).get("dtmf")
    if keys:
        lines.append(f"Keys        {' '.join(map(str, keys))}")
    return lines


def _transcript(call: CallTrace) -> list[str]:
    transcript = (call.interaction or {}).get("transcript") or []
    return [f"{s['start_ms']:>8}  {s['speaker']:<10} {s['corrected_text'] or s['text']}" for s in transcript]
