"""A ticket's conversations as a vCon (draft-ietf-vcon-vcon-core, syntax 0.4.0)."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

MEDIA_TYPE = "application/vcon"
SYNTAX = "0.4.0"
VENDOR = "hotline-gateway"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_REQUESTER, _OURS = 0, 1
_SPEAKERS = {"requester": _REQUESTER, "agent": _OURS, "bot": _OURS}
_HUNG_UP = frozenset({"abandoned_before_answer", "abandoned_in_flow", "abandoned_in_queue"})


def ulid_uuid(ulid: str) -> str:
    """A UUID version 8 (RFC 9562 5.8) made from a ULID: the same ticket has the same one always."""
    number = 0
    for char in ulid:
        number = (number << 5) | _CROCKFORD.index(char)
    number &= (1 << 128) - 1
    number = (number & ~(0xF << 76)) | (8 << 76)
    number = (number & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=number))


def document(record: dict[str, Any], *, public_url: str) -> dict[str, Any]:
    """The vCon of a record; personal values are as ``record`` has them (masked or not)."""
    dialog: list[dict[str, Any]] = []
    analysis: list[dict[str, Any]] = []
    for interaction in record["interactions"]:
        first = len(dialog)
        dialog.extend(_dialogs(record, interaction, public_url))
        transcript = interaction.get("transcript") or []
        if transcript and len(dialog) > first:
            analysis.append(_transcript(transcript, first))
    analysis.append(
        {
            "type": "report",
            "dialog": list(range(len(dialog))),
            "vendor": VENDOR,
            "product": "prefill",
            "mediatype": "application/json",
            **_json_body(record["prefill"]),
        }
    )
    return {
        "vcon": SYNTAX,
        "uuid": ulid_uuid(record["ticket_id"]),
        "created_at": record["created_at"],
        "updated_at": record["updated_at"],
        "subject": f"{record['ticket_no']} {record['demand'].get('title') or ''}".strip(),
        "parties": [_requester(record["requester"]), _ourselves(record)],
        "dialog": dialog,
        "analysis": analysis,
        "attachments": [
            {
                "purpose": "ticket",
                "start": record["created_at"],
                "party": _OURS,
                "mediatype": "application/json",
                **_json_body({key: value for key, value in record.items() if key != "interactions"}),
            }
        ],
    }


def _requester(requester: dict[str, Any]) -> dict[str, Any]:
    party = {"name": requester.get("name") or ("anonymous" if requester.get("anonymous") else None)}
    if requester.get("phone"):
        party["tel"] = requester["phone"]
    if requester.get("org_name"):
        party["org"] = requester["org_name"]
    party["type"] = "organization" if requester.get("kind") == "enterprise" else "person"
    return {key: value for key, value in party.items() if value is not None}


def _ourselves(record: dict[str, Any]) -> dict[str, Any]:
    party = {"name": "12345", "type": "bot"}
    if record.get("entry_number"):
        party["tel"] = record["entry_number"]
    return party


def _dialogs(record: dict[str, Any], interaction: dict[str, Any], public_url: str) -> list[dict[str, Any]]:
    base = {"parties": [_REQUESTER, _OURS], "originator": _REQUESTER}
    texts = [
        {
            **base,
            "type": "text",
            "start": message["sent_at"],
            "originator": _REQUESTER if message["direction"] == "inbound" else _OURS,
            "mediatype": "text/plain",
            "body": message["text"],
            "encoding": "none",
            "message_id": message["external_id"] or f"{interaction['interaction_id']}.{message['seq']}",
        }
        for message in interaction.get("messages") or ()
        if message["text"]
    ]
    if texts:
        return texts
    recording = interaction.get("recording")
    start = interaction["answered_at"] or interaction["started_at"]
    if recording and interaction["ended_at"]:
        url = f"/api/v1/tickets/{record['ticket_id']}/recordings/{interaction['interaction_id']}"
        return [
            {
                **base,
                "type": "recording",
                "start": start,
                "duration": recording["duration_s"],
                "mediatype": "audio/x-wav",
                "url": f"{public_url}{url}",
                "content_hash": _content_hash(recording["sha256"]),
                **({"party_history": _keys(interaction)} if interaction.get("dtmf") else {}),
            }
        ]
    disposition = "hung-up" if interaction["disposition"] in _HUNG_UP else "failed"
    return (
        [{**base, "type": "incomplete", "start": start, "disposition": disposition}] if interaction["ended_at"] else []
    )


def _keys(interaction: dict[str, Any]) -> list[dict[str, Any]]:
    at = interaction["answered_at"] or interaction["started_at"]
    return [{"party": _REQUESTER, "time": at, "event": "keydown", "button": key} for key in interaction["dtmf"]]


def _transcript(segments: list[dict[str, Any]], dialog: int) -> dict[str, Any]:
    said = [
        {
            "party": _SPEAKERS.get(segment["speaker"], _OURS),
            "start": segment["start_ms"] / 1000,
            "end": segment["end_ms"] / 1000,
            "text": segment["corrected_text"] or segment["text"],
            "language": segment["language"],
            "confidence": segment["confidence"],
        }
        for segment in segments
    ]
    engines = sorted({segment["engine"] for segment in segments if segment["engine"]})
    return {
        "type": "transcript",
        "dialog": dialog,
        "vendor": VENDOR,
        "product": ", ".join(engines) or "prompts",
        "mediatype": "application/json",
        **_json_body({"segments": said}),
    }


def _json_body(value: Any) -> dict[str, str]:
    return {"encoding": "json", "body": json.dumps(value, ensure_ascii=False)}


def _content_hash(sha256: str) -> str:
    return "sha256-" + base64.urlsafe_b64encode(bytes.fromhex(sha256)).rstrip(b"=").decode()
