"""The ``asr`` role with the engine that hears tones: ``python -m tests.integration.recognition.asr_role CONFIG``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import asr
from gateway.roles.asr import recognise
from gateway.settings import load

if __name__ == "__main__":
    asr.__path__.append(str(Path(__file__).with_name("engines")))
    asyncio.run(recognise(load(Path(sys.argv[1])), 0, supervised=False))
