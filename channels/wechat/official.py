"""An official account's messages and events, translated (公众号 and 小程序客服: one callback format)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.wechat.envelope import Fields, degrees, moment, nested, required, text
from channels.wechat.settings import WechatSettings
from gateway.domain.keys import Identity
from gateway.ports.message import InboundMessage, Location, MediaRef, Receipt

CRS = "gcj02"
"""Tencent's coordinates in China."""
UNSHOWABLE = frozenset({"【收到不支持的消息类型，暂无法显示】", "[收到不支持的消息类型，暂无法显示]"})
"""What WeChat writes instead of a sticker or another kind it does not pass on."""

Window = tuple[int, float]
"""How many messages WeChat lets us write within how many seconds."""
SHORT_WINDOW: Window = (3, 60.0)
"""After a menu, scan or subscribe event, instead of the channel's window."""
_MINI_PROGRAM_WINDOW: Window = (2, 60.0)
"""After somebody enters the conversation of a mini program."""
NO_WINDOW: Window = (0, 0.0)
"""After anything that is not the person's doing towards us."""
_MENU = frozenset({
    "click",
    "view",
    "view_miniprogram",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
})  # fmt: skip
_VOICE = {"amr": "audio/amr", "speex": "audio/speex", "silk": "audio/silk", "mp3": "audio/mpeg"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when a delivery came in."""

    channel_id: str
    received_at: datetime


def external_id(found: Fields) -> str:
    """What stays the same when WeChat delivers again, within one account (``ToUserName``)."""
    account = required(found, "ToUserName")
    message_id = text(found, "MsgId")
    if message_id and message_id != "0":
        return f"{account}:{message_id}"
    event = text(found, "Event") or required(found, "MsgType")
    return f"{account}:{required(found, 'FromUserName')}:{text(found, 'CreateTime') or ''}:{event}"


def window(allowed: Window) -> dict[str, Any]:
    """``reply_context`` of an event that does not open the channel's usual window."""
    messages, within_s = allowed
    return {"window": {"messages": messages, "within_s": within_s}}


def receipts(found: Fields, origin: Origin) -> list[Receipt]:
    """What became of template and subscription messages; empty for everything else. ``UnreadableCallback``."""
    event = (text(found, "Event") or "").lower()
    at = moment(text(found, "CreateTime")) or origin.received_at

    def receipt(message_id: str | None, failure: str | None) -> list[Receipt]:
        if not message_id:
            return []
        state = "failed" if failure else "delivered"
        return [
            Receipt(channel_id=origin.channel_id, external_id=message_id, state=state, at=at, error=failure),
        ]

    if event == "templatesendjobfinish":
        status = text(found, "Status") or ""
        return receipt(text(found, "MsgID"), None if status == "success" else status or "failed")
    if event == "subscribe_msg_sent_event":
        listed = nested(found, "SubscribeMsgSentEvent").get("List")
        items = listed if isinstance(listed, list) else [listed]
        return [
            one
            for item in items
            if isinstance(item, dict)
            for one in receipt(
                text(item, "MsgID"),
                None
                if text(item, "ErrorCode") in {None, "0"}
                else text(item, "ErrorStatus") or text(item, "ErrorCode"),
            )
        ]
    return []


def translate(found: Fields, origin: Origin, settings: WechatSettings) -> InboundMessage:
    """The message or event; kinds that are not known become events.

    ``UnreadableCallback`` when a sender or kind is missing.
    """
    kind = required(found, "MsgType").lower()
    sender = required(found, "FromUserName")
    known = _MESSAGES.get(kind)
    if known is not None:
        content = known(found)
    elif kind == "event" or kind.startswith("device_"):
        content = _event(found, kind)
    else:
        content = _unsupported(kind)
    return InboundMessage(
        channel="wechat",
        channel_id=origin.channel_id,
        external_id=external_id(found),
        sender=sender,
        received_at=origin.received_at,
        sent_at=moment(text(found, "CreateTime")),
        identities=(Identity(kind="openid", value=sender),),
        from_raw=sender,
        to_raw=text(found, "ToUserName"),
        line=settings.line,
        flow=settings.flow,
        **content,
    )


def _unsupported(kind: str, shown: str | None = None) -> dict[str, Any]:
    return {"kind": "event", "event": "unsupported", "event_data": {"type": kind[:64]}, "text": shown}


def _text(found: Fields) -> dict[str, Any]:
    content = text(found, "Content") or ""
    if content in UNSHOWABLE:
        return _unsupported("unshowable")
    return {"kind": "text", "text": content, "choice": text(found, "bizmsgmenuid")}


def _image(found: Fields) -> dict[str, Any]:
    return {"kind": "image", "media": MediaRef(ref=required(found, "MediaId"))}


def _voice(found: Fields) -> dict[str, Any]:
    # The 16 kHz recording is better to recognise; when it cannot be had the 8 kHz one is taken.
    alternatives = [value for key in ("MediaId16K", "MediaId") if (value := text(found, key))]
    media_type = _VOICE.get((text(found, "Format") or "").lower())
    ref = " ".join(alternatives) or required(found, "MediaId")
    return {"kind": "voice", "media": MediaRef(ref=ref, media_type=media_type), "text": text(found, "Recognition")}


def _video(found: Fields) -> dict[str, Any]:
    return {"kind": "file", "media": MediaRef(ref=required(found, "MediaId"), media_type="video/mp4")}


def _location(found: Fields) -> dict[str, Any]:
    lat, lon = degrees(text(found, "Location_X"), 90), degrees(text(found, "Location_Y"), 180)
    if lat is None or lon is None:
        return _unsupported("location", text(found, "Label"))
    return {"kind": "location", "location": Location(lat=lat, lon=lon, crs=CRS, label=text(found, "Label"))}


def _link(found: Fields) -> dict[str, Any]:
    parts = [value for key in ("Title", "Description", "Url") if (value := text(found, key))]
    return {"kind": "text", "text": "\n".join(dict.fromkeys(parts))}


def _titled(found: Fields) -> dict[str, Any]:
    """A mini program card, or a file that WeChat names but does not hand out."""
    return _unsupported(required(found, "MsgType").lower(), text(found, "Title"))


_MESSAGES: dict[str, Callable[[Fields], dict[str, Any]]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "location": _location,
    "link": _link,
    "miniprogrampage": _titled,
    "file": _titled,
}


def _event(found: Fields, kind: str) -> dict[str, Any]:
    name = (text(found, "Event") or kind).lower()
    data: dict[str, Any] = {"name": name[:64]}
    content: dict[str, Any] = {"kind": "event", "event": "notice", "event_data": data, "opens": False}
    allowed = NO_WINDOW
    key = text(found, "EventKey")
    if name == "subscribe":
        if key and key.startswith("qrscene_"):
            data["scene"] = key.removeprefix("qrscene_")[:64]
        content["event"], allowed = "subscribe", SHORT_WINDOW
    elif name == "unsubscribe":
        content["event"] = "unsubscribe"
    elif name == "scan":
        if key:
            data["scene"] = key[:64]
        content["event"], allowed = "scan", SHORT_WINDOW
    elif name in _MENU:
        if key and name != "view":  # an address may carry who somebody is
            data["key"] = key[:128]
        content["event"], allowed = "menu", SHORT_WINDOW
    elif name == "user_enter_tempsession":
        allowed = _MINI_PROGRAM_WINDOW
    if name == "location_select":
        content["location"] = _place(nested(found, "SendLocationInfo"), "Location_X", "Location_Y")
    elif name == "location":
        content["location"] = _place(found, "Latitude", "Longitude")
    return content | {"reply_context": window(allowed)}


def _place(found: Fields, lat_key: str, lon_key: str) -> Location | None:
    lat, lon = degrees(text(found, lat_key), 90), degrees(text(found, lon_key), 180)
    return None if lat is None or lon is None else Location(lat=lat, lon=lon, crs=CRS, label=text(found, "Label"))
