"""Within a dialogue: which ticket is a message about, and what do we answer?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from gateway.domain.intents import Intent, intent_of, is_outright
from gateway.domain.spoken import only_words
from gateway.intake.contact.phrases import phrase
from gateway.intake.conversation.follow_up import City, FollowUp, answer, follow_up, numbers_in, tail_in
from gateway.intake.conversation.matters import about, fits, tells
from gateway.ivr.engine import DialogueState
from gateway.ports.conversation_store import TicketBrief
from gateway.prefill.reader import PrefillReader

DIGEST_CHARS = 12
WITHDRAWS = "withdraws"
"""The ticket that somebody was asked whether to withdraw."""
VERIFIES = "verifies"
"""The number whose verification somebody was asked for."""
_CONFIRMS = frozenset(
    map(
        only_words,
        (
            *("是", "是的", "对", "对的", "嗯是的", "确认", "确定", "我确认", "我确定", "撤销", "确认撤销", "确定撤销"),
            *(
                "撤销吧",
                "我要撤销",
                "是的撤销",
                "是撤销",
                "对撤销",
                "是的确认",
                "是的我要撤销",
                "撤回",
                "取消",
                "取消吧",
            ),
            *("yes", "yes please", "yes withdraw it", "yes cancel it", "yes withdraw", "yes cancel", "confirm"),
            *("confirmed", "I confirm", "yes I confirm", "withdraw it", "cancel it", "withdraw", "cancel"),
        ),
    )
)
"""Everything that withdraws a ticket when somebody was asked; politeness and consent elsewhere do not."""


def spoken_of(
    prefill: PrefillReader,
    state: DialogueState | None,
    open_ticket: str | None,
    text: str | None,
    tickets: Sequence[TicketBrief],
    at: datetime,
) -> FollowUp | None:
    """Which ticket ``text`` speaks of. Within a conversation, unless a number is named, of that conversation's."""
    asked = state.vars.get(WITHDRAWS) if state is not None else None
    if asked and only_words(text or "") in _CONFIRMS:
        ticket = next((t for t in tickets if t.ticket_id == asked), None)
        return FollowUp(intent=Intent.WITHDRAW, ticket=ticket, confirmed=True) if ticket is not None else None
    if state is not None and state.vars.get("demand") is None:
        if intent_of(text) is Intent.IGNORED:
            return None
        tickets = [t for t in tickets if t.ticket_id != open_ticket]  # nothing is told of it yet
    elif state is not None and not numbers_in(text) and tail_in(text) is None:
        tickets = [t for t in tickets if t.ticket_id == open_ticket]
    found = follow_up(text, tickets, at)
    if found is None or (found.intent is Intent.ADDITION and state is not None and not found.numbered):
        return None
    if found.numbered or is_outright(text):
        return found
    of_this = state is not None and found.ticket is not None and found.ticket.ticket_id == open_ticket
    return found if _may_be(prefill, state if of_this else None, found, text or "", at) else None


def _may_be(prefill: PrefillReader, state: DialogueState | None, found: FollowUp, text: str, at: datetime) -> bool:
    """Whether the words, should they name a matter or a place, name those of the ticket."""
    said = prefill.read(text, at=at).guesses
    if found.ticket is None:
        return not tells(said)
    if state is not None:
        return fits(state.vars, said, all_known=False)
    return fits(about({}, prefill.read(found.ticket.title or "", at=at).guesses), said, all_known=True)


def told(state: DialogueState, found: FollowUp, language: str, city: City) -> tuple[str, dict[str, str]]:
    """Our answer, and what the state keeps of it: the same one twice running says that nothing has changed."""
    said = answer(found, language, city)
    digest = hashlib.sha256(said.encode()).hexdigest()[:DIGEST_CHARS]
    again = state.vars.get("told") == digest
    asks = found.intent is Intent.WITHDRAW and found.ticket is not None and not found.confirmed
    kept = {"told": "" if again else digest, WITHDRAWS: found.ticket.ticket_id if asks and found.ticket else ""}
    kept[VERIFIES] = found.number or "" if found.ticket is None and found.intent is Intent.PROGRESS else ""
    return phrase("same", language) + said if again else said, kept
