"""baresip, a phone that we did not write, calls: our two-track recording holds its audio, and it hears ours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.calls.recorder import LocalRecordings
from gateway.media import g711
from gateway.ports.call import EndReason
from tests.peers.baresip import baresip
from tests.peers.house import OUR_TONE_HZ, Heard, share_of, sip_house, tone
from tests.peers.kamailio import kamailio
from tests.peers.phones import Phones
from tests.support.ports import LOOPBACK
from tests.support.sounds import sine, write_wav
from tests.support.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.alone]  # real phones play in real time

SPEAKS_HZ = 440
AUDIO_BITS_PER_S = 64_000
CODECS = {"alaw": "pcma/8000/1", "ulaw": "pcmu/8000/1"}


@pytest.fixture
def speech(tmp_path):
    """Twenty seconds of a sine."""
    return write_wav(tmp_path / "speech.wav", sine(SPEAKS_HZ, 20))


def account(codec: str, transport: str) -> str:
    return f"<sip:13800138000@{LOOPBACK};transport={transport}>;regint=0;audio_codecs={CODECS[codec]}"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("codec", ["alaw", "ulaw"])
async def test_the_recording_holds_what_was_said_and_baresip_heard_us(tmp_path, speech, codec, transport):
    recordings = LocalRecordings(tmp_path / "recordings", min_free_percent=0)
    finished = []

    async def record(call: Heard) -> None:
        writer = recordings.start("01KEXAMPLE", datetime.now(UTC))
        call.leg.set_sink(writer.write)
        try:
            await call.leg.answer()
            while True:
                await call.leg.play(tone(OUR_TONE_HZ, 1.0)).wait()
        finally:
            call.leg.set_sink(None)
            finished.append(writer.close())

    async with (
        sip_house(tmp_path / "house") as rig,
        baresip(tmp_path, speaks=speech, account=account(codec, transport)) as caller,
    ):
        rig.script = record
        await caller.command("dial", f"sip:12345@{LOOPBACK}:{rig.port};transport={transport}")
        await caller.event("CALL_ESTABLISHED")
        await caller.event("CALL_RTPESTAB")
        await until(lambda: caller_heard(caller) > 8000 * 2 * 2, "baresip has heard two seconds")
        await caller.command("hangup")
        await caller.event("CALL_CLOSED")
        await rig.quiet()
        (call,) = rig.calls
        assert call.end is EndReason.CALLER_HUNG_UP
        assert call.leg.info.from_user == "13800138000"
        theirs = caller.heard_samples()
    (done,) = finished
    assert done is not None
    left, right = tracks(recordings.path(done.location))
    assert share_of(left[8000:16000], SPEAKS_HZ) > 0.95
    assert share_of(right[8000:16000], OUR_TONE_HZ) > 0.95
    assert share_of(g711.pcm16_to_alaw(theirs[8000:24000]), OUR_TONE_HZ) > 0.95


async def test_through_kamailio_and_our_hangup_arrives(tmp_path, speech):
    async def short(call: Heard) -> None:
        await call.leg.answer()
        await call.leg.play(tone(OUR_TONE_HZ, 1.0)).wait()
        await call.leg.hangup()

    async with (
        sip_house(tmp_path / "house") as rig,
        kamailio(tmp_path / "kamailio", [f"{LOOPBACK}:{rig.port}"]) as proxy,
        baresip(tmp_path, speaks=speech, account=account("alaw", "udp")) as caller,
    ):
        rig.script = short
        await caller.command("dial", f"sip:12345@{LOOPBACK}:{proxy.port}")
        await caller.event("CALL_ESTABLISHED")
        await caller.event("CALL_CLOSED")
        await rig.quiet()
        (call,) = rig.calls
        assert call.end is EndReason.WE_HUNG_UP
        assert share_of(bytes(call.caller[1600:6400]), SPEAKS_HZ) > 0.95


async def test_keys_pressed_on_the_phone_arrive_once_each(tmp_path, speech):
    async with (
        sip_house(tmp_path / "house") as rig,
        baresip(tmp_path, speaks=speech, account=account("alaw", "udp")) as caller,
    ):
        await caller.command("dial", f"sip:12345@{LOOPBACK}:{rig.port}")
        await caller.event("CALL_ESTABLISHED")
        for pressed, key in enumerate("2*0", start=1):
            await caller.command("sndcode", key)
            await until(lambda n=pressed: len(rig.calls[0].keys) >= n, f"key {key} arrives")
        await caller.command("hangup")
        await caller.event("CALL_CLOSED")
        await rig.quiet()
        assert rig.calls[0].keys == ["2", "*", "0"]


async def test_on_hold_we_fall_silent_and_go_on_when_the_phone_comes_back(tmp_path, speech):
    async with (
        sip_house(tmp_path / "house", no_media_timeout_s=1) as rig,
        baresip(tmp_path, speaks=speech, account=account("alaw", "udp")) as caller,
    ):
        await caller.command("dial", f"sip:12345@{LOOPBACK}:{rig.port}")
        await caller.event("CALL_RTPESTAB")
        (call,) = rig.calls
        await caller.command("hold")
        await until(lambda: call.leg.on_hold, "held")
        held_at = len(call.ours)
        # Longer than no_media_timeout_s: a call on hold does not end for want of audio.
        await until(lambda: len(call.ours) >= held_at + 8000 * 2, "two seconds on hold")
        assert call.end is None
        assert caller.receives() == 0
        await caller.command("resume")
        await until(lambda: not call.leg.on_hold, "resumed")
        await until(lambda: caller.receives() > AUDIO_BITS_PER_S / 2, "baresip hears us again")
        await caller.command("hangup")
        await caller.event("CALL_CLOSED")
        await rig.quiet()
        assert call.end is EndReason.CALLER_HUNG_UP


async def test_it_registers_with_digest_and_calls_as_a_phone_of_ours(tmp_path, speech):
    phones = Phones({"8001": "geheim-7"})
    async with sip_house(tmp_path / "house", phones=phones, trunks=["192.0.2.0/24"]) as rig:
        line = f"<sip:8001@{LOOPBACK}:{rig.port}>;auth_user=8001;auth_pass=geheim-7;regint=60;audio_codecs=pcma/8000/1"
        async with baresip(tmp_path, speaks=speech, account=line) as caller:
            await until(lambda: "8001" in phones.bound, "registered")
            await caller.command("dial", f"sip:12345@{LOOPBACK}:{rig.port}")
            await caller.event("CALL_ESTABLISHED")
            await caller.command("hangup")
            await caller.event("CALL_CLOSED")
            await rig.quiet()
    assert rig.calls[0].leg.info.from_user == "8001"


async def test_a_stranger_outside_of_the_trunks_is_refused(tmp_path, speech):
    async with (
        sip_house(tmp_path / "house", trunks=["192.0.2.0/24"]) as rig,
        baresip(tmp_path, speaks=speech, account=account("alaw", "udp")) as caller,
    ):
        await caller.command("dial", f"sip:12345@{LOOPBACK}:{rig.port}")
        closed = await caller.event("CALL_CLOSED")
        assert not any(event["type"] == "CALL_ESTABLISHED" for event in caller.events), closed
        assert rig.calls == []


def caller_heard(caller) -> int:
    """Bytes that baresip has written of what it heard."""
    return sum(path.stat().st_size for path in caller.heard.glob("*dec*.wav"))


def tracks(path) -> tuple[bytes, bytes]:
    """Left and right of a stereo A-law WAV."""
    data = path.read_bytes()
    at = data.index(b"data")
    length = int.from_bytes(data[at + 4 : at + 8], "little")
    audio = data[at + 8 : at + 8 + length]
    return audio[0::2], audio[1::2]
