"""Strangers' sound files: decoded by a child that opens nothing else and costs so much and no more."""

from __future__ import annotations

import asyncio
import math
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from gateway.errors import RejectedInput
from gateway.intake.media.sniff import sniff
from gateway.media.containers import DEMUXERS
from gateway.media.decoding import COMMAND, DecoderFailed, DecodingLimits, SoundDecoder, end
from gateway.media.g711 import alaw_to_pcm16, audioop
from tests.support.hostile_sounds import long_flac
from tests.support.waiting import eventually, until

pytestmark = pytest.mark.integration
TESTS = Path(__file__).resolve().parents[2]
SOUNDS = TESTS / "data" / "sounds"
BAD = (sys.executable, "-I", str(TESTS / "support" / "bad_decoder.py"))
HALF_A_SECOND = 4000
AMR_SAMPLES = 160
"""In a frame of AMR, the shortest of which is one byte."""


def kind_of(path: Path) -> str | None:
    return sniff(path.read_bytes()[:64], path.name)


@pytest.mark.parametrize("path", sorted(SOUNDS.glob("tone.*")), ids=lambda path: path.suffix)
async def test_what_people_send_is_decoded(path: Path) -> None:
    alaw = await SoundDecoder().telephone(path, kind_of(path))
    assert len(alaw) == pytest.approx(HALF_A_SECOND, abs=700)  # coders add their delay
    middle = alaw_to_pcm16(alaw)[2000:6000]
    assert audioop.rms(middle, 2) == pytest.approx(9000 / math.sqrt(2), rel=0.2)


async def test_of_a_video_only_the_sound_is_decoded() -> None:
    """One picture of 8000 x 8000 is 96 MB as soon as it is looked at."""
    decoder = SoundDecoder(DecodingLimits(memory_bytes=160 << 20))
    path = SOUNDS / "huge_picture.mp4"
    assert len(await decoder.telephone(path, kind_of(path))) == pytest.approx(HALF_A_SECOND, abs=700)


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
async def test_of_a_truncated_file_the_beginning_is_heard(tmp_path: Path, cut: float) -> None:
    whole = (SOUNDS / "tone.mp3").read_bytes()
    path = tmp_path / "cut.mp3"
    path.write_bytes(whole[: int(len(whole) * cut)])
    assert 0 < len(await SoundDecoder().telephone(path, "audio/mpeg")) < HALF_A_SECOND


@pytest.mark.parametrize(("frames", "rate"), [(64, 8000), (3, 1), (200, 8000), (50, 655_350)])
async def test_hours_in_a_kilobyte_are_cut_short(tmp_path: Path, frames: int, rate: int) -> None:
    path = tmp_path / "long.flac"
    path.write_bytes(long_flac(frames, rate))
    assert path.stat().st_size < 3000
    decoder = SoundDecoder(DecodingLimits(sound_s=60))
    try:
        assert len(await decoder.telephone(path, kind_of(path))) <= 60 * 8000
    except (RejectedInput, DecoderFailed):
        assert rate == 1  # a block of eighteen hours does not fit into the memory that it may take


