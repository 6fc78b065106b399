"""What came from a provider that proved who it is, and cannot be read: kept as a ticket for a person to look at."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from gateway.domain.limits import MESSAGE_CHARS
from gateway.ports.channel import InboundContact, Intake

_HEAD = "〔收到一条无法识别的消息，原文如下〕"
_ID_CHARS = 32


async def keep_unreadable(
    intake: Intake, *, channel: str, channel_id: str, body: bytes, received_at: datetime, line: str
) -> None:
    """Returns once ``body`` is stored as it came: as text where it is UTF-8, else in base64; nothing when it is blank.

    The same body twice is one contact. Nobody is answered: who wrote it is not known. Raises what ``accept`` raises.
    """
    if not body.strip():
        return
    digest = hashlib.sha256(body).hexdigest()
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "base64:" + base64.b64encode(body).decode()
    shown = "".join(one if one.isprintable() or one in "\r\n\t" else "\ufffd" for one in text[:MESSAGE_CHARS])
    await intake.accept(
        InboundContact(
            channel=channel,
            channel_id=channel_id,
            external_id=f"unreadable:{digest[:_ID_CHARS]}",
            received_at=received_at,
            content=f"{_HEAD}\n{shown}"[:MESSAGE_CHARS],
            body_sha256=digest,
            line=line,
        )
    )
