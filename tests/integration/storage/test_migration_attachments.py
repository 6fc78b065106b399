"""A database and an attachment of before rows said where files lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from gateway.domain.change import NewAttachment
from gateway.domain.ids import new_ulid
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.storage.database import open_database
from gateway.storage.migrate import _config, migrate
from tests.contract.storage.changes import written
from tests.support.clocks import SHANGHAI

pytestmark = pytest.mark.integration
CONTENT = b"picture"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def _down(connection: sa.Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.downgrade(config, "0011")


async def test_a_file_of_an_older_version_is_found(tmp_path: Path) -> None:
    file = tmp_path / "attachments" / SHA256[:2] / SHA256
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    database = await open_database("", data_dir=tmp_path, zone=SHANGHAI)
    try:
        ids = [new_ulid(), new_ulid()]
        for attachment_id, sha256 in zip(ids, (SHA256, None), strict=True):
            new = NewAttachment(
                attachment_id=attachment_id, channel_id="web", kind="image", message_id=new_ulid(), sha256=sha256
            )
            await database.changes.apply(written(attachment_id, attachments=(new,)))
        await database.sql.write(_down)
        await database.sql.write(migrate)
        kept, pending = [await database.attachments.get(attachment_id) for attachment_id in ids]
        assert AttachmentFiles(tmp_path / "attachments").path(kept.location).read_bytes() == CONTENT
        assert pending.location is None
    finally:
        await database.aclose()
