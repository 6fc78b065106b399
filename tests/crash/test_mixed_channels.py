"""Random kills while people call, platforms report and citizens write on every kind of channel.

What a provider was told is received is in the record once, in one conversation a person, and is answered.
Short form in `make test`; the long form (each process 100 times, 5,000 messages) in `make soak`. `CRASH_SEED` repeats
a run's choices.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.havoc import havoc

pytestmark = pytest.mark.crash


async def test_a_few_kills(tmp_path: Path) -> None:
    await havoc(tmp_path, kills=10, asr_workers=1, messages=300)


@pytest.mark.soak
@pytest.mark.parametrize("asr_workers", [0, 1])
async def test_a_hundred_kills_of_each_process(tmp_path: Path, asr_workers: int) -> None:
    await havoc(tmp_path, kills=100 * (4 + asr_workers), asr_workers=asr_workers, messages=5000)
