"""Is there an HTTP server behind a URL, and what does its clock say? Nothing is handed to it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp

from gateway.errors import PermanentDeliveryError, TransientDeliveryError

WRONG_PLACE = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""Answers to a HEAD that say that a POST would come to nothing, too. 405 and 501 only say that HEAD is not known."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What a server answered to HEAD."""

    status: int
    ahead_s: float | None
    """By how much its clock is ahead of ours, from its Date (RFC 9110 6.6.1): whole seconds. None: it told none."""


async def reached(url: str, *, timeout_s: float, headers: dict[str, str] | None = None) -> Reached:
    """Ask with HEAD; redirects are not followed.

    ``TransientDeliveryError`` when nobody answers (in words: refused, no such name, certificate, time) or a server's
    own fault (5xx), ``PermanentDeliveryError`` for ``WRONG_PLACE``. No message holds the URL: it may carry a secret.
    """
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.head(url, allow_redirects=False, headers=headers) as answer,
        ):
            status, date = answer.status, answer.headers.get("Date")
    except aiohttp.ClientConnectorCertificateError as error:
        raise TransientDeliveryError(f"its certificate is refused: {error.certificate_error}") from None
    except aiohttp.ClientConnectorError as error:
        raise TransientDeliveryError(f"cannot be reached: {error.os_error.strerror or error.os_error}") from None
    except TimeoutError:
        raise TransientDeliveryError(f"no answer within {timeout_s:g} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise TransientDeliveryError(f"cannot be reached ({type(error).__name__})") from None
    if status in WRONG_PLACE:
        raise PermanentDeliveryError(f"HTTP {status} to HEAD")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED:
        raise TransientDeliveryError(f"HTTP {status} to HEAD")
    return Reached(status, _ahead(date))


def _ahead(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() - time.time() if date else None
    except (ValueError, OverflowError):
        return None
