"""A random life of a hotline: commands of every kind that refer to what earlier ones made, and at times to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.attachments import AttachmentUpdate, NewAttachment
from gateway.domain.callback import NewCallback
from gateway.domain.callback_work import Verb, Work
from gateway.domain.command import Applied, Command
from gateway.domain.form import Demand, Filled, Form, Mentioned, Prefill, Requester, Source
from gateway.domain.guess import Guess, Mention
from gateway.domain.intents import Intent
from gateway.domain.interaction import FlowRun, Interaction, Recording
from gateway.domain.journal import Journal
from gateway.domain.keys import ExternalKey, Identity
from gateway.domain.messages import TICKET_NO, DeliveryUpdate, NewMessage, Queued, ThreadStep
from gateway.domain.status import Status
from gateway.domain.transcript import NewSegment
from gateway.domain.words import Disposition
from gateway.domain.world import NewTicket, World
from gateway.errors import GatewayError
from gateway.intake.call.begin import AnswerCall, OfferCall
from gateway.intake.call.finish import EndCall, InterruptCall
from gateway.intake.call.talk import ChooseLine, CompleteTranscript, HearSegment, RequestCallback, TakeDemand
from gateway.intake.channel.deliveries import BookDelivery
from gateway.intake.contact.accept import AcceptContact
from gateway.intake.conversation.hear_voice import HearVoiceMessage, LoseAttachment
from gateway.intake.conversation.take_message import (
    Asked,
    CloseConversation,
    Inbound,
    Rated,
    TakeBeside,
    TakeMessage,
)
from gateway.intake.media.worker import KeepAttachment
from gateway.intake.ticket.add import AddToTicket
from gateway.intake.ticket.callback import WorkOnCallback
from gateway.intake.ticket.correct import CorrectTicket, LiftSecrecy
from gateway.intake.ticket.merge import MergeTicket
from gateway.intake.ticket.source_callbacks import TellSource
from gateway.intake.ticket.titles import WriteTitle

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
PHONES = ("+8613800138000", "+8613900139000", "+8613700137000")
TEXTS = ("路灯坏了", "在海秀路12号", "我叫王芳，电话13800138000", "")
_CATEGORY = {"code": "040201", "l1": "市政设施", "l2": "照明设施", "l3": "路灯不亮", "taxonomy_version": "2026-11-23"}
SAID: dict[str, tuple[Any, ...]] = {
    "demand.type": ("help", "complaint"),
    "demand.title": ("路灯不亮",),
    "demand.content": ("在海秀路12号路灯坏了",),
    "demand.category": (_CATEGORY, {"code": "050101"}, "040201"),
    "demand.urgency": ({"level": "urgent", "reason": "说到触电"}, {"level": "normal"}),
    "demand.emergency": ("120", "119"),
    "demand.complained_about.name": ("某公司",),
    "place.address": ("海秀路12号",),
    "place.district": ({"code": "460105", "name": "秀英区"}, "460106"),
    "place.street": ({"code": "460105100", "name": "长流镇"},),
    "place.lat": (20.03,),
    "handling.lead_unit": ("M07", "M08"),
    "requester.name": ("王芳",),
    "requester.kind": ("citizen", "enterprise"),
    "requester.callback_phone": PHONES,
    "requester.contact_by": ("phone", "message"),
    "requester.secret": (True,),
    "requester.anonymous": (True,),
}
CORRECTED = {
    path: (*values, None) for path, values in SAID.items() if path not in {"requester.kind", "requester.secret"}
} | {
    "requester.kind": ("citizen", "enterprise"),
    "requester.secret": (True, False),
    "requester.anonymous": (True, False),
    "requester.phone": (*PHONES, None),
    "requester.accessibility": (["deaf"], []),
    "line": ("citizen", "enterprise"),
}
WRONG = {
    "demand.typo": (1,),
    "demand.type": ("nonsense",),
    "line": ("nonsense",),
    "place.lat": ([20.03],),
    "demand.category": ({"colour": "red"},),
}
"""What the record has no room for."""


@dataclass(slots=True)
class Known:
    """What the story remembers."""

    tickets: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    """(ticket_id, interaction_id)."""
    chats: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    """Sender -> ticket, interaction and dialogue of the open conversation."""
    talks: list[tuple[str, str, str]] = field(default_factory=list)
    """(ticket_id, interaction_id, sender) of written conversations, open or over."""
    queued: list[tuple[str, str, str]] = field(default_factory=list)
    """(ticket_id, interaction_id, message_id)."""
    files: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    """(ticket_id, interaction_id, sender, attachment_id, message_id)."""
    callbacks: list[tuple[str, str]] = field(default_factory=list)
    """(ticket_id, callback_id)."""
    keys: list[ExternalKey] = field(default_factory=list)


class Story:
    """Draws the next command; has to be told what each came to."""

    def __init__(self, random: Random, *, wrong: bool = False) -> None:
        """``wrong``: now and then a command says what the record has no room for."""
        self._random = random
        self._wrong = wrong
        self._at = NOON
        self._no = 0
        self.known = Known()

    def next(self) -> Command:
        """A command."""
        self._at += timedelta(milliseconds=self._random.choice((0, 1, 999, 60_000, 3_600_000)))
        known = self.known
        possible: list[Callable[[], Command]] = [self._contact, self._offer, self._message]
        if known.tickets:
            possible += [self._correct, self._correct, self._lift, self._merge, self._merge, self._add, self._title]
        if known.calls:
            possible += [self._answer, self._hear, self._hear, self._line, self._taken, self._request]
            possible += [self._end, self._interrupt, self._transcribed]
        if known.talks:
            possible += [self._message, self._message, self._beside, self._close, self._tell]
        if known.queued:
            possible += [self._book, self._book]
        if known.files:
            possible += [self._keep, self._lose, self._voice]
        if known.callbacks:
            possible += [self._work, self._work]
        return self._random.choice(possible)()

    def tell(self, command: Any, applied: Applied) -> None:
        """``command`` came to ``applied``."""
        known, ids = self.known, (applied.ticket_id, applied.interaction_id or "")
        if applied.replayed or applied.skipped:
            return
        if applied.ticket_id not in known.tickets:
            known.tickets.append(applied.ticket_id)
        if isinstance(command, OfferCall):
            known.calls.append(ids)
        if isinstance(command, TakeMessage):
            sender = command.inbound.thread.sender
            known.talks.append((*ids, sender))
            if command.ends is None:
                known.chats[sender] = (*ids, applied.dialogue_no)
            else:
                known.chats.pop(sender, None)
        if isinstance(command, CloseConversation):
            known.chats = {key: one for key, one in known.chats.items() if one[1] != command.interaction_id}
        inbound = getattr(command, "inbound", None)
        if inbound is not None:
            known.keys.append(inbound.key)
            known.queued += [(*ids, m.message_id) for m in inbound.messages if m.queue is not None]
            known.files += [(*ids, inbound.thread.sender, a.attachment_id, a.message_id) for a in inbound.attachments]
        if (callback := getattr(command, "callback", None)) is not None:
            known.callbacks.append((applied.ticket_id, callback.callback_id))

    # -- pieces -------------------------------------------------------------------------------------------------------

    def _id(self, what: str) -> str:
        self._no += 1
        return f"{what}{self._no:06}"

    def _some(self, values: Any) -> Any:
        return self._random.choice(tuple(values))

    def _perhaps(self, value: Any, otherwise: Any = None) -> Any:
        return value if self._random.random() < 0.4 else otherwise

    def _guesses(self) -> tuple[Guess, ...]:
        paths = [self._some(SAID) for _ in range(self._random.randrange(4))]
        guesses = [self._guess(path, self._some(SAID[path])) for path in paths]
        if self._wrong and self._random.random() < 0.1:
            path = self._some(set(WRONG) - {"line"})
            guesses.append(self._guess(path, self._some(WRONG[path])))
        return tuple(guesses)

    def _guess(self, path: str, value: Any) -> Guess:
        return Guess(
            path=path,
            value=value,
            source="rule",
            span=self._perhaps((0, 2)),
            confidence=self._some((0.3, 0.6, 0.8, 0.95)),
            candidates=(("460105", 0.5), ("460106", 0.4)) if path.startswith("place.") and self._perhaps(1) else (),
        )

    def _mentions(self) -> tuple[Mention, ...]:
        found: tuple[Mention, ...] = self._perhaps(
            (Mention(kind="phone", value=PHONES[0], span=(0, 2), confidence=0.9),), ()
        )
        return found

    def _callback(self) -> NewCallback | None:
        due = self._at + timedelta(minutes=self._some((10, 30, 60)))
        reason = self._some(("asked_for_person", "abandoned_in_flow", "interrupted"))
        owed: NewCallback | None = self._perhaps(
            NewCallback(callback_id=self._id("callback"), reason=reason, due_at=due)
        )
        return owed

    def _new_ticket(self, channel: str, phone: str | None, people: tuple[Identity, ...], content: str) -> NewTicket:
        secret, anonymous = self._random.random() < 0.1, self._random.random() < 0.1
        own = (Identity(kind="phone", value=phone),) if phone else ()
        demand = Demand(content=content or None, type=self._perhaps("help"))
        return NewTicket(
            ticket_id=self._id("ticket"),
            created_at=self._at,
            line=self._some(("citizen", "enterprise")),
            channel=channel,
            channel_id=channel,
            empty=not content,
            requester_id=self._id("requester"),
            people=(*own, *people),
            form=Form(
                source=Source(name=self._perhaps("12345.gov.cn")),
                requester=Requester(phone=phone, secret=secret, anonymous=anonymous),
                demand=demand,
                prefill=Prefill(pending=channel == "sip"),
            ),
        )

    def _interaction(self, channel: str, key: str, **more: Any) -> Interaction:
        at = self._at - timedelta(seconds=1)
        flow = FlowRun(name="hotline", version="1")
        return Interaction(
            interaction_id=self._id("interaction"),
            channel=channel,
            channel_id=channel,
            started_at=at,
            external_id=key,
            flow=flow,
            **more,
        )

    def _segment(self) -> NewSegment:
        self._no += 1
        return NewSegment(
            seq=self._no, speaker="requester", start_ms=self._no * 100, end_ms=self._no * 100 + 90, text="路灯坏了"
        )

    def _said(self, direction: str, channel: str, recipient: str, text: str) -> NewMessage:
        queue = Queued(channel_id=channel, recipient=recipient, taken=bool(self._perhaps(1)))
        return NewMessage(
            message_id=self._id("message"),
            direction=direction,
            sent_at=self._at,
            text=text,
            queue=queue if direction == "outbound" else None,
        )

    def _inbound(self, sender: str) -> Inbound:
        key = ExternalKey(channel_id="wechat", external_id=self._id("m"), body_sha256="a")
        if self.known.keys and self._random.random() < 0.1:
            key = self._some(self.known.keys)
            key = ExternalKey(
                channel_id=key.channel_id, external_id=key.external_id, body_sha256=self._some(("a", "b"))
            )
        message = self._said("inbound", "wechat", sender, self._some(TEXTS))
        files = (
            NewAttachment(
                attachment_id=self._id("attachment"),
                channel_id="wechat",
                kind="voice",
                message_id=message.message_id,
                transcribe=True,
            ),
        )
        answer = self._said("outbound", "wechat", sender, f"工单号 {TICKET_NO}")
        return Inbound(
            key=key,
            message_id=message.message_id,
            kind="text",
            thread=ThreadStep(channel_id="wechat", sender=sender, heard_at=self._at, context={"token": "x"}),
            messages=self._perhaps((message,), (message, answer)),
            attachments=self._perhaps(files, ()),
            guesses=self._guesses(),
            emergency=self._perhaps("120"),
            rated=self._perhaps(Rated(channel="wechat", satisfied=4, comment="好")),
        )

    # -- commands -----------------------------------------------------------------------------------------------------

    def _contact(self) -> Command:
        conversation = self._perhaps(ExternalKey(channel_id="web", external_id=f"conversation:{self._some('ab')}"))
        content = self._some(TEXTS)
        key = self._id("k")
        over: dict[str, Any] = {"ended_at": self._at, "disposition": Disposition.COMPLETED}
        return AcceptContact(
            at=self._at,
            key=ExternalKey(channel_id="web", external_id=key),
            conversation=conversation,
            ticket=self._new_ticket("web", self._perhaps(self._some(PHONES)), (), content),
            interaction=self._interaction(
                "web", conversation.external_id if conversation else key, **({} if conversation else over)
            ),
            guesses=self._guesses(),
            mentions=self._mentions(),
            emergency=self._perhaps("119"),
            messages=(self._said("inbound", "web", "", content),),
        )

    def _offer(self) -> Command:
        key = self._id("call")
        return OfferCall(
            at=self._at,
            key=ExternalKey(channel_id="sip", external_id=key),
            ticket=self._new_ticket("sip", self._perhaps(self._some(PHONES)), (), ""),
            interaction=self._interaction("sip", key, owner="n1-1", node="n1", lease_until=self._at),
        )

    def _call(self) -> dict[str, Any]:
        ticket_id, interaction_id = self._some(self.known.calls)
        if self._random.random() < 0.03:
            interaction_id = "nowhere"
        return {"at": self._at, "ticket_id": ticket_id, "interaction_id": interaction_id}

    def _answer(self) -> Command:
        return AnswerCall(**self._call(), after_ms=5)

    def _hear(self) -> Command:
        segment = self._segment()
        return HearSegment(
            **self._call(),
            seq=segment.seq,
            language="zh",
            segments=(segment,),
            empty=self._some((True, False)),
            guesses=self._guesses(),
            mentions=self._mentions(),
            emergencies=self._perhaps(("120",), ()),
        )

    def _line(self) -> Command:
        lines = ("citizen", "enterprise", "nonsense") if self._wrong else ("citizen", "enterprise")
        return ChooseLine(**self._call(), line=self._some(lines))

    def _taken(self) -> Command:
        text = self._perhaps(self._said("outbound", "sms", PHONES[0], f"工单号 {TICKET_NO}"))
        thread = ThreadStep(channel_id="sms", sender=PHONES[0]) if text is not None else None
        return TakeDemand(**self._call(), text=text, thread=thread)

    def _request(self) -> Command:
        callback = NewCallback(callback_id=self._id("callback"), reason="asked_for_person", due_at=self._at)
        return RequestCallback(**self._call(), callback=callback)

    def _end(self) -> Command:
        return EndCall(
            **self._call(),
            owner=self._some(("n1-1", None)),
            disposition=self._some((Disposition.COMPLETED, Disposition.ABANDONED_IN_FLOW)),
            segments=(self._segment(),),
            empty=self._some((True, False)),
            dtmf=("1",),
            recording=self._perhaps(Recording(location="a.wav", duration_s=1.5)),
            media=True,
            callback=self._callback(),
            lease_until=self._at,
        )

    def _interrupt(self) -> Command:
        return InterruptCall(
            **self._call(),
            disposition=self._some((Disposition.INTERRUPTED, Disposition.ABANDONED_BEFORE_ANSWER)),
            answered_at=self._perhaps(self._at),
            ended_at=self._at,
            recording=self._perhaps(Recording(location="a.wav", duration_s=1.5)),
            callback=self._callback(),
        )

    def _transcribed(self) -> Command:
        return CompleteTranscript(
            **self._call(),
            heard=1,
            segments=self._perhaps((self._segment(),), ()),
            empty=self._some((True, False, None)),
            guesses=self._guesses(),
            mentions=self._mentions(),
            not_understood=False,
        )

    def _message(self) -> Command:
        sender = self._some("pqr")
        open_ = self.known.chats.get(sender)
        key = f"conversation:{sender}"
        content = self._perhaps(self._some(TEXTS)) or None
        known = self._some(self.known.tickets) if self.known.tickets and self._perhaps(1) else None
        own = (Identity(kind="on:wechat", value=sender),)
        expected = open_[2] if open_ else 0
        asked = self._perhaps(
            Asked(intent=self._some((Intent.PROGRESS, Intent.URGE, Intent.WITHDRAW)), withdrawn=bool(self._perhaps(1)))
        )
        return TakeMessage(
            at=self._at,
            inbound=self._inbound(sender),
            conversation=ExternalKey(channel_id="wechat", external_id=key),
            expected_dialogue=self._random.choice((expected, expected, expected, 7)),
            ticket=None if known else self._new_ticket("wechat", None, own, content or ""),
            known_ticket=known,
            interaction=self._interaction("wechat", key, answered_at=self._at),
            content=content,
            mentions=self._mentions(),
            line=self._perhaps(self._some(("citizen", "enterprise"))),
            pending=bool(self._perhaps(1)),
            dialogue="{}",
            ends=self._perhaps(Disposition.COMPLETED) if open_ else None,
            demand_taken=bool(self._perhaps(1)),
            asked=asked,
            callback=self._callback(),
        )

    def _beside(self) -> Command:
        ticket_id, interaction_id, sender = self._some(self.known.talks)
        ids: dict[str, Any] = {"ticket_id": ticket_id, "interaction_id": interaction_id}
        return TakeBeside(at=self._at, inbound=self._inbound(sender), **ids, content=self._perhaps("改为二号楼"))

    def _close(self) -> Command:
        ticket_id, interaction_id, _ = self._some(self.known.talks)
        ended = self._some((Disposition.COMPLETED, Disposition.IDLE_CLOSED))
        ids: dict[str, Any] = {"ticket_id": ticket_id, "interaction_id": interaction_id}
        return CloseConversation(at=self._at, **ids, disposition=ended, idle=True)

    def _tell(self) -> Command:
        ticket_id, interaction_id, _ = self._some(self.known.talks)
        return TellSource(
            at=self._at,
            ticket_id=ticket_id,
            interaction_id=interaction_id,
            key=ExternalKey(channel_id="web", external_id=f"told:{self._random.randrange(9)}"),
            message=self._said("outbound", "web", "event:1", "已登记"),
            status=Status.REGISTERED,
            replied=False,
        )

    def _book(self) -> Command:
        ticket_id, interaction_id, message_id = self._some(self.known.queued)
        state = self._some(("sent", "delivered", "read", "failed"))
        instead = self._perhaps(self._said("outbound", "sms", PHONES[0], "已登记")) if state == "failed" else None
        return BookDelivery(
            at=self._at,
            ticket_id=ticket_id,
            interaction_id=interaction_id,
            update=DeliveryUpdate(message_id=message_id, state=state, at=self._at),
            instead=instead,
            thread=ThreadStep(channel_id="sms", sender=PHONES[0]) if instead else None,
            callback=self._callback() if state == "failed" and instead is None else None,
        )

    def _keep(self) -> Command:
        ticket_id, interaction_id, _, attachment_id, _ = self._some(self.known.files)
        update = AttachmentUpdate(attachment_id=attachment_id, todo="transcribe", bytes=9, sha256="ab", location="a")
        return KeepAttachment(at=self._at, ticket_id=ticket_id, interaction_id=interaction_id, update=update)

    def _lose(self) -> Command:
        ticket_id, interaction_id, sender, attachment_id, message_id = self._some(self.known.files)
        return LoseAttachment(
            at=self._at,
            ticket_id=ticket_id,
            interaction_id=interaction_id,
            attachment_id=attachment_id,
            message_id=message_id,
            thread=ThreadStep(channel_id="wechat", sender=sender),
            last=self._some((True, False)),
            why="not_understood",
            answer=self._said("outbound", "wechat", sender, "请改发文字"),
        )

    def _voice(self) -> Command:
        ticket_id, interaction_id, sender, attachment_id, message_id = self._some(self.known.files)
        open_ = self.known.chats.get(sender)
        here = open_ is not None and open_[1] == interaction_id
        key = ExternalKey(channel_id="wechat", external_id=f"conversation:{sender}")
        return HearVoiceMessage(
            at=self._at,
            ticket_id=ticket_id,
            interaction_id=interaction_id,
            attachment_id=attachment_id,
            message_id=message_id,
            thread=ThreadStep(channel_id="wechat", sender=sender),
            last=self._some((True, False)),
            conversation=key if here else None,
            expected_dialogue=open_[2] if open_ else 0,
            dialogue=None,
            text="路灯坏了",
            content=self._perhaps("路灯坏了"),
            guesses=self._guesses(),
            mentions=self._mentions(),
            emergency=self._perhaps("120"),
            answer=self._perhaps(self._said("outbound", "wechat", sender, "收到")),
            callback=self._callback(),
        )

    def _title(self) -> Command:
        version = self._some((1, 2, 3))
        return WriteTitle(at=self._at, ticket_id=self._some(self.known.tickets), version=version, title="路灯不亮")

    def _correct(self) -> Command:
        paths = {self._some(CORRECTED) for _ in range(self._random.randrange(1, 4))}
        values = {path: self._some(CORRECTED[path]) for path in sorted(paths)}
        if self._wrong and self._random.random() < 0.2:
            path = self._some(WRONG)
            values[path] = self._some(WRONG[path])
        entry = Filled("help", "agent", None, 1.0, "user:li")
        return CorrectTicket(
            at=self._at,
            actor="user:li",
            ticket_id=self._some((*self.known.tickets, "nowhere")),
            version=self._some((None, None, None, 2)),
            values=values,
            entries=self._perhaps({"demand.type": entry}, {}),
            mentions=self._perhaps((Mentioned("phone", PHONES[0], [0, 2], 0.9),)),
            told=tuple(sorted(values)),
        )

    def _lift(self) -> Command:
        return LiftSecrecy(at=self._at, actor="user:li", ticket_id=self._some(self.known.tickets), reason="asked")

    def _merge(self) -> Command:
        one, other = self._some(self.known.tickets), self._some(self.known.tickets)
        version, undo = self._some((1, 2, 3)), bool(self._perhaps(1))
        return MergeTicket(at=self._at, actor="user:li", ticket_id=one, head=other, version=version, undo=undo)

    def _add(self) -> Command:
        key = self._id("update")
        return AddToTicket(
            at=self._at,
            actor="client:app",
            key=ExternalKey(channel_id="open311", external_id=key),
            ticket_id=self._some(self.known.tickets),
            interaction=self._interaction(
                "platform", key, ended_at=self._at, disposition=Disposition.COMPLETED, answered_at=self._at
            ),
            message=self._said("inbound", "platform", "", "还没修好"),
        )

    def _work(self) -> Command:
        ticket_id, callback_id = self._some(self.known.callbacks)
        verb = self._some(Verb)
        result = {Verb.ATTEMPT: "no_answer", Verb.DONE: self._some(("reached", "not_reached"))}.get(verb)
        actor = self._some(("user:li", "user:wang"))
        work = Work(callback_id=callback_id, verb=verb, actor=actor, at=self._at, result=result)
        return WorkOnCallback(ticket_id=ticket_id, work=work)


def new_world() -> World:
    """Nothing has happened in it."""
    made = iter(range(10**6))
    return World(journal=Journal(0), zone=ZoneInfo("Asia/Shanghai"), new_id=lambda: f"made{next(made):06}")


def told(world: World, random: Random, commands: int, *, wrong: bool = False) -> Iterator[Command]:
    """Have ``world`` decide so many commands; each before it is decided."""
    story = Story(random, wrong=wrong)
    for _ in range(commands):
        command = story.next()
        yield command
        since, world.calls = len(world.journal.entries), command.refs().calls
        try:
            applied = command.decide(world)
        except GatewayError:
            continue
        world.finish(since, applied)
        story.tell(command, applied)
