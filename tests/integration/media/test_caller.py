"""``gateway call``: a real call to a real user agent, from another process."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from channels.sip.caller import NoPhones, NoTrace
from channels.sip.settings import SipSettings
from channels.sip.user_agent import UserAgent
from gateway.edge.system_clock import SystemClock
from gateway.errors import CallEnded
from gateway.media.vad import VoiceDetector
from gateway.media.wav import alaw_wav, read_wav
from tests.support.command import GATEWAY, ROOT
from tests.support.waiting import until

pytestmark = pytest.mark.integration

PROMPTS = ROOT / "ivr_flows" / "prompts" / "zh"


def prompt(name: str) -> bytes:
    return read_wav(PROMPTS / f"{name}.wav").alaw()


class Hotline:
    """Asks, listens until the caller has spoken, says goodbye."""

    def __init__(self, *, polite: bool = True) -> None:
        self.polite = polite
        self.keys = ""
        self.voiced_ms = 0
        self.spoke_during_prompt = False
        self.from_user = ""
        clock = SystemClock()
        self.agent = UserAgent(
            settings=SipSettings(host="127.0.0.1", port=0, rtp_ports=(0, 0)),
            channel_id="hotline",
            calls=self.serve,
            clock=clock,
            phones=NoPhones(),
            trace=NoTrace(Path(), "hotline", clock),
            draining=lambda: False,
            gauge=lambda _name, _value: None,
        )

    async def serve(self, leg) -> None:
        self.from_user = leg.info.from_user
        detector = VoiceDetector()

        def sink(caller: bytes, _ours: bytes) -> None:
            self.voiced_ms += 20 * detector.voiced(caller)

        await leg.answer()
        leg.set_sink(sink)
        pressing = asyncio.create_task(self._press(leg))
        try:
            await leg.play(prompt("ask_demand")).wait()
            self.spoke_during_prompt = self.voiced_ms > 0
            if not self.polite:
                await leg.ended
            while self.voiced_ms < 1000:
                await asyncio.sleep(0.05)
                leg.pending_dtmf()
            await leg.play(prompt("goodbye")).wait()
            await leg.hangup()
        except CallEnded:
            return
        finally:
            pressing.cancel()
            await asyncio.gather(pressing, return_exceptions=True)

    async def _press(self, leg) -> None:
        while True:
            self.keys += await leg.dtmf()


@pytest.fixture
async def hotline():
    line = Hotline()
    await line.agent.start()
    yield line
    await line.agent.aclose(drain_s=0)


async def call(*arguments: object) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *GATEWAY, "call", *map(str, arguments),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture
def speech(tmp_path) -> Path:
    path = tmp_path / "speech.wav"
    path.write_bytes(alaw_wav(prompt("greeting")[: 8000 * 4]))
    return path


async def test_it_waits_for_the_prompt_presses_speaks_and_stays_until_the_goodbye(hotline, speech, tmp_path):
    code, out, err = await call(
        "--to", f"sip:12345@127.0.0.1:{hotline.agent.port}", "--wav", speech, "--from", "13912345678",
        "--dtmf", "0#", "--record", tmp_path / "both.wav", "--json",
    )  # fmt: skip
    assert code == 0, err
    result = json.loads(out)  # stdout holds the answer and nothing else
    assert (result["status"], result["hung_up_by"], result["keys"]) == (200, "far", "0#")
    assert result["media"]
    assert result["heard_s"] > 0.5
    assert result["spoke_s"] == pytest.approx(len(prompt("greeting")[: 8000 * 4]) / 8000, abs=1)
    assert hotline.keys == "0#"
    assert hotline.from_user == "13912345678"
    assert not hotline.spoke_during_prompt
    recorded = read_wav(tmp_path / "both.wav")
    assert len(recorded.channels) == 2
    assert recorded.duration_s == pytest.approx(result["talked_s"], abs=1)


async def test_it_hangs_up_when_told(hotline, speech):
    hotline.polite = False
    code, out, _ = await call(
        "--to", f"sip:12345@127.0.0.1:{hotline.agent.port}", "--wav", speech, "--hangup-after", "1.5"
    )
    assert code == 0
    assert "we hung up" in out
    await until(lambda: not hotline.agent.sizes()["calls"], "the call's end")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "sip:12345@127.0.0.1:9"), "nothing answers at 127.0.0.1:9"),
        (("--to", "sip:12345@city.example"), "no DNS is asked"),
        (("--to", "12345"), "is no sip: URI"),
        (("--to", "sip:1@127.0.0.1:9", "--dtmf", "1x"), "0-9 * # A B C D"),
    ],
)
async def test_a_call_that_cannot_be_is_one_clear_line(speech, arguments, said):
    code, out, err = await call(*arguments, "--wav", speech)
    assert (code, out) == (1, "")
    assert said in err
    assert len(err.splitlines()) == 1


async def test_a_file_that_is_no_sound_is_named(tmp_path):
    (tmp_path / "no.wav").write_text("hello")
    code, _, err = await call("--to", "sip:1@127.0.0.1:9", "--wav", tmp_path / "no.wav")
    assert code == 1
    assert "no.wav" in err


async def test_a_refused_call_says_why(speech):
    class Busy(Hotline):
        async def serve(self, leg) -> None:
            await leg.reject(486, "Busy Here")

    line = Busy()
    await line.agent.start()
    code, _, err = await call("--to", f"sip:12345@127.0.0.1:{line.agent.port}", "--wav", speech)
    await line.agent.aclose(drain_s=0)
    assert code == 1
    assert "486 Busy Here" in err
