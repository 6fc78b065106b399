"""The coded state of a ticket, as it stands and recounted from its events: the two are equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.domain.events import Event
from gateway.domain.form import Form
from gateway.domain.form_items import item_values
from gateway.domain.form_paths import COLUMNS, coded_values
from gateway.domain.interaction import Interaction
from gateway.domain.journal import Journal
from gateway.domain.ticket import CALLBACK, Ticket

INTERACTIONS = "interactions"
State = dict[str, Any]
"""Codes by record path, what stands there from the beginning left out; under ``interactions`` those of each, by id."""
_NOBODYS = datetime.fromtimestamp(0, UTC)


def coded_state(ticket: Ticket, interactions: Iterable[Interaction]) -> State:
    """What is coded of a ticket as it stands."""
    state: State = {path: _plain(getattr(ticket, path)) for path in sorted(COLUMNS)} | coded_values(ticket.form)
    state |= dict(item_values(ticket.form.handling))
    if (callback := ticket.form.handling.callback) is not None:
        state[CALLBACK] = callback.told
    told = {one.interaction_id: {path: code for path, (_, code) in one.coded().items()} for one in interactions}
    return state | {INTERACTIONS: {key: values for key, values in told.items() if values}}


def recounted(events: Iterable[tuple[str | None, Event]], baseline: Mapping[str, Any] | None = None) -> State:
    """What is coded of a ticket by its ``events`` in their order, each with the id of its interaction.

    ``baseline`` is the state before the first of them, of a ticket that is older than what events tell today.
    """
    ticket = Ticket(journal=Journal(0), ticket_id="", channel="", channel_id="", created_at=_NOBODYS, form=Form())
    calls: dict[str, Interaction] = {}

    def apply(interaction_id: str | None, event: Event) -> None:
        ticket.apply(event)
        if interaction_id is not None:
            empty = Interaction(interaction_id, "", "", _NOBODYS)
            calls.setdefault(interaction_id, empty).apply(event)

    before = dict(baseline or {})
    for interaction_id, values in before.pop(INTERACTIONS, {}).items():
        apply(interaction_id, _told(values))
    apply(None, _told(before))
    for interaction_id, event in events:
        apply(interaction_id, event)
    return coded_state(ticket, calls.values())


def _told(values: Mapping[str, Any]) -> Event:
    return Event(at=_NOBODYS, changed={path: [None, code] for path, code in values.items()})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value
