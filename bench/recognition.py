"""What recognition costs through the gateway, against the bare engine on the same continuous track of one caller.

``python -m bench.recognition [SPEECH_FOLDER]`` prints JSON. The track: utterances with pauses between
them, as telephone A-law: the tests' callers, or the ``speech`` folder of ``HOTLINE_TEST_DATA``. Bare: faster-whisper
itself on the whole track, with its own detector and nothing of ours. Gateway: our server in a process of its own, our
client feeding it as a call does; the server's CPU time is counted, detectors included, and that of the client beside
it.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.report import Row, judged
from gateway.media.g711 import alaw_to_pcm16, pcm16_to_alaw
from gateway.media.resample import resample
from gateway.ports.recogniser import Final, RecognitionStream
from gateway.recognition.audio import read_speech
from gateway.recognition.client import WebSocketRecogniser
from gateway.settings import load
from tests.support.data import OWN, more, utterances

ROOT = Path(__file__).resolve().parent.parent
SPEECH = more("speech") or OWN / "calls"
PAUSES_S = (0.4, 1.2, 2.5)
LIVE_PIECE = 2_000
"""The client sends so many samples at a time when a call is live."""
FASTER = 4
"""Times real time: slow enough for the server to get live-sized pieces, mostly."""
GOAL = 1.15
MODEL = "whisper-base"
BARE = "--bare"
TICKS = os.sysconf("SC_CLK_TCK")


def track(folder: Path) -> tuple[bytes, str]:
    """One caller's A-law and what is said in it."""
    audio, text = bytearray(), ""
    rng = np.random.default_rng(7)
    for n, one in enumerate(utterances(folder)):
        pcm, rate = read_speech(one.wav)
        audio += pcm16_to_alaw(resample(pcm, rate, 8_000))
        pause = rng.normal(0, 12, int(8_000 * PAUSES_S[n % len(PAUSES_S)])).astype("<i2").tobytes()
        audio += pcm16_to_alaw(pause)
        text += one.text
    return bytes(audio), text


def cpu_of(pid: int) -> float:
    """CPU seconds of a live process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def bare(alaw: bytes) -> tuple[float, str]:
    """The bare engine's CPU seconds, loading not counted, and its text. Run in a process of its own."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - only the child process loads it

    settings = load(None)
    model = WhisperModel(str(settings.models_dir / MODEL), device="cpu", compute_type="int8", cpu_threads=1)
    pcm = np.frombuffer(resample(alaw_to_pcm16(alaw), 8_000, 16_000), "<i2").astype(np.float32) / 32_768
    began = time.process_time()
    segments, _ = model.transcribe(
        pcm, language="zh", beam_size=5, temperature=0, condition_on_previous_text=False, vad_filter=True
    )
    text = "".join(segment.text for segment in segments)
    return time.process_time() - began, text


async def through_gateway(alaw: bytes, data_dir: Path) -> dict[str, float | str]:
    """The server's and the client's CPU seconds, and the text."""
    place = data_dir / "run" / "asr-0.json"
    env = {**os.environ, "GATEWAY_DATA_DIR": str(data_dir), "GATEWAY_ASR__OPTIONS": json.dumps({"cpu_threads": 1})}
    command = [sys.executable, "-m", "gateway", "run", "--role", "asr"]
    server = await asyncio.create_subprocess_exec(*command, env=env, cwd=ROOT)
    try:
        while not place.exists():  # noqa: ASYNC110 - another process makes the file
            await asyncio.sleep(0.1)
        url = json.loads(place.read_text(encoding="ascii"))["url"]
        loaded, own = cpu_of(server.pid), time.process_time()
        stream = WebSocketRecogniser(lambda: [url], "", ("zh", "en")).open()
        reading = asyncio.create_task(_texts(stream))
        for at in range(0, len(alaw), 160):
            stream.push(alaw[at : at + 160])
            if at % LIVE_PIECE == 0:
                await asyncio.sleep(LIVE_PIECE / 8_000 / FASTER)
        stream.finish()
        text = await reading
        await stream.aclose()
        return {"server_cpu_s": cpu_of(server.pid) - loaded, "client_cpu_s": time.process_time() - own, "text": text}
    finally:
        server.terminate()
        await server.wait()


async def _texts(stream: RecognitionStream) -> str:
    return "".join([r.text async for r in stream.results() if isinstance(r, Final)])


def measure(folder: Path) -> dict[str, Any]:
    """Both on the track of ``folder``, one after the other."""
    from gateway.cli.asr_eval import error_rate  # noqa: PLC0415 - not needed by the child

    alaw, said = track(folder)
    with tempfile.TemporaryDirectory() as scratch:
        audio = Path(scratch) / "track.alaw"
        audio.write_bytes(alaw)
        command = [sys.executable, "-m", "bench.recognition", BARE, str(audio)]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)  # noqa: S603 - this very module
        alone = json.loads(done.stdout)
        (Path(scratch) / "run").mkdir()
        ours = asyncio.run(through_gateway(alaw, Path(scratch)))
    seconds = len(alaw) / 8_000

    def cer(text: str) -> float:
        wrong, length = error_rate(said, text)
        return round(wrong / length, 3)

    return {
        "audio_s": round(seconds, 1),
        "bare": {
            "cpu_s": round(alone["cpu_s"], 2),
            "rtf": round(alone["cpu_s"] / seconds, 3),
            "cer": cer(alone["text"]),
        },
        "gateway": {
            "cpu_s": round(float(ours["server_cpu_s"]), 2),
            "rtf": round(float(ours["server_cpu_s"]) / seconds, 3),
            "client_cpu_s": round(float(ours["client_cpu_s"]), 2),
            "cer": cer(str(ours["text"])),
        },
        "ratio": round(float(ours["server_cpu_s"]) / alone["cpu_s"], 3),
    }


def rows() -> list[Row]:
    """What ``python -m bench`` writes down; without the model, one row that says so."""
    model = load(None).models_dir / MODEL
    if not model.exists():
        return [
            Row(
                measure="CPU of recognition",
                ours="not measured",
                beside=f"absent: {model}",
                ratio="",
                goal=f"≤ {GOAL}",
                met=None,
            )
        ]
    found = measure(SPEECH)
    own, bare = found["gateway"], found["bare"]
    return [
        judged(
            f"CPU of recognition of {found['audio_s']:.0f} s of speech from {SPEECH.name}, detectors included",
            f"{own['cpu_s']:.1f} s (the core's client besides: {own['client_cpu_s']:.2f} s), CER {own['cer']:.1%}",
            f"bare faster-whisper on the whole track: {bare['cpu_s']:.1f} s, CER {bare['cer']:.1%}",
            found["ratio"],
            at_most=GOAL,
        )
    ]


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == [BARE]:
        cpu, text = bare(Path(sys.argv[2]).read_bytes())
        sys.stdout.write(json.dumps({"cpu_s": cpu, "text": text}))
        return
    found = measure(Path(sys.argv[1]) if len(sys.argv) > 1 else SPEECH)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