class Listener:
    """A server on the loopback that counts who comes."""

    def __init__(self) -> None:
        self.came = 0

    def _come(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        writer.close()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._come, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()


LISTS = {
    "ffconcat": "ffconcat version 1.0\nfile '{file}'\nduration 0\nfile 'http://{address}/x.mp3'\n",
    "nested": "ffconcat version 1.0\n" + "file '{own}'\nduration 0\n" * 50,
    "concat": "concat:{file}|http://{address}/x.mp3",
    "subfile": "subfile,,start,0,end,0,,:{file}",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://{address}/x.ts\n#EXTINF:1,\n{file}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 8\n",
    "m3u in UTF-16": "\ufeff#EXTM3U\n{file}\n",
    "dash": "<?xml version='1.0'?><MPD><BaseURL>http://{address}/</BaseURL></MPD>",
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_of_other_files_is_text_and_opens_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.mp3"
    async with Listener() as listener:
        text = LISTS[name].format(file=SOUNDS / "tone.mp3", address=listener.address, own=path)
        path.write_bytes(text.encode("utf-16-le" if "UTF-16" in name else "utf-8"))
        assert kind_of(path) in {"text/plain", None}
        never = SoundDecoder(command=("/nonexistent/decoder",))
        with pytest.raises(RejectedInput):  # no process is started for it
            await never.telephone(path, kind_of(path))
        for media_type in DEMUXERS:  # and would it be, it is refused, or heard as the noise that its own bytes are
            with suppress(RejectedInput):
                alaw = await SoundDecoder().telephone(path, media_type)
                assert len(alaw) <= path.stat().st_size * AMR_SAMPLES
        assert listener.came == 0


@pytest.mark.parametrize("demuxer", ["concat", "hls", "sdp", "dash", "image2", "lavfi", ""])
def test_the_child_itself_knows_no_other_demuxers(demuxer: str) -> None:
    done = subprocess.run(
        [*COMMAND, demuxer, "telephone", "10", "10"], input=b"ffconcat version 1.0\n", capture_output=True, check=False
    )
    assert done.returncode != 0
    assert done.stdout == b""


@pytest.mark.parametrize("does", ["SPIN", "EAT", "TALK", "LINE", "CRASH", "SLEEP", "WRITE"])
async def test_a_decoder_gone_wrong_is_ended(tmp_path: Path, does: str) -> None:
    path, written = tmp_path / "a.amr", tmp_path / "written"
    path.write_bytes(f"#!AMR\n{does} {written}\n".encode())
    wall_s = 3.0 if does == "SLEEP" else 120.0
    decoder = SoundDecoder(DecodingLimits(cpu_s=1, wall_s=wall_s, memory_bytes=256 << 20, sound_s=5), command=BAD)
    with pytest.raises(DecoderFailed):
        await decoder.telephone(path, "audio/amr")
    assert not written.exists() or written.stat().st_size == 0


async def test_a_child_is_ended_though_nobody_reads_what_it_said() -> None:
    """asyncio waits for the end of a pipe as well, and stops reading from one that has a full buffer."""
    talking = "import os\nwhile True:\n    os.write(1, bytes(1 << 16))\n"
    child = await asyncio.create_subprocess_exec(sys.executable, "-I", "-c", talking, stdout=subprocess.PIPE, limit=1)
    assert child.stdout is not None
    assert await child.stdout.read(1)
    async with asyncio.timeout(60):
        await end(child)
    assert child.returncode == -signal.SIGKILL


async def test_a_cancelled_decoding_leaves_no_child(tmp_path: Path) -> None:
    path, told = tmp_path / "a.amr", tmp_path / "pid"
    path.write_bytes(b"#!AMR\n")
    script = tmp_path / "wait.py"
    script.write_text(
        f"import os, signal\nos.symlink(str(os.getpid()), {str(told)!r})\nsignal.pause()\n", encoding="utf-8"
    )
    decoding = asyncio.create_task(
        SoundDecoder(command=(sys.executable, "-I", str(script))).telephone(path, "audio/amr")
    )
    await until(told.is_symlink, "the child")
    decoding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await decoding
    assert not Path("/proc", told.readlink().name).exists()


async def test_the_child_knows_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_ASR__TOKEN", "secret")
    script = tmp_path / "tell.py"
    script.write_text("import os\nprint('ok', 8000 if os.environ.get('GATEWAY_ASR__TOKEN') is None else 'told')\n")
    path = SOUNDS / "tone.amr"
    assert await SoundDecoder(command=(sys.executable, "-I", str(script))).telephone(path, "audio/amr") == b""


def test_the_child_can_open_nothing_once_it_looks_at_the_file() -> None:
    with subprocess.Popen(
        [*COMMAND, "amr", "telephone", "10", "60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        limits = Path(f"/proc/{child.pid}/limits")
        eventually(lambda: "Max open files            3 " in limits.read_text(encoding="ascii"))
        answer, _ = child.communicate((SOUNDS / "tone.amr").read_bytes())
    assert answer.startswith(b"ok 8000\n")
