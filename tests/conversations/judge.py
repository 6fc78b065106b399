"""What is wrong with a played dialogue: its answers, and its tickets at the end, against what is expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.conversations.script import Facts, Play, Turn

ASKED_AT_MOST = 2
_SENTENCE = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]?")
_NOT_ASKED = re.compile(
    r"工单号码?|工单编号|编号|门牌号码?|(ticket|case|reference) (number|no\.?)"
    r"|(图片|照片|语音)[、或和及]+(位置|定位)|(photo|picture|voice message)s?,? or (your )?location",
    re.IGNORECASE,
)
"""Numbers of tickets, and the kinds of messages that may be sent."""
_ASKING = re.compile(
    r"[?？]|请(您|你)?(再|先|直接)?(告诉|提供|发|写|输入|回复|说|问|留|补充|讲|描述)|请问"
    r"|(please|could you|can you) (tell|send|give|write|reply|say|leave|describe|let)|tell us|^what |^where ",
    re.IGNORECASE,
)
_OFFERED = re.compile(r"如需|如要|如果|如有|若|随时|\bif you\b|any ?time", re.IGNORECASE)
"""What may be told but is not asked for."""
_SUBJECTS = {
    "place": re.compile(
        r"哪里|哪儿|在哪|何处|什么地方|什么位置|地点|地址|位置|哪个区|哪条路"
        r"|\bwhere\b|address|location|which (road|district)",
        re.IGNORECASE,
    ),
    "phone": re.compile(r"电话|手机|号码|联系方式|phone|mobile|\b(your|a) number", re.IGNORECASE),
    "demand": re.compile(
        r"什么事|什么问题|什么情况|哪些问题|发生了什么|(描述|说明|讲讲|说说)您?的?(诉求|问题|情况|事情)|帮您|帮到您"
        r"|\bhelp\b|what (has )?happened|the matter",
        re.IGNORECASE,
    ),
}
_DEMAND_ALONE = re.compile(r"反映|诉求|请讲|请说|遇到|事情|happened|problem|concern|describe|\btell\b", re.IGNORECASE)
"""These ask for the demand only where the sentence asks for nothing else."""
_INTERNAL = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b|\bNone\b|\bnull\b|\{[a-z_.]+\}|\$\{")
_NUMBER = re.compile(r"\d{7}|[一二三四五六七八九零〇幺两拐洞勾]{7}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_IRRELEVANT = re.compile(r"[\s\-\u2010-\u2015]+")


@dataclass(slots=True)
class Exchange:
    """A turn and what came back before the next one."""

    turn: Turn
    answers: list[str]
    day: int = 0


@dataclass(slots=True)
class Played:
    """All that happened. ``tickets`` are the records of ``me`` in order of their numbers, each with ``event_types``."""

    play: Play
    sender: str | None
    exchanges: list[Exchange] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)
    opening: list[str] = field(default_factory=list)
    """What was said before the first turn."""
    failure: str | None = None
    """Why it could not be played to its end."""


def plain(text: str) -> str:
    """For comparing: without case, blanks and hyphens."""
    return _IRRELEVANT.sub("", text).casefold()


def sentences(text: str) -> list[str]:
    """The sentences of ``text``, each with its stop."""
    return [found for found in _SENTENCE.findall(text) if found.strip()]


def asked(text: str) -> set[str]:
    """What ``text`` asks for."""
    found: set[str] = set()
    for sentence in sentences(text):
        bare = _NOT_ASKED.sub("", sentence)
        if _ASKING.search(bare) and not _OFFERED.search(bare):
            here = {subject for subject, words in _SUBJECTS.items() if words.search(bare)}
            if "demand" in here or (not here and _DEMAND_ALONE.search(bare)):
                here = {"demand"}  # what happened, and where: one question
            found |= here
    return found


def before_asking(text: str) -> str:
    """What is said before anything is asked."""
    said = []
    for sentence in sentences(text):
        if asked(sentence):
            break
        said.append(sentence)
    return "".join(said)


def wrong(played: Played) -> list[str]:
    """Everything that is not as expected, a line each; empty when all is well."""
    if played.failure:
        return [played.failure]
    found = []
    before: Exchange | None = None
    for number, exchange in enumerate(played.exchanges, 1):
        same_day = before is not None and before.day == exchange.day
        found += [f"turn {number}: {what}" for what in _of_turn(played, exchange, before if same_day else None)]
        before = exchange
    return [*found, *_of_all(played), *_of_tickets(played)]


def _of_turn(played: Played, exchange: Exchange, before: Exchange | None) -> Iterable[str]:
    turn, said = exchange.turn, "\n".join(exchange.answers)
    if turn.silent is False and not said:
        yield "no answer"
        return
    if turn.silent is True and said:
        yield "an answer, where none was expected"
    if said and not turn.repeats and before is not None and exchange.answers == before.answers:
        yield "the answer is word for word the one before"
    if turn.says_any and not _stands(played, turn.says_any, said):
        yield f"none of {list(turn.says_any)} is said"
    if turn.says_first and not _stands(played, turn.says_first, before_asking(said)):
        yield f"none of {list(turn.says_first)} is said before something is asked"
    if forbidden := [words for words in turn.says_none if _stands(played, [words], said)]:
        yield f"{forbidden} is said"
    yield from _asks(turn.asks, asked(said))


def _asks(wanted: Sequence[str], found: set[str]) -> Iterable[str]:
    names = ", ".join(sorted(found)) or "nothing"
    if "nothing" in wanted:
        if found - set(wanted):
            yield f"asks for {names}, may ask for {' or '.join(wanted)}"
    elif wanted and not found & set(wanted):
        yield f"asks for {names}, should ask for {' or '.join(wanted)}"


def _stands(played: Played, words: Iterable[str], text: str) -> bool:
    found = plain(text)
    return any(plain(filled(one, played)) in found for one in words)


def filled(text: str, played: Played) -> str:
    """``text`` with the numbers of the tickets that it names."""
    for name, tickets in (("mine", played.tickets), ("theirs", played.others)):
        number = tickets[0]["ticket_no"] if tickets else f"(no ticket of {name})"
        text = text.replace(f"{{{name}}}", number).replace(f"{{{name}:4}}", number[-4:])
    return text


def _of_all(played: Played) -> Iterable[str]:
    """What holds for every dialogue."""
    demands = max(1, sum(not ticket["empty"] for ticket in played.tickets))
    mine = [exchange for exchange in played.exchanges if exchange.turn.by == "me"]
    for subject in ("place", "phone"):
        times = sum(subject in asked("\n".join(exchange.answers)) for exchange in mine)
        if times > ASKED_AT_MOST * demands:
            yield f"{subject} is asked for {times} times"
    said = "\n".join(answer for exchange in played.exchanges for answer in exchange.answers)
    own_words = "".join(str(turn.say) for turn in played.play.dialogue.turns)
    for internal in {match[0] for match in _INTERNAL.finditer(said)}:
        if internal not in own_words:
            yield f"{internal!r} is shown"
    if played.play.channel == "webchat" and played.play.dialogue.language == "en" and (han := _HAN.findall(said)):
        yield f"Chinese on an English page: {''.join(han)[:20]}"
    for address in (ticket["place"]["address"] or "" for ticket in played.tickets):
        if _NUMBER.search(plain(address)):
            yield f"place.address holds a telephone number: {address!r}"


def _of_tickets(played: Played) -> Iterable[str]:
    expect = played.play.dialogue.expect
    demands = [ticket for ticket in played.tickets if not ticket["empty"]]
    if expect.demands and len(demands) not in expect.demands:
        yield f"{len(demands)} tickets with a demand, expected {' or '.join(map(str, expect.demands))}"
    ordered = demands + [ticket for ticket in played.tickets if ticket["empty"]]
    for number, facts in enumerate(expect.tickets, 1):
        if number > len(ordered):
            yield f"there is no ticket {number}"
            continue
        ticket = ordered[number - 1]
        for name in sorted(facts.model_fields_set):
            if (what := _FACTS[name](ticket, facts, played)) is not None:
                yield f"ticket {number}: {what}"


Check = Callable[[dict[str, Any], Facts, Played], str | None]


def _is(path: str, fact: str) -> Check:
    def check(ticket: dict[str, Any], facts: Facts, _: Played) -> str | None:
        value, wanted = _at(ticket, path), getattr(facts, fact)
        good = value in wanted if isinstance(wanted, tuple) else value == wanted
        return None if good else f"{path} is {value!r}, expected {wanted!r}"

    return check


def _at(ticket: dict[str, Any], path: str) -> Any:
    value: Any = ticket
    for part in path.split("."):
        value = value[part] if value is not None else None
    return value


def _holds(path: str, fact: str, *, wanted: bool) -> Check:
    def check(ticket: dict[str, Any], facts: Facts, _: Played) -> str | None:
        value = plain(_at(ticket, path) or "")
        off = [words for words in getattr(facts, fact) if (plain(words) in value) is not wanted]
        return f"{path} {'does not hold' if wanted else 'holds'} {off}: {_at(ticket, path)!r}" if off else None

    return check


def _address(ticket: dict[str, Any], facts: Facts, _: Played) -> str | None:
    address, wanted = ticket["place"]["address"], facts.address
    good = plain(wanted) in plain(address or "") if isinstance(wanted, str) else bool(address) is wanted
    return None if good else f"place.address is {address!r}, expected {wanted!r}"


def _phone(ticket: dict[str, Any], facts: Facts, played: Played) -> str | None:
    requester = ticket["requester"]
    number = requester["callback_phone"] or requester["phone"]
    wanted = played.sender if facts.phone == "sender" else facts.phone
    bare = re.split(r";|x|ext", number)[0] if number else number
    return None if bare == wanted else f"the number to call is {number!r}, expected {wanted!r}"


def _callback(ticket: dict[str, Any], facts: Facts, _: Played) -> str | None:
    callback = ticket["handling"]["callback"]
    owed = callback is not None and callback["state"] not in {"done", "cancelled"}
    return None if owed is facts.callback else f"handling.callback is {callback!r}, owed: {facts.callback}"


def _disposition(ticket: dict[str, Any], facts: Facts, _: Played) -> str | None:
    value = ticket["interactions"][-1]["disposition"]
    return None if value in facts.disposition else f"disposition is {value!r}, expected {list(facts.disposition)}"


def _events(ticket: dict[str, Any], facts: Facts, _: Played) -> str | None:
    missing = [name for name in facts.events if name not in ticket["event_types"]]
    return f"no event {missing}" if missing else None


def _attachments(ticket: dict[str, Any], facts: Facts, _: Played) -> str | None:
    number = len(ticket["attachments"])
    return None if number == facts.attachments else f"{number} attachments, expected {facts.attachments}"


def _told(ticket: dict[str, Any], facts: Facts, played: Played) -> str | None:
    number = ticket["ticket_no"][-4:] if played.play.channel == "voice" else ticket["ticket_no"]
    said = plain("".join(answer for exchange in played.exchanges for answer in exchange.answers))
    return None if (number in said) is facts.told else f"the number {number} is {'not ' if facts.told else ''}told"


def _emergency(ticket: dict[str, Any], facts: Facts, _: Played) -> str | None:
    value = ticket["demand"].get("emergency")
    good = value is None if facts.emergency is None else value in facts.emergency
    return None if good else f"demand.emergency is {value!r}, expected {facts.emergency!r}"


_FACTS: dict[str, Check] = {
    "empty": _is("empty", "empty"),
    "anonymous": _is("requester.anonymous", "anonymous"),
    "secret": _is("requester.secret", "secret"),
    "emergency": _emergency,
    "urgency": _is("demand.urgency.level", "urgency"),
    "type": _is("demand.type", "type"),
    "status": _is("status", "status"),
    "district": _is("place.district.name", "district"),
    "address": _address,
    "address_none": _holds("place.address", "address_none", wanted=False),
    "phone": _phone,
    "content": _holds("demand.content", "content", wanted=True),
    "content_none": _holds("demand.content", "content_none", wanted=False),
    "callback": _callback,
    "disposition": _disposition,
    "events": _events,
    "attachments": _attachments,
    "told": _told,
}


def transcript(played: Played, faults: Sequence[str]) -> str:
    """What was said, and what is wrong with it, for a person to read."""
    lines = [f"{played.play.name} ({played.play.dialogue.language})"]
    lines += [f"      us: {answer}" for answer in played.opening]
    day = 0
    for number, exchange in enumerate(played.exchanges, 1):
        if exchange.day != day:
            lines.append("      (the next day)")
            day = exchange.day
        lines.append(f"  {number:2}  {exchange.turn}")
        lines += [f"      us: {answer}" for answer in exchange.answers] or ["      us: (silence)"]
    for ticket in played.tickets:
        place, demand = ticket["place"], ticket["demand"]
        lines.append(
            f"  ticket {ticket['ticket_no']} {ticket['status']} empty={ticket['empty']} type={demand['type']} "
            f"urgency={demand['urgency']['level']} district={(place['district'] or {}).get('name')} "
            f"address={place['address']!r} phone={ticket['requester']['phone']} "
            f"callback_phone={ticket['requester']['callback_phone']} content={demand['content']!r}"
        )
    return "\n".join([*lines, *(f"  WRONG {fault}" for fault in faults)])
