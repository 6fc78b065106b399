"""What recovery did in an owner's place, when that owner comes back: its close wins, and no false callback stays.

Recovery takes the owner's name from what it closes, and the callback task it opens has the disposition as its reason.
"""

from __future__ import annotations

from gateway.domain.ids import new_ulid
from gateway.domain.words import CallbackState, Disposition
from gateway.storage.batch_state import InteractionState, State, TicketState
from gateway.storage.prepare import Prepared, Row
from gateway.storage.shape import set_in

CANCELLED = "callback.cancelled"
_BY_RECOVERY = frozenset({Disposition.INTERRUPTED.value, Disposition.ABANDONED_BEFORE_ANSWER.value})


def is_taken_back(p: Prepared, interaction: InteractionState) -> bool:
    """Whether ``p`` is the close of an owner in whose place recovery closed."""
    row = interaction.row
    return p.change.owner is not None and row["disposition"] in _BY_RECOVERY and row["owner"] is None


def take_back(p: Prepared, interaction: InteractionState | None) -> Row | None:
    """Give the interaction to the owner that closes it with ``p``.

    The open task that recovery made of what, as it turns out, goes on; None when there is none.
    """
    if interaction is None:
        return None
    row, callback = interaction.row, interaction.callback
    recovered = row["disposition"] in _BY_RECOVERY and row["owner"] is None
    if is_taken_back(p, interaction):
        row["owner"] = p.change.owner
    if recovered and callback and callback["state"] == CallbackState.OPEN and callback["reason"] == row["disposition"]:
        return callback
    return None


def show_callback(ticket: TicketState, callback: Row) -> None:
    """The task as the ticket's ``handling.callback``."""
    shown = {key: callback[key] for key in ("state", "due_at", "attempts")}
    set_in(ticket.doc, ("handling", "callback"), shown)
    ticket.doc["callback_id"] = callback["callback_id"]


def settle_callback(
    p: Prepared, false: Row, ticket: TicketState, interaction: InteractionState, state: State
) -> bool | None:
    """Make the false task what the person asked for or is owed (True), or cancel it at the owner's close."""
    if p.callback is not None:
        false |= {key: p.callback[key] for key in ("phone", "reason", "due_at")}
    elif interaction.row["owner"] is not None:
        false["state"] = CallbackState.CANCELLED.value
        p.events.append(
            {
                "event_id": new_ulid(),
                "type": CANCELLED,
                "at": p.events[-1]["at"],
                "actor": "system",
                "data": {"reason": "call_went_on"},
            }
        )
    else:
        return None
    names = ("phone", "reason", "due_at", "state")
    state.add("recovered_callbacks", {"of_callback": false["callback_id"]} | {name: false[name] for name in names})
    if ticket.doc.get("callback_id") == false["callback_id"]:
        show_callback(ticket, false)
    return True if p.callback is not None else None
