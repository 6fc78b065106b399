"""The coded state of a ticket, as it stands and as its events tell it: the two are equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.domain.events import Event
from gateway.domain.form import Form
from gateway.domain.form_paths import CODED, COLUMNS, PATHS, coded_values
from gateway.domain.interaction import PREFIX, Interaction
from gateway.domain.ticket import CALLBACK, Ticket

INTERACTIONS = "interactions"
State = dict[str, Any]
"""Codes by record path, what stands there from the beginning left out; under ``interactions`` those of each, by id."""


def coded_state(ticket: Ticket, interactions: Iterable[Interaction]) -> State:
    """What is coded of a ticket as it stands."""
    state: State = {path: getattr(ticket, path) for path in sorted(COLUMNS)} | coded_values(ticket.form)
    if (callback := ticket.form.handling.callback) is not None:
        state[CALLBACK] = {"state": callback.state, "due_at": callback.due_at, "attempts": callback.attempts}
    told = {one.interaction_id: _told(one) for one in interactions}
    return state | {INTERACTIONS: {key: values for key, values in told.items() if values}}


def fold(events: Iterable[tuple[str | None, Event]], baseline: Mapping[str, Any] | None = None) -> State:
    """What is coded of a ticket, as its ``events`` tell it in their order, each with the id of its interaction.

    ``baseline`` is the state before the first of them, of a ticket that is older than what events tell today.
    """
    state: State = dict(baseline or {})
    calls: dict[str, State] = {key: dict(values) for key, values in state.pop(INTERACTIONS, {}).items()}
    for interaction_id, event in events:
        for path, (_, code) in event.changed.items():
            if path.startswith(PREFIX):
                calls.setdefault(interaction_id or "", {})[path] = code
            else:
                state[path] = code
    empty = {path: None for path in state if path not in COLUMNS} | _DEFAULTS
    left = {path: code for path, code in state.items() if path in COLUMNS or code != empty.get(path)}
    told = {key: {path: code for path, code in values.items() if code is not None} for key, values in calls.items()}
    return left | {INTERACTIONS: {key: values for key, values in told.items() if values}}


def _told(interaction: Interaction) -> State:
    return {path: after for path, (_, after) in interaction.coded().items()}


def _defaults() -> State:
    """What stands from the beginning where that is not null."""
    form = Form()
    return {path: PATHS[path].code(form) for path in CODED}


_DEFAULTS = _defaults()
