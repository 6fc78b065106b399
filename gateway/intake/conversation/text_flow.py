"""A flow on text: one message in, the next state and what we write out. Pure, so that it can be committed as one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.domain.coordinates import Crs, crs_of, to_wgs84
from gateway.domain.guess import Guess, Mention
from gateway.domain.intents import Intent, has_no_phone, intent_of, is_outright
from gateway.domain.messages import TICKET_NO
from gateway.domain.spoken import only_words
from gateway.domain.words import ContactBy, Disposition
from gateway.intake.contact.phrases import phrase
from gateway.intake.contact.plain_text import SILENT, house_alone, language_of, no_demand, phone_alone, phone_in
from gateway.intake.conversation.follow_up import City, FollowUp
from gateway.intake.conversation.matters import about, as_tourism, corrected, is_another, knows_where, set_apart, tells
from gateway.intake.conversation.ticket_talk import VERIFIES, WITHDRAWS, spoken_of, told
from gateway.ivr import schema
from gateway.ivr.engine import (
    Act,
    ActionDone,
    Begin,
    Beside,
    DangerHeard,
    DialogueState,
    End,
    Finished,
    FlowEngine,
    Input,
    Key,
    Output,
    Say,
    Wait,
    Waiting,
    WordsHeard,
)
from gateway.ports.conversation_store import TicketBrief
from gateway.ports.message import InboundMessage, Location
from gateway.prefill.address import holds_place, says_where
from gateway.prefill.danger import danger_in
from gateway.prefill.reader import PrefillReader
from gateway.prefill.spoken_phone import spoken_phone

_NO_PHONE = "没有电话"
"""How flows are told that there is no number, whatever the words were."""
ANSWER_CONFIDENCE = 0.9
"""An answer to our own question."""
LOCATION_CONFIDENCE = 0.95
"""A sent location is surer than an answer in words."""
PHONE_SURE = 0.8
ADDRESS_CHARS = 200
UNHEARD = "unheard"
"""The step of a dialogue that began with a voice message whose words are not known: nothing is asked before."""
_ONE_WORD = re.compile(r"[A-Za-z]{1,15}[.!?]*")
"""One word of Latin letters in which nobody finds a matter tells nothing."""
_MEDIA: Mapping[str | None, schema.Beside] = {"image": "picture", "voice": "voice", "file": "file"}
"""What came, as flows name it among their asides."""


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
    media: str | None = None
    """The message's kind when it is a picture, a voice message or a file."""
    voice_pending: str | None = None
    """message_id of a voice message whose words are not known yet."""
    speaks: bool = True
    """False for what is no turn of the dialogue (an edit, a sticker)."""


@dataclass(slots=True, kw_only=True)
class Turn:
    """What one message came to."""

    state: DialogueState
    lines: list[str] = field(default_factory=list)
    quick_replies: tuple[tuple[str, str], ...] = ()
    guesses: list[Guess] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    line: str | None = None
    """The line that they chose with it."""
    content: str | None = None
    """What of the message belongs to the demand."""
    callback_reason: str | None = None
    emergency: str | None = None
    """The number to call that was told: somebody is in danger."""
    demand_taken: bool = False
    another: bool = False
    """It has yet to begin: at the demand that is another matter."""


