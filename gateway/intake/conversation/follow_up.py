"""Does a message plainly speak of a ticket: ask for its progress, urge it, withdraw it, add to it?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from gateway.domain.ids import NUMBER_DIGITS, spelled_no
from gateway.domain.intents import Intent, intent_of, is_plain
from gateway.domain.said_digits import TOKEN, said
from gateway.domain.status import NOT_BEGUN, Status
from gateway.domain.words import CallbackState
from gateway.ports.conversation_store import TicketBrief

REMEMBERED = timedelta(days=90)
"""While a ticket is here its requester may withdraw it; later an agent has to ask whoever works on it."""
ABOUT_A_TICKET = frozenset({Intent.PROGRESS, Intent.URGE, Intent.WITHDRAW, Intent.IGNORED, Intent.ADDITION})
_APART = r"[\s\-‐-―_./·,，、]*"
_NUMBER = re.compile(rf"(?<!\d)2{_APART}0(?:{_APART}\d){{13}}(?!\d)")
_TAIL = re.compile(
    r"(?<!\d)(?:尾号|后四位|最后四位|工单号?|单号|ending(?: in)?|ticket|#)?[\s:：是#]*(\d{4,7})(?!\d)", re.IGNORECASE
)
_TOKEN = re.compile(TOKEN)
_SPOKEN = re.compile(rf"{TOKEN}(?:\s*{TOKEN})+")
_FEWEST = 4
"""Fewer digits in a row name no ticket."""
_OF_A_NUMBER = re.compile(
    r"\W+|我的|你好|您好|请问|查一?下|查询|工单|号码?|编号|单号|尾号|后四位|最后四位|是|的|ticket|number|ending|my|is|in|no",
    re.IGNORECASE,
)
"""What may stand around a ticket's number without saying more than it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A message about ``ticket``; None: about one that is not theirs, or none that we know of."""

    intent: Intent
    ticket: TicketBrief | None
    numbered: bool = False
    """It named a ticket by its number."""
    confirmed: bool = False
    """Asked whether to withdraw it, they have said yes."""
    number: str | None = None
    """The number that they gave of a ticket that is not known to be theirs."""
    proved: bool = False
    """They gave the verification that ``ticket`` takes: that alone says that it is theirs."""
    refused: bool = False
    """They gave a wrong verification, or one for a number that is not known."""
    locked: bool = False
    """They did so too often."""

    @property
    def withdrawn(self) -> bool:
        """Whether the ticket is withdrawn by this: confirmed, and nobody works on it yet."""
        own = self.ticket is not None and self.ticket.head is None
        return self.confirmed and own and self.ticket is not None and self.ticket.status in NOT_BEGUN


def _digits(text: str) -> str:
    """``text`` with full-width and spoken digits as ASCII."""
    plain = unicodedata.normalize("NFKC", text)
    return _SPOKEN.sub(lambda run: _in_digits(run.group()), plain)


def _in_digits(run: str) -> str:
    digits = _TOKEN.sub(lambda token: said(token.group()), run)
    return digits if sum(map(str.isdigit, digits)) >= _FEWEST else run


def numbers_in(text: str | None) -> list[str]:
    """Ticket numbers in a text, as 15 digits, however they are spelled: in groups, full width, in Chinese digits."""
    found = ["".join(filter(str.isdigit, m.group())) for m in _NUMBER.finditer(_digits(text or ""))]
    return [number for number in dict.fromkeys(found) if len(number) == NUMBER_DIGITS]


def tail_in(text: str | None) -> str | None:
    """The last four to seven digits of a number, as the telephone reads them out, in a message that holds no more."""
    if not text or not is_plain(text):
        return None
    plain = _digits(text)
    found = _TAIL.search(plain)
    if found is None or _OF_A_NUMBER.sub("", plain[: found.start()] + plain[found.end() :]):
        return None
    return found.group(1)


def may_ask(text: str | None) -> bool:
    """Whether the words may be about a ticket, so that it has to be looked up."""
    return intent_of(text) in ABOUT_A_TICKET or bool(numbers_in(text)) or tail_in(text) is not None


def follow_up(text: str | None, tickets: Sequence[TicketBrief], now: datetime) -> FollowUp | None:
    """Which of the person's ``tickets`` (newest first) ``text`` speaks of; None: something new.

    A ticket's number decides, whatever else is said; without one only plain words about the newest ticket do. Of
    somebody else's number nothing is told, not even whether there is such a ticket. What is told of one that
    is withdrawn is something new.
    """
    numbers = numbers_in(text)
    named = next((t for number in numbers for t in tickets if t.ticket_no == number), None)
    tail = tail_in(text) if not numbers else None
    if tail is not None:
        named = next((t for t in tickets if t.ticket_no.endswith(tail)), None)
    around = _NUMBER.sub(" ", _digits(text or "")).strip() if numbers else text
    intent = intent_of(around) if intent_of(around) in ABOUT_A_TICKET else None
    if named is not None:
        alone = not _OF_A_NUMBER.sub("", _NUMBER.sub("", _digits(text or ""))) or tail is not None
        intent = intent or (Intent.PROGRESS if alone else Intent.ADDITION)
        if intent is Intent.ADDITION and named.status == Status.WITHDRAWN:
            return None
        return FollowUp(intent=intent, ticket=named, numbered=True)
    if numbers:
        told = _OF_A_NUMBER.sub("", _NUMBER.sub("", _digits(text or "")))
        asked = FollowUp(intent=intent or Intent.PROGRESS, ticket=None, numbered=True, number=numbers[0])
        return asked if intent or not told else None
    newest = tickets[0] if tickets else None
    if newest is not None and now - newest.created_at > REMEMBERED:
        newest = None
    if intent is None or (newest is None and intent is Intent.ADDITION):
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
    Status.WITHDRAWN: ("已撤销", "withdrawn"),
}


