"""Makes ``tests/data/upgrade/released-1``: what the release before the record had commands left in its data_dir.

Run once, with that release and its own test kit, from its checkout (commit ef711ba)::

    PYTHONPATH=. .venv/bin/python …/tests/upgrade/make_released_1.py …/tests/data/upgrade/released-1

Every person in it is invented. Beside the data_dir lies ``expected.json``: what that release's reader said of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.domain.change import Applied, Change, ExternalKey, Identity, Merge, NewEvent, NewInteraction, NewMessage
from gateway.intake.accept import ContactIntake
from gateway.intake.call_record import CallRecord
from gateway.intake.spool import SpoolingStore
from gateway.intake.texting import Texting

from gateway.calls.recorder import LocalRecordings
from gateway.domain.callback import NewCallback
from gateway.domain.callback_work import AttemptResult, DoneResult, Verb, Work
from gateway.domain.ids import new_ulid
from gateway.domain.words import Disposition
from gateway.errors import FeedRefused, PermanentDeliveryError, StoreUnavailable
from gateway.media.wav import alaw_wav
from gateway.ports.call import CallInfo
from gateway.ports.channel import InboundContact
from gateway.ports.message import MediaRef, Receipt
from gateway.ports.recogniser import Final
from gateway.ports.refused_call import RefusedCall
from gateway.ports.store import CallbackQuery, ChangeStore
from gateway.prefill.place import Gazetteer
from gateway.prefill.reader import Prefill
from gateway.storage.database import Database, open_database
from gateway.web.api.corrections import _edit
from gateway.web.api.models import TicketPatch
from tests.contract.conversations.house import HERE, LONGHUA, ConversationHouse, ScriptedChannel
from tests.contract.storage.changes import SHANGHAI, TestClock
from tests.fakes.reading import ReaderHere

LEASE, DUE = timedelta(seconds=15), timedelta(minutes=30)
PREFILL = Prefill(Gazetteer([LONGHUA]))
FRAME, QUIET = bytes((0x25, 0xA5)) * 80, b"\xd5" * 160
CHANNELS = ("web", "oa", "sms")


class Away:
    """A store that cannot be reached."""

    async def apply(self, change: Change) -> Applied:
        raise StoreUnavailable("the database is away")


class City:
    """The release at work in ``folder``."""

    def __init__(self, folder: Path, database: Database, clock: TestClock) -> None:
        self.folder, self.db, self.clock = folder, database, clock
        self.house = ConversationHouse(database, clock, folder, prefill=PREFILL)
        self.chat = {name: ScriptedChannel() for name in CHANNELS}
        for name, channel in self.chat.items():
            self.house.channels.put(name, channel)
        self.recordings = LocalRecordings(folder / "recordings", min_free_percent=0)
        self.intake = ContactIntake(store=database.changes, prefill=PREFILL, clock=clock)
        self.tickets: dict[str, str] = {}

    # -- calls --------------------------------------------------------------------------------------------------------

    async def begins(self, name: str, user: str, *, store: ChangeStore | None = None, owner: str = "n1-voice") -> Any:
        """A call until it is answered, with what is recorded of it."""
        self.clock.forward(60)
        info = CallInfo(
            channel_id="hotline",
            call_id=name,
            external_id=f"{name};tag",
            from_raw=f"<sip:{user}@192.0.2.1>",
            to_raw="<sip:12345@192.0.2.2>",
            from_user=user,
            to_user="12345",
        )
        call = CallRecord(
            store=store or self.db.changes,
            reader=ReaderHere(PREFILL),
            clock=self.clock,
            info=info,
            node="n1",
            owner=owner,
            lease=LEASE,
            callback_due=DUE,
            texting=Texting("sms"),
        )
        sound = self.recordings.start(call.interaction_id, call.started_at)
        await call.open({"name": "hotline", "version": "1"}, sound.location)
        self.clock.forward(2)
        await call.answered()
        for _ in range(25):
            sound.write(FRAME, QUIET)
        self.tickets[name] = call.ticket_id
        return call, sound

    async def ends(self, call: CallRecord, sound: Any, disposition: Disposition, *, words: bool = True) -> None:
        self.clock.forward(9)
        await call.close(
            disposition=disposition,
            proved=True,
            keys=["1", "0"],
            recording=await asyncio.to_thread(sound.close),
            spoken_ms=3000,
            transcribed=False,
            quality={},
        )
        if words:
            await call.transcribed(speech_ms=3000)

    async def hears(self, call: CallRecord, text: str, at_ms: int = 500) -> None:
        self.clock.forward(3)
        call.said("您好，这里是12345。", 0, 400, "zh")
        heard = Final(
            text=text, start_ms=at_ms, end_ms=at_ms + 2000, language="zh", confidence=0.93, engine="sherpa-onnx"
        )
        await call.heard(heard)

    # -- written ------------------------------------------------------------------------------------------------------

    async def says(self, sender: str, text: str | None = None, *, channel: str = "webchat", **more: Any) -> str:
        """A message of ``sender``; the ticket that it is on."""
        self.clock.forward(20)
        key = f"{sender}-{self.clock.monotonic():.0f}"
        channel_id = {"wechat": "oa", "sms": "sms"}.get(channel, "web")
        record = await self.house.say(key, text, channel=channel, channel_id=channel_id, sender=sender, **more)
        self.tickets[f"written:{sender}"] = record["ticket_id"]
        return str(record["ticket_id"])

    async def takes(self, name: str, content: str, **more: Any) -> str:
        """A contact of the city's app."""
        self.clock.forward(20)
        contact = InboundContact(
            channel="platform",
            channel_id="app",
            external_id=name,
            received_at=self.clock.now(),
            content=content,
            body_sha256=hashlib.sha256(content.encode()).hexdigest(),
            **more,
        )
        accepted = await self.intake.accept(contact)
        self.tickets[f"app:{name}"] = accepted.ticket_id
        return accepted.ticket_id

    # -- the desk -----------------------------------------------------------------------------------------------------

    async def corrects(self, ticket_id: str, actor: str = "user:wu", **patch: Any) -> None:
        """What PATCH of that release does, by its own code."""
        self.clock.forward(5)
        body, record = TicketPatch.model_validate(patch), await self.db.reader.ticket(ticket_id)
        sent = {
            f"{room}.{key}": value
            for room, values in body.model_dump(mode="json", exclude_unset=True).items()
            if room != "interactions"
            for key, value in values.items()
        }
        edit = _edit(record, sent, body, actor=actor, sees=True)
        await self.db.changes.apply(
            Change(
                ticket_id=ticket_id,
                expected_version=record["version"],
                ticket_fields=edit.fields,
                interaction_id=edit.interaction_id,
                corrected_segments=edit.segments,
                events=(self.event("ticket.corrected", actor, fields=sorted(sent)),),
            )
        )

    async def confirms(self, ticket_id: str, *paths: str, actor: str = "user:wu") -> None:
        fields = (await self.db.reader.ticket(ticket_id))["prefill"]["fields"]
        confirmed = {("prefill", "fields", path): {**fields[path], "confirmed_by": actor} for path in paths}
        event = self.event("ticket.corrected", actor, fields=sorted(paths))
        await self.db.changes.apply(Change(ticket_id=ticket_id, ticket_fields=confirmed, events=(event,)))

    async def merges(self, ticket_id: str, into: str, *, undo: bool = False) -> None:
        event = self.event(
            f"ticket.{'unmerged' if undo else 'merged'}", "user:wu", **{"from" if undo else "into": into}
        )
        await self.db.changes.apply(Change(ticket_id=ticket_id, merge=Merge(other=into, undo=undo), events=(event,)))

    async def works(self, ticket_id: str, verb: Verb, **more: Any) -> None:
        tasks = await self.db.reader.callbacks(CallbackQuery(state=None))
        task = next(one for one in tasks if ticket_id in one["tickets"])
        work = Work(callback_id=task["callback_id"], verb=verb, actor="user:wu", at=self.clock.now(), **more)
        await self.db.changes.apply(Change(ticket_id=ticket_id, work=work))

    def event(self, kind: str, actor: str = "system", **data: Any) -> NewEvent:
        return NewEvent(type=kind, at=self.clock.now(), actor=actor, data=data)


