"""The baseline: pyVoIP 1.6.8 answers calls and does the gateway's work. A program of its own, imported by nothing.

Each call is answered, plays a prompt over and over, decodes every packet that comes, and records both sides as A-law.
``python -m bench.pyvoip_answerer OWN_PORT CALLER_PORT PROMPT_WAV FOLDER``.
"""

from __future__ import annotations

import audioop
import sys
import time
import wave
from pathlib import Path
from typing import Any

from pyVoIP.VoIP import CallState, InvalidStateError, PhoneStatus, VoIPPhone

from pyVoIP.SIP import SIPClient  # isort: skip - pyVoIP imports itself in a circle; this has to come second

PIECE = 1600
PIECE_S = 0.2
"""A fifth of a second at once: two threads of pyVoIP's pace a call's packets, ours need not wake up for each."""
RTP_LOW, RTP_HIGH = 40_000, 44_000


class Answerer:
    """What it does with a call, in the thread that pyVoIP gives it."""

    def __init__(self, prompt: bytes, folder: Path) -> None:
        self._prompt = prompt
        self._folder = folder

    def __call__(self, call: Any) -> None:
        """Answer, and talk until the caller hangs up."""
        try:
            call.answer()
        except InvalidStateError:
            return
        began, pieces = time.monotonic(), 0
        with (self._folder / f"{call.session_id}.alaw").open("wb") as recording:
            while call.state is CallState.ANSWERED:
                at = pieces * PIECE % len(self._prompt)
                ours = self._prompt[at : at + PIECE]
                call.write_audio(ours)
                heard = call.read_audio(PIECE, blocking=False)
                tracks = bytearray(2 * PIECE)
                tracks[0::2] = audioop.lin2alaw(audioop.bias(heard, 1, -128), 1)
                tracks[1::2] = audioop.lin2alaw(audioop.bias(ours, 1, -128), 1)
                recording.write(tracks)
                pieces += 1
                time.sleep(max(0.0, began + pieces * PIECE_S - time.monotonic()))


def registered(client: Any) -> bool:
    """In place of REGISTER, which there is nobody to send to: SIPp calls it directly."""
    client.phone._status = PhoneStatus.REGISTERED  # noqa: SLF001 - pyVoIP has no way to answer without registering
    return True


def main(own_port: str, caller_port: str, prompt: str, folder: str) -> None:
    """Serve until killed."""
    SIPClient.register = registered
    SIPClient.deregister = registered
    with wave.open(prompt) as recording:
        pcm = recording.readframes(recording.getnframes())
    samples = audioop.bias(audioop.lin2lin(pcm, 2, 1), 1, 128)
    whole = samples[: len(samples) // PIECE * PIECE]
    phone = VoIPPhone(
        "127.0.0.1",
        int(caller_port),
        "bench",
        "bench",
        myIP="127.0.0.1",
        sipPort=int(own_port),
        rtpPortLow=RTP_LOW,
        rtpPortHigh=RTP_HIGH,
        callCallback=Answerer(whole, Path(folder)),
    )
    phone.start()
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
