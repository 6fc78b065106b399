"""Somebody who has been in touch in every way, and what the database and the disk hold of them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gateway.calls.recorder import LocalRecordings
from gateway.casework.case_work import WorkOnCase
from gateway.casework.dispatch import DispatchTicket
from gateway.casework.task_work import WorkOnTask
from gateway.domain.attachments import NewAttachment
from gateway.domain.callback import NewCallback
from gateway.domain.callback_work import Verb, Work
from gateway.domain.case.case import Offer
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.form import Routing
from gateway.domain.guess import Guess, Mention
from gateway.domain.ids import new_ulid
from gateway.domain.keys import ExternalKey, Identity
from gateway.domain.messages import DeliveryUpdate, NewMessage, Queued
from gateway.domain.task_status import Role, TaskVerb
from gateway.domain.transcript import NewSegment
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.intake.ticket.erase import Erasure
from gateway.intake.ticket.left_on_disk import LeftOnDisk
from gateway.intake.ticket.withdraw import WithdrawTicket
from gateway.ports.refused_call import RefusedCall
from gateway.storage.database import Database
from gateway.storage.tables import metadata
from tests.contract.storage.changes import event
from tests.support.change import Change, NewEvent, NewInteraction, NewRequester, NewTicket, Thread
from tests.support.clocks import NOON, SetClock
from tests.support.searching import indexed

TONE = bytes([0xD5] * 160)


@dataclass(frozen=True)
class Somebody:
    """How they are called, and what they say."""

    name: str
    phone: str
    account: str
    words: str

    @property
    def national(self) -> str:
        return self.phone.removeprefix("+86")

    @property
    def spoken(self) -> str:
        return "".join("零幺二三四五六七八九"[int(digit)] for digit in self.national)

    @property
    def needles(self) -> tuple[str, ...]:
        """Their name, words, account, and number: written, in groups, and spoken."""
        number = self.national
        grouped = f"{number[:3]} {number[3:7]} {number[7:]}"
        return (self.name, self.words, self.account, number, grouped, grouped.replace(" ", "-"), self.spoken)


ZHANG = Somebody("张卫国", "+8613876543210", "oZhangsAccount", "我家楼下的烧烤摊半夜还在吵")
LI = Somebody("李秀英", "+8613912345678", "oLisAccount", "解放路口的红绿灯坏了三天")


@dataclass
class House:
    """A database, its folders, and what erases."""

    db: Database
    folder: Path
    recordings: LocalRecordings
    files: AttachmentFiles
    erasure: Erasure


def house(db: Database, folder: Path) -> House:
    """Over ``folder`` as data_dir."""
    recordings = LocalRecordings(folder / "recordings", min_free_percent=0)
    files = AttachmentFiles(folder / "attachments")
    erasure = Erasure(
        store=db.erasures,
        commands=db.changes,
        clock=SetClock(NOON),
        recordings=recordings,
        files=files,
        disk=LeftOnDisk(folder),
    )
    return House(db, folder, recordings, files, erasure)


async def once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def in_touch(house: House, who: Somebody) -> tuple[str, list[str]]:
    """(requester_id, ticket_ids) of what ``who`` leaves: a call, a chat, an app's contact, a refused call.

    The contact was answered, the others they took back.
    """
    tickets = [await _call(house, who), await _chat(house, who), await _contact(house, who)]
    await worked_on(house, who, tickets[2])
    await _judged(house, who, tickets[2])
    for ticket_id in tickets[:2]:
        await withdrawn(house.db, ticket_id)
    await _refused(house, who)
    await _elsewhere(house, who)
    await indexed(house.db)
    await house.db.sql.write(lambda c: _search_words(c, tickets, who))
    records = [await house.db.reader.ticket(ticket_id) for ticket_id in tickets]
    assert len({record["requester"]["requester_id"] for record in records}) == 1
    return records[0]["requester"]["requester_id"], tickets


async def withdrawn(db: Database, ticket_id: str) -> None:
    """Its requester takes it back."""
    version = (await db.reader.ticket(ticket_id))["version"]
    taken_back = WithdrawTicket(
        at=NOON, actor="user:wang", ticket_id=ticket_id, version=version, reason="requester_asked"
    )
    await db.changes.execute(taken_back)


def _search_words(connection: sa.Connection, tickets: list[str], who: Somebody) -> int:
    """As a version before migration 0019 writes them beside this one."""
    table = metadata.tables["tickets"]
    words = sa.update(table).where(table.c.ticket_id.in_(tickets)).values(search=who.phone, search_masked=who.phone)
    return connection.execute(words).rowcount


def _requester(who: Somebody) -> NewRequester:
    return NewRequester(
        identities=(Identity(kind="phone", value=who.phone), Identity(kind="openid", value=who.account)),
        fields={
            "name": who.name,
            "phone": who.phone,
            "callback_phone": who.phone,
            "gender": "female",
            "labels": [who.name],
            "accessibility": ["vision"],
            "org_name": f"{who.name}的店",
        },
    )


def _ticket(who: Somebody, channel: str) -> NewTicket:
    return NewTicket(
        ticket_id=new_ulid(),
        created_at=NOON,
        line="citizen",
        channel=channel,
        channel_id=channel,
        entry_number="12345",
        source_name="app",
        source_event_id=f"e-{who.account}",
        requester=_requester(who),
        fields={
            ("demand", "content"): f"{who.words}，我叫{who.name}，电话{who.spoken}",
            ("demand", "title"): who.words,
            ("demand", "type"): "complaint",
            ("demand", "urgency"): {"level": "urgent", "reason": who.words},
            ("demand", "complained_about"): {"name": who.name, "phone": who.phone},
            ("place", "address"): f"{who.name}家",
            ("place", "district"): {"code": "460105", "name": "秀英区"},
            ("place", "lat"): 20.04413,
            ("place", "lon"): 110.19989,
            ("place", "crs"): "WGS84",
        },
    )


async def _call(house: House, who: Somebody) -> str:
    """A recorded call that they gave up, with keys, a transcript that was corrected, and a callback with notes."""
    ticket, interaction_id = _ticket(who, "sip"), new_ulid()
    call_id = f"call-of-{who.account}@198.51.100.7"
    location = house.recordings.location(interaction_id, NOON)
    writer = house.recordings.start(interaction_id, NOON)
    for _ in range(50):
        writer.write(TONE, TONE)
    finished = await asyncio.to_thread(writer.close)
    assert finished is not None
    callback = NewCallback(callback_id=new_ulid(), reason="abandoned_in_flow", due_at=NOON + timedelta(minutes=30))
    await house.db.changes.execute(
        Change(
            dedupe=ExternalKey(channel_id="sip", external_id=f"{call_id};tag", body_sha256="b" * 64),
            new_ticket=ticket,
            new_interaction=NewInteraction(
                interaction_id=interaction_id,
                channel="sip",
                channel_id="sip",
                direction="inbound",
                started_at=NOON,
                external_id=f"{call_id};tag",
                from_raw=f'"{who.name}" <sip:{who.national}@198.51.100.7>',
                to_raw=f"<sip:12345@198.51.100.1;for={who.national}>",
                asserted_identity=f"<tel:{who.phone}>",
                diversion=f"<sip:{who.national}@198.51.100.9>",
                fields={
                    "answered_at": NOON,
                    "ended_at": NOON + timedelta(seconds=1),
                    "disposition": "abandoned_in_flow",
                    "dtmf": list(who.national),
                    "flow": {"name": "hotline", "version": "1"},
                    "recording": {"location": location, "sha256": finished.sha256, "duration_s": 1.0, "tracks": ["a"]},
                },
            ),
            dialogue=json.dumps({"vars": {"name": who.name}}, ensure_ascii=False),
            segments=(
                NewSegment(seq=1, speaker="bot", start_ms=0, end_ms=900, text="您好"),
                NewSegment(seq=2, speaker="requester", start_ms=900, end_ms=2000, text=who.spoken, confidence=0.5),
            ),
            guesses=(
                Guess(path="requester.name", value=who.name, source="rule", span=(1, 3), confidence=0.9),
                Guess(path="demand.type", value="complaint", source="rule", span=(1, 3), confidence=0.9),
            ),
            mentions=(Mention(kind="phone", value=who.national, span=(0, 4), confidence=0.9),),
            callback=callback,
            events=(event("ticket.registered"), event("interaction.ended")),
        )
    )
    corrected = {2: f"{who.words} {who.name}"}
    change = Change(ticket_id=ticket.ticket_id, interaction_id=interaction_id, corrected_segments=corrected)
    await house.db.changes.execute(change)
    task = await _task_of(house.db, ticket.ticket_id)
    for verb, result in ((Verb.ATTEMPT, "no_answer"), (Verb.DONE, "reached")):
        note = f"{who.name}说：{who.words}"
        work = Work(callback_id=task, verb=verb.value, actor="user:wang", at=NOON, note=note, result=result)
        await house.db.changes.execute(Change(ticket_id=ticket.ticket_id, work=work))
    trace = house.folder / "traces" / "20261123" / "hotline.voice.jsonl"
    trace.parent.mkdir(parents=True, exist_ok=True)
    with trace.open("a", encoding="utf-8") as lines:
        raw = f"INVITE sip:12345@x SIP/2.0\r\nFrom: <sip:{who.national}@x>\r\nCall-ID: {call_id}\r\n\r\n"
        lines.write(json.dumps({"ts": "2026-11-23T04:00:00Z", "call_id": call_id, "raw": raw}) + "\n")
        refused = f"INVITE sip:12345@x SIP/2.0\r\nFrom: <tel:{who.phone}>\r\nCall-ID: refused\r\n\r\n"
        lines.write(json.dumps({"ts": "2026-11-23T05:00:00Z", "call_id": "refused", "raw": refused}) + "\n")
    spool = house.folder / "spool"
    spool.mkdir(exist_ok=True)
    with (spool / "refused-voice.txt").open("a", encoding="ascii") as lines:
        lines.write(json.dumps({"ticket_id": ticket.ticket_id, "segments": [{"text": who.words}]}) + "\n")
    return ticket.ticket_id


async def worked_on(house: House, who: Somebody, ticket_id: str) -> None:
    """The centre chooses a unit, which asks to return it, keeps it and replies: with words of theirs everywhere."""
    words, task_id = f"{who.name}（{who.phone}）说：{who.words}", new_ulid()
    await house.db.changes.execute(
        DispatchTicket(
            at=NOON,
            actor="user:wang",
            ticket_id=ticket_id,
            offers=(Offer(task_id=task_id, unit="M02", role=Role.LEAD),),
            stage="centre",
            rule="duty",
            steps=(Routing("centre", "duty", words, ["M02"]),),
            directory="directory:1",
            policy="policy:1",
            note_id=new_ulid(),
            text=words,
        )
    )
    for verb, reason in ((TaskVerb.RETURN, "not_ours"), (TaskVerb.UPHOLD, None), (TaskVerb.REPLY, None)):
        work = WorkOnTask(
            at=NOON,
            actor="user:wang",
            ticket_id=ticket_id,
            task_id=task_id,
            verb=verb,
            reason=reason,
            note_id=new_ulid(),
            text=words,
        )
        await house.db.changes.execute(work)


async def _judged(house: House, who: Somebody, ticket_id: str) -> None:
    """They rate the reply, and say why."""
    judged = WorkOnCase(
        at=NOON,
        actor="user:wang",
        ticket_id=ticket_id,
        verb=CaseVerb.EVALUATE,
        text=f"{who.name}（{who.phone}）说：{who.words}",
        note_id=new_ulid(),
        satisfied=5,
    )
    await house.db.changes.execute(judged)


async def _task_of(db: Database, ticket_id: str) -> str:
    table = metadata.tables["callbacks"].c
    query = sa.select(table.callback_id).where(table.ticket_id == ticket_id)
    return str(await db.sql.read(lambda c: c.execute(query).scalar_one()))


async def _chat(house: House, who: Somebody) -> str:
    """A written conversation: a picture, answers of ours that were sent and that wait, a receipt that failed."""
    ticket, interaction_id, message_id = _ticket(who, "wechat"), new_ulid(), new_ulid()
    stored = await house.files.keep(once(b"\xff\xd8\xff" + who.name.encode()), f"{who.name}.jpg")
    old = NOON.timestamp()
    os.utime(house.folder / "attachments" / stored.location, (old, old))
    queue = Queued(channel_id="wechat", recipient=who.account)
    sent, queued = (
        NewMessage(message_id=new_ulid(), direction="outbound", sent_at=NOON, text=f"{who.name}您好", queue=queue)
        for _ in range(2)
    )
    await house.db.changes.execute(
        Change(
            dedupe=ExternalKey(channel_id="wechat", external_id=f"{who.account}-1", body_sha256="c" * 64),
            new_ticket=ticket,
            new_interaction=NewInteraction(
                interaction_id=interaction_id,
                channel="wechat",
                channel_id="wechat",
                direction="inbound",
                started_at=NOON,
                external_id=f"conversation:{who.account}",
                from_raw=who.account,
                fields={"ended_at": NOON, "disposition": "completed"},
            ),
            thread=Thread(channel_id="wechat", sender=who.account, heard_at=NOON, context={"reply_to": who.account}),
            messages=(
                NewMessage(
                    message_id=message_id,
                    direction="inbound",
                    sent_at=NOON,
                    kind="image",
                    text=who.words,
                    external_id=f"{who.account}-1",
                ),
                sent,
                queued,
            ),
            attachments=(
                NewAttachment(
                    attachment_id=new_ulid(),
                    channel_id="wechat",
                    kind="image",
                    message_id=message_id,
                    ref=f"https://media.example/{who.account}",
                    name=f"{who.name}.jpg",
                    media_type=stored.media_type,
                    bytes=stored.bytes,
                    sha256=stored.sha256,
                    location=stored.location,
                ),
            ),
            events=(event("ticket.registered"), event("message.received"), event("interaction.ended")),
        )
    )
    failed = DeliveryUpdate(
        message_id=sent.message_id, state="failed", at=NOON, external_id=f"x-{who.account}", error=f"no {who.national}"
    )
    told = NewEvent(type="message.failed", at=NOON, data={"message_id": sent.message_id, "error": f"no {who.national}"})
    await house.db.changes.execute(
        Change(ticket_id=ticket.ticket_id, interaction_id=interaction_id, deliveries=(failed,), events=(told,))
    )
    return ticket.ticket_id


async def _contact(house: House, who: Somebody) -> str:
    """What an app hands over, under a key that holds their number, with a delivery that a feed could not make."""
    ticket, key = _ticket(who, "platform"), f"app-{who.national}"
    applied = await house.db.changes.execute(
        Change(
            dedupe=ExternalKey(channel_id="platform", external_id=key, body_sha256="d" * 64),
            new_ticket=replace(ticket, fields={**ticket.fields, ("attachments",): [_at_source(who)]}),
            new_interaction=NewInteraction(
                interaction_id=new_ulid(),
                channel="platform",
                channel_id="platform",
                direction="inbound",
                started_at=NOON,
                external_id=key,
                from_raw=who.phone,
                fields={"ended_at": NOON, "disposition": "completed"},
            ),
            thread=Thread(channel_id="platform", sender=who.phone),
            messages=(
                NewMessage(message_id=new_ulid(), direction="inbound", sent_at=NOON, text=who.words, external_id=key),
            ),
            events=(event("ticket.registered"), event("message.received")),
        )
    )
    while leased := await house.db.deliveries.lease("cases", "w", limit=100, lease_s=10):
        for one in leased:
            if one.ticket_id == applied.ticket_id:
                await house.db.deliveries.failed("cases", one.event_seq, f"{who.name} {who.national}?", retry_in_s=None)
            else:
                await house.db.deliveries.delivered("cases", [one.event_seq])
    return ticket.ticket_id


def _at_source(who: Somebody) -> dict[str, Any]:
    url = f"https://app.example/{who.account}.jpg"
    return {"attachment_id": new_ulid(), "name": f"{who.name}.jpg", "url": url, "media_type": "image/jpeg", "bytes": 3}


async def _refused(house: House, who: Somebody) -> None:
    call = RefusedCall(
        channel_id="hotline",
        day="2026-11-23",
        number=who.phone,
        phone=who.phone,
        to_raw=f"sip:{who.national}@x",
        reason="full",
        proved=False,
        first_at=NOON,
        last_at=NOON,
        attempts=2,
    )
    await house.db.refused_calls.add([call], most_a_day=10)


async def _elsewhere(house: House, who: Somebody) -> None:
    """Whom a channel wrote to, and why a feed is held."""
    table = metadata.tables["feeds"]
    held = sa.update(table).values(held_why=sa.func.coalesce(table.c.held_why, "").concat(f" refused {who.national}"))
    await house.db.sql.write(lambda c: c.execute(held).rowcount)
    kept = json.dumps({"part": ["1764000000", "whole", who.phone]})
    await house.db.channel_states.put("sms", f"part/{who.account[1]}", kept)


async def dump(db: Database) -> dict[str, list[dict[str, Any]]]:
    """Every column of every row."""

    def read(connection: sa.Connection) -> dict[str, list[dict[str, Any]]]:
        return {
            name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for name, table in metadata.tables.items()
        }

    return await db.sql.read(read)


def holding(found: dict[str, list[dict[str, Any]]], who: Somebody) -> list[tuple[str, str]]:
    """(table, column) that say something of ``who``."""
    return sorted(
        {
            (name, column)
            for name, rows in found.items()
            for row in rows
            for column, value in row.items()
            if any(needle in _plain(value) for needle in who.needles)
        }
    )


def _plain(value: Any) -> str:
    """As JSON, and once more without what stands between the elements of a list: keys that were pressed."""
    told = json.dumps(value, ensure_ascii=False, default=str)
    return told + told.replace('", "', "")


def files_holding(folder: Path, who: Somebody) -> list[str]:
    """Files whose bytes say something of ``who``, as UTF-8 or escaped in JSON."""
    needles = {needle.encode() for needle in who.needles} | {json.dumps(n)[1:-1].encode() for n in who.needles}
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() or needle in path.name.encode() for needle in needles)
    )
