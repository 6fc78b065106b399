"""The door for written conversations: one open interaction a person and channel, every message written once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta

from gateway.domain.case.closing import CONTENT
from gateway.domain.command import Applied, Command
from gateway.domain.intents import Intent
from gateway.domain.keys import CONVERSATION
from gateway.domain.limits import LONG_TEXT
from gateway.domain.said_at import said_at
from gateway.domain.words import Disposition
from gateway.edge.off_loop import off_loop
from gateway.errors import NotJudged, StaleVersion, StoreUnavailable
from gateway.intake.channel.health import HealthBoard
from gateway.intake.channel.receipts import Receipts
from gateway.intake.channel.watchers import Watchers
from gateway.intake.contact.phrases import danger_phrase, phrase
from gateway.intake.contact.plain_text import language_of
from gateway.intake.contact.turns import Turns
from gateway.intake.conversation.arrivals import Arrivals
from gateway.intake.conversation.follow_up import FollowUp, may_ask, numbers_in
from gateway.intake.conversation.message_change import (
    ABOUT_THE_LAST,
    NEVER_OPEN,
    Arrived,
    MessageCommand,
    Standing,
    identities_of,
    only_thanks,
    phone_of,
    rating_of,
    received_as,
    standing_of,
    stored_messages,
)
from gateway.intake.conversation.proofs import TicketProofs
from gateway.intake.conversation.scores import score_in
from gateway.intake.conversation.take_message import CloseConversation, TakeBeside, TakeMessage
from gateway.intake.conversation.text_flow import Heeded, TextFlow, Turn, disposition_of
from gateway.intake.conversation.ticket_talk import WITHDRAWS
from gateway.ivr.engine import DialogueState
from gateway.ports.attachments import Attachments
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import AnsweredHere, ConversationStore, IdleConversation, ThreadView
from gateway.ports.message import InboundMessage, Receipt, Received, StoredMessage
from gateway.ports.store import CommandStore
from gateway.prefill.danger import danger_in
from gateway.telemetry import log, spans, trace

TRIES = 8
"""How often a message is tried again when another process has gone on with the conversation."""
_log = log.get("intake")
NOT_JUDGED = "not_judged"
"""The phrase for who judges a reply that cannot be judged, or not any more."""
REMEMBERED = 20_000
"""Open conversations whose state is kept in memory; the others are read again."""
Key = tuple[str, str]


class ConversationIntake:
    """Implements ``ports.message.Conversations``."""

    def __init__(
        self,
        *,
        store: CommandStore,
        reads: ConversationStore,
        flow: TextFlow,
        files: Attachments,
        watchers: Watchers,
        health: HealthBoard,
        clock: Clock,
        callback_due: timedelta,
        proofs: TicketProofs | None = None,
    ) -> None:
        """Begins with no conversation. ``proofs``: who may be told of a ticket that is not known to be theirs."""
        self._proofs = proofs
        self._store = store
        self._reads = reads
        self._flow = flow
        self._arrivals = Arrivals(files)
        self._watchers = watchers
        self._health = health
        self._clock = clock
        self._callback_due = callback_due
        self._turns = Turns()
        """One message of a person at a time in this process; other processes are caught by ``expected_dialogue``."""
        self._open: OrderedDict[Key, Standing] = OrderedDict()
        self._receipts = Receipts(store=store, reads=reads, watchers=watchers, health=health, clock=clock)

    async def receive(self, message: InboundMessage) -> Received:
        """See ``Conversations.receive``."""
        entry, began = trace.current() is None, self._clock.monotonic()
        with trace.scope(trace.current()), spans.span("intake", entry=entry, channel_id=message.channel_id):
            received = await self._taken(message)
            _log.info(
                "contact_committed",
                channel_id=message.channel_id,
                ticket_no=received.ticket_no,
                interaction_id=received.interaction_id,
                replayed=received.replayed,
                ms=round((self._clock.monotonic() - began) * 1000, 1),
            )
        return received

    async def _taken(self, message: InboundMessage) -> Received:
        key = (message.channel_id, message.sender)
        async with self._turns.alone(key):
            arrived = await self._arrivals.of(message)
            proofs = self._proofs
            proved = await proofs.of(message, lambda: self._state(key, message)) if proofs is not None else None
            for _ in range(TRIES):
                try:
                    return await self._receive(key, arrived, proved)
                except StaleVersion:
                    self._open.pop(key, None)
                except NotJudged:
                    arrived = replace(arrived, judges=False)
        raise StoreUnavailable("this conversation is being written to from elsewhere; try again", retry_after_s=1)

    async def _state(self, key: Key, message: InboundMessage) -> DialogueState | None:
        """Where the open conversation's dialogue stands."""
        known = self._open.get(key)
        return known.state if known is not None else standing_of(await self._look(message)).state

    async def _receive(self, key: Key, arrived: Arrived, proved: FollowUp | None) -> Received:
        message = arrived.message
        standing = self._open.get(key)
        view: ThreadView | None = None
        if standing is None or self._may_ask(standing, message):
            view = await self._look(message)
            standing = standing_of(view)
        build = MessageCommand(arrived, standing, now=self._clock.now(), callback_due=self._callback_due)
        score = score_in(message)
        if score is not None and (told := await self._reads.answered_here(*key, self._clock.now())) is not None:
            asked = message.choice or told.is_last or self._flow.rests(standing.state, message)
            if asked and told.to_judge.by(self._clock.now()):
                return await self._judged(key, arrived, score, told)
        if standing.ticket_id is None and (
            not message.opens or message.event in NEVER_OPEN or only_thanks(standing, message)
        ):
            return await self._beside(key, arrived, standing, build, view)
        long = len(message.text or "") > LONG_TEXT
        if (
            proved is None
            and await off_loop(long, self._apart, message, standing, view)
            and not await self._has_come(message)
        ):
            view = view or await self._look(message)
            standing = await self._leave(key, message, standing, view)
            build = MessageCommand(arrived, standing, now=self._clock.now(), callback_due=self._callback_due)
        turn, extra, about = await off_loop(long, self._turn, arrived, standing, view, proved)
        command = build.take(turn, extra, about, rating_of(message))
        applied = await self._store.execute(command)
        if applied.replayed:
            return await self._replayed(message, applied)
        if command.ends is not None:
            self._open.pop(key, None)  # it has ended
        else:
            self._remember(key, applied, turn.state)
        return self._written(key, message, command, applied)

    def _may_ask(self, standing: Standing, message: InboundMessage) -> bool:
        """Whether an open conversation's message may be about a ticket, whose state has then to be read."""
        if standing.state is None or message.kind != "text":
            return False
        return bool(standing.state.vars.get(WITHDRAWS)) or may_ask(message.text)

    def _turn(
        self, arrived: Arrived, standing: Standing, view: ThreadView | None, proved: FollowUp | None
    ) -> tuple[Turn, list[str], FollowUp | None]:
        """What the flow makes of the message, what else is to be said, and which ticket it is about."""
        message, attachment = arrived.message, arrived.attachment
        danger = danger_in(message.text or "")
        text = message.text if message.event in {None, "edit", "menu"} or danger else None
        about = None if danger else proved or self._about(message, standing, view)
        found = about is not None and about.ticket is not None
        opening = standing.state is None and standing.ticket_id is None
        if standing.state is not None:
            turn = Turn(state=standing.state)
        else:
            turn = self._flow.begin(
                message.flow,
                language=language_of(text, message.language),
                phone_known=phone_of(message) is not None or (view is not None and view.phone_known),
                follow_up=found or standing.ticket_id is not None,
                another=standing.parent is not None,
            )
        at = said_at(message.sent_at, message.received_at)
        language = language_of(text) or turn.state.language
        extra = [phrase("long_text", language)] if arrived.whole is not None and text is not None else []
        if about is not None:
            if not found and opening:
                self._flow.take(turn, Heeded(at=message.received_at), opening=True)
                turn.lines.pop()  # the question: the answer asks it
            turn.content = text
            return self._flow.told(turn, about, Heeded(at=at, text=text), language), extra, about
        heeded = Heeded(
            at=at,
            text=text,
            choice=message.choice,
            location=message.location,
            phone=phone_of(message) if any(i.kind == "phone" for i in message.identities) else None,
            media=message.kind if attachment is None or attachment.error is None else None,
            voice_pending=arrived.message_id if arrived.to_hear else None,
            speaks=message.event in {None, "menu"},
        )
        turn = self._flow.take(turn, heeded, opening=opening)
        name = attachment.error if attachment is not None and attachment.error else message.event
        if name == "rating" and not arrived.judges:
            name = NOT_JUDGED
        if name in {NOT_JUDGED, "edit", "recall", "unsupported", "rating", "too_large", "not_allowed", "empty"}:
            extra.append(phrase(str(name), turn.state.language))
        return turn, extra, None

    def _about(self, message: InboundMessage, standing: Standing, view: ThreadView | None) -> FollowUp | None:
        if view is None or message.kind != "text" or standing.parent is not None:
            return None
        if standing.ticket_id is not None and not self._may_ask(standing, message):
            return None
        return self._flow.about(standing.state, standing.ticket_id, message.text, view.tickets, self._clock.now())

    def _apart(self, message: InboundMessage, standing: Standing, view: ThreadView | None) -> bool:
        """Whether a message within a conversation is about another matter, or alters another ticket."""
        if standing.ticket_id is None or standing.state is None:
            return False
        if message.kind != "text" or message.event is not None or message.choice:
            return False
        if danger_in(message.text or ""):
            return False
        about = self._about(message, standing, view)
        if about is None:
            at = said_at(message.sent_at, message.received_at)
            return self._flow.is_another(standing.state, message.text, at)
        other = about.ticket is not None and about.ticket.ticket_id != standing.ticket_id
        return other and about.intent is not Intent.PROGRESS

    async def _leave(self, key: Key, message: InboundMessage, standing: Standing, view: ThreadView) -> Standing:
        """Close it for a conversation of its own. After a crash the message, sent again, opens that all the same."""
        await self._store.execute(
            CloseConversation(
                at=self._clock.now(),
                ticket_id=standing.ticket_id or "",
                interaction_id=standing.interaction_id or "",
                disposition=disposition_of(standing.state),
                left=True,
            )
        )
        self._open.pop(key, None)
        new = self._about(message, replace(standing, ticket_id=None, state=None), view) is None
        return Standing(
            previous_ticket=standing.ticket_id,
            previous_interaction=standing.interaction_id,
            parent=standing.ticket_id if new else None,
        )

    def _written(
        self, key: Key, message: InboundMessage, command: TakeMessage | TakeBeside, applied: Applied
    ) -> Received:
        """After a commit: whoever watches hears of it, and whoever has something to do about it."""
        channel_id = message.channel_id
        self._health.inbound(channel_id)
        self._watchers.wake(*key, stored_messages(command, applied) if self._watchers.watches(*key) else ())
        if message.pulls and not command.inbound.attachments and len(command.inbound.messages) > 1:
            self._health.sent(channel_id)
        return received_as(applied)

    async def _beside(
        self, key: Key, arrived: Arrived, standing: Standing, build: MessageCommand, view: ThreadView | None
    ) -> Received:
        """An event that opens nothing while nothing is open: about the last interaction, or of no ticket at all."""
        message = arrived.message
        thanks = only_thanks(standing, message)
        if standing.previous_interaction is None or (message.event not in ABOUT_THE_LAST and not thanks):
            self._health.inbound(message.channel_id)
            return Received(
                interaction_id=None, ticket_id=None, ticket_no=None, seq=view.last_seq if view else 0, replayed=False
            )
        language = language_of(message.text) or "zh"
        danger = danger_in(message.text or "")
        name = "thanks" if thanks else str(message.event) if arrived.judges else NOT_JUDGED
        said = danger_phrase(danger.number, language) if danger else phrase(name, language)
        command = build.beside([said], rating_of(message))
        return await self._said(key, message, command)

    async def _judged(self, key: Key, arrived: Arrived, score: int, told: AnsweredHere) -> Received:
        """A judgement of the newest reply that they got here; a conversation that is open stays as it is.

        One that cannot be is told so, where the reply was, and changes nothing.
        """
        message = arrived.message
        there = Standing(previous_ticket=told.ticket_id, previous_interaction=told.interaction_id)
        build = MessageCommand(arrived, there, now=self._clock.now(), callback_due=self._callback_due)
        name = NOT_JUDGED if not arrived.judges else "rating" if score >= CONTENT else "rating_bad"
        said = phrase(name, language_of(message.text) or "zh")
        return await self._said(key, message, build.beside([said], score))

    async def _said(self, key: Key, message: InboundMessage, command: TakeBeside) -> Received:
        applied = await self._store.execute(command)
        if applied.replayed:
            return await self._replayed(message, applied)
        return self._written(key, message, command, applied)

    async def _replayed(self, message: InboundMessage, applied: Applied) -> Received:
        self._health.inbound(message.channel_id)
        return replace(received_as(applied), seq=await self._has_come(message), replayed=True)

    async def _has_come(self, message: InboundMessage) -> int:
        """The number that a redelivered message has in its thread; 0 for one that comes first."""
        return await self._reads.seq_of(message.channel_id, message.sender, message.external_id)

    async def _look(self, message: InboundMessage) -> ThreadView:
        return await self._reads.thread(
            message.channel_id,
            message.sender,
            identities=identities_of(message),
            ticket_nos=numbers_in(message.text),
        )

    def _remember(self, key: Key, applied: Applied, state: DialogueState) -> None:
        self._open[key] = Standing(
            ticket_id=applied.ticket_id,
            interaction_id=applied.interaction_id,
            dialogue_no=applied.dialogue_no,
            state=state,
        )
        self._open.move_to_end(key)
        if len(self._open) > REMEMBERED:
            self._open.popitem(last=False)

    async def receipt(self, receipt: Receipt) -> None:
        """See ``Conversations.receipt``."""
        await self._receipts.take(receipt)

    async def sent_as(self, channel_id: str, external_id: str | None) -> None:
        """A message of ours is known as sent: receipts that were here before that are taken now."""
        await self._receipts.sent_as(channel_id, external_id)

    async def history(self, channel_id: str, sender: str, *, after: int = 0, limit: int = 200) -> list[StoredMessage]:
        """See ``Conversations.history``."""
        known = self._watchers.newest(channel_id, sender, after)
        return (
            known[:limit]
            if known is not None
            else await self._reads.history(channel_id, sender, after=after, limit=limit)
        )

    def watch(self, channel_id: str, sender: str) -> AbstractAsyncContextManager[AsyncIterator[None]]:
        """See ``Conversations.watch``."""
        return self._watchers.watch(channel_id, sender)

    async def rest(self, idle: IdleConversation) -> Disposition | None:
        """Close a conversation in which nobody has written for long; how it ended, None if it goes on after all."""
        key = (idle.channel_id, idle.external_id.removeprefix(CONVERSATION))
        state = DialogueState.from_json(idle.dialogue) if idle.dialogue else None
        now = self._clock.now()
        async with self._turns.alone(key):
            known = self._open.get(key)
            if known is not None and known.state != state:
                return None  # somebody has just written
            disposition = disposition_of(state)
            applied = await self._store.execute(
                CloseConversation(
                    at=now,
                    ticket_id=idle.ticket_id,
                    interaction_id=idle.interaction_id,
                    disposition=disposition,
                    idle=True,
                )
            )
            self._open.pop(key, None)
        return None if applied.skipped else disposition

    async def amend(self, key: Key, make: Callable[[ThreadView], Command], text: str | None = None) -> Applied:
        """Execute a command that depends on where a conversation stands, when nobody else is writing to it.

        ``text`` may name tickets by their numbers: those that are this person's are in the view.
        ``make`` runs in a thread: it may read what was said.
        """
        async with self._turns.alone(key):
            for _ in range(TRIES):
                view = await self._reads.thread(*key, identities=(), ticket_nos=numbers_in(text))
                self._open.pop(key, None)
                try:
                    applied = await self._store.execute(await asyncio.to_thread(make, view))
                except StaleVersion:
                    continue
                self._watchers.wake(*key)
                return applied
        raise StoreUnavailable("this conversation is being written to from elsewhere; try again", retry_after_s=1)
