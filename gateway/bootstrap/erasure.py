"""Erasing people, wired: beside a running gateway, in its web and worker processes, or from the command line."""

from __future__ import annotations

from gateway.calls.recorder import LocalRecordings
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.intake.ticket.erase import Erasure
from gateway.intake.ticket.left_on_disk import LeftOnDisk
from gateway.settings import Settings
from gateway.storage.database import Database


def erasure(settings: Settings, database: Database) -> Erasure:
    """What erases. It starts nothing, and makes no folder."""
    here = settings.data_dir / "attachments"
    return Erasure(
        store=database.erasures,
        recordings=LocalRecordings(settings.recordings_dir, min_free_percent=0),
        files=AttachmentFiles(settings.attachments_dir, earlier=here if settings.attachments.dir else None),
        disk=LeftOnDisk(settings.data_dir),
    )
