"""Notices by a WeCom group's robot: ``POST /cgi-bin/webhook/send?key=…`` (developer.work.weixin.qq.com, 群机器人)."""

from __future__ import annotations

import json
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from gateway import __version__
from gateway.edge.http_client import HttpClient
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.ports.notices import NoticeMessage

A_MINUTE, WINDOW_S = 20, 60.0
"""A robot says no more in a minute; more is refused with ``TOO_OFTEN``."""
TOO_OFTEN = 45009
FOR_GOOD = frozenset({93000, 93008, 40058})
"""No such robot, the robot is not in a group any more, a parameter is wrong."""
MOST_BYTES = 2048
"""Of a text, in UTF-8."""
MAX_ANSWER_BYTES = 65_536
REMEMBERED = 1000
DOWN_S = 30.0


class RobotSender:
    """Implements ``ports.notices.NoticeSender``. A robot's key stands in its address: no error repeats it."""

    most_lines = 20
    at_once = 4
    ready = True

    def __init__(self, url: str, *, timeout_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """``url``: where robots are reached, WeCom's own or the city's proxy. Nothing is connected yet."""
        self._url = url.rstrip("/")
        self.longest_s = timeout_s
        self._monotonic = monotonic
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()
        """address -> when it was written to within the last minute."""
        self._http = HttpClient(self._session)

    async def send(self, message: NoticeMessage) -> None:
        """See ``NoticeSender.send``."""
        self._count(message.address)
        parts = urlsplit(message.address)
        body = {"msgtype": "text", "text": {"content": shortened(message.text)}}
        try:
            async with self._http.session().post(
                f"{self._url}{parts.path}?{parts.query}", json=body, allow_redirects=False
            ) as answer:
                if answer.status != HTTPStatus.OK:
                    raise _refused(answer.status)
                _check(await _answered(answer))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientDeliveryError(type(error).__name__, retry_after_s=DOWN_S) from None

    async def aclose(self) -> None:
        """See ``NoticeSender.aclose``."""
        await self._http.aclose()

    def _count(self, address: str) -> None:
        """``TransientDeliveryError`` when this robot has said enough for a minute; others may speak."""
        now = self._monotonic()
        times = self._sent.setdefault(address, deque())
        self._sent.move_to_end(address)
        while times and now - times[0] >= WINDOW_S:
            times.popleft()
        if len(times) >= A_MINUTE:
            raise TransientDeliveryError(f"a robot takes {A_MINUTE} messages a minute")
        times.append(now)
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self.longest_s),
            headers={"User-Agent": f"hotline-gateway/{__version__}"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )


def shortened(text: str) -> str:
    """``text`` as a robot takes it: of a longer one lines are left out before the last, which is the link."""
    lines = text.split("\n")
    while len("\n".join(lines).encode()) > MOST_BYTES and len(lines) > 2:  # noqa: PLR2004 - a line and the link
        del lines[-2]
    return "\n".join(lines)


async def _answered(answer: aiohttp.ClientResponse) -> Any:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise TransientDeliveryError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes", retry_after_s=DOWN_S)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise TransientDeliveryError("the answer is no JSON", retry_after_s=DOWN_S) from None


def _check(said: Any) -> None:
    code = said.get("errcode") if isinstance(said, dict) else None
    if code == 0:
        return
    told = f"the robot answered errcode {code}"
    if code in FOR_GOOD:
        raise PermanentDeliveryError(told, errcode=code)
    raise TransientDeliveryError(told, errcode=code)


def _refused(status: int) -> TransientDeliveryError:
    """By a proxy, or by WeCom itself: no notice's fault."""
    return TransientDeliveryError(f"HTTP {status}", http_status=status, retry_after_s=DOWN_S)
