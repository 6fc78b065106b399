"""A flow spoken over a call: the pure engine decides, this plays, asks and acts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from gateway.calls.dialogue import Dialogue, Keyed, Nothing, Pressed, Question, Spoke
from gateway.domain.words import Disposition
from gateway.errors import StoreUnavailable
from gateway.intake.call.progress import CallProgress
from gateway.intake.call.record import CallRecord
from gateway.ivr.actions import FAILED, MISSING, TEXTED
from gateway.ivr.audio import alaw
from gateway.ivr.engine import (
    Act,
    ActionDone,
    Begin,
    DangerHeard,
    DialogueState,
    End,
    Finished,
    FlowEngine,
    Input,
    Key,
    Output,
    PromptItem,
    Say,
    Silence,
    Wait,
    WordsHeard,
)
from gateway.ports.recogniser import Final
from gateway.prefill.danger import danger_in
from gateway.telemetry import log

_log = log.get("flow")
_ALAW_BYTES_PER_MS = 8
T = TypeVar("T")


class FlowOnCall:
    """One run of a flow with one caller."""

    def __init__(
        self,
        *,
        engine: FlowEngine,
        state: DialogueState,
        record: CallRecord,
        dialogue: Dialogue,
        heard_ms: Callable[[], int],
        progress: CallProgress | None = None,
    ) -> None:
        """Start at ``state`` (as ``engine.begin`` gave it). ``progress``: None where nothing is told by number."""
        self._progress = progress
        self._heard: str | None = None
        self.state = state
        self._engine = engine
        self._record = record
        self._dialogue = dialogue
        self._heard_ms = heard_ms
        self._ended: Disposition | None = None
        self._alarms: deque[DangerHeard] = deque()
        self._raised = asyncio.Event()
        self._alarmed: set[str] = set()
        record.watch(self.alarm)

    async def run(self) -> None:
        """Step through the flow until it ends; ``CallEnded`` when the caller is gone."""
        event: Input = Begin()
        while self._ended is None:
            self.state, outputs = self._engine.step(self.state, event)
            if not outputs:
                raise RuntimeError(f"flow {self.state.flow} has nothing to say to {type(event).__name__}")
            event = await self._perform(outputs, to_danger=isinstance(event, DangerHeard))

    def disposition(self, *, hung_up: bool, lost: bool) -> Disposition:
        """How the call ended, given who ended it. A caller who leaves after the number was taken has completed."""
        if self._ended is not None:
            return self._ended
        if self._asked_for_person:
            return Disposition.CALLBACK_REQUESTED
        if self._record.registered and not lost:
            return Disposition.COMPLETED
        return Disposition.ABANDONED_IN_FLOW if hung_up else Disposition.INTERRUPTED

    _asked_for_person = False

    def alarm(self, final: Final) -> None:
        """The caller said this: danger in it is answered at once, each kind once, whatever is under way."""
        danger = danger_in(final.text)
        if danger is None or danger.kind in self._alarmed:
            return
        self._alarmed.add(danger.kind)
        self._alarms.append(DangerHeard(danger.kind, final.language))
        self._raised.set()

    async def _perform(self, outputs: tuple[Output, ...], *, to_danger: bool) -> Input:
        """Carry the outputs out in order; the input that follows. What is said ``to_danger`` is said to its end."""
        if to_danger:
            await self._say([output for output in outputs if isinstance(output, Say)])
            return Finished()
        result: Input = Finished()
        says: list[Say] = []
        for output in outputs:
            match output:
                case Say():
                    says.append(output)
                case Wait():
                    return await self._or_danger(self._ask(says, output))
                case Act():
                    alarmed = await self._or_danger(self._say(says))
                    result, says = await self._act(output), []
                    if isinstance(alarmed, DangerHeard):
                        return alarmed
                case End(disposition=disposition):
                    alarmed = await self._or_danger(self._say(says))
                    if isinstance(alarmed, DangerHeard):
                        return alarmed
                    self._ended, says = Disposition(disposition), []
        if says and isinstance(alarmed := await self._or_danger(self._say(says)), DangerHeard):
            return alarmed
        return result

    async def _or_danger(self, doing: Coroutine[Any, Any, T]) -> T | DangerHeard:
        """What ``doing`` comes to, or the danger that the caller speaks of before that."""
        task, raised = asyncio.ensure_future(doing), asyncio.ensure_future(self._raised.wait())
        either: set[asyncio.Future[Any]] = {task, raised}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not self._alarms:
                return task.result()
            danger = self._alarms.popleft()
            if not self._alarms:
                self._raised.clear()
            return danger
        finally:
            for one in either:
                one.cancel()
            await asyncio.gather(*either, return_exceptions=True)

    async def _say(self, says: list[Say]) -> None:
        for say in says:
            audio = self._voice(say.items)
            await self._dialogue.say(audio)

    async def _ask(self, says: list[Say], wait: Wait) -> Input:
        items = tuple(item for say in says for item in say.items)
        answer = await self._dialogue.ask(
            self._voice(items),
            Question(
                keys=wait.keys,
                speech=wait.speech,
                barge_in=all(say.barge_in for say in says),
                silence_s=wait.silence_s,
                end_silence_s=wait.end_silence_s,
                max_s=wait.max_s,
                recognise_wait_s=wait.recognise_wait_s,
                keyed=wait.keyed,
            ),
        )
        match answer:
            case Pressed(key=key):
                return Key(key=key)
            case Keyed(digits=digits):
                self._heard = digits
                return WordsHeard(digits, self.state.language)
            case Spoke(text=text, language=language):
                self._heard = text
                return WordsHeard(text=text, language=language)
            case Nothing():
                return Silence()

    async def _act(self, act: Act) -> Input:
        outcome, values = "ok", {}
        try:
            match act.name:
                case "set_line":
                    await self._record.choose_line(act.args["line"])
                case "register_ticket":
                    texted = await self._record.register(self.state.language)
                    values = {"ticket_no": self._record.ticket_no}
                    outcome = "failed" if not self._record.ticket_no else TEXTED if texted else "ok"
                case "missing":
                    outcome = MISSING if self._record.lacks(act.args["field"]) else "ok"
                case "request_callback":
                    self._asked_for_person = True
                    await self._record.request_callback(act.args.get("reason", "asked_for_person"))
                case "take_ticket_number":
                    outcome = self._progress.take(self._heard) if self._progress is not None else MISSING
                case "tell_progress":
                    outcome = await self._progress.tell(self._heard) if self._progress is not None else FAILED
                    values = {"handled": self._progress.handled if self._progress is not None else ""}
                case "score_reply":
                    score = int(act.args["satisfied"])
                    outcome = await self._progress.rate(score) if self._progress is not None else FAILED
                case "set_language":
                    self.state = replace(self.state, language=act.args["language"])
                case name:
                    raise AssertionError(f"flow action {name!r} is linted but not implemented")
        except StoreUnavailable as error:
            _log.error("flow_action_failed", action=act.name, exc_info=error)
            outcome = "failed"
        return ActionDone(name=act.name, outcome=outcome, vars=values)

    def _voice(self, items: tuple[PromptItem, ...]) -> bytes:
        audio = b"".join(alaw(item) for item in items)
        if audio:
            start = self._heard_ms()
            text = (" " if self.state.language == "en" else "").join(item.text for item in items)
            with suppress(ValueError):
                self._record.said(text, start, start + len(audio) // _ALAW_BYTES_PER_MS, self.state.language)
        return audio
