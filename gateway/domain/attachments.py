"""Pictures, voice messages and files: what came, what remains to be done with it, what the record shows."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.form import AttachmentShown


@dataclass(slots=True, kw_only=True)
class NewAttachment:
    """A picture, voice message or file. ``sha256`` None: it has still to be fetched by ``ref``."""

    attachment_id: str
    channel_id: str
    kind: str
    message_id: str
    ref: str = ""
    name: str | None = None
    media_type: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    location: str | None = None
    """Where it lies (attachments port)."""
    error: str | None = None
    """Why it is not kept: too_large, not_allowed, empty."""
    transcribe: bool = False

    @property
    def todo(self) -> str | None:
        """What remains: fetch, transcribe, or nothing."""
        if self.error or (self.sha256 is not None and not self.transcribe):
            return None
        return "transcribe" if self.sha256 is not None else "fetch"

    def shown(self) -> AttachmentShown:
        """As the record shows it."""
        url = f"/api/v1/attachments/{self.attachment_id}"
        return AttachmentShown(self.attachment_id, self.name, self.media_type, self.bytes, self.sha256, url, self.error)


@dataclass(slots=True, kw_only=True)
class AttachmentUpdate:
    """What became of an attachment: stored (``sha256``), refused or failed (``error``), transcribed."""

    attachment_id: str
    todo: str | None
    """What remains: fetch, transcribe, or nothing."""
    name: str | None = None
    media_type: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    location: str | None = None
    error: str | None = None

    def on(self, shown: AttachmentShown) -> None:
        """Tell it in the record's entry."""
        shown.name = self.name if self.name is not None else shown.name
        shown.media_type = self.media_type if self.media_type is not None else shown.media_type
        shown.bytes = self.bytes if self.bytes is not None else shown.bytes
        shown.sha256 = self.sha256 if self.sha256 is not None else shown.sha256
        shown.error = self.error
