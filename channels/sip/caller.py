"""A caller: places one real call, waits for the prompt to end, presses keys, speaks, hangs up after the goodbye."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from channels.sip.flow import Target
from channels.sip.settings import SipSettings
from channels.sip.trace import TraceWriter
from channels.sip.uac import OutgoingLeg, target_of
from channels.sip.user_agent import UserAgent
from gateway.edge.system_clock import SystemClock
from gateway.errors import CallEnded, GatewayError
from gateway.media.alaw_file import StereoAlawFile
from gateway.media.vad import VoiceDetector
from gateway.ports.call import FRAME_MS, CallLeg, EndReason, OutgoingCall

ANSWER_S = 25.0
"""How long the far side may take to answer."""
ANYWHERE = ("0.0.0.0/0", "::/0")
"""The answerer may send audio from any address."""
PROBE_S = 0.3
SILENT_MS = 1200
"""So long a pause ends a prompt: sentences within one pause for less."""
VOICE_MS = 200
"""Less voice than this is a click, not a prompt."""
NO_PROMPT_MS = 4000
"""Without a prompt for so long the caller goes on by itself."""
LIMIT_S = 600.0
"""Seconds after which a call that neither side ends is hung up."""
STEP_S = 0.05
NO_ROUTE = frozenset({errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL})


class CallFailed(GatewayError):
    """The call did not come about; the message says why."""

    code = "unreachable"


@dataclass(slots=True)
class Ear:
    """What the caller hears, told apart into voice and silence."""

    detector: VoiceDetector
    file: StereoAlawFile | None
    now_ms: int = 0
    voice_ms: int = 0
    first_ms: int | None = None
    last_ms: int = 0
    run_ms: int = 0

    def hear(self, theirs: bytes, ours: bytes) -> None:
        """Take 20 ms."""
        self.now_ms += FRAME_MS
        if self.detector.voiced(theirs):
            self.voice_ms += FRAME_MS
            self.run_ms += FRAME_MS
            self.last_ms = self.now_ms
            if self.first_ms is None:
                self.first_ms = self.now_ms
        if self.file is not None:
            self.file.append(ours, theirs)  # left the caller, as the gateway records it

    async def prompt_over(self) -> None:
        """Wait until a prompt has been heard from now on and has fallen silent; not for ever when none comes."""
        began, self.run_ms = self.now_ms, 0
        while True:
            quiet = self.now_ms - max(self.last_ms, began)
            if quiet >= (SILENT_MS if self.run_ms >= VOICE_MS else NO_PROMPT_MS):
                return
            await asyncio.sleep(STEP_S)


class NoPhones:
    """A caller has no phones of its own (``ports.channel.PhoneBook``)."""

    async def phone_secret(self, username: str, realm: str) -> str | None:  # noqa: ARG002 - the port
        """No name is known."""
        return None

    async def bind(self, username: str, contact: str, expires_at: datetime | None, call_id: str, cseq: int) -> None:
        """Nothing is kept."""

    async def bindings(self, username: str) -> list[tuple[str, datetime]]:  # noqa: ARG002 - the port
        """There are none."""
        return []


class NoTrace(TraceWriter):
    """A caller writes no trace."""

    def __call__(self, received: bool, peer: str, message: bytes) -> None:  # noqa: FBT001 - ``wire.Trace``
        """Drop it."""


async def place_call(
    *,
    to_uri: str,
    from_user: str,
    speech: bytes,
    keys: str = "",
    hangup_after_s: float | None = None,
    record: Path | None = None,
) -> dict[str, Any]:
    """Call ``to_uri`` (sip: URI with an IP address) from a free port and behave as a citizen would.

    ``speech`` is A-law at 8 kHz, ``keys`` are pressed after the first prompt; without ``hangup_after_s`` (seconds
    after the answer) the far side ends the call. Raises ``CallFailed``.
    The answer is JSON-ready; its ``status`` is SIP's.
    """
    target = target_of(to_uri)
    host = await _route_to(target)
    clock = SystemClock()
    agent = UserAgent(
        settings=SipSettings(host=host, port=0, rtp_ports=(0, 0), no_media_timeout_s=60, trunks=ANYWHERE),
        channel_id="caller",
        calls=_refuse,
        clock=clock,
        phones=NoPhones(),
        trace=NoTrace(Path(), "caller", clock),
        draining=lambda: False,
        gauge=lambda _name, _value: None,
    )
    file = StereoAlawFile(record) if record is not None else None
    ear = Ear(VoiceDetector(), file)
    await agent.start()
    try:
        began = clock.monotonic()
        try:
            leg = await agent.invite(OutgoingCall(to_uri=to_uri, from_user=from_user, timeout_s=ANSWER_S))
        except CallEnded as error:
            raise CallFailed(f"{to_uri}: {error}") from None
        answered = clock.monotonic()
        leg.set_sink(ear.hear)
        spoke = await _talk(leg, ear, speech, keys, hangup_after_s)
        await leg.hangup()
        reason = await leg.ended
        return {
            "call_id": leg.info.call_id,
            "status": 200,
            "answered_ms": round((answered - began) * 1000),
            "talked_s": round(clock.monotonic() - answered, 2),
            "hung_up_by": "far" if reason is EndReason.CALLER_HUNG_UP else "caller",
            "end_reason": reason.value,
            "first_heard_ms": ear.first_ms,
            "heard_s": round(ear.voice_ms / 1000, 2),
            "spoke_s": spoke,
            "keys": keys,
            "media": leg.started_media,
            "recording": str(record) if record is not None else None,
        }
    finally:
        await agent.aclose(drain_s=0)
        if file is not None:
            file.close()


async def _talk(leg: OutgoingLeg, ear: Ear, speech: bytes, keys: str, hangup_after_s: float | None) -> float:
    """Listen, press, speak, listen until the far side hangs up or the time is over; seconds spoken."""
    playback = None

    async def script() -> None:
        nonlocal playback
        await ear.prompt_over()
        if keys:
            leg.send_dtmf(keys)
            await ear.prompt_over()
        playback = leg.play(speech)
        await playback.wait()
        await asyncio.get_running_loop().create_future()  # what is left to say is the far side's

    talking = asyncio.create_task(script())
    over: set[asyncio.Future[Any]] = {leg.ended, talking}
    await asyncio.wait(
        over,
        timeout=LIMIT_S if hangup_after_s is None else hangup_after_s,
        return_when=asyncio.FIRST_COMPLETED,
    )
    talking.cancel()
    with suppress(asyncio.CancelledError, CallEnded):
        await talking
    return round(playback.played_ms / 1000, 2) if playback is not None else 0.0


async def _refuse(leg: CallLeg) -> None:
    """Refuse incoming calls: a caller takes none."""
    await leg.reject(403, "Forbidden")


async def _route_to(target: Target) -> str:
    """Our address towards the target; ``CallFailed`` at once when nobody listens there (UDP on this machine's way)."""
    family = socket.AF_INET6 if ":" in target.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect((target.host, target.port))
            host = str(probe.getsockname()[0])
            if target.transport == "udp":
                probe.send(b"\r\n\r\n")  # a keep-alive (RFC 5626 4.4.1): a closed port answers it with ICMP
                await asyncio.sleep(PROBE_S)
                with suppress(BlockingIOError):
                    probe.recv(16)
        except OSError as error:
            if error.errno not in NO_ROUTE:
                raise
            raise CallFailed(f"nothing answers at {target.host}:{target.port} ({error.strerror})") from None
    return host
