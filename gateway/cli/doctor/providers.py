"""Checks of credentials at providers, only with ``--providers``: all at once, nothing is sent to anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING

from gateway.cli.doctor.check import LOADING_S, Finding, check, fail, ok, warn
from gateway.cli.doctor.machine import Machine
from gateway.errors import ConfigError, GatewayError, PermanentDeliveryError

if TYPE_CHECKING:
    from gateway.recognition.connection import Access

ANSWER_S = 8.0
WITHIN_S = ANSWER_S + LOADING_S
APART_S = 30.0
"""Receivers refuse a signature that is older than some minutes."""
RECOGNISERS = ("gateway.recognition.connection", "gateway.recognition.tls")


@check("provider", within_s=WITHIN_S, providers=True, channels=True)
async def channels(machine: Machine) -> AsyncIterator[Finding]:
    """Each channel whose kind knows how to ask its provider."""
    connected = {channel_id for channel_id, told in machine.running.channels().items() if told.get("connected")}
    probes = {}
    for channel_id, spec, options in machine.channels():
        if spec.probe is None:
            continue
        if channel_id in connected:
            yield ok(f"provider.{spec.kind}", f"{channel_id}: the running gateway is connected")
        else:
            probes[channel_id] = (spec.kind, asyncio.create_task(_within(spec.probe(options))))
    for channel_id, (kind, asked) in probes.items():
        good, said = await asked
        if good:
            yield ok(f"provider.{kind}", f"{channel_id}: {said}")
        else:
            yield fail(
                f"provider.{kind}",
                f"{channel_id}: {said}",
                f"compare the keys of [[channel]] {channel_id} with the provider's console; is its network open to us?",
            )


@check("provider.feed", within_s=WITHIN_S, providers=True, loads=("gateway.feeds", "gateway.edge.reached"))
async def feeds(machine: Machine) -> AsyncIterator[Finding]:
    """Each receiver of events: is a server there, what does its clock say?"""
    from gateway.feeds import feed_settings  # noqa: PLC0415 - HTTP client and Redis

    asked = {}
    for table in machine.settings.feed:
        try:
            kind, options = feed_settings(table)
        except ConfigError:
            continue  # config.feeds tells
        if kind.server is not None:
            asked[table.id] = asyncio.create_task(_feed(table.id, kind.server(options)))
    for task in asked.values():
        yield await task


@check("provider.title", within_s=WITHIN_S, providers=True, loads=("gateway.edge.reached",))
async def titles(machine: Machine) -> AsyncIterator[Finding]:
    """The endpoint that writes titles: whether it takes the token, and has the model."""
    given = machine.settings.title
    if not given.url:
        return
    from gateway.edge.reached import reached  # noqa: PLC0415 - HTTP client

    token = given.token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"} if token else None
    asked = reached(f"{given.url.rstrip('/')}/models", timeout_s=ANSWER_S, headers=headers)
    good, said = await _within(asked)
    how = "correct [title] url and token; until then tickets keep the template's titles"
    yield ok("provider.title", "it answers") if good else warn("provider.title", said, how)


@check("provider.mail", within_s=WITHIN_S, providers=True, loads=("gateway.notifying.mail",))
async def mail(machine: Machine) -> AsyncIterator[Finding]:
    """The mail server of notices to units: certificate, log-in; no mail is handed in."""
    from gateway.notifying.mail import MailSender, MailServer  # noqa: PLC0415 - as above

    server = MailServer.of(machine.settings.notices)
    if server is None:
        return
    sender = MailSender(server)
    good, said = await _within(sender.probe())
    await sender.aclose()
    if good:
        yield ok("provider.mail", f"{server.host} lets us in")
    else:
        how = "correct smtp_… of [notices]; until then units are not told by e-mail (alarm notices_late)"
        yield fail("provider.mail", said, how)


@check("provider.asr", within_s=WITHIN_S, providers=True, loads=RECOGNISERS)
async def recognisers(machine: Machine) -> AsyncIterator[Finding]:
    """Recognisers of other machines, as calls would use them: certificate, token, an answer."""
    from gateway.recognition.connection import Access  # noqa: PLC0415 - HTTP client
    from gateway.recognition.tls import client_context  # noqa: PLC0415 - as above

    asr = machine.settings.asr
    if not asr.urls:
        return
    try:
        access = Access(asr.token.get_secret_value(), client_context(asr.ca_file))
    except ConfigError:
        return  # config.asr tells
    for line in await asyncio.gather(*(_recogniser(access, url) for url in asr.urls)):
        yield line


async def _recogniser(access: Access, url: str) -> Finding:
    from gateway.recognition.connection import Full, Unreachable  # noqa: PLC0415 - HTTP client

    name = "provider.asr"
    try:
        await access.probe(url)
    except Full:
        return warn(name, f"{url} has no room for another stream", "add a recogniser, or raise its max_streams")
    except Unreachable as error:
        return fail(name, f"{url}: recogniser_unusable", str(error))
    return ok(name, f"{url} lets us in and answers")


async def _feed(feed_id: str, url: str) -> Finding:
    from gateway.edge.reached import reached  # noqa: PLC0415 - HTTP client

    name = "provider.feed"
    try:
        found = await reached(url, timeout_s=ANSWER_S)
    except PermanentDeliveryError as error:
        return warn(name, f"{feed_id}: {error}", "is the url right? Some receivers answer so to HEAD only")
    except GatewayError as error:
        return fail(name, f"{feed_id}: {error}", f"correct url of [[feed]] {feed_id}; events wait and none is lost")
    told = f"{feed_id}: HTTP {found.status} to HEAD"
    if found.ahead_s is not None and abs(found.ahead_s) > APART_S:
        apart = f"{told}; its clock is {abs(found.ahead_s):.0f} s {'ahead of' if found.ahead_s > 0 else 'behind'} ours"
        return warn(name, f"{apart}: it may refuse our signatures", "set both clocks by a time server")
    return ok(name, told)


async def _within(asked: Awaitable[object]) -> tuple[bool, str]:
    """What a probe came to: whether it was good, and what was said."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return True, str(await asked)
    except TimeoutError:
        return False, f"no answer within {ANSWER_S:g} s"
    except OSError as error:
        return False, f"cannot be reached: {error.strerror or error}"
    except GatewayError as error:
        return False, str(error)
    except Exception as error:  # noqa: BLE001 - one adapter's fault hides nothing of the others
        return False, f"the look itself failed ({type(error).__name__})"
