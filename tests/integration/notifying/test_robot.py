"""Notices by the robot of a WeCom group, against a server that answers as WeCom does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from gateway.domain.case.receivers import ROBOTS
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.notifying.robot import A_MINUTE, MOST_BYTES, RobotSender, shortened
from gateway.ports.notices import NoticeMessage
from tests.support.ports import LOOPBACK, free_port
from tests.support.servers import served

pytestmark = pytest.mark.integration
KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
NOTICE = NoticeMessage(
    message_id="1-1-a",
    address=f"{ROBOTS}{KEY}",
    subject="12345 临期提醒",
    text="12345 20261130-0000012 签收临期提醒 供水故障\nhttps://12345.example/unit/",
    at=datetime(2026, 11, 30, tzinfo=UTC),
)


@dataclass
class WeCom:
    """``answers`` to the next posts, (status, JSON); ``ok`` when used up."""

    answers: list[tuple[int, Any]] = field(default_factory=list)
    posts: list[tuple[str, Any]] = field(default_factory=list)

    async def webhook(self, request: web.Request) -> web.Response:
        self.posts.append((request.query["key"], await request.json()))
        status, said = self.answers.pop(0) if self.answers else (200, {"errcode": 0, "errmsg": "ok"})
        return web.json_response(said, status=status) if not isinstance(said, str) else web.Response(text=said)

    @asynccontextmanager
    async def robots(self, **more: Any) -> AsyncIterator[RobotSender]:
        app = web.Application()
        app.router.add_post("/cgi-bin/webhook/send", self.webhook)
        async with served(app) as url:
            made = RobotSender(url, timeout_s=5.0, **more)
            try:
                yield made
            finally:
                await made.aclose()


async def test_the_group_reads_what_was_written() -> None:
    wecom = WeCom()
    async with wecom.robots() as robot:
        await robot.send(NOTICE)
    assert wecom.posts == [(KEY, {"msgtype": "text", "text": {"content": NOTICE.text}})]


@pytest.mark.parametrize("code", [93000, 93008, 40058])
async def test_a_robot_that_is_gone_is_refused_for_good(code: int) -> None:
    wecom = WeCom(answers=[(200, {"errcode": code, "errmsg": f"invalid webhook url {KEY}"})])
    async with wecom.robots() as robot:
        with pytest.raises(PermanentDeliveryError, match=str(code)) as refused:
            await robot.send(NOTICE)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "all_rest"),
    [
        ((200, {"errcode": 45009, "errmsg": "api freq out of limit"}), False),
        ((200, {"errcode": -1, "errmsg": "system busy"}), False),
        ((200, {"no": "code"}), False),
        ((200, "<html>log in to the proxy</html>"), True),
        ((503, {}), True),
        ((302, {}), True),
    ],
)
async def test_what_may_pass_is_tried_again(answer: tuple[int, Any], *, all_rest: bool) -> None:
    wecom = WeCom(answers=[answer])
    async with wecom.robots() as robot:
        with pytest.raises(TransientDeliveryError) as refused:
            await robot.send(NOTICE)
        assert (refused.value.retry_after_s is not None) is all_rest
        await robot.send(NOTICE)
    assert len(wecom.posts) == 2


async def test_one_robot_says_twenty_things_a_minute_and_others_may_speak() -> None:
    now = 100.0
    wecom = WeCom()
    async with wecom.robots(monotonic=lambda: now) as robot:
        for _ in range(A_MINUTE):
            await robot.send(NOTICE)
        with pytest.raises(TransientDeliveryError) as refused:
            await robot.send(NOTICE)
        assert refused.value.retry_after_s is None, "another robot is not held up"
        await robot.send(replace(NOTICE, address=f"{ROBOTS}other"))
        now += 60.0
        await robot.send(NOTICE)
    assert len(wecom.posts) == A_MINUTE + 2


async def test_nobody_there_is_tried_again_and_no_error_repeats_the_key() -> None:
    robot = RobotSender(f"http://{LOOPBACK}:{free_port()}", timeout_s=5.0)
    with pytest.raises(TransientDeliveryError) as refused:
        await robot.send(NOTICE)
    await robot.aclose()
    assert KEY not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_long_text_loses_lines_and_keeps_its_first_and_the_link() -> None:
    text = "\n".join(
        ["共 200 件", *(f"20261130-{n:07} 签收超时 供水故障" for n in range(200)), "https://12345.example/unit/"]
    )
    short = shortened(text)
    assert len(short.encode()) <= MOST_BYTES
    assert short.split("\n")[0] == "共 200 件"
    assert short.endswith("https://12345.example/unit/")
