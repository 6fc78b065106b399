"""The named actions that a flow may call: their arguments and results. ``gateway.intake`` carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OK = "ok"
FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What lint and engine know of an action."""

    args: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Required arguments with their allowed values; an empty tuple allows any text."""
    gives: tuple[str, ...] = ()
    """Variables it sets, when it succeeds."""
    names: tuple[str, ...] = ()
    """Prompts that it may name in them; each needs a recording in every language."""
    outcomes: tuple[str, ...] = (OK, FAILED)
    reaches_person: bool = False
    """Whether it brings the caller to a person (GB/T 33358-2016: behind one menu level at most)."""


SET_LANGUAGE = "set_language"
LANGUAGES = ("zh", "en")
TAKE_ANSWER = "take_answer"
MISSING = "missing"
TEXTED = "texted"
"""Registered, and the ticket's number is on its way to the caller by SMS."""
TAKE_NUMBER, TELL_PROGRESS = "take_ticket_number", "tell_progress"
"""What was just said holds a ticket's number; and what was said then proves that it is the caller's."""
PROGRESS = (
    "handling",
    "replied",
    "judged",
    "on_its_way",
    "untold",
    "finished",
    "elsewhere",
    "refused",
    "locked",
)
"""How it stands with that ticket, where not ``ok``: it waits for a unit; or why nothing is told.

Of an answer: they have it, and may judge it (``replied``) or not any more; it has left; or a person has to tell it.
"""
IN_CHARGE, DUE_BY, UNIT, MONTH, DAY = "in_charge", "due_by", "unit_", "month_", "day_"
"""Prompts, and what the names of prompts begin with, that say who acts and until when."""
_DATES = (*(f"{MONTH}{n}" for n in range(1, 13)), *(f"{DAY}{n}" for n in range(1, 32)))
FIELDS = ("demand", "place", "phone")
"""What a dialogue may ask for."""

ACTIONS: Mapping[str, Action] = {
    "set_line": Action(args={"line": ("citizen", "enterprise")}),
    "register_ticket": Action(gives=("ticket_no",), outcomes=(OK, FAILED, TEXTED)),
    "ticket_number": Action(gives=("ticket_no",), outcomes=(OK,)),
    MISSING: Action(args={"field": FIELDS}, outcomes=(OK, MISSING)),
    TAKE_ANSWER: Action(args={"field": FIELDS}),
    "request_callback": Action(
        args={"reason": ()}, outcomes=(OK, FAILED, "already", "by_message"), reaches_person=True
    ),
    TAKE_NUMBER: Action(outcomes=(OK, MISSING)),
    TELL_PROGRESS: Action(gives=("handled",), names=(IN_CHARGE, DUE_BY, *_DATES), outcomes=(OK, *PROGRESS, FAILED)),
    "score_reply": Action(args={"satisfied": ("1", "2", "3", "4", "5")}),
    SET_LANGUAGE: Action(args={"language": LANGUAGES}, outcomes=(OK,)),
}
