"""Who is to hear the reply of a ticket, read from SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gateway.domain.callback import SPOKEN, number_to_call, number_to_write
from gateway.domain.form import Form
from gateway.domain.keys import CONVERSATION
from gateway.errors import NotFound
from gateway.ports.replies import Account, Answered, Reporter
from gateway.storage import tables as t
from gateway.storage.among import listed
from gateway.storage.bulk import Query, loads
from gateway.storage.codec import form_of
from gateway.storage.engine import Sql
from gateway.storage.merged import members
from gateway.storage.outbox import heard_of, sent_to
from gateway.storage.texts import check_texts

_TICKETS = Query(sa.select(t.tickets).where(listed(t.tickets.c.ticket_id, "wanted")).order_by(t.tickets.c.ticket_no))
_INTERACTIONS = Query(
    sa.select(*(t.interactions.c[name] for name in ("interaction_id", "ticket_id", "channel_id", "external_id")))
    .where(listed(t.interactions.c.ticket_id, "wanted"))
    .order_by(t.interactions.c.started_at, t.interactions.c.interaction_id)
)
_THREADS = Query(
    sa.select(*(t.threads.c[name] for name in ("channel_id", "sender", "doc"))).where(
        listed(t.threads.c.sender, "senders")
    )
)


class SqlReplyReads:
    """Implements ``ports.replies.ReplyReads``."""

    def __init__(self, *, sql: Sql) -> None:
        """Read through ``sql``."""
        self._sql = sql

    async def answered(self, ticket_id: str, *, newcomers: bool = False) -> Answered:
        """See ``ReplyReads.answered``."""
        check_texts((ticket_id,))
        return await self._sql.read(lambda c: _answered(c, ticket_id, newcomers=newcomers))

    async def reporters(self, ticket_ids: Sequence[str]) -> list[Reporter]:
        """See ``ReplyReads.reporters``."""
        check_texts(ticket_ids)
        return await self._sql.read(lambda c: _reporters(c, ticket_ids))


def _answered(connection: sa.Connection, ticket_id: str, *, newcomers: bool) -> Answered:
    own = row = _row(connection, ticket_id)
    while row["merged_into"] is not None:
        row = _row(connection, row["merged_into"])
    form = form_of(row["doc"])
    reply_id = own_reply(form)
    people = () if reply_id is None else _people(connection, row, own if newcomers else None)
    return Answered(
        ticket_id=row["ticket_id"],
        status=row["status"],
        reply_id=reply_id,
        text=form.outcome.public_reply,
        people=people,
    )


def _people(connection: sa.Connection, head: Any, only: Any) -> tuple[tuple[str, ...], ...]:
    """The tickets of each requester in the family of ``head``; ``only``: of those with a ticket in that one's."""
    people: dict[str, list[str]] = {head["requester_id"]: [head["ticket_id"]]}
    for member, requester_id in members(connection, head["ticket_id"]):
        people.setdefault(requester_id, []).append(member)
    if only is None:
        return tuple(map(tuple, people.values()))
    wanted = {only["requester_id"], *(requester_id for _, requester_id in members(connection, only["ticket_id"]))}
    return tuple(tuple(people[requester_id]) for requester_id in people if requester_id in wanted)


def own_reply(form: Form) -> str | None:
    """The newest reply that a ticket itself was given."""
    return next((one.reply_id for one in reversed(form.handling.replies) if one.of is None), None)


def _row(connection: sa.Connection, ticket_id: str) -> Any:
    found = _TICKETS.rows(connection, wanted=[ticket_id]).mappings().first()
    if found is None:
        raise NotFound(f"there is no ticket {ticket_id}")
    return found


def _reporters(connection: sa.Connection, ticket_ids: Sequence[str]) -> list[Reporter]:
    rows = _TICKETS.rows(connection, wanted=list(ticket_ids)).mappings().all()
    newest: dict[str, str] = {}
    places: dict[str, tuple[str, str]] = {}
    for interaction_id, ticket_id, channel_id, external_id in _INTERACTIONS.rows(connection, wanted=list(ticket_ids)):
        newest[ticket_id] = interaction_id
        if (external_id or "").startswith(CONVERSATION):
            places[ticket_id] = (channel_id, external_id.removeprefix(CONVERSATION))
    accounts = _accounts(connection, set(places.values()))
    return [
        _reporter(row, newest.get(row["ticket_id"]), accounts.get(places.get(row["ticket_id"], ("", ""))))
        for row in rows
    ]


def _accounts(connection: sa.Connection, places: set[tuple[str, str]]) -> dict[tuple[str, str], Account]:
    if not places:
        return {}
    rows = _THREADS.rows(connection, senders=[sender for _, sender in places])
    threads = {(row.channel_id, row.sender): loads(row.doc) or {} for row in rows}
    theirs = {key: threads[key] for key in places if key in threads}
    sent = sent_to(connection, {key: thread.get("heard", ()) for key, thread in theirs.items()})
    return {
        key: Account(
            channel_id=key[0],
            sender=key[1],
            heard=tuple(heard_of(entry) for entry in thread.get("heard", ())),
            sent=sent.get(key, ()),
        )
        for key, thread in theirs.items()
    }


def _reporter(row: Any, interaction_id: str | None, account: Account | None) -> Reporter:
    form = form_of(row["doc"])
    spoken = form.prefill.fields.get(SPOKEN)
    return Reporter(
        ticket_id=row["ticket_id"],
        ticket_no=row["ticket_no"],
        requester_id=row["requester_id"],
        status=row["status"],
        channel_id=row["channel_id"],
        event_id=form.source.event_id,
        interaction_id=interaction_id,
        account=account,
        phone=number_to_write(form.requester, spoken),
        callable=number_to_call(form.requester, spoken) is not None,
        form=form,
        erased=row["erased_at"] is not None,
    )
