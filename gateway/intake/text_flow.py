"""A flow on text: one message in, the next state and what we write out. Pure, so that it can be committed as one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.domain.change import TICKET_NO
from gateway.domain.coordinates import Crs, crs_of, to_wgs84
from gateway.domain.guess import Guess, Mention
from gateway.domain.words import ContactBy, Disposition, Line
from gateway.ivr.engine import (
    Act,
    ActionDone,
    Begin,
    Danger,
    End,
    Engine,
    Finished,
    Heard,
    Input,
    Key,
    Output,
    Say,
    State,
    Wait,
    Waiting,
)
from gateway.ivr.match import is_keyword, word_count
from gateway.ports.message import Location
from gateway.ports.numbers import e164
from gateway.prefill.address import says_where
from gateway.prefill.danger import danger_in
from gateway.prefill.reader import Prefill
from gateway.prefill.spoken_phone import spoken_phone

ANSWER_CONFIDENCE = 0.9
"""An answer to our own question; a sent location is surer still."""
PLACE_SURE = 0.6
"""From this on an address in what was written is not asked for again."""
LOCATION_CONFIDENCE = 0.95
PHONE_SURE = 0.8
MIN_ENGLISH_WORDS = 3
ADDRESS_CHARS = 200
_HAN = re.compile(r"[一-鿿]")
_GREETINGS = (
    *("你好", "您好", "在吗", "在不在", "有人吗", "有人在吗", "早上好", "下午好", "晚上好", "喂", "嗨", "哈喽"),
    *("hello", "hi", "hey", "good morning", "good afternoon", "good evening", "anybody there", "start", "/start"),
)
"""Messages that say nothing yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heeded:
    """What of a message a flow heeds."""

    at: datetime
    """When it was sent: what "yesterday" in it counts from."""
    text: str | None = None
    choice: str | None = None
    location: Location | None = None
    phone: str | None = None
    """E.164, when the message itself brings one (a shared contact)."""
    voice_pending: str | None = None
    """message_id of a voice message whose words are not known yet."""
    speaks: bool = True
    """False for what is no turn of the dialogue (an edit, a sticker)."""


@dataclass(slots=True, kw_only=True)
class Turn:
    """What one message came to."""

    state: State
    lines: list[str] = field(default_factory=list)
    quick_replies: tuple[tuple[str, str], ...] = ()
    guesses: list[Guess] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    fields: dict[tuple[str, ...], Any] = field(default_factory=dict)
    content: str | None = None
    """What of the message belongs to the demand."""
    callback_reason: str | None = None
    callback_phone: str | None = None
    emergency: str | None = None
    """The number to call that was told: somebody is in danger."""
    demand_taken: bool = False


def language_of(text: str | None) -> str | None:
    """Where a text is clearly one of them: zh or en."""
    if not text:
        return None
    if _HAN.search(text):
        return "zh"
    return "en" if word_count(text) >= MIN_ENGLISH_WORDS else None


def says_nothing(text: str | None) -> bool:
    """Whether a text is only a greeting, or empty."""
    return not text or not text.strip() or is_keyword(text, _GREETINGS) or not re.sub(r"\W+", "", text)


def disposition_of(state: State | None) -> Disposition:
    """How a conversation ended that nobody goes on with."""
    if state is None:
        return Disposition.IDLE_CLOSED
    if state.vars.get("person"):
        return Disposition.CALLBACK_REQUESTED
    if state.ended is not None:
        return Disposition(state.ended)
    return Disposition.COMPLETED if state.vars.get("registered") else Disposition.IDLE_CLOSED