async def calls(city: City) -> None:
    """Served, asked for a person, left, and of a process that is dead."""
    call, sound = await city.begins("served", "13800138001")
    await city.hears(call, "你好，我要投诉，龙华区国贸路10号楼下烧烤店晚上很吵，我叫王小明")
    await city.hears(call, "回电请打13912345678", 4000)
    await call.register()
    await city.ends(call, sound, Disposition.COMPLETED)
    record = await city.db.reader.ticket(call.ticket_id)
    words = {"interaction_id": call.interaction_id, "transcript": [{"seq": 4, "corrected_text": "请打 13912345678"}]}
    await city.corrects(call.ticket_id, place={"address": "国贸路10号"}, interactions=[words])
    paths = [path for path, guess in record["prefill"]["fields"].items() if guess["confidence"] >= 0.6]
    await city.confirms(call.ticket_id, *paths[:2])

    call, sound = await city.begins("asked", "13800138002")
    await call.choose_line("enterprise")
    await city.hears(call, "我们公司想问惠企补贴怎么申请")
    await call.request_callback("asked_for_person")
    await city.ends(call, sound, Disposition.CALLBACK_REQUESTED)
    await city.works(call.ticket_id, Verb.CLAIM)

    for name, user in (("left", "13800138003"), ("tried", "13800138004"), ("reached", "13800138005")):
        call, sound = await city.begins(name, user)
        await city.hears(call, "喂")
        await city.ends(call, sound, Disposition.ABANDONED_IN_FLOW)
    await city.works(city.tickets["tried"], Verb.ATTEMPT, result=AttemptResult.NO_ANSWER, note="没人接")
    await city.works(city.tickets["reached"], Verb.DONE, result=DoneResult.REACHED, note="已答复")

    call, sound = await city.begins("unheard", "13800138006")
    await city.ends(call, sound, Disposition.COMPLETED, words=False)


