"""Every reader of bytes that strangers or providers send: good inputs to start from, and what it may answer with."""

from __future__ import annotations

import asyncio
import json
import struct
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from channels.platform import codec as platform
from channels.sip import uri
from channels.sip.bodies import UnsupportedBody, key_of, sdp_of
from channels.sip.call_info import call_info
from channels.sip.media_sdp import Description, NotAcceptable
from channels.sip.message import Malformed as SipMalformed
from channels.sip.message import Request, parse, response_to
from channels.sip.rtp import HEADER, HEADER_BYTES, payload_of
from channels.sip.rtp_buffer import JitterBuffer
from channels.sip.rtp_events import EventReceiver
from channels.sip.settings import SipSettings
from channels.sip.transport import Flow
from channels.sms import hooks
from channels.sms.cmpp import pdu as cmpp
from channels.sms.smpp import pdu as smpp
from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import Malformed as TelegramMalformed
from channels.telegram.updates import Translator
from channels.webchat.answers import Refusal
from channels.webchat.protocol import parse as parse_frame
from channels.wechat import customer_service, envelope, official
from channels.wechat.refusals import Refused
from channels.wechat.settings import WechatSettings
from gateway.errors import ConfigError, RejectedInput
from gateway.intake.call.numbers import caller_number
from gateway.intake.media.sniff import sniff
from gateway.ivr.loader import load_flow
from gateway.ivr.prompts import Prompts, read_prompts
from gateway.media.wav import alaw_wav, read_wav
from tests.channels.telegram import shapes
from tests.support.command import ROOT

NOW = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
WECHAT = WechatSettings(app_id="wx1", app_secret="s", token="t", mode="plain")


@dataclass(frozen=True)
class Target:
    """``feed`` reads one input; ``refusals`` are the only exceptions that it may raise."""

    good: tuple[bytes, ...]
    feed: Callable[[bytes], Any]
    refusals: tuple[type[Exception], ...] = ()
    on_loop: bool = True
    """Whether it reads on an event loop, where an input may cost 50 ms of CPU at most."""
    share: int = 1
    """One in so many of the inputs that others get: what costs more is read less often."""


def _crlf(*lines: str, body: str = "") -> bytes:
    return ("\r\n".join((*lines, f"Content-Length: {len(body.encode())}", "", "")) + body).encode()


_SDP_LINES = (
    "v=0",
    "o=- 1 1 IN IP4 192.0.2.9",
    "s=-",
    "c=IN IP4 192.0.2.9",
    "t=0 0",
    "m=audio 4000 RTP/AVP 8 0 101 13",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-15",
    "a=ptime:20",
    "a=rtcp-mux",
    "a=sendrecv",
    "m=video 0 RTP/AVP 96",
    "",
)
SDP = "\r\n".join(_SDP_LINES)
_DIALOG = (
    "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-1;rport;received=192.0.2.9",
    'From: "王 \\"五\\"" <sip:13800138000@192.0.2.9;user=phone>;tag=a1',
    "To: <sip:12345@192.0.2.1>",
    "Call-ID: 1@192.0.2.9",
    "Max-Forwards: 70",
)
SIP = (
    _crlf(
        "INVITE sip:12345@192.0.2.1:5060;transport=udp SIP/2.0",
        *_DIALOG,
        "CSeq: 1 INVITE",
        "Contact: <sip:13800138000@192.0.2.9:5060>",
        "P-Asserted-Identity: <tel:+8613800138000>",
        "Diversion: <sip:12329@192.0.2.9>;reason=unconditional",
        'Remote-Party-ID: "王" <sip:%2B8613800138000@192.0.2.9>;party=calling;screen=yes;privacy=full',
        "Privacy: user;id",
        "Session-Expires: 1800;refresher=uac",
        "Record-Route: <sip:192.0.2.7;lr>, <sip:192.0.2.8;lr>",
        "Content-Type: application/sdp",
        body=SDP,
    ),
    _crlf("OPTIONS sip:12345@192.0.2.1 SIP/2.0", *_DIALOG, "CSeq: 2 OPTIONS", "Accept: application/sdp"),
    _crlf(
        "INVITE tel:12345;phone-context=+86898 SIP/2.0",
        *_DIALOG,
        "CSeq: 2 INVITE",
        "History-Info: <sip:66501234@192.0.2.9?Reason=SIP%3Bcause%3D302>;index=1, <sip:12345@192.0.2.9>;index=1.1;rc=1",
    ),
    _crlf(
        "REGISTER sip:192.0.2.1 SIP/2.0",
        *_DIALOG,
        "CSeq: 3 REGISTER",
        "Expires: 600",
        'Authorization: Digest username="8001", realm="hotline", nonce="n", uri="sip:192.0.2.1", response="00"',
    ),
    _crlf("SIP/2.0 200 OK", *_DIALOG, "CSeq: 1 INVITE", "Contact: <sip:8001@192.0.2.9>", body=SDP),
    _crlf("CANCEL sip:12345@192.0.2.1 SIP/2.0", *_DIALOG, "CSeq: 1 CANCEL"),
    _crlf(
        "INFO sip:12345@192.0.2.1 SIP/2.0",
        *_DIALOG,
        "CSeq: 4 INFO",
        "Content-Type: application/dtmf-relay",
        body="Signal=5\r\nDuration=160\r\n",
    ),
)


