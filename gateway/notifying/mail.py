"""Notices by e-mail (RFC 5321) through the city's mail server, off the event loop."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Literal

from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.notifying.smtp import ACKNOWLEDGED_S, Smtp, SmtpOverTls
from gateway.ports.notices import MOST, NoticeMessage
from gateway.settings.sections import NoticesSection

AT_ONCE = 2
"""Connections: a server that is silent holds up so many threads, of a pool of their own."""
LONGEST_S = ACKNOWLEDGED_S + 120.0
"""A whole conversation, with the time that its answer to the mail may take."""
DOWN_S = 60.0
"""A server that cannot be reached, or does not let us in, is asked again after so long at the earliest."""
FOR_GOOD = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed in, and as whom. ``tls``: STARTTLS (RFC 3207), TLS from the first byte (RFC 8314), none."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    user: str
    password: str = field(repr=False)
    sender: str
    """``name <address>``."""
    ca_file: Path | None
    timeout_s: float
    """For each step of the conversation up to the data."""
    longest_s: float = LONGEST_S
    """For all of it."""

    @classmethod
    def of(cls, given: NoticesSection) -> MailServer | None:
        """The one that is configured; None: there is none."""
        if not given.smtp_host:
            return None
        return cls(
            host=given.smtp_host,
            port=given.smtp_port,
            tls=given.smtp_tls,
            user=given.smtp_user,
            password=given.smtp_password.get_secret_value(),
            sender=given.smtp_from,
            ca_file=given.smtp_ca_file,
            timeout_s=given.timeout_s,
        )


class MailSender:
    """Implements ``ports.notices.NoticeSender``."""

    most_lines = MOST
    at_once = AT_ONCE
    ready = True

    def __init__(self, server: MailServer) -> None:
        """Nothing is connected yet."""
        self._server = server
        self.longest_s = server.longest_s
        self._threads: ThreadPoolExecutor | None = None
        self._open: set[Smtp] = set()

    async def send(self, message: NoticeMessage) -> None:
        """See ``NoticeSender.send``. Taken is what the server has acknowledged after the data (RFC 5321 §4.2.5).

        An answer that is late is waited for: to give up on it would be to send again what the server has taken.
        """
        await self._apart(self._hand_in, message)

    async def probe(self) -> None:
        """Connect and log in, hand in nothing; ``TransientDeliveryError`` says what is wrong."""
        await self._apart(self._look)

    async def aclose(self) -> None:
        """See ``NoticeSender.aclose``; what is under way is cut off."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None
        for smtp in tuple(self._open):
            smtp.cut()

    async def _apart(self, work: Callable[..., None], *args: object) -> None:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mail")
        await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)

    def _look(self) -> None:
        """In a thread."""
        with self._connected():
            pass

    def _hand_in(self, message: NoticeMessage) -> None:
        """In a thread."""
        _, sender = parseaddr(self._server.sender)
        try:
            mail = as_mail(message, self._server.sender)
        except ValueError as error:  # a line break, say
            raise PermanentDeliveryError("this is no address that mail can go to") from error
        with self._connected() as smtp:
            try:
                smtp.send_message(mail, sender, [message.address])
            except smtplib.SMTPRecipientsRefused as error:
                code, said = next(iter(error.recipients.values()))
                raise _refused(code, said, error) from error
            except smtplib.SMTPDataError as error:
                raise _refused(error.smtp_code, error.smtp_error, error) from error
            except smtplib.SMTPException as error:  # of our address, or the conversation broke: no notice's fault
                raise TransientDeliveryError(_told(error), retry_after_s=DOWN_S) from error
            except OSError as error:
                raise TransientDeliveryError(_told(error)) from error

    @contextmanager
    def _connected(self) -> Iterator[Smtp]:
        try:
            smtp = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
            raise TransientDeliveryError(_told(error), retry_after_s=DOWN_S, errcode=code) from error
        self._open.add(smtp)
        try:
            yield smtp
        finally:
            self._open.discard(smtp)
            with suppress(smtplib.SMTPException, OSError):  # what the server said of the mail counts, not its goodbye
                smtp.quit()

    def _connect(self) -> Smtp:
        server = self._server
        context = ssl.create_default_context(cafile=server.ca_file)
        kind, more = (SmtpOverTls, {"context": context}) if server.tls == "tls" else (Smtp, {})
        smtp = kind(server.host, server.port, step_s=server.timeout_s, longest_s=server.longest_s, **more)
        try:
            if server.tls == "starttls":
                smtp.starttls(context=context)
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def as_mail(message: NoticeMessage, sender: str) -> EmailMessage:
    """As RFC 5322 has it. Its Message-ID is the same when it is sent again, so that a mailbox may show it once."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = message.address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.message_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine replies
    mail.set_content(message.text)
    return mail


def _refused(code: int, said: bytes | str, error: Exception) -> PermanentDeliveryError | TransientDeliveryError:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    told = f"{type(error).__name__}: {code} {words}"
    if code >= FOR_GOOD:
        return PermanentDeliveryError(told, errcode=code)
    return TransientDeliveryError(told, errcode=code)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
