"""Does a message plainly speak of a ticket that is open already: ask for its progress, urge it, add to it?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.ids import NUMBER_DIGITS, spelled_no
from gateway.domain.words import CallbackState, Status
from gateway.ports.conversation_store import TicketBrief

PLAIN_CHARS = 30
"""A longer message without a ticket's number tells something of its own: it is a new demand."""
PLAIN_WORDS = 14
"""The same for English, in words."""
REMEMBERED = timedelta(days=90)
_NUMBER = re.compile(r"(?<!\d)(20\d{6})[-\s]?(\d{7})(?!\d)")
_PROGRESS = re.compile(
    r"进度|进展|到哪一步|办得怎么样|处理得怎么样|处理的怎么样|办的怎么样|怎么样了|有结果|有消息|有回复了?吗|有没有(?:结果|回复|消息)"
    r"|什么时候(?:能|会|可以)?(?:处理|修|解决|来|办|回复|好)|多久(?:能|才)|处理了吗|修好了?吗|解决了吗|派人了吗|查(?:一下|询)?(?:我的)?工单"
    r"|\b(?:status|progress|any (?:update|news)|how is it going|what happened with|when will)\b",
    re.IGNORECASE,
)
_URGE = re.compile(
    r"还没有?(?:修|处理|解决|来|人|动静|回复|弄|办|好|给|反馈|消息|结果)|(?:一直|到现在|至今)(?:都|还)?没(?:有)?(?:人|修|处理|解决|来|回复)"
    r"|没人(?:来|管|处理|联系)|催(?:一下|办|促|一催)|怎么还(?:没|不)"
    r"|还是(?:没|老样子)|请?尽快(?:处理|解决|来|修)|快点(?:处理|来|修)"
    r"|\b(?:still (?:not|no|broken|waiting|nothing)|not (?:yet )?(?:fixed|solved|repaired|done)|hurry"
    r"|(?:nobody|no one) (?:came|has come|called))\b",
    re.IGNORECASE,
)
_ADDITION = re.compile(
    r"^(?:我)?(?:再|还要|想|要)?补充|补充(?:一下|一点|说明)|(?:上次|之前|刚才|昨天|前天)(?:反映|说|投诉|报|反应|提)(?:过|了)?的"
    r"|\b(?:to add to|in addition to my|as i (?:reported|said)"
    r"|my (?:earlier|last) (?:report|request|complaint|ticket))\b",
    re.IGNORECASE,
)


class Intent(StrEnum):
    """What a message wants of an open ticket."""

    PROGRESS = "progress"
    URGE = "urge"
    ADDITION = "addition"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A message about ``ticket``."""

    intent: Intent
    ticket: TicketBrief


def numbers_in(text: str | None) -> list[str]:
    """Ticket numbers in a text, as 15 digits."""
    found = [day + serial for day, serial in _NUMBER.findall(text or "")]
    return [number for number in dict.fromkeys(found) if len(number) == NUMBER_DIGITS]


def intent_of(text: str | None) -> Intent | None:
    """What the words ask; None when they say nothing of the kind, or much more."""
    if not text:
        return None
    bare = _NUMBER.sub("", text).strip()
    if len(bare) > PLAIN_CHARS and not (bare.isascii() and len(bare.split()) <= PLAIN_WORDS):
        return None
    if _URGE.search(bare):
        return Intent.URGE
    if _PROGRESS.search(bare):
        return Intent.PROGRESS
    return Intent.ADDITION if _ADDITION.search(bare) else None


def follow_up(text: str | None, tickets: Sequence[TicketBrief], now: datetime) -> FollowUp | None:
    """Which of the person's ``tickets`` (newest first) ``text`` speaks of; None: something new.

    A ticket's number decides, whatever else is said; without one only plain words about the newest open ticket do.
    Somebody else's number is not among ``tickets`` and makes nothing of it theirs.
    """
    named = next((t for number in numbers_in(text) for t in tickets if t.ticket_no == number), None)
    if named is not None:
        bare = _NUMBER.sub("", text or "")
        words = re.sub(r"\W+|工单|号码?|编号|单号|ticket|number|no", "", bare, flags=re.IGNORECASE)
        return FollowUp(intent=intent_of(text) or (Intent.ADDITION if words else Intent.PROGRESS), ticket=named)
    intent = intent_of(text)
    newest = tickets[0] if tickets else None
    if intent is None or newest is None or now - newest.created_at > REMEMBERED:
        return None
    return FollowUp(intent=intent, ticket=newest)


_STATUS: dict[str, tuple[str, str]] = {
    Status.REGISTERED: ("已登记，等待派单", "registered, waiting to be assigned"),
    Status.CLASSIFIED: ("已登记并分类，等待派单", "registered and classified, waiting to be assigned"),
    Status.DISPATCHED: ("已派给承办单位，等待签收", "sent to the responsible unit"),
    Status.SIGNED: ("承办单位已签收", "accepted by the responsible unit"),
    Status.HANDLING: ("承办单位正在办理", "being handled"),
    Status.REPLIED: ("承办单位已答复", "answered by the responsible unit"),
    Status.EVALUATED: ("已办结并评价", "finished and rated"),
    Status.ARCHIVED: ("已办结", "finished"),
    Status.MERGED: ("已并入同一问题的工单一并办理", "merged with another ticket about the same matter"),
    Status.DEFLECTED: ("不属于热线受理范围，已告知办理渠道", "outside this hotline; you were told where to turn"),
    Status.INFORMED: ("已答复", "answered"),
    Status.WITHDRAWN: ("已撤回", "withdrawn"),
}


def answer(found: FollowUp, language: str) -> str:
    """What we write back."""
    english = language == "en"
    ticket = found.ticket
    number = spelled_no(ticket.ticket_no)
    status = _STATUS.get(ticket.status, ("办理中", "being handled"))[english]
    if english:
        parts = {
            Intent.PROGRESS: f"Ticket {number} is {status}.",
            Intent.URGE: f"We have urged ticket {number}. It is {status}.",
            Intent.ADDITION: f"Your message was added to ticket {number}. It is {status}.",
        }
    else:
        title = f"（{ticket.title}）" if ticket.title else ""
        parts = {
            Intent.PROGRESS: f"工单{number}{title}：{status}。",
            Intent.URGE: f"已为工单{number}{title}登记催办。当前进度：{status}。",
            Intent.ADDITION: f"已补充到工单{number}{title}。当前进度：{status}。",
        }
    said = parts[found.intent]
    if ticket.public_reply and found.intent is Intent.PROGRESS:
        said += f" {ticket.public_reply}" if english else f"答复：{ticket.public_reply}"
    if ticket.callback == CallbackState.OPEN:
        said += " A call back is arranged." if english else "坐席回电已安排。"
    return said