async def written(city: City) -> None:
    """Conversations: in the middle, finished, withdrawn, rated, followed up; by web, WeChat and SMS."""
    house, phone = city.house, (Identity(kind="phone", value="+8613800138010"),)
    await city.says("zhao", "路灯不亮", identities=phone)
    await city.says("zhao", None, kind="location", location=HERE)
    await city.says("zhao", None, kind="image", media=MediaRef(data=_png(), media_type="image/png", name="灯.png"))
    await city.says("zhao", kind="event", event="end")
    rated = {"kind": "event", "event": "rating", "opens": False}
    await city.says("zhao", "修得快", event_data={"satisfied": 5}, **rated)
    await city.says("zhao", event_data={"satisfied": 2}, **rated)

    await city.says("qian", "龙华区国贸路三号楼停水了", identities=(Identity(kind="phone", value="+8613800138011"),))
    await city.says("qian", "我要撤销工单")
    await city.says("qian", "是的，撤销")

    await city.says("sun", "人工")
    await city.says("sun", "13800138012")
    await city.says("lisi", "我要匿名举报，龙华区国贸路有人赌博，请保密")
    await house.deliver()

    by_sms = {"channel": "sms", "identities": (Identity(kind="phone", value="+8613800138013"),)}
    await city.says("+8613800138013", "小区停电两天了，在龙华区国贸路", **by_sms)
    await house.deliver()
    city.chat["sms"].failures = [PermanentDeliveryError("the number does not exist")]
    await city.says("+8613800138014", "垃圾没人收", channel="sms")
    await house.deliver()
    read = Receipt(channel_id="sms", external_id="out-1", state="delivered", at=city.clock.now())
    await house.conversations.receipt(read)

    # From here on nothing is sent, fetched or transcribed any more.
    openid = {"channel": "wechat", "identities": (Identity(kind="openid", value="oOpenIdOfZhou"),), "name": "周"}
    await city.says("oOpenIdOfZhou", "路灯坏了", reply_context={"to": "gh_1"}, **openid)
    await city.says("wu", "楼道里有积水", identities=phone)
    await city.says("wu", None, kind="voice", media=MediaRef(data=_wav(), media_type="audio/wav", name="v.wav"))
    await city.says("oOpenIdOfZheng", "看图", kind="image", media=MediaRef(ref="media-1"), channel="wechat")


