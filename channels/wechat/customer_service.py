"""微信客服 (WeCom): what ``kf/sync_msg`` returns, translated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from channels.wechat.envelope import Fields, degrees, moment, nested, required, text
from channels.wechat.official import CRS, NO_WINDOW, Origin, window
from channels.wechat.settings import WechatSettings
from gateway.domain.keys import Identity
from gateway.ports.message import InboundMessage, Location, MediaRef, Receipt

_SENT_BY_CUSTOMER = 3
_FAIL_TYPES = {
    "1": "account_deleted",
    "2": "application_closed",
    "4": "conversation_expired",
    "5": "conversation_closed",
    "6": "too_many_messages",
    "8": "account_unverified",
    "10": "refused_by_customer",
    "12": "kind_not_allowed",
}
"""``fail_type`` of a ``msg_send_fail`` event; others are shown as their number."""


def _event_of(found: Fields) -> Fields:
    return nested(found, "event") if text(found, "msgtype") == "event" else {}


def external_id(found: Fields, corp_id: str) -> str:
    """Unique for one item of the stream; an event without ``msgid`` is known by its content."""
    message_id = text(found, "msgid")
    if message_id is None:
        message_id = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:40]
    return f"{corp_id}:{message_id}"


def receipts(found: Fields, origin: Origin) -> list[Receipt]:
    """A message of ours that WeCom could not bring to the person; empty for everything else."""
    event = _event_of(found)
    ours = text(event, "fail_msgid")
    if text(event, "event_type") != "msg_send_fail" or ours is None:
        return []
    kind = text(event, "fail_type") or ""
    return [
        Receipt(
            channel_id=origin.channel_id,
            external_id=ours,
            state="failed",
            at=moment(text(found, "send_time")) or origin.received_at,
            error=_FAIL_TYPES.get(kind, f"fail_type {kind}"),
        )
    ]


def translate(found: Fields, origin: Origin, settings: WechatSettings) -> InboundMessage | None:
    """The message or event; None when no customer is concerned.

    ``UnreadableCallback`` when a field is not what it should be.
    """
    event = _event_of(found)
    sender = text(found, "external_userid") or text(event, "external_userid")
    account = text(found, "open_kfid") or text(event, "open_kfid")
    if sender is None:
        return None
    kind = required(found, "msgtype").lower()
    context: dict[str, Any] = {"open_kfid": account} if account else {}
    if event:
        content = _event(event, settings.app_id)
    elif text(found, "origin") not in {None, str(_SENT_BY_CUSTOMER)}:
        # A colleague wrote in WeCom's own client: it happened, and it is not the citizen's word.
        content = _notice("servicer_message")
    else:
        known = _MESSAGES.get(kind)
        content = known(nested(found, kind)) if known else _unsupported(kind, nested(found, kind))
    return InboundMessage(
        channel="wechat",
        channel_id=origin.channel_id,
        external_id=external_id(found, settings.app_id),
        sender=sender,
        received_at=origin.received_at,
        sent_at=moment(text(found, "send_time")),
        identities=(Identity(kind="external_userid", value=sender),),
        from_raw=sender,
        to_raw=account,
        line=settings.line,
        flow=settings.flow,
        reply_context=context if content.get("opens", True) else context | window(NO_WINDOW),
        **content,
    )


def _notice(name: str) -> dict[str, Any]:
    return {"kind": "event", "event": "notice", "event_data": {"name": name[:64]}, "opens": False}


def _unsupported(kind: str, found: Fields) -> dict[str, Any]:
    shown = text(found, "title") if isinstance(found.get("title"), str) else None
    return {"kind": "event", "event": "unsupported", "event_data": {"type": kind[:64]}, "text": shown}


def _event(found: Fields, corp_id: str) -> dict[str, Any]:
    name = text(found, "event_type") or "unknown"
    if name == "user_recall_msg" and (recalled := text(found, "recall_msgid")):
        return {"kind": "event", "event": "recall", "event_data": {"of": f"{corp_id}:{recalled}"}, "opens": False}
    content = _notice(name)
    if name == "enter_session" and (scene := text(found, "scene")):
        content["event_data"]["scene"] = scene[:64]
    return content


def _text(found: Fields) -> dict[str, Any]:
    return {"kind": "text", "text": text(found, "content") or "", "choice": text(found, "menu_id")}


def _medium(kind: str, media_type: str | None) -> Callable[[Fields], dict[str, Any]]:
    def medium(found: Fields) -> dict[str, Any]:
        media = MediaRef(ref=required(found, "media_id"), media_type=media_type, name=text(found, "file_name"))
        return {"kind": kind, "media": media}

    return medium


def _location(found: Fields) -> dict[str, Any]:
    lat, lon = degrees(text(found, "latitude"), 90), degrees(text(found, "longitude"), 180)
    label = " ".join(value for key in ("name", "address") if (value := text(found, key))) or None
    if lat is None or lon is None:
        return {"kind": "event", "event": "unsupported", "event_data": {"type": "location"}, "text": label}
    return {"kind": "location", "location": Location(lat=lat, lon=lon, crs=CRS, label=label)}


def _link(found: Fields) -> dict[str, Any]:
    lines = [value for key in ("title", "desc", "url") if (value := text(found, key))]
    return {"kind": "text", "text": "\n".join(dict.fromkeys(lines))}


_MESSAGES: dict[str, Callable[[Fields], dict[str, Any]]] = {
    "text": _text,
    "image": _medium("image", None),
    "voice": _medium("voice", "audio/amr"),
    "video": _medium("file", "video/mp4"),
    "file": _medium("file", None),
    "location": _location,
    "link": _link,
}
