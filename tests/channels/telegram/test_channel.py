"""The channel against a Bot API server: deliveries, polling, sending, files, faults."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from gateway.errors import Conflict, PermanentDeliveryError, RejectedInput, StoreUnavailable, TransientDeliveryError
from gateway.ports.message import MediaRef, Sent
from tests.channels.telegram import shapes
from tests.channels.telegram.bot_api import OGG
from tests.channels.telegram.harness import Harness, PollingHarness
from tests.contract.channels.harness import Said
from tests.support.waiting import until

pytestmark = pytest.mark.integration


async def push(bot: Harness, update: object, secret: str | None = shapes.SECRET) -> int:
    return await bot.server.push(bot.hook, update, secret=secret)


async def test_our_address_is_told_with_its_secret(bot: Harness) -> None:
    await until(lambda: bot.server.webhook)
    assert bot.server.webhook["url"] == bot.hook
    assert bot.server.webhook["secret_token"] == shapes.SECRET
    assert bot.server.webhook["max_connections"] == "40"
    assert json.loads(bot.server.webhook["allowed_updates"]) == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    ]


async def test_a_server_that_is_away_keeps_nobody_from_being_heard(bot: Harness) -> None:
    await bot.stop()
    bot.server.fail("getWebhookInfo", 500, "Internal Server Error")
    await bot.start()
    assert await bot.deliver(Said(1, "漏水"))
    assert bot.stored() == ["漏水"]


@pytest.mark.parametrize("secret", [None, "", "wrong-secret-0123456789", shapes.SECRET + "x", "密"])
async def test_wrong_secrets(bot: Harness, secret: str | None) -> None:
    if secret == "密":
        async with aiohttp.ClientSession() as http:
            headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
            async with http.post(bot.hook, json=shapes.message(text="x"), headers=headers) as answer:
                assert answer.status == 403
    else:
        assert await push(bot, shapes.message(text="x"), secret) == 403
    assert bot.house.health.refusals == ["bad_signature"]
    assert bot.stored() == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[1]", b'"x"', b"null", b'{"message": {}}', b"[" * 100_000])
async def test_what_is_no_update_is_kept_for_a_person_to_look_at(bot: Harness, body: bytes) -> None:
    """The secret was right, so it is Telegram's, and it would be lost for ever; nothing in it is nothing."""
    assert await push(bot, body) == 200
    assert await push(bot, body) == 200
    assert bot.house.health.refusals == ["malformed"] * 2
    assert len({one.external_id for one in bot.house.accepted}) == bool(body)
    assert await bot.deliver(Said(1, "之后照常"))


async def test_other_methods_and_addresses(bot: Harness) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.get(bot.hook) as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        async with http.post(f"{bot.hook}/more", json={}) as answer:
            assert answer.status == 404


async def test_a_body_larger_than_any_update(bot: Harness) -> None:
    assert await push(bot, b'{"update_id": 1, "x": "' + b"y" * 1_100_000 + b'"}') == 400


async def test_duplicates_and_any_order_come_out_once_each_in_order(bot: Harness) -> None:
    said = [Said(number, f"第{number}句") for number in range(1, 21)]
    shuffled = said * 2
    random.Random(5).shuffle(shuffled)
    assert await asyncio.gather(*(bot.deliver(one) for one in shuffled)) == [True] * 40
    in_order = sorted(bot.house.received, key=lambda one: one.sent_at or one.received_at)
    assert [one.text for one in in_order] == [one.text for one in said]


async def test_a_full_store_answers_503_with_retry_after(bot: Harness) -> None:
    bot.house.failure = StoreUnavailable("full", retry_after_s=9)
    async with aiohttp.ClientSession() as http:
        headers = {"X-Telegram-Bot-Api-Secret-Token": shapes.SECRET}
        async with http.post(bot.hook, json=shapes.message(text="x"), headers=headers) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "9")


