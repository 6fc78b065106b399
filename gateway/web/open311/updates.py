"""FixMyStreet's ``servicerequestupdates``: what happened to requests, and what their reporters add."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from gateway.domain.ids import from_rfc3339, new_ulid, parse_ticket_no
from gateway.domain.interaction import Interaction
from gateway.domain.keys import ExternalKey
from gateway.domain.limits import MASKED_PAGE, PARAGRAPH_CHARS
from gateway.domain.messages import NewMessage
from gateway.domain.status import Status
from gateway.domain.words import Disposition
from gateway.errors import NotFound
from gateway.intake.ticket.add import AddToTicket
from gateway.ports.store import TicketQuery
from gateway.web.open311 import parameters
from gateway.web.open311.handlers import OWN, Call
from gateway.web.open311.parameters import MOST, bad
from gateway.web.open311.views import UPDATE_STATUS, is_secret, masked
from gateway.web.problems import Problem

DAY = timedelta(days=1)
WORDS = frozenset(UPDATE_STATUS.values()) | {
    "FIXED",
    "ACTION_SCHEDULED",
    "INTERNAL_REFERRAL",
    "FOR_TRIAGE",
    "REOPEN",
}
"""The statuses that FixMyStreet knows."""
_UPDATE = ":update:"
_MOST_PAGES = 200
_ROOT = "service_request_updates"


async def create(call: Call) -> web.Response:
    """An addition to a request: a message of its own on the ticket, once per ``update_id`` of the client."""
    client = call.writer()
    call.context.house.contacts.take(client.actor)
    form, services = call.form, call.context.services
    record = await _target(call)
    update_id = form.text("update_id") or form.text("update_id_ext")
    description = form.text("description", PARAGRAPH_CHARS)
    word = (form.text("status") or "").upper()
    if word and word not in WORDS:
        raise bad("status is one of " + ", ".join(sorted(WORDS)) + ".")
    if description is None and not word:
        raise bad("description was not provided.")
    now = services.clock.now()
    key = f"{client.actor}{_UPDATE}{update_id or new_ulid()}"
    text = description or f"[{word}]"
    digest = hashlib.sha256(f"{record['ticket_no']}\n{word}\n{text}".encode()).hexdigest()
    heard_at = form.instant("updated_datetime") or now
    applied = await services.store.execute(
        AddToTicket(
            at=now,
            actor=client.actor,
            key=ExternalKey(channel_id=OWN, external_id=key, body_sha256=digest),
            ticket_id=record["ticket_id"],
            interaction=Interaction(
                interaction_id=new_ulid(),
                channel=OWN,
                channel_id=OWN,
                started_at=heard_at,
                external_id=key,
                ended_at=now,
                disposition=Disposition.COMPLETED,
            ),
            message=NewMessage(
                message_id=new_ulid(), direction="inbound", sent_at=heard_at, text=text, external_id=key
            ),
            reported_status=word or None,
        )
    )
    return call.answer(_ROOT, [{"update_id": applied.interaction_id}])


async def find(call: Call) -> web.Response:
    """Updates of requests that came by Open311, of the last day unless dates are given; oldest first."""
    call.check_reading()
    start, end = parameters.between(call.form, call.context.services.clock.now(), DAY)
    reader = call.context.services.reader
    since, cursor = await reader.changed_since(start), None
    found: list[dict[str, Any]] = []
    for _ in range(_MOST_PAGES):
        page = await reader.tickets(TicketQuery(since=since, channels=(OWN,), limit=MASKED_PAGE, cursor=cursor))
        records = [record for record in page.items if call.shows(record)]
        whole = {record["ticket_id"]: await _texts(call, record) for record in records if _added(record)}
        found += await asyncio.to_thread(_within, records, whole, start, end)
        cursor = page.next_cursor
        if cursor is None or len(found) >= MOST:
            break
    found.sort(key=lambda item: item["updated_datetime"])
    return await asyncio.to_thread(call.answer, _ROOT, found[:MOST])


async def _target(call: Call) -> dict[str, Any]:
    number = parse_ticket_no(call.form.text("service_request_id") or "")
    try:
        record = await call.context.services.reader.ticket(number or "")
    except NotFound:
        record = None
    if record is None or not call.shows(record):
        raise Problem(404, "not_found", "service_request_id was not found.")
    return record


def _added(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The interactions that added to a request by Open311."""
    return [i for i in record["interactions"] if _UPDATE in (i["external_id"] or "") and i["channel"] == OWN]


async def _texts(call: Call, record: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The messages of each interaction, as readers see them."""
    whole = await call.context.services.reader.ticket(record["ticket_id"])
    shown = await asyncio.to_thread(masked, whole)
    return {item["interaction_id"]: item["messages"] for item in shown["interactions"]}


def _within(
    records: list[dict[str, Any]],
    texts: dict[str, dict[str, list[dict[str, Any]]]],
    start: datetime,
    end: datetime,
) -> list[dict[str, Any]]:
    """The updates of ``records`` between two times."""
    found = [update for record in records for update in _of(record, texts.get(record["ticket_id"], {}))]
    return [item for item in found if start <= from_rfc3339(item["updated_datetime"]) <= end]


def _of(record: dict[str, Any], texts: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Where a request stands, when that is more than registered, and what was added to it."""
    found = []
    # Of the reply as it is told: from the tag of the whole one, what is masked could be worked out.
    status, reply = Status(record["status"]), masked(record)["outcome"]["public_reply"]
    if status is not Status.REGISTERED or reply:
        # The same news has the same id, however often the ticket changed in other ways.
        version = hashlib.sha256(f"{status}\n{reply}".encode()).hexdigest()[:12]
        found.append(
            _update(record, f"{record['ticket_no']}-{version}", UPDATE_STATUS[status], reply, record["updated_at"])
        )
    for item in _added(record):
        text = "\n".join(message["text"] or "" for message in texts.get(item["interaction_id"], ()))
        found.append(_update(record, item["interaction_id"], UPDATE_STATUS[status], text, item["started_at"]))
    return found


def _update(record: dict[str, Any], update_id: str, word: str, text: str | None, at: str) -> dict[str, Any]:
    """``text`` is masked already."""
    return {
        "update_id": update_id,
        "service_request_id": record["ticket_no"],
        "status": word,
        "updated_datetime": at,
        "description": None if is_secret(record) else text,
        "media_url": None,
    }