def _sip(data: bytes) -> None:
    try:
        message = parse(data, Flow(None, "udp", "192.0.2.9", 5060, None))
    except SipMalformed as error:
        if error.request is not None:
            response_to(error.request, error.status, to_tag="ours")
        raise
    for name in ("from", "to", "contact", "route"):
        for value in message.values(name):
            uri.user_of(value)
            uri.tag_of(value)
            uri.parse_uri(uri.uri_of(value))
            uri.address_params(value)
    if isinstance(message, Request):
        response_to(message, 200)
        with suppress(UnsupportedBody):
            key_of(message)
        with suppress(UnsupportedBody):
            sdp_of(message)
        caller_number(call_info(message, channel_id="hotline", settings=SipSettings(), trusted=True))


def _sdp(data: bytes) -> None:
    ours = Description("192.0.2.1", 20_000)
    ours.answer(data)
    ours.offer()
    ours.accept(data)


def _rtp(second: int, payload: bytes, *, seq: int = 7, first: int = 0x80) -> bytes:
    return HEADER.pack(first, second, seq, 160 * seq, 99) + payload


RTP = (
    _rtp(8, bytes([0xD5] * 160)),
    _rtp(0x88, bytes([0x55] * 160), seq=65_535),
    _rtp(101, bytes([5, 0x8A, 0, 160])),
    _rtp(8, struct.pack("!IHH", 1, 0xBEDE, 1) + bytes(4 + 160), first=0x91),
    _rtp(8, bytes(160) + bytes([4]), first=0xA0),
)


RTCP = (
    bytes.fromhex("80c80006000000630000000000000000000000000000000000000000"),
    bytes.fromhex("81c90007000000630000006400000000000000010000000200000000") + bytes(4),
    bytes.fromhex("81ca00030000006301043132333400000000"),
    bytes.fromhex("81cb000100000063"),
)


def _media(data: bytes) -> None:
    buffer, events = JitterBuffer(), EventReceiver()
    for start in range(0, min(len(data), 20 * 172), 172):
        packet = data[start : start + 172]
        if len(packet) <= HEADER_BYTES:
            continue
        payload = payload_of(packet)
        if payload is None:
            continue
        _, _, seq, timestamp, ssrc = HEADER.unpack_from(packet)
        buffer.put(seq, payload)
        events.take(payload, ssrc=ssrc, timestamp=timestamp)
        assert len(buffer.get()) == 160


def _deliver_sm(text: bytes, *, esm: int = 0, tlvs: bytes = b"") -> bytes:
    return (
        b"\0\1\1" + b"13800138000\0" + b"\0\1" + b"12345\0" + bytes((esm, 0, 0)) + b"\0\0" + bytes((0, 0, 8, 0))
        + bytes((len(text),)) + text + tlvs
    )  # fmt: skip


SMPP = (
    _deliver_sm("路灯坏了".encode("utf-16-be")),
    _deliver_sm(b"\5\0\3\7\2\1" + "路灯".encode("utf-16-be"), esm=0x40),
    _deliver_sm(b"id:7 sub:001 dlvrd:001 submit date:2611290900 done date:2611290901 stat:DELIVRD err:000", esm=4),
    _deliver_sm(
        b"", tlvs=b"\x04\x24\0\6" + "坏了灯".encode("utf-16-be") + b"\x02\x0c\0\2\0\1\x02\x0e\0\1\2\x02\x0f\0\1\1"
    ),
)


def _smpp(data: bytes) -> None:
    for read in (smpp.read_deliver, smpp.read_data):
        try:
            message = read(data)
        except smpp.Malformed:
            continue
        message.user_data()
        message.word()


def _cmpp_good() -> tuple[bytes, ...]:
    fields = {"Dest_Id": "12345", "Src_terminal_Id": "13800138000", "Msg_Fmt": 8}
    content = "路灯坏了".encode("utf-16-be")
    whole = cmpp.encode(cmpp.DELIVER, {**fields, "Msg_Length": len(content), "Msg_Content": content}, cmpp.V3)
    told = cmpp.encode_report({"Stat": "DELIVRD", "Submit_time": "2611290900", "Done_time": "2611290901"}, cmpp.V2)
    report = {**fields, "Registered_Delivery": 1, "Msg_Length": len(told), "Msg_Content": told}
    return whole, cmpp.encode(cmpp.DELIVER, report, cmpp.V2), told


def _cmpp(data: bytes) -> None:
    for command in (cmpp.DELIVER, cmpp.CONNECT | 0x80000000, cmpp.SUBMIT | 0x80000000, cmpp.DELIVER ^ 0xFF):
        for version in (cmpp.V2, cmpp.V3):
            try:
                fields = cmpp.decode(command, data, version)
                cmpp.report(fields.get("Msg_Content", b""))
            except cmpp.Malformed:
                continue


def _xml(**fields: str) -> bytes:
    inside = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
    return f"<xml>{inside}</xml>".encode()


