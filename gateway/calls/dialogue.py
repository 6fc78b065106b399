"""Asks a caller a question: plays a prompt, which a key or speech may interrupt, and waits until the answer is over."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gateway.calls.keys import Keys
from gateway.calls.listener import Listener
from gateway.ports.call import CallLeg


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What counts as an answer and how long to wait for it (seconds)."""

    keys: str
    speech: bool
    barge_in: bool
    silence_s: float
    end_silence_s: float
    max_s: float
    recognise_wait_s: float
    keyed: int = 0
    """So many digits may be keyed as well: ``#`` ends them before, ``*`` begins anew."""


BETWEEN_KEYS_S = 4.0
"""Who keys in a number looks for the next digit for so long; then it is what was keyed."""
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class Keyed:
    """The caller keyed in a number."""

    digits: str


@dataclass(frozen=True, slots=True)
class Spoke:
    """The caller spoke; ``text`` is None when the recogniser has not answered in time."""

    text: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Nothing:
    """Neither speech nor a key came in time."""


class Dialogue:
    """Prompts and questions on one call leg."""

    def __init__(self, leg: CallLeg, listener: Listener, keys: Keys) -> None:
        """Speak through ``leg``, hear through ``listener`` and ``keys``."""
        self._leg = leg
        self._listener = listener
        self._keys = keys

    async def say(self, alaw: bytes) -> None:
        """Play to the end."""
        if alaw:
            await self._leg.play(alaw).wait()

    async def ask(self, alaw: bytes, question: Question) -> Pressed | Keyed | Spoke | Nothing:
        """Play ``alaw`` and wait for the answer; a key or (with barge-in) speech stops the playing."""
        since = self._listener.now_ms
        key = asyncio.ensure_future(self._keys.next(question.keys + (_DIGITS if question.keyed else "")))
        try:
            answered = await self._play(alaw, key, speech=question.speech and question.barge_in, since=since)
            if not answered:
                silence_began = self._listener.now_ms if not question.barge_in else since
                answered = await self._first(
                    key,
                    self._listener.speech(silence_began) if question.speech else None,
                    timeout_s=question.silence_s,
                )
            if key.done():
                return await self._keyed(key.result(), question)
            if not answered:
                return Nothing()
            return await self._hear_out(question, key)
        finally:
            key.cancel()
            with suppress(asyncio.CancelledError):
                await key

    async def _play(self, alaw: bytes, key: asyncio.Future[str], *, speech: bool, since: int) -> bool:
        """Play; True when a key or speech came first."""
        if not alaw:
            return False
        playback = self._leg.play(alaw)
        interrupted = asyncio.ensure_future(self._first(key, self._listener.speech(since) if speech else None))
        finished = asyncio.ensure_future(playback.wait())
        try:
            await asyncio.wait({interrupted, finished}, return_when=asyncio.FIRST_COMPLETED)
            if finished.done() and not interrupted.done():
                finished.result()
                return False
            playback.stop()
            return True
        finally:
            await _cancelled(interrupted, finished)

    async def _keyed(self, first: str, question: Question) -> Pressed | Keyed:
        """The key, or the number that it begins; a single digit that is a key of the question is that key."""
        digits = first
        while first in _DIGITS and len(digits) < question.keyed:
            try:
                async with asyncio.timeout(BETWEEN_KEYS_S):
                    key = await self._keys.next(f"{_DIGITS}#*")
            except TimeoutError:
                break
            if key == "#":
                break
            digits = "" if key == "*" else digits + key
        return Pressed(digits) if digits in tuple(question.keys) else Keyed(digits)

    async def _hear_out(self, question: Question, key: asyncio.Future[str]) -> Pressed | Keyed | Spoke:
        """Listen until the caller pauses long enough, presses a key, or has used up ``max_s``."""
        began = self._listener.speech_began_ms
        await self._first(key, self._listener.pause(int(question.end_silence_s * 1000)), timeout_s=question.max_s)
        if key.done():
            return await self._keyed(key.result(), question)
        await self._listener.understood(self._listener.last_voice_ms, question.recognise_wait_s)
        return Spoke(self._listener.text(began), self._listener.language(began))

    @staticmethod
    async def _first(
        key: asyncio.Future[str],
        other: Coroutine[Any, Any, None] | None,
        *,
        timeout_s: float | None = None,
    ) -> bool:
        """Wait for a key or ``other``; False when the time ran out. ``key`` stays untouched."""
        task = asyncio.ensure_future(other) if other is not None else None
        try:
            done, _ = await asyncio.wait(
                {f for f in (key, task) if f is not None},
                timeout=timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            if task is not None:
                await _cancelled(task)
        return bool(done)


async def _cancelled(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
