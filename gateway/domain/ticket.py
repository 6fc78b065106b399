"""工单: one demand of one requester. Its coded state is altered by events alone (``apply``)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gateway.domain.events import EmergencyRaised, Event, TicketRated, TicketWithdrawn
from gateway.domain.form import CallbackShown, Form, Judgement
from gateway.domain.form_items import PREFIXES, put_item
from gateway.domain.form_paths import COLUMNS, PATHS, FieldPath, column, path_of
from gateway.domain.ids import rfc3339
from gateway.domain.journal import Journal
from gateway.domain.status import UNANSWERED, Status, moved
from gateway.errors import AlreadyErased

CALLBACK = "handling.callback"
LEAD = "handling.lead_unit"
SECRET = "requester.secret"  # noqa: S105 - a record path
_HIDING = (PATHS[SECRET], PATHS["requester.anonymous"])


class Ticket:
    """A ticket with its form, which is read only if somebody looks.

    Texts of people are set directly; codes, instants, flags and figures through an event (``Alteration``).
    """

    __slots__ = (
        "_form",
        "channel",
        "channel_id",
        "created_at",
        "dirty",
        "empty",
        "erased_at",
        "event_seq",
        "hidden",
        "journal",
        "line",
        "new",
        "parted_from",
        "requester_id",
        "status",
        "ticket_id",
        "ticket_no",
        "updated_at",
        "version",
    )

    def __init__(
        self,
        *,
        journal: Journal,
        ticket_id: str,
        channel: str,
        channel_id: str,
        created_at: datetime,
        ticket_no: str = "",
        form: Form | Callable[[], Form],
        status: Status = Status.REGISTERED,
        line: str = "",
        empty: bool = False,
        updated_at: datetime | None = None,
        version: int = 0,
        event_seq: int = 0,
        requester_id: str = "",
        hidden: bool = False,
        erased_at: datetime | None = None,
        new: bool = False,
    ) -> None:
        """As it was read, or new. ``form`` may be what reads it."""
        self.journal = journal
        self.ticket_id = ticket_id
        self.ticket_no = ticket_no
        self.channel = channel
        self.channel_id = channel_id
        self.created_at = created_at
        self.status = status
        self.line = line
        self.empty = empty
        self.updated_at = updated_at or created_at
        self.version = version
        self.event_seq = event_seq
        self.requester_id = requester_id
        self.hidden = hidden
        self.erased_at = erased_at
        self.new = new
        self.dirty = new
        self.parted_from: str | None = None
        """Whose ticket it was, when its requester wants to stay unknown from now on."""
        self._form = form

    @property
    def form(self) -> Form:
        """What it says."""
        if not isinstance(self._form, Form):
            self._form = self._form()
        return self._form

    @property
    def opened(self) -> bool:
        """Whether anybody has looked at its form."""
        return isinstance(self._form, Form)

    def apply(self, event: Event) -> None:
        """Alter the coded state as ``event`` tells. Nothing else does."""
        for path, (_, code) in event.changed.items():
            if path in COLUMNS:
                setattr(self, path, column(path, code))
            elif path == CALLBACK:
                self.form.handling.callback = None if code is None else CallbackShown(**code)
            elif (found := PATHS.get(path)) is not None:
                found.put_code(self.form, code)
            elif path.startswith(PREFIXES):
                put_item(self.form.handling, path, code)
        if isinstance(event, TicketRated):
            outcome, last = self.form.outcome, self.form.outcome.evaluation
            channel = event.channel or last.channel
            judgement = Judgement(
                rfc3339(event.at), channel, event.satisfied, reply_id=event.reply_id, score=event.score
            )
            outcome.evaluations = [*outcome.evaluations, judgement]  # a copy: the list may be its command's

    def rate(self, event: TicketRated, channel: str, comment: str | None) -> None:
        """评价: the words go with the figure. Each is kept; the one of the newest reply that was judged stands."""
        outcome, told = self.form.outcome, Alteration(self)
        last, event.channel = outcome.evaluation, channel
        told.set("outcome.evaluation.channel", channel)
        told.set("outcome.evaluation.satisfied", event.satisfied)
        told.set("outcome.evaluation.comment", comment)
        if not outcome.evaluations and last.satisfied is not None:  # from before each was kept
            outcome.evaluations = [Judgement(None, last.channel, last.satisfied, last.comment)]
        order = [one.reply_id for one in self.form.handling.replies]
        judged = [order.index(one.reply_id) for one in outcome.evaluations if one.reply_id in order]
        stands = event.reply_id not in order or order.index(event.reply_id) >= max(judged, default=0)
        self.record(event, told if stands else None)
        outcome.evaluations[-1].comment = comment

    def raise_emergency(self, number: str | None, at: datetime, message_id: str | None = None) -> None:
        """Somebody is in danger, and ``number`` to be called, if any; ``message_id``: where they wrote it."""
        if number is not None:
            self.record(EmergencyRaised(at=at, number=number, message_id=message_id))

    def withdraw(self, event: TicketWithdrawn) -> None:
        """诉求人撤回: its requester takes it back. ``Conflict`` when it is closed, or answered already."""
        gone = Alteration(self)
        gone.set("status", moved(self.status, Status.WITHDRAWN))
        gone.set("handling.undecided_since", None)
        self.record(event, gone)

    def record(self, event: Event, alteration: Alteration | None = None) -> None:
        """``event`` has happened, and with it what ``alteration`` holds.

        ``AlreadyErased`` when an erased ticket would be in work once more: nobody could act on it.
        """
        if alteration is not None:
            event.changed |= alteration.changed()
        _, after = event.changed.get("status", (None, self.status))
        if self.erased_at is not None and self.status not in UNANSWERED and after in UNANSWERED:
            raise AlreadyErased("this ticket has been erased and is not in work again; register a new one")
        self.apply(event)
        if alteration is not None:
            alteration.finish()
        self.event_seq = self.journal.add(event, self.ticket_id, self.ticket_no)
        self.updated_at = event.at
        self.dirty = True


class Alteration:
    """Values that fields are to have, checked and shaped: set when the event that tells of them is recorded."""

    __slots__ = ("_columns", "_ticket", "_values")

    def __init__(self, ticket: Ticket) -> None:
        """Nothing is altered yet."""
        self._ticket = ticket
        self._columns: dict[str, Any] = {}
        self._values: dict[FieldPath, Any] = {}

    def set(self, path: str, value: Any, *, lifts_secrecy: bool = False) -> None:
        """``path`` is to have ``value``. ``RejectedInput`` for a path or a value that cannot be.

        Who asked to be kept secret stays so, unless this ``lifts_secrecy``: who says otherwise may not know of it.
        """
        if path == SECRET and not value and not lifts_secrecy and self.value(path):
            return
        if path in COLUMNS:
            self._columns[path] = column(path, value)
        else:
            field = path_of(path)
            self._values[field] = field.shaped(value)

    def put(self, field: FieldPath, value: Any) -> None:
        """``field`` is to have ``value``, which it has shaped itself."""
        self._values[field] = value

    def value(self, path: str) -> Any:
        """The code or text that the field will have."""
        if path in COLUMNS:
            return self._columns.get(path, getattr(self._ticket, path))
        field = path_of(path)
        return field.code_of(self._values[field]) if field in self._values else field.code(self._ticket.form)

    def changed(self) -> dict[str, list[Any]]:
        """``[from, to]`` of the coded fields that become something else."""
        ticket, told = self._ticket, {}
        self._part()
        for path, value in self._columns.items():
            before = getattr(ticket, path)
            if before != value:
                told[path] = [before, value]
        for field, value in self._values.items():
            if field.coded:
                before, after = field.code(ticket.form), field.code_of(value)
                if before != after:
                    told[field.path] = [before, after]
        return told

    def _part(self) -> None:
        """Who wants to stay unknown from now on is one of this ticket alone."""
        ticket = self._ticket
        if ticket.hidden or not any(self._values.get(field) for field in _HIDING):
            return
        ticket.parted_from = ticket.requester_id
        self.set("requester.requester_id", ticket.ticket_id)
        self.set("requester.returning", value=False)

    def finish(self) -> None:
        """Set the texts, and what else an object that a code names holds."""
        if not self._values:
            return
        ticket, form = self._ticket, self._ticket.form
        for field, value in self._values.items():
            field.put(form, value)
        ticket.hidden, ticket.requester_id = form.requester.hidden, form.requester.requester_id or ticket.requester_id
