"""The ``[[channel]]`` table of kind ``platform``."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Host = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,253}(:\d{1,5})?$")]


class PlatformSettings(BaseModel):
    """One source; see README.md for what it sends and gets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")
    """``source.name`` of its contacts, here and at ``POST /api/v1/contacts``."""
    secret: SecretStr = Field(min_length=16)
    """Signs what it sends and what we call back with."""
    previous_secret: SecretStr | None = Field(None, min_length=16)
    """While the secret is being changed: what is signed with this one is taken, too, and call-backs carry both."""
    callback_url: str = Field("", pattern=r"^(https?://[^\s]+)?$")
    """Where answers, replies and status go; empty: it only asks."""
    media_hosts: tuple[Host, ...] = ()
    """Hosts (``host`` or ``host:port``) that files named by an address are fetched from; others are not."""
    timeout_s: float = Field(10.0, gt=0, le=60)
    """Of a call-back, and between two pieces of a file."""
    flow: str = "chat"
    """The flow of its conversations."""
    line: str = Field("citizen", pattern="^(citizen|enterprise)$")
    """Of its conversations; a contact names its own."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Those in force, the newest first."""
        return tuple(one.get_secret_value() for one in (self.secret, self.previous_secret) if one is not None)
