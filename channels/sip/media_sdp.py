"""SDP offers and answers (RFC 3264, RFC 4566), on ``aiosipua``'s reader and writer."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from aiosipua.sdp import (
    Codec,
    ConnectionData,
    MediaDescription,
    Origin,
    SdpMessage,
    parse_sdp,
    serialize_sdp,
)

from gateway.errors import GatewayError

MAX_BYTES = 16_384
MAX_MEDIA = 16
MAX_PORT = 0xFFFF
PROFILES = frozenset({"RTP/AVP", "RTP/AVPF"})
PCMA, PCMU, COMFORT_NOISE, EVENTS = 8, 0, 13, 101
"""Payload types we offer (RFC 3551 6; events are dynamic)."""
HOST_NAME = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9._-]{1,255}", re.ASCII)
MIRRORED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


class NotAcceptable(GatewayError):
    """The SDP cannot be used or shares no codec with us: answer 488."""

    code = "not_acceptable"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedMedia:
    """What one offer and answer came to. Payload types are None where a thing was not agreed."""

    remote: tuple[str, int]
    """Host and port; the host is empty where SDP gives a name, which is never looked up."""
    alaw: int | None
    ulaw: int | None
    events: int | None
    comfort_noise: int | None
    direction: str
    """Ours: sendrecv, sendonly, recvonly or inactive (RFC 3264 6.1)."""
    unspecified: bool
    """The far side gave no address (c=0.0.0.0): the older way to put on hold (RFC 3264 8.4)."""

    @property
    def sends(self) -> bool:
        """Whether we send."""
        return self.direction in {"sendrecv", "sendonly"} and not self.unspecified

    @property
    def both_ways(self) -> bool:
        """Whether the far side is to send as well, so that its silence means trouble."""
        return self.direction == "sendrecv" and not self.unspecified


@dataclass(slots=True)
class Description:
    """Our side of one session: a stable ``o=`` line and every m-line ever agreed (RFC 3264 8)."""

    address: str
    port: int
    route: Callable[[str], str] | None = None
    """Our address towards the host in an offer, where the channel listens on every interface and advertises none."""
    session_id: int = field(default_factory=lambda: secrets.randbits(62))
    version: int = 1
    _sent: str = ""
    _lines: list[MediaDescription] = field(default_factory=list)
    _audio_at: int = 0

    def offer(self) -> bytes:
        """Our offer: A-law, mu-law and events, both ways."""
        formats = [Codec(PCMA, "PCMA", 8000), Codec(PCMU, "PCMU", 8000), Codec(EVENTS, "telephone-event", 8000)]
        audio = self._audio(formats, "RTP/AVP", "sendrecv")
        self._lines = [
            audio if at == self._audio_at else _refused(line) for at, line in enumerate(self._lines or [audio])
        ]
        return self._written()

    def answer(self, offer: bytes) -> tuple[bytes, AgreedMedia]:
        """Our answer to an offer; ``NotAcceptable`` when there is nothing to agree on."""
        sdp = _read(offer)
        at, agreed = _agree(sdp, self.family)
        if self.route is not None and not self._sent and not agreed.unspecified:
            self.address = self.route(agreed.remote[0])
        audio = sdp.media[at]
        chosen = (agreed.alaw if agreed.alaw is not None else agreed.ulaw, agreed.events, agreed.comfort_noise)
        kept = [_codec(audio, number) for number in chosen if number is not None]
        ours = self._audio(kept, audio.proto, agreed.direction)
        if "rtcp-mux" in audio.attributes:
            ours.attributes[
                "rtcp-mux"
            ] = []  # RFC 5761 5.1.1: reports then come to the RTP port, where we pass over them
        self._audio_at = at
        self._lines = [ours if index == at else _refused(line) for index, line in enumerate(sdp.media)]
        return self._written(), agreed

    def accept(self, answer: bytes) -> AgreedMedia:
        """What an answer to our offer agrees on."""
        at, agreed = _agree(_read(answer), self.family)
        if at != self._audio_at:
            raise NotAcceptable("the answer refuses our audio")
        return agreed

    @property
    def family(self) -> int:
        """IP version of our address."""
        return ipaddress.ip_address(self.address).version

    def _audio(self, codecs: list[Codec], proto: str, direction: str) -> MediaDescription:
        attributes: dict[str, list[str]] = {
            "rtpmap": [f"{c.payload_type} {c.encoding_name}/{c.clock_rate}" for c in codecs],
            "fmtp": [f"{c.payload_type} 0-15" for c in codecs if c.encoding_name.lower() == "telephone-event"],
            "ptime": ["20"],
            direction: [],
        }
        if not attributes["fmtp"]:
            del attributes["fmtp"]
        return MediaDescription("audio", self.port, proto, [str(c.payload_type) for c in codecs], attributes=attributes)

    def _written(self) -> bytes:
        kind = f"IP{self.family}"
        sdp = SdpMessage(
            origin=Origin("-", str(self.session_id), "0", "IN", kind, self.address),
            session_name="-",
            connection=ConnectionData("IN", kind, self.address),
            media=self._lines,
        )
        body = serialize_sdp(sdp)
        if self._sent not in {"", body}:
            self.version += 1
        self._sent = body
        sdp.origin.session_version = str(self.version)
        return serialize_sdp(sdp).encode()


def _refused(line: MediaDescription) -> MediaDescription:
    return MediaDescription(line.media, 0, line.proto, line.formats or ["0"])


def _read(body: bytes) -> SdpMessage:
    if len(body) > MAX_BYTES:
        raise NotAcceptable(f"an SDP of {len(body)} bytes; at most {MAX_BYTES} are read")
    try:
        sdp = parse_sdp(body.decode("utf-8", "replace"))
    except Exception as error:  # noqa: BLE001 - the reader raises whatever int() and slicing raise on hostile text
        raise NotAcceptable(f"unreadable SDP ({type(error).__name__})") from None
    if not sdp.media or len(sdp.media) > MAX_MEDIA or any(not line.media for line in sdp.media):
        raise NotAcceptable("an SDP without usable m-lines")
    return sdp


def _agree(sdp: SdpMessage, family: int) -> tuple[int, AgreedMedia]:
    """The first audio line that we can serve, and how."""
    reason = "no audio over RTP/AVP"
    for at, line in enumerate(sdp.media):
        if line.media != "audio" or line.proto not in PROFILES or line.port == 0:
            continue
        try:
            return at, _agree_on(line, sdp, family)
        except NotAcceptable as error:
            reason = str(error)
    raise NotAcceptable(reason)


def _agree_on(line: MediaDescription, sdp: SdpMessage, family: int) -> AgreedMedia:
    if not 0 < line.port <= MAX_PORT:
        raise NotAcceptable("a port outside 1..65535")
    alaw, ulaw = _number(line, "PCMA"), _number(line, "PCMU")
    if alaw is None and ulaw is None:
        raise NotAcceptable("neither PCMA nor PCMU is offered")
    address = _address(line.connection or sdp.connection, family)
    unspecified = address is not None and address.is_unspecified
    directions = [d for d in MIRRORED if d in line.attributes] or [d for d in MIRRORED if d in sdp.attributes]
    theirs = directions[0] if directions else "sendrecv"
    if unspecified:
        theirs = "sendonly" if theirs in {"sendrecv", "sendonly"} else "inactive"
    return AgreedMedia(
        remote=("" if address is None else str(address), line.port),
        alaw=alaw,
        ulaw=ulaw,
        events=_number(line, "TELEPHONE-EVENT"),
        comfort_noise=_number(line, "CN"),
        direction=MIRRORED[theirs],
        unspecified=unspecified,
    )


def _address(connection: ConnectionData | None, family: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address of a c= line, None for a name. Names are not looked up: a peer must not make us ask the DNS."""
    written = connection.address if connection else ""
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        if HOST_NAME.fullmatch(written):
            return None
        raise NotAcceptable("the connection address is neither an IP address nor a host name") from None
    if address.version != family:
        raise NotAcceptable(f"an IPv{address.version} address; this channel speaks IPv{family}")
    if address.is_multicast or (family == 4 and address == ipaddress.IPv4Address(0xFFFFFFFF)):  # noqa: PLR2004 - IP version
        raise NotAcceptable("a multicast or broadcast address")
    return address


def _codec(line: MediaDescription, number: int) -> Codec:
    return next(c for c in _codecs(line) if c.payload_type == number)


def _codecs(line: MediaDescription) -> list[Codec]:
    """Codecs of a line, with the static numbers that ``aiosipua`` does not know (RFC 3551: 13 is CN)."""
    return [
        Codec(COMFORT_NOISE, "CN", 8000) if c.payload_type == COMFORT_NOISE and not c.encoding_name else c
        for c in line.codecs
    ]


def _number(line: MediaDescription, name: str) -> int | None:
    """The payload type offered for an 8 kHz mono encoding."""
    return next(
        (
            c.payload_type
            for c in _codecs(line)
            if c.encoding_name.upper() == name
            and c.clock_rate == 8000  # noqa: PLR2004 - G.711's only rate
            and c.channels in {None, 1}
            and 0 <= c.payload_type <= 127  # noqa: PLR2004 - 7 bits
        ),
        None,
    )
