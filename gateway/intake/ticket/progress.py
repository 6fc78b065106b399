"""进度查询 by number and verification: the last four digits of a telephone of the ticket's requester.

Nothing is told without both; an unknown number and a wrong verification are answered alike, and few tries are allowed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.attempts import Rule
from gateway.domain.case.replies import to_judge
from gateway.domain.form import GivenReply, Judgement
from gateway.domain.ids import from_rfc3339
from gateway.domain.status import Status
from gateway.domain.task_status import owes_reply
from gateway.errors import AlreadyErased, Conflict, NotFound
from gateway.intake.ticket.rate import RateReply
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import TicketBrief
from gateway.ports.login_attempts import Bucket, LoginAttempts
from gateway.ports.store import CommandStore, Record, TicketReader

DIGITS = 4
"""So many last digits of the telephone prove that somebody knows it."""
OF_A_PERSON = Rule(limit=3, forgive_s=600)
"""The third wrong answer of one account or telephone within ten minutes locks it for a while."""
OF_A_TICKET = Rule(limit=10, forgive_s=3600)
"""Nobody tries out the 10,000 that a ticket's telephone can end in, from however many accounts."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody who asked is told: of ``ticket``, if they have proved that it is theirs."""

    ticket: TicketBrief | None = None
    reply: GivenReply | None = None
    """The newest reply to its requester."""
    may_judge: bool = False
    """It has left for them, and they have not said yet what they think of it."""
    locked: bool = False
    """They have tried too often: nothing was looked up."""


class ProgressByNumber:
    """Looks a ticket up for whoever gives its number and verification."""

    def __init__(self, *, reader: TicketReader, store: CommandStore, attempts: LoginAttempts, clock: Clock) -> None:
        """``attempts`` counts the wrong ones, over all processes."""
        self._reader = reader
        self._store = store
        self._attempts = attempts
        self._clock = clock

    async def ask(self, number: str, last_digits: str, asker: str) -> Told:
        """``asker``: the account or telephone that asks, by which wrong answers are counted."""
        own, its = Bucket(_digest("asker", asker), OF_A_PERSON), Bucket(_digest("ticket", number), OF_A_TICKET)
        reserved = await self._attempts.reserve([own, its], self._clock.now())
        if reserved.locked_until is not None:
            return Told(locked=True)
        record = await self._find(number)
        if record is None or not _proves(record, last_digits):
            return Told()
        await self._attempts.was_right(forget=own, give_back=[its])
        reply = await self._reply(record)
        asked = to_judge(reply, [Judgement(**one) for one in record["outcome"]["evaluations"]])
        return Told(
            _brief(record, await self._head(record)),
            reply=reply,
            may_judge=asked is not None and asked.by(self._clock.now()),
        )

    async def rate(self, ticket: TicketBrief, satisfied: int, channel: str) -> bool:
        """Judge the reply to a ticket that was told of, as its requester; whether it could be."""
        try:
            await self._store.execute(
                RateReply(at=self._clock.now(), ticket_id=ticket.ticket_id, satisfied=satisfied, channel=channel)
            )
        except (Conflict, NotFound, AlreadyErased):
            return False
        return True

    async def _find(self, number: str) -> Record | None:
        try:
            record = await self._reader.ticket(number)
        except NotFound:
            return None
        return record if record["ticket_no"] == number and record["erased_at"] is None else None

    async def _reply(self, record: Record) -> GivenReply | None:
        """The newest one; what is told with another ticket of theirs has come as far as that."""
        reply = _newest(record)
        if reply is not None and reply.together is not None:
            other = _newest(await self._reader.ticket(reply.together))
            return other if other is not None and other.reply_id == reply.reply_id else reply
        return reply

    async def _head(self, record: Record) -> Record:
        """The ticket that it went into in the end; itself when it went into none."""
        while (into := record["related"]["merged_into"]) is not None:
            record = await self._reader.ticket(into)
        return record


def _digest(what: str, value: str) -> str:
    return hashlib.sha256(f"progress:{what}:{value}".encode()).hexdigest()


def _proves(record: Record, last_digits: str) -> bool:
    requester = record["requester"]
    numbers: Sequence[str | None] = (requester["phone"], requester["callback_phone"])
    given = last_digits.strip()
    return len(given) == DIGITS and given.isascii() and any(one is not None and one.endswith(given) for one in numbers)


def _newest(record: Record) -> GivenReply | None:
    given = record["handling"]["replies"]
    return GivenReply(**given[-1]) if given else None


def _brief(record: Record, head: Record) -> TicketBrief:
    """Its number, with where the ticket stands that it is handled in; the words of others are not shown."""
    merged = head["ticket_id"] != record["ticket_id"]
    due = [one["due_at"] for one in head["handling"]["units"] if one["due_at"] and owes_reply(one)]
    return TicketBrief(
        ticket_id=record["ticket_id"],
        ticket_no=record["ticket_no"],
        status=Status(head["status"]),
        title=None,
        created_at=from_rfc3339(record["created_at"]),
        callback=(record["handling"]["callback"] or {}).get("state"),
        callback_phone=record["requester"]["callback_phone"] or record["requester"]["phone"],
        by_message=record["requester"]["contact_by"] == "message",
        public_reply=record["outcome"]["public_reply"],
        head=head["ticket_id"] if merged else None,
        due_at=from_rfc3339(min(due)) if due else None,
        unit=head["handling"]["lead_unit"],
    )
