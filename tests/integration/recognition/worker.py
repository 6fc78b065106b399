"""A recogniser process: ``python -m tests.integration.recognition.worker FILE SLOW_S``; its URL goes to FILE."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from gateway.recognition.server import RecognitionServer
from tests.integration.recognition.bursts import BurstEngine


async def main(place: Path, slow_s: float) -> None:
    url = await RecognitionServer(BurstEngine(slow_s), languages=("zh",)).start()
    draft = place.with_suffix(".new")
    draft.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="ascii")
    draft.replace(place)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