def disposition_of(state: DialogueState | None) -> Disposition:
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

    def __init__(self, *, engine: FlowEngine, prefill: PrefillReader, city: City | None = None) -> None:
        """Flows and the reader of messages; ``city``: what answers about tickets name of it."""
        self._city = city or City()
        self._engine = engine
        self._prefill = prefill

    def begin(
        self, flow: str, *, language: str | None, phone_known: bool, follow_up: bool = False, another: bool = False
    ) -> Turn:
        """A new dialogue up to where it waits for the first message.

        With ``follow_up`` it waits for what comes after a demand; with ``another`` the demand is here, told within a
        conversation about something else.
        """
        given = {"phone": "1"} if phone_known else {}
        if another and (state := self._engine.another(flow, language)) is not None:
            return Turn(state=replace(state, vars=given | {"ticket_no": TICKET_NO}), another=True)
        if follow_up and (state := self._engine.follow_up(flow, language)) is not None:
            return Turn(state=replace(state, vars=given | {"registered": "1", "demand": "1"}))
        turn = Turn(state=replace(self._engine.begin(flow, language), vars=given))
        self._run(turn, Begin(), None)
        return turn

    def waiting(self, state: DialogueState) -> Waiting | None:
        """See ``FlowEngine.waiting``."""
        return self._engine.waiting(state)

    def rests(self, state: DialogueState | None, message: InboundMessage) -> bool:
        """Whether the dialogue waits for nothing that the message could answer; also when there is none."""
        waiting = self._engine.waiting(state) if state is not None else None
        if waiting is None:
            return True
        return waiting.at_rest and not {message.choice, (message.text or "").strip()} & set(waiting.keys)

    def take(self, turn: Turn, heeded: Heeded, *, opening: bool) -> Turn:
        """Go on with ``turn`` (its state, what was said so far); ``opening``: it is the first message of all."""
        waiting = self._engine.waiting(turn.state)
        event: Input | None
        opening = opening or (heeded.speaks and turn.state.vars.get(UNHEARD) == turn.state.step)
        if danger := danger_in(heeded.text or ""):
            turn.emergency, event = danger.number, DangerHeard(danger.kind, language_of(heeded.text))
        elif turn.another:
            event = Begin()
        else:
            event = self._event(turn, heeded, waiting, opening=opening)
        asked = waiting.asked if waiting else None
        answers = asked if isinstance(event, WordsHeard) else None
        self._note(turn, heeded, waiting, answers, is_key=isinstance(event, Key))
        if heeded.voice_pending is None:
            forgotten = {name: "" for name in (WITHDRAWS, VERIFIES) if turn.state.vars.get(name)}
            turn.state = _with(turn.state, **forgotten) if forgotten else turn.state
        language = language_of(heeded.text)
        if waiting is not None and language in waiting.languages and turn.content and asked is None:
            turn.state = replace(turn.state, language=str(language))
        if event is not None:
            self._run(turn, event, heeded)
        if opening and heeded.voice_pending is not None and turn.state.vars.get(UNHEARD):
            turn.lines.append(phrase("number", turn.state.language).format(number=TICKET_NO))
            turn.state = _with(turn.state, registered="1")  # its words may never be known
        return turn

    def _event(self, turn: Turn, heeded: Heeded, waiting: Waiting | None, *, opening: bool) -> Input | None:
        """What the message is to the flow; None: nothing."""
        if waiting is None or not heeded.speaks:
            return WordsHeard(None) if waiting is not None and opening else None
        text = (heeded.text or "").strip()
        for key in (heeded.choice, text):
            if key in waiting.keys:
                return Key(key)
        if text and heeded.location is None:
            return WordsHeard(text, turn.state.language) if opening else self._said(turn, text, waiting, heeded.at)
        if heeded.voice_pending is not None and waiting.asides:
            turn.state = _with(turn.state, later=f"{heeded.voice_pending}@{turn.state.step}")
            if opening:
                turn.state = _with(turn.state, **{UNHEARD: turn.state.step})
            return Beside("voice")
        return self._sent(heeded, waiting, opening=opening)

    def _sent(self, heeded: Heeded, waiting: Waiting, *, opening: bool) -> Input | None:
        """What is no text: a location, a shared number, a picture, a voice message, a file."""
        if heeded.location is not None:
            return WordsHeard(heeded.location.label) if waiting.asked == "place" or opening else Beside("location")
        if opening:
            return WordsHeard(None)
        if heeded.phone is not None and heeded.media not in _MEDIA:
            return WordsHeard(heeded.phone) if waiting.asked == "phone" else Beside("phone")
        return Beside(_MEDIA[heeded.media]) if heeded.media in _MEDIA else None

    def _said(self, turn: Turn, text: str, waiting: Waiting, at: datetime) -> Input:
        """What words are to the question that waits: its answer, a choice, or something beside it."""
        if waiting.chooses(text) or not waiting.asides:
            return WordsHeard(text, turn.state.language)  # a flow without asides has only its own steps
        intent, demand = self._wants(text, at), waiting.asked is None and not waiting.at_rest
        if intent is Intent.ENGLISH and "en" in waiting.languages:
            turn.state = replace(turn.state, language="en")
        if intent in SILENT or (demand and no_demand(text)):
            name: schema.Beside = next((one for one in waiting.asides if one == intent), "greeting")
            return Beside(name)
        if waiting.asked == "phone" and (answer := _phone_answer(text)):
            return WordsHeard(answer, turn.state.language)
        if phone_alone(text) is not None:
            return Beside("phone")
        if demand or (waiting.asked == "place" and self._holds_place(text, at)):
            return WordsHeard(text, turn.state.language)
        secret = any(g.path == "requester.secret" and g.value is True for g in self._prefill.read(text, at=at).guesses)
        return Beside("secret" if secret else "addition", moves_on=not waiting.at_rest)

    def _wants(self, text: str, at: datetime) -> Intent | None:
        """What plain words want; None when they name a matter or a place besides: 南航路停水了，什么时候来水."""
        if not text.strip():
            return Intent.GREETING
        intent = intent_of(text)
        if intent is not None and is_outright(text):
            return intent
        told = tells(self._prefill.read(text, at=at).guesses)
        if intent is None and not told and _ONE_WORD.fullmatch(text.strip()):
            return Intent.GREETING  # asdfgh
        return None if told else intent

    def _holds_place(self, text: str, at: datetime) -> bool:
        """Whether it says where; a district alone does when hardly anything else is said."""
        if holds_place(text) or house_alone(text):
            return True
        places = [g.span for g in self._prefill.read(text, at=at, answers=True).guesses if g.path.startswith("place.")]
        return any(span is not None and 2 * (span[1] - span[0]) >= len(only_words(text)) for span in places)

    def later(self, state: DialogueState, message_id: str, text: str, at: datetime) -> Turn:
        """A voice message's words have become known: they are its answer if the flow still waits at its question."""
        turn = Turn(state=state)
        waiting = self._engine.waiting(state)
        waits = state.vars.get("later") == f"{message_id}@{state.step}" or (waiting is not None and waiting.at_rest)
        return self.take(turn, Heeded(at=at, text=text, speaks=waits), opening=False)

    def read(self, text: str, at: datetime) -> Turn:
        """What a text brings to a ticket whose dialogue is over."""
        danger = danger_in(text)
        turn = Turn(state=DialogueState(flow="", version="", step=""), emergency=danger.number if danger else None)
        self._note(turn, Heeded(at=at, text=text, speaks=False), None, None, is_key=False)
        return turn

    def is_another(self, state: DialogueState, text: str | None, at: datetime) -> bool:
        """Whether ``text`` tells of another matter than the demand that this conversation is about."""
        if not text or state.vars.get("demand") is None or self._wants(text, at) in SILENT:
            return False
        waiting = self._engine.waiting(state)
        if waiting is not None and waiting.asked == "place" and not set_apart(text):
            return False  # a place of its own is the answer, and 公交站 in it no matter of its own
        return is_another(state.vars, text, self._prefill.read(text, at=at).guesses)

    def about(
        self,
        state: DialogueState | None,
        open_ticket: str | None,
        text: str | None,
        tickets: Sequence[TicketBrief],
        at: datetime,
    ) -> FollowUp | None:
        """See ``ticket_talk.spoken_of``."""
        return spoken_of(self._prefill, state, open_ticket, text, tickets, at)

    def told(self, turn: Turn, found: FollowUp, heeded: Heeded, language: str) -> Turn:
        """``turn`` with our answer about a ticket, and what the message says besides.

        Of an addition that is everything; of what only asks, who the requester is.
        """
        if found.intent is Intent.ADDITION:
            self._note(turn, heeded, None, None, is_key=False)
        else:
            read = self._prefill.read(heeded.text or "", at=heeded.at).guesses
            own = tuple(replace(g, span=None) for g in read if g.path.startswith("requester."))
            turn.guesses += own
            self._remember(turn, "", own)
        phone = next((g for g in turn.guesses if g.path == "requester.callback_phone"), None)
        if phone is not None and phone.confidence >= PHONE_SURE and found.ticket is not None:
            found = replace(found, ticket=replace(found.ticket, callback_phone=phone.value))
        said, known = told(turn.state, found, language, self._city)
        turn.lines.append(said)
        turn.state = _with(turn.state, **known)
        return turn

    def _note(self, turn: Turn, heeded: Heeded, waiting: Waiting | None, answers: str | None, *, is_key: bool) -> None:
        """Keep what the message brings, whatever the flow makes of it."""
        text = heeded.text
        if has_no_phone(text, asked=waiting is not None and waiting.asked == "phone"):
            turn.state = _with(turn.state, phone="1")
        if text and not is_key and (turn.emergency is not None or self._is_told(turn, text, heeded, waiting)):
            turn.content = text
            reading = self._prefill.read(text, at=heeded.at, answers=answers in {"place", "phone"})
            turn.guesses += corrected(turn.state.vars, text, reading.guesses)
            turn.mentions += reading.mentions
            if (urgent := as_tourism(turn.state.vars, reading.guesses)) is not None:
                turn.guesses = [g for g in turn.guesses if g.path != urgent.path] + [urgent]
            self._remember(turn, text, reading.guesses)
            if (phone := phone_alone(text)) is not None:
                self._phone(turn, phone.value, span=phone.span)
            elif answers is None or answers == "demand" or turn.emergency is not None:
                turn.state = _with(turn.state, demand="1")
        if heeded.phone is not None:
            turn.state = _with(turn.state, phone="1")
            if not any(g.path == "requester.callback_phone" for g in turn.guesses):
                turn.guesses.append(_flow_guess("requester.callback_phone", heeded.phone, ANSWER_CONFIDENCE))
        if heeded.location is not None:
            turn.state = _with(turn.state, place="1")
            label = self._prefill.read(heeded.location.label or "", at=heeded.at, answers=True).guesses
            turn.guesses += [replace(g, span=None) for g in label if g.path.startswith("place.") and not text]
            turn.guesses = [g for g in turn.guesses if g.path != "place.address"] + _location(heeded.location)

    def _is_told(self, turn: Turn, text: str, heeded: Heeded, waiting: Waiting | None) -> bool:
        """Whether the words belong to the demand; a choice's do when they name a matter: 医保卡刷不了，我要找人工."""
        if turn.state.vars.get("demand") is None and no_demand(text):
            return False
        if waiting is not None and heeded.speaks and waiting.chooses(text):
            return bool(about({}, self._prefill.read(text, at=heeded.at).guesses))
        return self._wants(text, heeded.at) not in SILENT

    def _remember(self, turn: Turn, text: str, found: tuple[Guess, ...]) -> None:
        """What need not be asked any more, and what the demand is about, to tell another matter from it."""
        known: dict[str, str] = {}
        if any(g.path == "requester.callback_phone" and g.confidence >= PHONE_SURE for g in found):
            known["phone"] = "1"
        if any(g.path == "requester.contact_by" and g.value == ContactBy.MESSAGE for g in found):
            known |= {"phone": "1", "by_message": "1"}  # who wants no call is not asked where to call
        if any(g.path == "requester.anonymous" and g.value is True for g in found):
            known["phone"] = "1"  # nor is who will not be known
        if knows_where(text, found):
            known["place"] = "1"
        turn.state = _with(turn.state, **known, **about(turn.state.vars, found))

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
                known = turn.state.vars
                outcome = "already" if known.get("person") else "by_message" if known.get("by_message") else "ok"
                turn.callback_reason = act.args.get("reason", "asked_for_person")
                values = {"person": "1"}
            case "set_line":
                line = act.args["line"]
                turn.line = line
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
                read = next((g for g in turn.guesses if g.path == "place.address" and says_where(g.value)), None)
                whole = text[:ADDRESS_CHARS]
                address, span = (read.value, read.span) if read is not None else (whole, (0, len(whole)))
                turn.guesses = [g for g in turn.guesses if g.path != "place.address"]
                turn.guesses.append(_flow_guess("place.address", address, ANSWER_CONFIDENCE, span=span))
            turn.state = _with(turn.state, place="1")
        elif wanted == "phone":
            phone = heeded.phone or phone_in(text)
            if phone is None:
                return "failed"
            found = spoken_phone(text)
            self._phone(turn, phone, span=found.span if found else (0, len(text)) if text else None)
        return "ok"

    def _phone(self, turn: Turn, phone: str, *, span: tuple[int, int] | None) -> None:
        """The requester has given the number under which to call them."""
        turn.guesses = [g for g in turn.guesses if g.path != "requester.callback_phone"]
        turn.guesses.append(_flow_guess("requester.callback_phone", phone, LOCATION_CONFIDENCE, span=span))
        turn.state = _with(turn.state, phone="1")


def _phone_answer(text: str) -> str | None:
    """What ``text`` is to the question for a number; None: no answer."""
    if phone_in(text):
        return text
    return _NO_PHONE if has_no_phone(text, asked=True) else None


def _with(state: DialogueState, **values: str) -> DialogueState:
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
