"""Connects to a recogniser; errors say what a person can do."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp

CONNECT_S = 5.0
MAX_ANSWER_BYTES = 1 << 20
"""The longest answer that is taken; a longer one ends the connection."""
_REFUSED = (401, 403)
_FULL = 503
"""With Retry-After; without, a proxy says so of a recogniser that is down."""


class Unreachable(Exception):
    """The recogniser cannot be used; the message says what to do."""


class Full(Exception):
    """The recogniser has no room for this stream; another one may, or this one later."""


@dataclass(frozen=True, slots=True)
class Access:
    """How recognisers are reached."""

    token: str = ""
    """Sent as a bearer token; empty: none."""
    tls: ssl.SSLContext | None = None
    """What ``wss://`` servers are verified with; None: the machine's CAs."""

    @asynccontextmanager
    async def connect(self, url: str, *, autoping: bool = True) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """An open connection; ``Unreachable`` or ``Full`` when there is none within ``CONNECT_S``."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with aiohttp.ClientSession() as session:
            try:
                async with asyncio.timeout(CONNECT_S):
                    socket = await session.ws_connect(
                        url,
                        headers=headers,
                        max_msg_size=MAX_ANSWER_BYTES,
                        compress=0,
                        autoping=autoping,
                        ssl=self.tls or True,
                    )
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                if isinstance(error, aiohttp.WSServerHandshakeError) and _is_full(error):
                    raise Full from None
                raise Unreachable(what_to_do(error)) from error
            try:
                yield socket
            finally:
                with suppress(aiohttp.ClientError, OSError, TimeoutError):
                    async with asyncio.timeout(CONNECT_S):
                        await socket.close()

    async def probe(self, url: str) -> None:
        """Check that it accepts a connection and answers a ping (RFC 6455 §5.5.2). ``Unreachable`` or ``Full``."""
        async with self.connect(url, autoping=False) as socket:
            try:
                async with asyncio.timeout(CONNECT_S):
                    await socket.ping()
                    answer = await socket.receive()
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                raise Unreachable(what_to_do(error)) from error
            if answer.type is not aiohttp.WSMsgType.PONG:
                raise Unreachable("it takes connections and ends them; see its own log")


def _is_full(error: aiohttp.WSServerHandshakeError) -> bool:
    return error.status == _FULL and error.headers is not None and "Retry-After" in error.headers


def what_to_do(error: Exception) -> str:
    """Why a recogniser cannot be used, and what a person does about it."""
    match error:
        case aiohttp.WSServerHandshakeError(status=status) if status in _REFUSED:
            do = "it refuses our token: give both sides the same [asr] token"
        case aiohttp.WSServerHandshakeError(status=status):
            do = f"it answers HTTP {status}: is this the address of a recogniser?"
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as wrong):
            do = _certificate(wrong)
        case aiohttp.ClientConnectorSSLError():
            do = "TLS fails: a recogniser without a certificate is ws://, and both sides need TLS 1.2"
        case aiohttp.ClientConnectorDNSError():
            do = "its name is not known here: check [asr] url and the name server"
        case TimeoutError():
            do = f"it does not answer within {CONNECT_S:.0f} s: check the machine and the firewall"
        case OSError(strerror=str() as why):
            do = f"no connection ({why}): start it there (gateway run --role asr), check address, port and firewall"
        case _:
            do = f"it ends the connection ({type(error).__name__}): one with a certificate is wss://; see its own log"
    return do


def _certificate(wrong: ssl.SSLCertVerificationError) -> str:
    match wrong.verify_code:  # OpenSSL, x509_vfy.h
        case 10:
            return "its certificate has expired: put a new one into its [asr_server] cert_file and send it SIGHUP"
        case 9:
            return "its certificate is not valid yet: compare the clocks of both machines"
        case 62 | 64:
            return "its certificate is for another name: use that name in [asr] url, or make one for this name"
        case _:
            return f"its certificate is not to be trusted ({wrong.verify_message}): name its CA in [asr] ca_file"
