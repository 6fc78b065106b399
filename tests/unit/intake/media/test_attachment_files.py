"""Attachments in a folder that machines may share."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from gateway.errors import NotFound
from gateway.intake.media.attachment_files import AttachmentFiles
from tests.support.clocks import SetClock

pytestmark = pytest.mark.unit

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(100)


async def content() -> AsyncIterator[bytes]:
    yield PICTURE


async def test_what_one_machine_keeps_another_reads(tmp_path: Path) -> None:
    one, other = AttachmentFiles(tmp_path), AttachmentFiles(tmp_path)
    stored = await one.keep(content())
    assert other.path(stored.location).read_bytes() == PICTURE


async def test_a_file_lies_by_its_day_and_once_a_day(tmp_path: Path) -> None:
    clock = SetClock()
    clock.at = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
    files = AttachmentFiles(tmp_path, clock=clock)
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    first, again = await files.keep(content()), await files.keep(content())
    assert first.location == again.location == f"2026/11/22/{sha256}"
    clock.forward(1)
    assert (await files.keep(content())).location == f"2026/11/23/{sha256}"
    assert (await files.keep_text("长")).location.startswith("2026/11/23/")
    assert sorted(path.name for path in (tmp_path / "2026/11/22").iterdir()) == [sha256]


async def test_the_same_file_of_a_later_day_outlives_the_earlier_one(tmp_path: Path) -> None:
    clock = SetClock()
    files = AttachmentFiles(tmp_path, clock=clock)
    old = await files.keep(content())
    clock.forward(86_400)
    new = await files.keep(content())
    assert files.expire(date.fromisoformat(new.location[:10].replace("/", "-"))) == [old.location]
    assert files.path(new.location).read_bytes() == PICTURE
    with pytest.raises(NotFound):
        files.path(old.location)


async def test_files_of_an_earlier_version_are_read_and_stay(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    before = tmp_path / "data" / "attachments"
    (before / sha256[:2]).mkdir(parents=True)
    (before / sha256[:2] / sha256).write_bytes(PICTURE)
    for files in (AttachmentFiles(before), AttachmentFiles(tmp_path / "shared", earlier=before)):
        assert files.expire(date(2100, 1, 1)) == []
        assert files.path(f"{sha256[:2]}/{sha256}").read_bytes() == PICTURE


async def test_below_the_watermark_no_file_is_taken_but_a_long_text_is(tmp_path: Path) -> None:
    full = AttachmentFiles(tmp_path, min_free_percent=100.1)
    with pytest.raises(OSError, match="min_free_percent"):
        await full.keep(content())
    assert REGISTRY.get_sample_value("gateway_attachment_alarm") == 1
    assert full.path((await full.keep_text("一段长文")).location).read_text(encoding="utf-8") == "一段长文"
    await AttachmentFiles(tmp_path).keep(content())
    assert REGISTRY.get_sample_value("gateway_attachment_alarm") == 0
