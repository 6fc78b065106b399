"""Decodes sound files from outside, in a child process with limits on CPU time, memory and length."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import GatewayError, RejectedInput
from gateway.media.containers import DEMUXERS

COMMAND = (sys.executable, "-I", "-m", "gateway.media.decode_child")
CHILD_NICE = 10
_MIB = 1 << 20
_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8"}
"""The child's environment: no secrets, and nothing that changes how Python starts."""
_BYTES_A_SECOND = {"telephone": 8_000, "speech": 32_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingLimits:
    """What decoding one file may cost."""

    sound_s: int = 900
    """Longer sound is cut here: a small file may claim to hold days of silence."""
    cpu_s: int = 20
    """An honest file of ``sound_s`` takes some seconds; beyond this the kernel ends the child (RLIMIT_CPU)."""
    wall_s: float = 60.0
    memory_bytes: int = 512 * _MIB
    """Address space (RLIMIT_AS). FFmpeg's libraries alone map some 120 MiB."""


class DecoderFailed(GatewayError):
    """The child was killed or crashed. Another attempt may succeed, if the machine was at fault."""

    code = "decoder_failed"


@dataclass(frozen=True, slots=True)
class DecodedSound:
    """Samples and their rate in Hz."""

    samples: bytes
    rate: int


class SoundDecoder:
    """Decodes one file at a time in a child; any number may run at once."""

    def __init__(self, limits: DecodingLimits | None = None, *, command: Sequence[str] = COMMAND) -> None:
        """``command`` is a program that does what ``decode_child`` does."""
        self._limits = limits or DecodingLimits()
        self._command = tuple(command)

    async def telephone(self, path: Path, media_type: str | None) -> bytes:
        """Mono A-law at 8 kHz of the first track of sound; errors as ``decode`` has them."""
        return (await self.decode(path, media_type, "telephone")).samples

    async def decode(self, path: Path, media_type: str | None, form: str) -> DecodedSound:
        """The file as ``form`` (``telephone`` or ``speech``, see ``decode_child``); ``media_type`` is the sniffed one.

        ``RejectedInput`` when that is no sound, or the file holds none that can be decoded; ``DecoderFailed`` when
        decoding cost too much or broke down. The child is dead when this returns, also by cancellation.
        """
        demuxer = DEMUXERS.get(media_type or "")
        if demuxer is None:
            raise RejectedInput("this is no sound file")
        limits = self._limits
        arguments = (demuxer, form, str(limits.sound_s), str(limits.wall_s))
        with path.open("rb") as file:
            child = await asyncio.create_subprocess_exec(
                *self._command, *arguments, stdin=file, stdout=PIPE, stderr=DEVNULL, env=_ENVIRONMENT
            )
        try:
            _restrain(child.pid, limits)
            async with asyncio.timeout(limits.wall_s):
                return await _answer(child, limits.sound_s * _BYTES_A_SECOND[form])
        except TimeoutError:
            raise DecoderFailed(f"decoding took longer than {limits.wall_s:g} s") from None
        finally:
            await end(child)


async def _answer(child: Process, most: int) -> DecodedSound:
    assert child.stdout is not None
    try:
        verdict, _, detail = (await child.stdout.readline()).decode("ascii").strip().partition(" ")
    except ValueError:
        raise DecoderFailed("the decoder answered nonsense") from None
    if verdict == "refused":
        raise RejectedInput(f"the sound cannot be decoded: {detail}")
    samples = bytearray()
    while piece := await child.stdout.read(_MIB):
        samples += piece
        if len(samples) > most:
            raise DecoderFailed("the decoder answered more than it was asked for")
    code = await child.wait()
    if verdict != "ok" or not detail.isdigit() or code:
        raise DecoderFailed(f"the decoder died (exit code {code})")
    return DecodedSound(bytes(samples), int(detail))


def _restrain(pid: int, limits: DecodingLimits) -> None:
    """Set the child's resource limits from outside, at once: they hold whatever the child does."""
    with suppress(ProcessLookupError):  # it has ended already
        for what, most in (
            (resource.RLIMIT_CPU, limits.cpu_s),
            (resource.RLIMIT_AS, limits.memory_bytes),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.prlimit(pid, what, (most, most))
        os.setpriority(os.PRIO_PROCESS, pid, CHILD_NICE)


async def end(child: Process) -> None:
    """Kill ``child`` if it lives, and wait until it has ended and its pipe is closed."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
    assert child.stdout is not None
    while await child.stdout.read(_MIB):  # ``wait`` waits for the pipe's end, too, which a full buffer hides
        pass
    await child.wait()
