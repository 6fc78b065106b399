"""What recovery did in an owner's place, when that owner comes back: its close wins, and no false debt stays.

Recovery takes the owner's name from what it closes, and says that a call is owed with the disposition as its reason.
"""

from __future__ import annotations

from gateway.domain.callback import Reason
from gateway.domain.words import Disposition
from gateway.storage.batch_state import InteractionState, State
from gateway.storage.prepare import Prepared

_BY_RECOVERY = frozenset({Disposition.INTERRUPTED.value, Disposition.ABANDONED_BEFORE_ANSWER.value})


def is_taken_back(p: Prepared, interaction: InteractionState) -> bool:
    """Whether ``p`` is the close of an owner in whose place recovery closed."""
    row = interaction.row
    return p.change.owner is not None and row["disposition"] in _BY_RECOVERY and row["owner"] is None


def take_back(p: Prepared, interaction: InteractionState | None, state: State) -> Reason | None:
    """Give the interaction to the owner that closes it with ``p``.

    The reason by which recovery had a call owed for what, as it turns out, goes on; None when there is none.
    """
    if interaction is None:
        return None
    row = interaction.row
    recovered = row["disposition"] in _BY_RECOVERY and row["owner"] is None
    if is_taken_back(p, interaction):
        row["owner"] = p.change.owner
    if not recovered:
        return None
    reasons = (reason for task in state.tasks.values() if task.open for reason in task.reasons)
    sought = (row["interaction_id"], row["disposition"])
    return next((reason for reason in reasons if (reason.interaction_id, reason.reason) == sought), None)