async def test_what_can_never_be_stored_is_acknowledged_and_counted(bot: Harness) -> None:
    for error in (RejectedInput("no"), Conflict("other content")):
        bot.house.failure = error
        assert await push(bot, shapes.message(text="x")) == 200
    assert bot.house.health.refusals == ["malformed", "malformed"]


async def test_a_number_used_again_for_another_message_loses_neither(bot: Harness) -> None:
    assert await push(bot, shapes.message(5, text="第一条")) == 200
    for _ in range(2):
        assert await push(bot, shapes.message(5, text="隔了一周的另一条")) == 200
    assert bot.stored() == ["第一条", "隔了一周的另一条"]


async def test_a_tap_is_stored_then_told_to_the_app(bot: Harness) -> None:
    assert await push(bot, shapes.tap("human", "转人工")) == 200
    assert bot.house.received[0].choice == "human"
    await until(lambda: bot.server.of("answerCallbackQuery"))
    assert bot.server.of("answerCallbackQuery")[0]["callback_query_id"] == "4382bfdwdsb323b2d9"


async def test_a_tap_too_old_to_be_told_is_still_a_choice(bot: Harness) -> None:
    bot.server.fail("answerCallbackQuery", 400, "Bad Request: query is too old and response timeout expired")
    assert await push(bot, shapes.tap("human")) == 200
    await until(lambda: bot.server.of("answerCallbackQuery"))
    assert bot.house.received[0].choice == "human"


async def test_start_is_greeted_once(bot: Harness) -> None:
    update = shapes.message(text="/start")
    for _ in range(2):
        assert await push(bot, update) == 200
    assert await bot.deliver(Said(1, "之后"))
    await until(lambda: bot.server.of("sendMessage"))
    await asyncio.sleep(0.05)
    assert [call["chat_id"] for call in bot.server.of("sendMessage")] == [str(shapes.PERSON)]


async def test_quick_replies_are_buttons_under_the_last_piece(bot: Harness) -> None:
    text = "句子。" * 2000
    message = await bot.house.say(
        bot.channel_id, "1001", text, quick_replies=(("1", "是"), ("human", "转人工"), ("长" * 40, "太长"))
    )
    sent = await bot.channel.send(message)
    calls = bot.server.of("sendMessage")
    assert "".join(call["text"] for call in calls) == text
    assert [("reply_markup" in call) for call in calls] == [False, True]
    assert json.loads(calls[1]["reply_markup"])["inline_keyboard"] == [
        [{"text": "是", "callback_data": "1"}],
        [{"text": "转人工", "callback_data": "human"}],
    ]
    assert sent.external_id == "902"


async def test_a_retry_goes_on_where_it_stopped(bot: Harness) -> None:
    message = await bot.house.say(bot.channel_id, "1001", "甲" * 4096 + "乙" * 10)
    real, failing = bot.server._sendMessage, [False, True, False]

    async def flaky(parameters: dict[str, str]) -> dict[str, object]:
        if failing.pop(0):
            bot.server.fail("sendMessage", 502, "Bad Gateway")
            raise aiohttp.web.HTTPBadGateway
        return await real(parameters)

    bot.server._sendMessage = flaky
    with pytest.raises(TransientDeliveryError):
        await bot.channel.send(message)
    bot.server.faults.clear()
    await bot.channel.send(message)
    assert [call["text"][0] for call in bot.server.of("sendMessage")] == ["甲", "乙", "乙"]


@pytest.mark.parametrize(
    ("code", "description", "error"),
    [
        (403, "Forbidden: bot was blocked by the user", PermanentDeliveryError),
        (403, "Forbidden: user is deactivated", PermanentDeliveryError),
        (400, "Bad Request: chat not found", PermanentDeliveryError),
        (500, "Internal Server Error", TransientDeliveryError),
        (502, "Bad Gateway", TransientDeliveryError),
        (401, "Unauthorized", TransientDeliveryError),
        (409, "Conflict", TransientDeliveryError),
    ],
)
async def test_faults_of_sending(bot: Harness, code: int, description: str, error: type[Exception]) -> None:
    bot.server.fail("sendMessage", code, description)
    with pytest.raises(error) as raised:
        await bot.send(1, "您好")
    assert shapes.TOKEN not in str(raised.value)
    assert bot.house.health.tokens[-1][0] == (code != 401)