class TextFlow:
    """Runs flows on messages."""

    def __init__(self, *, engine: Engine, prefill: Prefill) -> None:
        """Flows and the reader of messages."""
        self._engine = engine
        self._prefill = prefill

    def begin(self, flow: str, *, text: str | None, phone_known: bool, follow_up: bool = False) -> Turn:
        """A new dialogue up to where it waits for the first message; with ``follow_up``, for what comes after."""
        language = language_of(text)
        state = self._engine.follow_up(flow, language) if follow_up else None
        given = {"phone": "1"} if phone_known else {}
        if state is not None:
            return Turn(state=replace(state, vars=given | {"registered": "1", "demand": "1"}))
        turn = Turn(state=replace(self._engine.begin(flow, language), vars=given))
        self._run(turn, Begin(), None)
        return turn

    def waiting(self, state: State) -> Waiting | None:
        """See ``Engine.waiting``."""
        return self._engine.waiting(state)

    def take(self, turn: Turn, heeded: Heeded, *, opening: bool) -> Turn:
        """Go on with ``turn`` (its state, what was said so far); ``opening``: it is the first message of all."""
        waiting = self._engine.waiting(turn.state)
        event: Input | None
        if danger := danger_in(heeded.text or ""):
            turn.emergency, event = danger.number, Danger(danger.kind)
        else:
            event = self._event(turn, heeded, waiting, opening=opening)
        asked = waiting.asked if waiting else None
        self._note(turn, heeded, waiting, asked, is_key=isinstance(event, Key))
        language = language_of(heeded.text)
        if turn.emergency is not None and language is not None:
            turn.state = replace(turn.state, language=language)
        if waiting is not None and language in waiting.languages and turn.content and asked is None:
            turn.state = replace(turn.state, language=str(language))
        if event is not None:
            self._run(turn, event, heeded)
        return turn

    def _event(self, turn: Turn, heeded: Heeded, waiting: Waiting | None, *, opening: bool) -> Input | None:
        """What the message is to the flow; None: nothing."""
        if waiting is None or not heeded.speaks:
            return Heard(None) if waiting is not None and opening else None
        text = (heeded.text or "").strip()
        for key in (heeded.choice, text):
            if key in waiting.keys:
                return Key(key)
        if heeded.location is not None and (waiting.asked == "place" or opening):
            return Heard(heeded.location.label)
        if heeded.phone is not None and not text and waiting.asked == "phone":
            return Heard(heeded.phone)
        if text and heeded.location is None:
            return Heard(text, turn.state.language)
        if heeded.voice_pending is not None and not opening:
            turn.state = _with(turn.state, later=f"{heeded.voice_pending}@{turn.state.step}")
        return Heard(None) if opening else None

    def later(self, state: State, message_id: str, text: str, at: datetime) -> Turn:
        """A voice message's words have become known: they are its answer if the flow still waits at its question."""
        turn = Turn(state=state)
        waits = state.vars.get("later") == f"{message_id}@{state.step}"
        return self.take(turn, Heeded(at=at, text=text, speaks=waits), opening=False)

    def read(self, text: str, at: datetime) -> Turn:
        """What a text brings to a ticket whose dialogue is over."""
        danger = danger_in(text)
        turn = Turn(state=State(flow="", version="", step=""), emergency=danger.number if danger else None)
        self._note(turn, Heeded(at=at, text=text, speaks=False), None, None, is_key=False)
        return turn

    def _note(self, turn: Turn, heeded: Heeded, waiting: Waiting | None, asked: str | None, *, is_key: bool) -> None:
        """Keep what the message brings, whatever the flow makes of it."""
        text = heeded.text
        control = is_key or (
            waiting is not None and text is not None and is_keyword(text, waiting.keywords) and heeded.speaks
        )
        if text and not control and not says_nothing(text):
            turn.content = text
            reading = self._prefill.read(text, at=heeded.at, answers=asked in {"place", "phone"})
            found = reading.guesses
            turn.guesses += found
            turn.mentions += reading.mentions
            if any(g.path == "requester.callback_phone" and g.confidence >= PHONE_SURE for g in found):
                turn.state = _with(turn.state, phone="1")
            if any(g.path == "requester.contact_by" and g.value == ContactBy.MESSAGE for g in found):
                turn.state = _with(turn.state, phone="1")  # who wants no call is not asked where to call
            if any(g.path == "place.address" and g.confidence >= PLACE_SURE and says_where(g.value) for g in found):
                turn.state = _with(turn.state, place="1")
            if asked is None or asked == "demand" or turn.emergency is not None:
                turn.state = _with(turn.state, demand="1")
        if heeded.voice_pending is not None:
            turn.state = _with(turn.state, demand="1")
        if heeded.phone is not None:
            turn.state = _with(turn.state, phone="1")
            turn.guesses.append(_flow_guess("requester.callback_phone", heeded.phone, LOCATION_CONFIDENCE))
        if heeded.location is not None:
            turn.state = _with(turn.state, place="1")
            turn.guesses += _location(heeded.location)

    def _run(self, turn: Turn, event: Input, heeded: Heeded | None) -> None:
        following: Input | None = event
        while following is not None:
            turn.state, outputs = self._engine.step(turn.state, following)
            following = self._perform(turn, outputs, heeded)

    def _perform(self, turn: Turn, outputs: tuple[Output, ...], heeded: Heeded | None) -> Input | None:
        following: Input | None = Finished() if outputs and isinstance(outputs[-1], Say) else None
        for output in outputs:
            match output:
                case Say(items=items):
                    turn.lines.append("".join(item.text + (" " if item.text.endswith(":") else "") for item in items))
                case Wait(quick_replies=replies):
                    turn.quick_replies = replies
                case Act():
                    following = self._act(turn, output, heeded)
                case End():
                    following = None  # the state remembers how; the conversation stays open until it rests
        return following

    def _act(self, turn: Turn, act: Act, heeded: Heeded | None) -> ActionDone:
        outcome, values = "ok", {}
        match act.name:
            case "ticket_number":
                values = {"ticket_no": TICKET_NO}
            case "missing":
                outcome = "ok" if turn.state.vars.get(act.args["field"]) else "missing"
            case "take_answer":
                outcome = self._take(turn, act.args["field"], heeded) if heeded else "failed"
            case "register_ticket":
                turn.demand_taken = True
                values = {"ticket_no": TICKET_NO, "registered": "1"}
            case "request_callback":
                turn.callback_reason = act.args.get("reason", "asked_for_person")
                values = {"person": "1"}
            case "set_line":
                line = act.args["line"]
                turn.fields[("line",)] = line
                turn.fields["requester", "kind"] = "enterprise" if line == Line.ENTERPRISE else "citizen"
            case "set_language":
                turn.state = replace(turn.state, language=act.args["language"])
            case name:
                raise AssertionError(f"flow action {name!r} is linted but not implemented")
        return ActionDone(name=act.name, outcome=outcome, vars=values)

    def _take(self, turn: Turn, wanted: str, heeded: Heeded) -> str:
        """The message is the answer to our question for ``wanted``."""
        text = (heeded.text or "").strip()
        if wanted == "place":
            if heeded.location is None:
                if not text:
                    return "failed"
                address = text[:ADDRESS_CHARS]
                turn.guesses = [g for g in turn.guesses if g.path != "place.address"]
                turn.guesses.append(_flow_guess("place.address", address, ANSWER_CONFIDENCE, span=(0, len(address))))
            turn.state = _with(turn.state, place="1")
        elif wanted == "phone":
            found = spoken_phone(text)
            phone = heeded.phone or (found.value if found else e164(text))
            if phone is None:
                return "failed"
            turn.callback_phone = phone
            turn.guesses = [g for g in turn.guesses if g.path != "requester.callback_phone"]
            span = found.span if found else (0, len(text)) if text else None
            turn.guesses.append(_flow_guess("requester.callback_phone", phone, LOCATION_CONFIDENCE, span=span))
            turn.state = _with(turn.state, phone="1")
        return "ok"


def _with(state: State, **values: str) -> State:
    return replace(state, vars={**state.vars, **values})


def _flow_guess(path: str, value: Any, confidence: float, *, span: tuple[int, int] | None = None) -> Guess:
    return Guess(path=path, value=value, source="flow", span=span, confidence=confidence)


def _location(location: Location) -> list[Guess]:
    lat, lon = to_wgs84(location.lat, location.lon, crs_of(location.crs))  # as it was sent stays in the message
    values: dict[str, Any] = {
        "place.lat": round(lat, 8),
        "place.lon": round(lon, 8),
        "place.crs": Crs.WGS84.value,
    }
    if location.label:
        values["place.address"] = location.label[:ADDRESS_CHARS]
    return [_flow_guess(path, value, LOCATION_CONFIDENCE) for path, value in values.items()]