async def contacts(city: City) -> None:
    """The city's app and Open311, merged, secret, additions, replies."""
    file = {"name": "a.jpg", "media_type": "image/jpeg", "url": "https://files.example/a.jpg"}
    named = {"name": "陈一", "phone": "13800138020", "gender": "female"}
    identity = (Identity(kind="app", value="user-20"),)
    place = {"district": {"code": "460106", "name": "龙华区"}, "address": "国贸路10号", "lat": 20.03, "lon": 110.33}
    a = await city.takes("a", "路灯坏了", requester=named, attachments=(file,), identities=identity, place=place)
    b = await city.takes("b", "国贸路路灯坏了", requester={"phone": "13800138021"})
    c = await city.takes("c", "国贸路10号路灯不亮", requester={"phone": "13800138022"}, demand_type="report")
    d = await city.takes("d", "路灯不亮", source_name="app", source_event_id="E-4")
    e = await city.takes("e", "路灯闪")
    await city.merges(a, b)
    await city.merges(b, c)
    await city.merges(d, c)
    await city.merges(e, c)
    await city.merges(e, c, undo=True)
    await city.takes(
        "f", "请保密，举报某某公司偷排污水", requester={"phone": "13800138023", "secret": True, "name": "郑七"}
    )
    await city.takes("g", "有人要跳楼，龙华区国贸路", requester={"anonymous": True, "phone": "13800138024"})
    h = await city.takes("h", "公园想加凳子", conversation_id="k1", demand_type="suggestion")
    await city.takes("i", "也想加灯", conversation_id="k1")
    await city.corrects(
        h,
        demand={"title": "公园加设施", "urgency": {"level": "normal", "reason": "建议"}},
        handling={"lead_unit": "U1"},
        requester={"contact_by": "message"},
    )
    own = new_ulid()
    key = "token:open311:update:1"
    await city.db.changes.apply(
        Change(
            dedupe=ExternalKey(channel_id="open311", external_id=key, body_sha256="0" * 64),
            ticket_id=h,
            content="补充：靠近东门",
            new_interaction=NewInteraction(
                interaction_id=own,
                channel="open311",
                channel_id="open311",
                direction="inbound",
                started_at=city.clock.now(),
                external_id=key,
                fields={"ended_at": city.clock.now(), "disposition": "completed"},
            ),
            messages=(
                NewMessage(
                    message_id=new_ulid(),
                    direction="inbound",
                    sent_at=city.clock.now(),
                    text="补充：靠近东门",
                    external_id=key,
                ),
            ),
            events=(city.event("message.received", "token:open311", channel="open311", addition=True),),
        )
    )
    owed = NewCallback(callback_id=new_ulid(), reason="reply_window_closed", due_at=city.clock.now() + DUE)
    await city.db.changes.apply(Change(ticket_id=c, interaction_id=await _first(city, c), callback=owed))


async def _first(city: City, ticket_id: str) -> str:
    return str((await city.db.reader.ticket(ticket_id))["interactions"][0]["interaction_id"])


async def open_calls(city: City) -> None:
    """What a kill leaves: calls without an end, lines in the spool."""
    call, sound = await city.begins("cut", "13800138030", owner="dead")
    await city.hears(call, "龙华区国贸路水管爆了")
    await sound.begun(5.0)
    await asyncio.to_thread(sound.close)
    spool = SpoolingStore(store=Away(), folder=city.folder / "spool", name="n1-dead-1")
    call, sound = await city.begins("spooled", "13800138031", store=spool)
    await city.hears(call, "你好，龙华区国贸路10号有人晚上施工很吵，我叫李小红")
    await call.register()
    await call.request_callback("asked_for_person")
    await city.ends(call, sound, Disposition.CALLBACK_REQUESTED)
    spool_2 = SpoolingStore(store=Away(), folder=city.folder / "spool", name="n1-dead-2")
    call, sound = await city.begins("half", "13800138032")
    call._store = spool_2
    await city.hears(call, "龙华区国贸路的垃圾没人收")
    await city.ends(call, sound, Disposition.ABANDONED_IN_FLOW)


