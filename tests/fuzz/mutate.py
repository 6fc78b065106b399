"""Bytes that a parser may meet: good messages, damaged in the ways that break parsers."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

MOST = 65_507
"""Bytes of the largest UDP datagram; what comes by other ways is capped before it is parsed."""
ODD = (
    b"",
    b"\0",
    b"\r\n",
    b"\r\n\r\n",
    b"\xff" * 4,
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x9a\x91",
    "工单".encode(),
    "\u202e\u0000".encode(),
    b"%00",
    b"-1",
    b"0",
    b"4294967296",
    b"9" * 400,
    b"1e999",
    b"NaN",
    b"null",
    b"{}",
    b"[" * 2000,
    b"(" * 500,
    b'"',
    b"'",
    b"<" * 200,
    b";" * 500,
    b"," * 500,
    b"a=" * 200,
    b"&a=" * 200,
    b"&lol;",
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>',
    b"!!python/object/apply:os.system",
    b"&x [*x]",
)


class Mutator:
    """An endless row of inputs, the same for the same ``seed``."""

    def __init__(self, good: Sequence[bytes], seed: int) -> None:
        """Start from ``good`` messages: what is far from any of them is refused by its first byte."""
        self._good = list(good)
        self._chance = random.Random(seed)
        self._ways: tuple[Callable[[bytearray], bytearray], ...] = (
            self._flip,
            self._put,
            self._cut,
            self._drop,
            self._repeat,
            self._splice,
            self._number,
        )

    def next(self) -> bytes:
        """One input of at most ``MOST`` bytes; one in fifty is a good message as it is."""
        chance = self._chance
        data = bytearray(chance.choice(self._good))
        if not chance.randrange(50):
            return bytes(data)
        for _ in range(min(8, 1 + int(chance.expovariate(0.6)))):
            data = chance.choice(self._ways)(data)
        return bytes(data[:MOST])

    def _at(self, data: bytearray) -> int:
        return self._chance.randint(0, len(data))

    def _span(self, data: bytearray) -> tuple[int, int]:
        start = self._at(data)
        return start, min(len(data), start + 1 + int(self._chance.expovariate(0.05)))

    def _flip(self, data: bytearray) -> bytearray:
        if data:
            data[self._chance.randrange(len(data))] = self._chance.randrange(256)
        return data

    def _put(self, data: bytearray) -> bytearray:
        at = self._at(data)
        return data[:at] + self._chance.choice(ODD) + data[at:]

    def _cut(self, data: bytearray) -> bytearray:
        return data[: self._at(data)]

    def _drop(self, data: bytearray) -> bytearray:
        start, end = self._span(data)
        return data[:start] + data[end:]

    def _repeat(self, data: bytearray) -> bytearray:
        start, end = self._span(data)
        return data[:end] + data[start:end] * (1 << self._chance.randrange(12)) + data[end:]

    def _splice(self, data: bytearray) -> bytearray:
        other = self._chance.choice(self._good)
        return data[: self._at(data)] + other[self._chance.randint(0, len(other)) :]

    def _number(self, data: bytearray) -> bytearray:
        """Another number where one stands: in text, or as a binary length."""
        digits = [n for n, byte in enumerate(data) if 0x30 <= byte <= 0x39]
        if digits and self._chance.randrange(2):
            at = self._chance.choice(digits)
            return data[:at] + self._chance.choice((b"-1", b"0", b"65536", b"2147483648", b"9" * 30)) + data[at + 1 :]
        at = self._at(data)
        return (
            data[:at] + self._chance.choice((b"\0\0", b"\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0")) + data[at + 2 :]
        )
