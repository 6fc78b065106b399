"""pyVoIP 1.6.8 as a desk phone: register with digest, call 12345, talk, listen, hang up. Runs as a program of its own.

``python pyvoip_phone.py HOST PORT USER PASSWORD OWN_SIP_PORT RTP_LOW RTP_HIGH SECONDS`` prints one JSON object a line.
pyVoIP is under the GPL: nothing imports this file, and it imports nothing of the product.
"""

from __future__ import annotations

import json
import math
import sys
import time
import warnings

from pyVoIP.VoIP import CallState, PhoneStatus, VoIPPhone

TONE_HZ = 700
FRAME = 160
PATIENCE_S = 20.0


def say(event: str, **words: object) -> None:
    """One line for the test that started us."""
    print(json.dumps({"event": event, **words}), flush=True)


def wait(true: object, what: str) -> None:
    """Wait for a condition or end with 1."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():  # type: ignore[operator] # a plain function; this file is not type-checked with pyVoIP
        if time.monotonic() > deadline:
            say("timeout", what=what)
            sys.exit(1)
        time.sleep(0.02)


def loudness(audio: bytes) -> float:
    """Mean deviation from silence of 8-bit unsigned samples, 0..128."""
    return sum(abs(sample - 128) for sample in audio) / len(audio) if audio else 0.0


def main(host: str, port: str, user: str, password: str, own: str, low: str, high: str, seconds: str) -> None:
    """One registration and one call."""
    warnings.simplefilter("ignore")
    phone = VoIPPhone(
        host,
        int(port),
        user,
        password,
        myIP="127.0.0.1",
        sipPort=int(own),
        rtpPortLow=int(low),
        rtpPortHigh=int(high),
    )
    try:
        phone.start()
    except Exception as error:  # noqa: BLE001 - whatever it raises, the test has to hear of it
        say("register_failed", error=type(error).__name__)
        raise SystemExit(2) from None
    wait(lambda: phone.get_status() is PhoneStatus.REGISTERED, "registered")
    say("registered")
    time.sleep(1.2)  # its receiving thread starts a second late
    call = phone.call("12345")
    wait(lambda: call.state is not CallState.DIALING, "answered")
    say("answered", state=call.state.name)
    samples = int(8000 * float(seconds))
    call.write_audio(bytes(128 + int(60 * math.sin(2 * math.pi * TONE_HZ * n / 8000)) for n in range(samples)))
    loud, end = 0, time.monotonic() + float(seconds)
    while time.monotonic() < end and call.state is CallState.ANSWERED:
        loud += loudness(call.read_audio(FRAME, blocking=False)) > 10
        time.sleep(0.02)
    say("talked", loud_frames=loud, state=call.state.name)
    if call.state is CallState.ANSWERED:
        call.hangup()
    time.sleep(0.5)
    phone.stop()
    say("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
