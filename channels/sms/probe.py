"""Probe of ``gateway doctor --providers``: whether the operator or provider accepts our credentials."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp

from channels.sms.cmpp.dialect import CmppDialect
from channels.sms.link import Frame, Link, LinkError
from channels.sms.link_channel import BindRefused, Dialect
from channels.sms.settings import (
    CmppSettings,
    HookSettings,
    LinkSettings,
    SmppSettings,
    SmsSettings,
    TwilioSettings,
)
from channels.sms.smpp.dialect import SmppDialect
from gateway.edge.reached import reached
from gateway.edge.system_clock import SystemClock
from gateway.errors import PermanentDeliveryError, TransientDeliveryError


async def probe(settings: SmsSettings) -> str:
    """See ``ChannelSpec.probe``: a bind that ends at once, Twilio's account; others only have a server reached."""
    match settings:
        case SmppSettings():
            return await _bound(settings, SmppDialect(settings))
        case CmppSettings():
            return await _bound(settings, CmppDialect(settings, SystemClock()))
        case TwilioSettings():
            login = aiohttp.BasicAuth(settings.account_sid, settings.auth_token.get_secret_value())
            where = f"{settings.base_url}/2010-04-01/Accounts/{settings.account_sid}.json"
            await reached(where, timeout_s=settings.request_timeout_s, headers={"Authorization": login.encode()})
            return "account_sid and auth_token are taken"
        case HookSettings():
            # Aliyun and Tencent Cloud have no question that needs no more rights than sending does.
            found = await reached(settings.base_url, timeout_s=settings.request_timeout_s)
            return f"its API answers (HTTP {found.status}); only a message shows whether it takes the keys"
        case _:
            raise TypeError(f"no provider has settings of type {type(settings).__name__}")


async def _bound(settings: LinkSettings, dialect: Dialect) -> str:
    where = settings.host
    try:
        reader, writer = await dialect.open()
    except OSError as error:
        raise TransientDeliveryError(f"{where} cannot be reached: {error.strerror or error}") from None
    link = Link(
        reader,
        writer,
        number=1,
        header=dialect.header,
        window=1,
        timeout_s=settings.response_timeout_s,
        tries=1,
        on_request=_unheard,
        in_hand=set(),
    )
    serving = asyncio.create_task(link.serve())
    try:
        await dialect.bind(link)
        with suppress(LinkError):  # it was taken, and that was the question
            await dialect.unbind(link)
    except BindRefused as error:
        raise PermanentDeliveryError(f"{where}: {error}") from None
    except LinkError as error:
        raise TransientDeliveryError(f"{where}: {error}") from None
    finally:
        link.end("asked")
        await serving
    return f"{where} takes the bind"


async def _unheard(_: Link, __: Frame) -> None:
    """What it delivers while we ask stays unacknowledged: it comes again."""