async def test_throttling_without_a_number(bot: Harness) -> None:
    bot.server.fail("sendMessage", 429, "Too Many Requests")
    with pytest.raises(TransientDeliveryError) as raised:
        await bot.send(1, "您好")
    assert raised.value.retry_after_s is None


async def test_an_answer_that_is_no_json_is_not_logged(bot: Harness, caplog: pytest.LogCaptureFixture) -> None:
    bot.server.garbage.add("sendMessage")
    with pytest.raises(TransientDeliveryError):
        await bot.send(1, "您好")
    assert "诉求内容" not in caplog.text


async def test_a_group_that_grew_and_a_stranger(bot: Harness) -> None:
    bot.server.fail("sendMessage", 400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1001)
    with pytest.raises(PermanentDeliveryError):
        await bot.send(1, "您好")
    with pytest.raises(PermanentDeliveryError):
        await bot.channel.send(await bot.house.say(bot.channel_id, "nobody", "您好"))


async def test_nobody_answers(bot: Harness) -> None:
    await bot.server.close()
    with pytest.raises(TransientDeliveryError):
        await bot.send(1, "您好")
    await bot.server.open()


async def fetch(bot: Harness, ref: str) -> bytes:
    return b"".join([chunk async for chunk in bot.channel.fetch(MediaRef(ref=ref))])


async def test_a_voice_message_is_fetched(bot: Harness) -> None:
    assert await fetch(bot, "voice-1") == OGG


async def test_files_that_cannot_be_had(bot: Harness) -> None:
    with pytest.raises(PermanentDeliveryError):
        await fetch(bot, "")
    bot.server.fail("getFile", 400, "Bad Request: file is too big")
    with pytest.raises(PermanentDeliveryError, match="too big"):
        await fetch(bot, "voice-1")
    bot.server.files["gone"] = ("voice/gone.oga", b"x")
    bot.server.missing.add("voice/gone.oga")
    with pytest.raises(PermanentDeliveryError):
        await fetch(bot, "gone")


@pytest.mark.parametrize("told", [None, 100])
async def test_files_larger_than_allowed(bot: Harness, told: int | None) -> None:
    """The size is told before the download, or it lies and the download is cut."""
    await bot.stop()
    bot.limits = {"max_file_bytes": 2048}
    await bot.start()
    bot.server.file_size = told
    with pytest.raises(PermanentDeliveryError, match="larger than 2048"):
        await fetch(bot, "voice-1")


async def test_polling_acknowledges_after_storing_and_remembers(polling: PollingHarness) -> None:
    polling.server.put(*(shapes.message(number, text=str(number)) for number in range(50, 60)))
    await polling.start()
    await until(lambda: not polling.server.updates)
    assert polling.stored() == [str(number) for number in range(50, 60)]
    kept = json.loads(polling.house.states[polling.channel_id].values["offset:123456789"])
    assert kept["offset"] == 60
    assert polling.house.health.up
    assert polling.server.of("deleteWebhook")
    await polling.stop()
    polling.server.calls.clear()
    await polling.start()
    await until(lambda: polling.server.of("getUpdates"))
    assert polling.server.of("getUpdates")[0]["offset"] == "60"