async def besides(city: City) -> None:
    """Accounts, state of channels, refused calls, feeds."""
    db, now = city.db, city.clock.now()
    await db.accounts.add_user(
        username="wu", name="吴九", role="supervisor", password_hash="$argon2id$invented", by=None
    )
    await db.accounts.add_user(username="feng", name="冯十", role="agent", password_hash="$argon2id$invented", by="wu")
    await db.accounts.enable_user("feng", enabled=False, by="user:wu")
    await db.accounts.add_session("1" * 64, "wu", now + timedelta(hours=8), now)
    await db.accounts.remember_device("2" * 64, "wu", now)
    await db.accounts.add_token(
        name="app", scopes=["contacts:write"], token_sha256="3" * 64, hmac_secret="invented", addresses=["192.0.2.0/24"]
    )
    await db.accounts.add_phone(username="8001", ha1={"hotline": "4" * 32}, agent="wu", by="user:wu")
    await db.accounts.audit(actor="user:wu", action="reveal", ticket_id=city.tickets["app:f"], at=now)
    await db.channel_states.put("oa", "cursor", "17")
    await db.channel_leases.take("sms", "dead", lease_s=30, is_gone=lambda _: False)
    refused = RefusedCall(
        channel_id="hotline",
        day="2026-11-23",
        number="13800138040",
        phone="+8613800138040",
        to_raw="<sip:12345@192.0.2.2>",
        reason="busy",
        proved=True,
        first_at=now,
        last_at=now,
        attempts=2,
    )
    await db.refused_calls.add([refused], most_a_day=100)


async def feeds(city: City) -> None:
    """One that has sent a part, with a dead letter; one that is held."""
    deliveries = city.db.deliveries
    first = await deliveries.lease("cases", "dead", limit=4, lease_s=15)
    await deliveries.delivered("cases", [one.event_seq for one in first[:2]])
    await deliveries.failed("cases", first[2].event_seq, "HTTP 422", retry_in_s=None)
    await deliveries.lease("stats", "dead", limit=1, lease_s=15)
    refusal = FeedRefused("HTTP 401", cause="key", http_status=401)
    await deliveries.hold("stats", refusal, probe_in_s=60)


def _wav() -> bytes:
    return alaw_wav(FRAME * 10)


def _png() -> bytes:
    return bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f6"
        "45400000000049454e44ae426082"
    )


async def everything(reader: Any) -> Any:
    """Every event, page by page."""
    found: list[Any] = []
    while page := await reader.events(after=found[-1]["event_seq"] if found else 0, limit=500):
        found += page
    return found


async def make(folder: Path) -> None:
    """Write the data_dir, then what is read of it."""
    clock = TestClock()
    database = await open_database("", data_dir=folder, zone=SHANGHAI, clock=clock)
    city = City(folder, database, clock)
    for part in (calls, written, contacts, besides):
        await part(city)
    await feeds(city)
    await open_calls(city)
    ids = await database.sql.read(
        lambda c: [r[0] for r in c.exec_driver_sql("SELECT ticket_id FROM tickets ORDER BY 1")]
    )
    expected = {
        "now": clock.now().isoformat(),
        "tickets": city.tickets,
        "records": [await database.reader.ticket(one) for one in ids],
        "events": await everything(database.reader),
        "callbacks": await database.reader.callbacks(CallbackQuery(state=None)),
        "counts": await database.deliveries.counts(),
        "dead": await database.deliveries.dead_letters(),
        "pending": await database.outbox.pending(),
    }
    await database.aclose()
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _as_text(folder: Path) -> None:
    """The database as SQL text: it can be read, and is small."""
    file = folder / "gateway.db"
    with closing(sqlite3.connect(file)) as connection:
        (folder / "gateway.sql").write_text("\n".join(connection.iterdump()) + "\n", encoding="utf-8")
    for left in folder.glob("gateway.db*"):
        left.unlink()


if __name__ == "__main__":
    target = Path(sys.argv[1]).resolve()
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    asyncio.run(make(target))
    _as_text(target)
