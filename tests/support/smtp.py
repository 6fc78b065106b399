"""A mail server on the loopback: what RFC 5321 asks of one, with STARTTLS (RFC 3207) and AUTH (RFC 4954)."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import cast

from tests.support.ports import LOOPBACK

DRIP_S = 0.02


@dataclass
class Mail:
    """What was handed in."""

    sender: str
    recipients: list[str]
    data: bytes
    tls: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        """As it was written."""
        return message_from_bytes(self.data, policy=SMTP)


@dataclass
class MailPeer:
    """A mail server whose answers a test decides."""

    tls: ssl.SSLContext | None = None
    """Offered by STARTTLS, or (``implicit``) spoken from the first byte."""
    implicit: bool = False
    password: str | None = None
    """Whoever hands in mail logs in with it; None: nobody has to."""
    silent: bool = False
    """It takes connections and says nothing."""
    drips: bool = False
    """It says one letter now and then, and never ends a line."""
    thinks_s: float = 0.0
    """So long it takes to answer to the data."""
    cut_after_data: bool = False
    """It takes a mail and hangs up without a word."""
    refused: dict[str, str] = field(default_factory=dict)
    """Recipient -> what RCPT is answered with."""
    data_answer: str = "250 2.0.0 taken"
    mails: list[Mail] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                if self.silent:
                    await reader.read()
                elif self.drips:
                    while not reader.at_eof():
                        writer.write(b"2")
                        await writer.drain()
                        await asyncio.sleep(DRIP_S)
                else:
                    await _Session(self, reader, writer).serve()
        finally:
            writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[MailPeer]:
        """Serve on a free port."""
        context = self.tls if self.implicit else None
        server = await asyncio.start_server(self.client, LOOPBACK, self.port, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()


class _Session:
    def __init__(self, peer: MailPeer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._peer, self._reader, self._writer = peer, reader, writer
        self._secure = peer.implicit
        self._user: str | None = None
        self._sender: str | None = None
        self._recipients: list[str] = []

    async def serve(self) -> None:
        await self._say("220 mail.test ESMTP")
        while line := await self._line():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    more = ["STARTTLS"] if self._peer.tls is not None and not self._secure else []
                    more += ["AUTH PLAIN"] if self._peer.password is not None else []
                    lines = ["mail.test", "8BITMIME", "SMTPUTF8", *more]
                    await self._say("\r\n".join(f"250{' ' if one is lines[-1] else '-'}{one}" for one in lines))
                case "STARTTLS":
                    await self._say("220 go ahead")
                    await self._writer.start_tls(cast("ssl.SSLContext", self._peer.tls))
                    self._secure = True
                case "AUTH":
                    await self._auth(rest)
                case "MAIL":
                    await self._mail(rest)
                case "RCPT":
                    await self._rcpt(rest)
                case "DATA":
                    if not await self._data():
                        return
                case "RSET":
                    self._sender, self._recipients = None, []
                    await self._say("250 reset")
                case "QUIT":
                    await self._say("221 bye")
                    return
                case _:
                    await self._say("500 what?")

    async def _auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
        if password != self._peer.password:
            await self._say("535 5.7.8 wrong user or password")
            return
        self._user = user
        await self._say("235 welcome")

    async def _mail(self, rest: str) -> None:
        if self._peer.password is not None and self._user is None:
            await self._say("530 5.7.0 log in first")
            return
        self._sender, self._recipients = _path(rest), []
        await self._say("250 sender ok")

    async def _rcpt(self, rest: str) -> None:
        recipient = _path(rest)
        answer = self._peer.refused.get(recipient, "250 recipient ok")
        if answer.startswith("250"):
            self._recipients.append(recipient)
        await self._say(answer)

    async def _data(self) -> bool:
        """False: it hung up."""
        if self._sender is None or not self._recipients:
            await self._say("503 5.5.1 no recipient")
            return True
        await self._say("354 end with a dot")
        lines = []
        while (line := await self._reader.readuntil(b"\r\n")) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if self._peer.data_answer.startswith("250"):
            mail = Mail(self._sender, list(self._recipients), b"".join(lines), self._secure, self._user)
            self._peer.mails.append(mail)
        if self._peer.cut_after_data:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(self._peer.thinks_s):
                await self._reader.read(1)  # it says nothing meanwhile: it has hung up
        await self._say(self._peer.data_answer)
        return True

    async def _line(self) -> str:
        return (await self._reader.readuntil(b"\r\n")).decode().rstrip("\r\n")

    async def _say(self, text: str) -> None:
        self._writer.write(f"{text}\r\n".encode())
        await self._writer.drain()


def _path(rest: str) -> str:
    return rest[rest.index("<") + 1 : rest.index(">")]
