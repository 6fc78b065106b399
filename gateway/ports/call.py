"""A telephone call as the product sees it; ``channels/sip`` implements it, tests script it.

Audio on this port is always A-law, 8 kHz, mono, in frames of 160 bytes (20 ms), whatever was negotiated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from gateway.domain.phone_numbers import NATIONAL, DialPlan

FRAME_BYTES = 160
FRAME_MS = 20
ALAW_SILENCE = 0xD5
"""The A-law code of zero."""


class EndReason(StrEnum):
    """Why a leg is over."""

    CANCELLED = "cancelled"
    """The caller gave up before the 200 OK (CANCEL, or its transaction failed)."""
    CALLER_HUNG_UP = "caller_hung_up"
    WE_HUNG_UP = "we_hung_up"
    REJECTED = "rejected"
    MEDIA_LOST = "media_lost"
    """30 s without RTP though none was agreed to stop."""
    SIGNALLING_LOST = "signalling_lost"
    """No ACK for our 200, a session timer ran out, a send failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInfo:
    """What signalling said of a call; raw strings are as received."""

    channel_id: str
    call_id: str
    """SIP Call-ID."""
    external_id: str
    """Unique for this call at this channel (Call-ID plus From tag): the dedupe key of its interaction."""
    from_raw: str
    to_raw: str
    from_user: str
    """User part or number of From as sent; may be anonymous, empty or odd."""
    to_user: str
    asserted_identity: str | None = None
    """P-Asserted-Identity or what stands for it, only from a trusted peer."""
    caller_uris: tuple[str, ...] = ()
    """Who calls, as URIs: what a trusted peer asserts before From, which anybody may write."""
    plan: DialPlan = NATIONAL
    """What their numbers leave out on this trunk."""
    withheld: bool = False
    """The caller asked the network not to show who they are."""
    diversion: str | None = None
    """Diversion, or the number that History-Info says was dialled first."""
    remote: str = ""
    """host:port that signalled."""
    line: str = "citizen"
    flow: str = "hotline"
    headers: Mapping[str, str] = field(default_factory=dict)
    """X- headers of the INVITE."""


FrameSink = Callable[[bytes, bytes], None]
"""Called once per 20 ms with (caller frame, our frame), both 160 A-law bytes, silence where nothing came or went."""


class Playback(Protocol):
    """Audio being played to the caller."""

    @property
    def played_ms(self) -> int:
        """How much has been sent."""
        ...

    def stop(self) -> None:
        """Stop at the next frame (barge-in)."""
        ...

    async def wait(self) -> bool:
        """True when played to its end, False when stopped; ``CallEnded`` when the leg is over."""
        ...


class CallLeg(Protocol):
    """One leg of a call. Methods other than the properties raise ``CallEnded`` once it is over."""

    @property
    def info(self) -> CallInfo:
        """What signalling said."""
        ...

    @property
    def ended(self) -> asyncio.Future[EndReason]:
        """Resolves when the leg is over, whoever ended it; never raises."""
        ...

    @property
    def on_hold(self) -> bool:
        """The far side has put us on hold (sendonly or inactive)."""
        ...

    @property
    def started_media(self) -> bool:
        """Whether any RTP of the caller has arrived."""
        ...

    def ring(self) -> None:
        """Send 180 Ringing once."""
        ...

    async def answer(self) -> None:
        """Send 200 OK; returns when the caller has acknowledged it: nothing is heard or sent before.

        ``CallEnded`` when a CANCEL was read before (487 has gone out and no 200 ever will) or no ACK came.
        """
        ...

    async def proved(self) -> bool:
        """Whether the caller has shown that it gets what we send, by acknowledging our answer or refusal.

        Waits a moment for that when the leg has just ended. Numbers of calls that prove nothing may be invented:
        nobody is called back for them.
        """
        ...

    async def reject(self, status: int, reason: str, *, retry_after_s: int | None = None) -> None:
        """Refuse with a final response (e.g. 503)."""
        ...

    def play(self, alaw: bytes) -> Playback:
        """Play A-law audio; a playback under way is stopped first."""
        ...

    def set_sink(self, sink: FrameSink | None) -> None:
        """Where both tracks go from now on, one pair of frames each 20 ms while the call is up."""
        ...

    async def dtmf(self) -> str:
        """The next key pressed (0-9 * # A-D), each exactly once; waits."""
        ...

    def pending_dtmf(self) -> bool:
        """Whether a key waits to be read."""
        ...

    async def hangup(self, cause: str = "normal") -> None:
        """Send BYE; idempotent."""
        ...


CallHandler = Callable[[CallLeg], Awaitable[None]]
"""Takes a leg that has just been offered (INVITE received, 100 sent) and lives until the call is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingCall:
    """A call that we place: sip URI to reach, numbers to show, headers to add."""

    to_uri: str
    from_user: str
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 30.0
