"""A whole gateway whose recogniser is on another machine, and first refuses its token."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integration.recognition.bursts import words
from tests.integration.recognition.test_pool import TOKEN, served
from tests.integration.roles.test_processes import call
from tests.support.certificates import Authority
from tests.support.ports import free_port
from tests.support.running import RunningGateway
from tests.support.waiting import until

pytestmark = pytest.mark.integration


async def test_a_call_goes_on_without_a_recogniser_and_its_words_come_when_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "ca")
    certificate = authority.issue("127.0.0.2")
    port = free_port()
    monkeypatch.setenv("GATEWAY_ASR__TOKEN", TOKEN)
    monkeypatch.setenv("GATEWAY_ASR__CA_FILE", str(authority.ca_file))
    gateway = RunningGateway(tmp_path / "gateway", asr_url=f"wss://127.0.0.2:{port}")

    async def usable(count: int) -> bool:
        found = await asyncio.to_thread(gateway.metrics)
        return all(found.get(f'gateway_asr_usable{{process="{name}"}}') == count for name in ("voice", "web+worker"))

    async def ticket() -> dict[str, Any]:
        (found,) = await asyncio.to_thread(lambda: list(gateway.tickets()))
        record: dict[str, Any] = await asyncio.to_thread(gateway.get, f"/api/v1/tickets/{found['ticket_id']}")
        return record

    async with AsyncExitStack() as stack:
        refusing = await stack.enter_async_context(AsyncExitStack())
        await refusing.enter_async_context(served(certificate, port=port, token="the token of before"))
        await asyncio.to_thread(gateway.start)
        stack.push_async_callback(asyncio.to_thread, gateway.stop)
        await until(lambda: usable(0), "the refusal to be measured", within_s=60)
        async with call(gateway, "13900000001", says=words(6)) as up:
            await up.hears(200)
            await up.phone.bye()

        async def over() -> bool:
            return bool((await ticket())["interactions"][0]["ended_at"])

        await until(over, "the call to end")
        assert (await ticket())["prefill"]["pending"]
        log = gateway.log.read_text(encoding="utf-8")
        assert "recogniser_unusable" in log
        assert "give both sides the same [asr] token" in log
        await refusing.aclose()
        await stack.enter_async_context(served(certificate, port=port, token=TOKEN))

        async def transcribed() -> bool:
            return not (await ticket())["prefill"]["pending"]

        await until(transcribed, "the words", within_s=120)
        await until(lambda: usable(1), "the recovery to be measured")
        found = await asyncio.to_thread(gateway.metrics)
        assert found['gateway_transcripts_pending{process="web+worker"}'] == 0
        assert not [name for name in found if "transcripts_pending" in name and "voice" in name]
        segments = [s for s in (await ticket())["interactions"][0]["transcript"] if s["speaker"] == "requester"]
        assert len(segments) >= 3
        assert all(a["end_ms"] <= b["start_ms"] for a, b in itertools.pairwise(segments)), "nothing twice"
