"""A decoder that the file it is given can spin, fill memory, talk without end, write files, crash or sleep.

Run as ``python -I bad_decoder.py DEMUXER FORM SECONDS WALL``; every other file is decoded by the real one.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

head = os.pread(0, 64, 0)
if b"SPIN" in head:
    while True:
        pass
if b"EAT" in head:
    eaten = [bytearray(1 << 24) for _ in range(10_000)]
    sys.exit(f"had {len(eaten)}")
if b"TALK" in head:
    os.write(1, b"ok 8000\n")
    while True:
        os.write(1, bytes(1 << 16))
if b"LINE" in head:
    while True:
        os.write(1, b"x" * (1 << 16))
if b"WRITE" in head:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    Path(head.partition(b"WRITE ")[2].partition(b"\n")[0].decode()).write_bytes(b"x")
if b"CRASH" in head:
    os.kill(os.getpid(), signal.SIGSEGV)
if b"SLEEP" in head:
    signal.pause()
os.execv(  # noqa: S606 - a fixed program
    sys.executable, [sys.executable, "-I", "-m", "gateway.media.decode_child", *sys.argv[1:]]
)