_NOT_FOUND = (
    "没有查到您名下的这个工单。请核对15位工单号；要反映问题，请直接写明发生了什么、在哪里。",
    "We find no such ticket of yours. Please check its 15 digits; to report something, write what happened and where.",
)
_PROVE = (
    "没有查到您名下的这个工单。如在其他渠道登记，请再回复登记电话的后四位数字；要反映问题，请直接写明发生了什么、在哪里。",
    "We find no such ticket of yours. Was it registered elsewhere, reply with the last four digits of its telephone.",
)
_REFUSED = (
    "没有查到：工单号或电话后四位不符。请核对后重新发送15位工单号。",
    "Nothing was found: the number or the four digits do not match. Please check, and send the 15 digits again.",
)
_LOCKED = ("查询次数过多，请过一会儿再试。", "Too many tries. Please try again a little later.")
_NONE_OPEN = (
    "没有查到您名下的工单。请写明15位工单号；要反映问题，请直接写明发生了什么、在哪里。",
    "We find no ticket of yours. Please write its 15 digits; to report something, write what happened and where.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """What answers name of the city: its time, and its units as they are called now."""

    zone: tzinfo = UTC
    unit: Callable[[str], tuple[str, str] | None] = field(default=lambda _: None)
    """Of a unit's code its names in Chinese and in English; None: there is no such unit."""


_PROOF_CHARS = 200
"""A longer message says more than a number and four digits, however they are spelled."""
SOMEWHERE = City()
"""Of which nothing is known."""


def answer(found: FollowUp, language: str, city: City = SOMEWHERE) -> str:
    """What we write back."""
    english = language == "en"
    ticket = found.ticket
    if found.locked or found.refused:
        return (_LOCKED if found.locked else _REFUSED)[english]
    if ticket is None and found.number is not None and found.intent is Intent.PROGRESS:
        return _PROVE[english]
    if ticket is None:
        return (_NOT_FOUND if found.numbered else _NONE_OPEN)[english]
    number = spelled_no(ticket.ticket_no)
    status = _STATUS.get(ticket.status, ("办理中", "being handled"))[english]
    if english:
        parts = {
            Intent.PROGRESS: f"Ticket {number} is {status}.",
            Intent.URGE: f"Your urging is noted in ticket {number}. It is {status}.",
            Intent.IGNORED: f"Sorry to keep you waiting; this is noted in ticket {number}. It is {status}."
            " Reply 0 for a person.",
            Intent.WITHDRAW: f"Ticket {number} has been withdrawn. Write to us at any time."
            if found.withdrawn
            else f"Your wish to withdraw ticket {number} is noted for an agent. Until then it is {status}."
            if found.confirmed
            else f'Do you want to withdraw ticket {number}? Reply "yes" to withdraw it; otherwise it goes on.',
            Intent.ADDITION: f"Your message was added to ticket {number}. It is {status}.",
        }
    else:
        title = f"（{ticket.title}）" if ticket.title else ""
        parts = {
            Intent.PROGRESS: f"工单{number}{title}：{status}。",
            Intent.URGE: f"您的催促已记入工单{number}{title}。当前进度：{status}。",
            Intent.IGNORED: f"抱歉让您久等，已记入工单{number}{title}。当前进度：{status}。需要人工请回复0。",
            Intent.WITHDRAW: f"已撤销工单{number}{title}。有需要随时写给我们。"
            if found.withdrawn
            else f"已记下您要撤销工单{number}{title}，承办中的工单由坐席核对后处理。当前进度：{status}。"
            if found.confirmed
            else f"要撤销工单{number}{title}吗？回复“是”即撤销，不回复则照常办理。",
            Intent.ADDITION: f"已补充到工单{number}{title}。当前进度：{status}。",
        }
    said = parts[found.intent]
    if found.intent is Intent.PROGRESS:
        said += _handled(ticket, city)[english]
    if ticket.public_reply and found.intent is Intent.PROGRESS:
        said += f" {ticket.public_reply}" if english else f"答复：{ticket.public_reply}"
    if ticket.callback == CallbackState.OPEN:
        said += _owed(ticket)[english]
    return said


def _handled(ticket: TicketBrief, city: City) -> tuple[str, str]:
    """Who acts, and until when, as far as somebody does."""
    zh = en = ""
    if ticket.unit is not None and (unit := city.unit(ticket.unit)) is not None:
        zh, en = f"承办单位：{unit[0]}。", f" In charge: {unit[1]}."
    if ticket.due_at is not None:
        day = ticket.due_at.astimezone(city.zone)
        zh += f"应于{day.month}月{day.day}日{day:%H:%M}前答复。"
        en += f" An answer is due by {day:%Y-%m-%d %H:%M}."
    return zh, en


def _owed(ticket: TicketBrief) -> tuple[str, str]:
    """What is said of the call that the requester is owed."""
    if ticket.by_message:
        return "坐席会用消息回复您。", " An agent will answer you by message."
    if ticket.callback_phone is not None:
        return "坐席回电已安排。", " A call back is arranged."
    return "坐席要给您回电，还缺联系号码，请写下电话。", " An agent is to call you: please write your phone number."


def verification_in(text: str | None) -> str | None:
    """The four digits that a message says and nothing besides; with a ticket's number, beside that."""
    if len(text or "") > _PROOF_CHARS:
        return None
    said = re.sub(r"\D+", " ", _NUMBER.sub(" ", _digits(text or ""))).split()
    around = _OF_A_NUMBER.sub("", re.sub(r"\d+|电话|手机|尾数|phone", "", _NUMBER.sub("", _digits(text or ""))))
    return said[0] if len(said) == 1 and len(said[0]) == _FEWEST and not around else None
