"""No request or message of any size or content that is accepted holds an event loop for longer than 50 ms of CPU."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.bounded.house import web_process
from tests.support.attacks import DIGITS, NAMES, PLAN, Attack, Attacker, filled
from tests.support.loop_time import Held

pytestmark = pytest.mark.integration
HeldBy = Callable[[Attack], Held]
PIECES = st.one_of(
    st.sampled_from(
        (
            *(
                DIGITS,
                NAMES,
                PLAN,
                "1",
                "一",
                "张三",
                "王",
                "我叫",
                "不要",
                "投诉",
                "路灯",
                "龙华区",
                "国贸路10号",
                "号楼",
            ),
            *(
                " ",
                "\n",
                "，",
                "-",
                "*",
                "<",
                "]]>",
                "\\",
                '"',
                "&amp;",
                "%00",
                "O'Neil Street",
                "double zero",
                "é",
                "😀",
            ),
        )
    ),
    st.text(min_size=1, max_size=12),
)
TEXTS = st.builds(
    lambda pieces, length: filled("".join(pieces), length),
    st.lists(PIECES, min_size=1, max_size=6),
    st.sampled_from((1, 200, 501, 2_000, 7_999, 8_001, 20_000)),
)
"""Any few pieces over and over: what costs much grows with repetition."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=30,
)


@pytest.fixture(scope="module")
def held_by(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeldBy]:
    """What an attack makes one process do at once; it has all the tickets of the attacks before."""
    with asyncio.Runner() as runner:
        opening = web_process(tmp_path_factory.mktemp("bounded"))
        process = runner.run(opening.__aenter__())
        try:
            yield lambda attack: runner.run(process.held_by(attack))
        finally:
            runner.run(opening.__aexit__(None, None, None))


async def everywhere(text: str, one: Attacker) -> None:
    """``text`` by every way, then by every way to see it. Some ways refuse some texts; none may fail."""
    statuses = [
        await one.contact(text, requester={"name": text[:100], "phone": text[:60]}, place={"address": text[:200]}),
        await one.contact("路灯坏了"),
        *await one.chat([text, text[:300]]),
        await one.wechat_text(text),
        await one.sms([text, text[:70]]),
        await one.telegram(text),
        await one.platform_text(text),
        await one.open311_report(text[:4_000]),
        await one.upload(text.encode("utf-8", "replace"), name=text[:100]),
        *[await one.record(path) for path in ("", "/vcon", "/events", "/similar")],
        await one.masked_list(),
        *await one.open311_queries(1),
        await one.reword(lambda shown: shown[1:] + text[:3_000]),
    ]
    assert all(status < 500 for status in statuses), statuses


@given(text=TEXTS)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_holds_the_loop(held_by: HeldBy, text: str) -> None:
    held_by(partial(everywhere, text)).check()


async def any_body(body: bytes, one: Attacker) -> None:
    """``body`` wherever one is taken, from strangers and from those who are known."""
    kind = {"Content-Type": "application/json"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    statuses = [
        (await one.ask("POST", "/api/v1/contacts", one.contacts_token, headers=kind, data=body))[0],
        (await one.ask("POST", "/api/v1/session", headers=kind, data=body))[0],
        (await one.ask("POST", "/chat/web/messages", await one.session(), data=body))[0],
        (await one.ask("POST", "/chat/web/session", data=body))[0],
        (await one.ask("POST", "/open311/v2/requests.json", headers=form, data=body))[0],
        await one.sms_body(body),
        await one.telegram_body(body),
        await one.platform(body),
        await one.wechat(body[:60_000].decode("utf-8", "replace")),
    ]
    assert all(status < 500 for status in statuses), statuses


@given(value=JSON, times=st.sampled_from((1, 500, 20_000)), wrapped=st.booleans())
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_no_body_holds_the_loop(held_by: HeldBy, value: object, times: int, wrapped: bool) -> None:  # noqa: FBT001 - drawn
    one = json.dumps(value).encode()
    body = b"[" + b",".join([one] * times) + b"]"
    held_by(partial(any_body, b'{"text":' + body + b"}" if wrapped else body[:1_000_000])).check()