_COMMON = {"ToUserName": "gh_1", "FromUserName": "oUser", "CreateTime": "1795942800"}
WECHAT_XML = (
    _xml(**_COMMON, MsgType="text", Content="路灯坏了 😀", MsgId="1"),
    _xml(**_COMMON, MsgType="location", Location_X="20.04", Location_Y="110.2", Scale="16", Label="海口", MsgId="2"),
    _xml(**_COMMON, MsgType="voice", MediaId="m", Format="amr", Recognition="路灯", MsgId="3"),
    _xml(**_COMMON, MsgType="event", Event="CLICK", EventKey="menu_1"),
    b"<xml><ToUserName>g</ToUserName><FromUserName>o</FromUserName><MsgType>event</MsgType><Event>x</Event><A/></xml>",
    b'{"ToUserName": "gh_1", "FromUserName": "o", "MsgType": "text", "Content": "x", "MsgId": 1}',
)


def _wechat(data: bytes) -> None:
    found = envelope.fields(data)
    official.translate(found, official.Origin("wechat", NOW), WECHAT)


def _customer_service(data: bytes) -> None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(found, dict):
        customer_service.translate(found, official.Origin("wechat", NOW), WECHAT)


def dumped(*bodies: Any) -> tuple[bytes, ...]:
    """JSON as a browser sends it."""
    return tuple(json.dumps(body, ensure_ascii=False).encode() for body in bodies)


TELEGRAM = dumped(
    shapes.message(text="路灯坏了"),
    shapes.message(photo=shapes.PHOTO, caption="这里"),
    shapes.message(voice=shapes.VOICE),
    shapes.message(location={"latitude": 20.04, "longitude": 110.2}),
    shapes.edited(text="改了"),
    shapes.tap("1", "投诉"),
    shapes.member("kicked"),
)


def _telegram(data: bytes) -> None:
    settings = TelegramSettings(token=shapes.TOKEN, secret_token=shapes.SECRET)
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        return
    Translator(settings=settings, channel_id="tg", bot_id="1").translate(raw, NOW)


def _sms_json(data: bytes) -> None:
    asyncio.run(hooks.parse_json(data))


PLATFORM = dumped(
    {"event_id": "1", "sender": "u-1", "text": "路灯坏了"},
    {"event_id": "2", "sender": "u-1", "text": "", "location": {"lat": 20.04, "lon": 110.2, "crs": "gcj02"}},
    {"receipt": {"message_id": "1", "state": "delivered"}},
    {"source": {"name": "app", "event_id": "1"}, "requester": {"kind": "citizen"}, "content": "路灯坏了"},
)
FRAMES = dumped(
    {"t": "hello", "token": "t", "v": 1},
    {"t": "text", "id": "first-message", "text": "路灯坏了"},
    {"t": "location", "id": "second-message", "lat": 20.04, "lon": 110.2},
    {"t": "typing", "on": True},
    {"t": "end", "id": "third-message"},
)
FILES = (
    b"\xff\xd8\xff\xe0" + bytes(60),
    b"\x89PNG\r\n\x1a\n" + bytes(60),
    b"#!AMR\n" + bytes(60),
    b"RIFF\x24\0\0\0WAVEfmt " + bytes(60),
    b"\0\0\0\x18ftypM4A " + bytes(60),
    b"ffconcat version 1.0\nfile x.mp3\n",
    "您好，路灯坏了".encode(),
)


@cache
def _prompts() -> Prompts:
    return read_prompts(ROOT / "ivr_flows" / "prompts")[0]


def _flow(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hotline.yaml"
        path.write_bytes(data)
        load_flow(path, _prompts())


TARGETS = {
    "sip": Target(SIP, _sip, (SipMalformed,)),
    "sdp": Target((SDP.encode(),), _sdp, (NotAcceptable,)),
    "rtp": Target((*RTP, b"".join(RTP[:1] * 20)), _media),
    "smpp": Target(SMPP, _smpp),
    "cmpp": Target(_cmpp_good(), _cmpp),
    "wechat": Target(WECHAT_XML, _wechat, (Refused,)),
    "wechat_customer_service": Target(
        dumped(
            {"msgid": "1", "open_kfid": "k", "external_userid": "u", "send_time": 1, "msgtype": "text", "origin": 3}
        ),
        _customer_service,
        (Refused,),
    ),
    "telegram": Target(TELEGRAM, _telegram, (TelegramMalformed,)),
    "platform": Target(PLATFORM, platform.parsed, (platform.Malformed,)),
    "webchat": Target(FRAMES, parse_frame, (Refusal,)),
    "sms_json": Target(dumped([{"phone_number": "13800138000", "content": "x"}]), _sms_json, (hooks.NotUnderstood,)),
    "sniff": Target(FILES, lambda data: sniff(data, "x.mp3")),
    "wav": Target((alaw_wav(bytes(400)), alaw_wav(bytes(400), bytes(400))), read_wav, (RejectedInput, ValueError)),
    "flow": Target(
        ((ROOT / "ivr_flows" / "hotline.yaml").read_bytes(),), _flow, (ConfigError,), on_loop=False, share=20
    ),
}