async def test_polling_goes_on_after_a_full_store_from_the_first_that_was_not_stored(polling: PollingHarness) -> None:
    receive = polling.house.conversations.receive
    failing = iter([False, False, True])

    async def full_at_the_third(message):  # type: ignore[no-untyped-def]  # stands in for receive
        if next(failing, False):
            raise StoreUnavailable("full", retry_after_s=0)
        return await receive(message)

    polling.house.conversations.receive = full_at_the_third  # type: ignore[method-assign]  # as above
    polling.server.put(*(shapes.message(number, text=str(number)) for number in range(1, 6)))
    await polling.start()
    await until(lambda: not polling.server.updates)
    assert polling.stored() == ["1", "2", "3", "4", "5"]
    assert [call.get("offset") for call in polling.server.of("getUpdates")][:2] == [None, "3"]


async def test_polling_forgets_an_offset_of_a_quiet_week(polling: PollingHarness) -> None:
    state = polling.house.context(channel_id=polling.channel_id, data_dir=polling.data_dir).text
    assert state is not None
    old = datetime.now(UTC) - timedelta(days=7)
    await state.state.put("offset:123456789", json.dumps({"offset": 900_000, "at": old.isoformat()}))
    polling.server.put(shapes.message(12, text="编号重新开始"))
    await polling.start()
    await until(polling.stored)
    assert polling.stored() == ["编号重新开始"]


async def test_polling_is_paused_by_faults_and_comes_back(polling: PollingHarness) -> None:
    polling.server.fail("deleteWebhook", 429, "Too Many Requests: retry after 1", retry_after=1)
    polling.server.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request")
    polling.server.put(shapes.message(1, text="还在"))
    await polling.start()
    await until(polling.stored)
    assert polling.house.health.up


async def test_one_of_two_processes_polls(polling: PollingHarness) -> None:
    async with polling.house.cache.lock("telegram:poll:123456789", 60) as mine:
        assert mine
        await polling.start()
        await until(lambda: polling.server.of("deleteWebhook"))
        await asyncio.sleep(0.1)
        assert not polling.server.of("getUpdates")
    polling.server.put(shapes.message(1, text="轮到我"))
    await until(polling.stored)


async def test_polling_takes_no_deliveries_by_http(polling: PollingHarness) -> None:
    await polling.start()
    assert await polling.server.push(polling.hook, shapes.message(text="x"), secret="") == 404
    assert polling.stored() == []


async def test_polling_passes_over_what_is_no_update(polling: PollingHarness) -> None:
    polling.server.put({"update_id": 1, "message": "x"}, {"no": "id"}, shapes.message(2, text="好"))
    await polling.start()
    await until(polling.stored)
    assert polling.stored() == ["好"]
    assert "malformed" in polling.house.health.refusals


@pytest.mark.parametrize("variant", [Harness, PollingHarness])
async def test_a_closed_channel_asks_nothing_more_and_leaves_no_connection(
    variant: type[Harness], tmp_path: Path
) -> None:
    harness = variant(tmp_path)
    await harness.open()
    before = asyncio.all_tasks()
    for steps in range(20):
        await harness.start()
        running = harness._running
        assert running is not None
        for _ in range(steps):
            await asyncio.sleep(0)
        await harness.channel.aclose(drain_s=1)
        async with asyncio.timeout(30):
            await running
        await harness.stop()
        # The server has a task for each connection for as long as that is open.
        await until(lambda: asyncio.all_tasks() <= before, "the end of every question and connection")
    await harness.close()


async def test_a_text_under_way_when_it_is_closed_is_sent_or_waits_and_leaves_no_connection(tmp_path: Path) -> None:
    harness = Harness(tmp_path)
    await harness.open()
    before = asyncio.all_tasks()
    outcomes = set()
    for steps in range(30):
        await harness.start()
        sending = asyncio.create_task(harness.send(1, "您好。"))
        for _ in range(steps):
            await asyncio.sleep(0)
        await harness.channel.aclose(drain_s=1)
        [outcome] = await asyncio.gather(sending, return_exceptions=True)
        outcomes.add(type(outcome))
        await harness.stop()
        await until(lambda: asyncio.all_tasks() <= before, "the end of every connection")
    await harness.close()
    assert TransientDeliveryError in outcomes
    assert outcomes <= {TransientDeliveryError, Sent}
