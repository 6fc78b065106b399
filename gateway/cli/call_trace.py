"""What is known of one contact, and the SIP messages among it: read from the trace files of ``channels/sip``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.domain.ids import from_rfc3339
from gateway.ports.store import Record
from gateway.ports.way import Way
from gateway.telemetry import trace as ids

SPOKEN = "sip"
"""The channel of calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SipMessage:
    """One SIP message as ``channels/sip`` traced it."""

    at: datetime
    received: bool
    peer: str
    call_id: str
    first_line: str
    cseq: str
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTrace:
    """Everything known of one contact; ``record`` and ``interaction`` are None when SQL has none."""

    call_id: str
    messages: list[SipMessage]
    record: Record | None = None
    interaction: Record | None = None
    events: list[Record] = field(default_factory=list)
    way: Way | None = None


def read_messages(traces: Path, key: str, day: datetime | None = None) -> list[SipMessage]:
    """The SIP messages of the newest call whose Call-ID begins with ``key``, or begins ``key`` (an external id).

    A trace id names a call too: of one that was refused nothing else is left.
    """
    folders = sorted((f for f in traces.glob("[0-9]*") if f.is_dir()), reverse=True)
    if day is not None:
        around = {
            (datetime.fromtimestamp(day.timestamp() + shift, UTC)).strftime("%Y%m%d") for shift in (-86400, 0, 86400)
        }
        folders = [folder for folder in folders if folder.name in around]
    found: list[SipMessage] = []
    for folder in folders:
        for path in sorted(folder.glob("*.jsonl")):
            with path.open(encoding="utf-8", errors="replace") as lines:
                found += [m for m in map(_parse, lines) if m and _is_of(m, key)]
        if found and day is None:
            break
    found.sort(key=lambda m: m.at)
    return [m for m in found if m.call_id == found[-1].call_id]


def _is_of(message: SipMessage, key: str) -> bool:
    if message.call_id.startswith(key) or key.startswith(message.call_id):
        return True
    if not ids.is_id(key):
        return False
    tag = _TAG.search(_header(message.raw, "from", "f") or "")
    return ids.of(f"{message.call_id};{tag[1] if tag else ''}") == key


_TAG = re.compile(r";\s*tag=([^;\s]+)", re.IGNORECASE)


def _parse(line: str) -> SipMessage | None:
    """A trace line, or None for one that a crash cut short or that names no call."""
    try:
        entry: dict[str, Any] = json.loads(line)
        raw = str(entry["raw"])
        call_id = entry.get("call_id") or _header(raw, "call-id", "i")
        stamp = entry["ts"]
        at = from_rfc3339(stamp) if isinstance(stamp, str) else datetime.fromtimestamp(float(stamp), UTC)
        if not call_id:
            return None
        return SipMessage(
            at=at,
            received=entry["dir"] == "in",
            peer=str(entry["peer"]),
            call_id=str(call_id),
            first_line=str(entry["first_line"]),
            cseq=str(entry.get("cseq") or ""),
            raw=raw,
        )
    except (ValueError, KeyError, TypeError):
        return None


def _header(raw: str, *names: str) -> str | None:
    for line in raw.splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() in names:
            return value.strip()
        if not line:
            break
    return None
