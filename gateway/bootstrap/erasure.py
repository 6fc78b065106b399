"""Erasing people, wired: beside a running gateway, in its web and worker processes, or from the command line."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.bootstrap.foundation import valkey_url
from gateway.calls.recorder import LocalRecordings
from gateway.edge.system_clock import SystemClock
from gateway.feeds import FeedContext, feed_settings
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.intake.ticket.erase import Erasure
from gateway.intake.ticket.left_on_disk import LeftOnDisk
from gateway.interprocess import valkey_client
from gateway.ports.feed import Copies
from gateway.settings import Settings
from gateway.storage.database import Database


def erasure(settings: Settings, database: Database) -> Erasure:
    """What erases. It starts nothing, and makes no folder. ``ConfigError`` for a wrong ``[[feed]]``."""
    here = settings.data_dir / "attachments"
    return Erasure(
        store=database.erasures,
        commands=database.changes,
        clock=SystemClock(),
        recordings=LocalRecordings(settings.recordings_dir, min_free_percent=0),
        files=AttachmentFiles(settings.attachments_dir, earlier=here if settings.attachments.dir else None),
        disk=LeftOnDisk(settings.data_dir),
        copies=tuple(_copies(settings)),
    )


def _copies(settings: Settings) -> Iterator[Copies]:
    for table in settings.feed:
        kind, options = feed_settings(table)
        if kind.copies is not None:
            yield kind.copies(
                options,
                FeedContext(
                    feed_id=table.id,
                    public_url=settings.public_url,
                    open_redis=lambda url: valkey_client.connect(url or valkey_url(settings)),
                ),
            )
