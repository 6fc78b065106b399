"""``smtplib`` with one end for the whole conversation: its own timeout counts anew with every byte that comes."""

from __future__ import annotations

import io
import smtplib
import socket
import time
from contextlib import suppress
from typing import Any

ACKNOWLEDGED_S = 600.0
"""So long a server may take to answer after the data (RFC 5321 §4.5.3.2.6): who gives up sooner sends again what it
has taken."""
_GO_AHEAD = 354
"""The answer to DATA: what is read next is the answer to the mail."""


class Smtp(smtplib.SMTP):
    """A conversation of which every step has its time, and that is over after ``longest_s``, whatever the server does.

    What it raises then is a ``SMTPException`` or an ``OSError``.
    """

    def __init__(self, host: str, port: int, *, step_s: float, longest_s: float, **more: Any) -> None:
        """Connects."""
        self._until = time.monotonic() + longest_s
        self._step_s = self._patience_s = step_s
        super().__init__(host, port, timeout=step_s, **more)

    def getreply(self) -> tuple[int, bytes]:
        """See ``smtplib.SMTP.getreply``."""
        if self.file is None:
            self.file = io.BufferedReader(_Answers(self))
        answer = super().getreply()
        self._patience_s = self._step_s
        if answer[0] == _GO_AHEAD:
            self._patience_s = ACKNOWLEDGED_S
            self.limited()
        return answer

    def limited(self) -> socket.socket:
        """The connection, for as long as the step and the conversation may still take; ``TimeoutError``."""
        left = self._until - time.monotonic()
        if self.sock is None or left <= 0:
            raise TimeoutError("the conversation took too long")
        self.sock.settimeout(min(left, self._patience_s))
        return self.sock

    def cut(self) -> None:
        """End it from another thread: who waits for the server learns at once that it is gone."""
        sock = self.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class SmtpOverTls(Smtp, smtplib.SMTP_SSL):
    """The same, over TLS from the first byte (RFC 8314)."""


class _Answers(io.RawIOBase):
    """What the server says."""

    def __init__(self, smtp: Smtp) -> None:
        self._smtp = smtp

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._smtp.limited().recv_into(buffer)
