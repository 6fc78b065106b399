"""A log that cannot be written loses lines, never work."""

from __future__ import annotations

import io

import pytest
import structlog

from gateway.telemetry import log

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _as_before():
    before = structlog.get_config()
    yield
    structlog.configure(**before)


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_stream_that_is_gone_or_full_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    log.configure()
    logger = log.get("test")
    closed = io.StringIO()
    closed.close()
    for stream in (closed, FullDisk()):
        monkeypatch.setattr("sys.stderr", stream)
        logger.warning("lost")
    later = io.StringIO()
    monkeypatch.setattr("sys.stderr", later)
    logger.warning("delivery_failed", pii_answer="13800138000")
    assert "delivery_failed" in later.getvalue()
    assert "13800138000" not in later.getvalue()
