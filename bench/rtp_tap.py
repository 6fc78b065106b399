"""Counts the RTP that arrives for a port, with the kernel's time stamps. Linux, root: it listens on a packet socket.

A program of its own, so that neither side of a measurement pays for it: ``python -m bench.rtp_tap PORT SECONDS`` prints
one JSON object, ``{"packets", "seen", "dropped", "streams": {source port: [packets, longest gap in ms]}}``.
"""

from __future__ import annotations

import ctypes
import json
import socket
import struct
import sys
import time

ETH_P_IP = 0x0800
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
SOL_PACKET = 263
PACKET_STATISTICS = 6
PACKET_HOST = 0
SKF_AD_PKTTYPE = 0xFFFFF000 + 4
SNAP_BYTES = 64
BUFFER_BYTES = 64 << 20
_LOAD_WORD, _LOAD_BYTE, _LOAD_HALF = 0x20, 0x30, 0x28
_HEADER_LENGTH, _LOAD_HALF_AT, _JUMP_EQUAL, _RETURN = 0xB1, 0x48, 0x15, 0x06
_UDP = 17


def only(port: int) -> bytes:
    """A classic BPF program: IPv4 UDP packets to ``port``, as received (on the loopback each is seen sent as well)."""
    program = [
        (_LOAD_WORD, 0, 0, SKF_AD_PKTTYPE),
        (_JUMP_EQUAL, 0, 6, PACKET_HOST),
        (_LOAD_BYTE, 0, 0, 9),
        (_JUMP_EQUAL, 0, 4, _UDP),
        (_HEADER_LENGTH, 0, 0, 0),
        (_LOAD_HALF_AT, 0, 0, 2),
        (_JUMP_EQUAL, 0, 1, port),
        (_RETURN, 0, 0, SNAP_BYTES),
        (_RETURN, 0, 0, 0),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)


def tap(port: int, seconds: float) -> dict[str, object]:
    """Count what comes in for ``port`` during ``seconds``."""
    program = only(port)
    held = ctypes.create_string_buffer(program)
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP)) as packets:
        packets.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(program) // 8, ctypes.addressof(held))
        )
        packets.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        packets.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        packets.bind(("lo", ETH_P_IP))
        packets.settimeout(0.2)
        streams: dict[int, list[float]] = {}
        last: dict[int, float] = {}
        end = time.time() + seconds
        while True:
            try:
                data, ancillary, _, _ = packets.recvmsg(SNAP_BYTES, 64)
            except TimeoutError:
                if time.time() > end:
                    break
                continue
            whole, part = struct.unpack("qq", ancillary[0][2][:16])
            at = whole + part / 1e9
            if at > end:
                break
            source = int.from_bytes(data[(data[0] & 15) * 4 :][:2], "big")
            stream = streams.setdefault(source, [0, 0.0])
            stream[0] += 1
            stream[1] = max(stream[1], (at - last.get(source, at)) * 1000)
            last[source] = at
        seen, dropped = struct.unpack("II", packets.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    return {"packets": sum(int(s[0]) for s in streams.values()), "seen": seen, "dropped": dropped, "streams": streams}


if __name__ == "__main__":
    print(json.dumps(tap(int(sys.argv[1]), float(sys.argv[2]))))  # noqa: T201 - the answer
