"""What checks are given: the configuration, and which processes of the gateway run here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.cli.running import Running
from gateway.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """This machine with its configuration as far as that holds."""

    settings: Settings
    config: Path | None
    problems: Sequence[str]
    """What is wrong with the configuration's file; what is wrong has its default in ``settings``."""
    running: Running

    @property
    def service_uid(self) -> int:
        """The service's user: the owner of data_dir, or of the nearest folder above that exists; else our own."""
        try:
            return existing(self.settings.data_dir).stat().st_uid
        except OSError:
            return os.geteuid()

    def channels(self) -> list[tuple[str, Any, Any]]:
        """(id, SPEC, checked settings) of every channel whose table holds; ``config.channels`` tells of the others."""
        from gateway.errors import ConfigError  # noqa: PLC0415 - as the next one
        from gateway.plugins.channels import channel_settings  # noqa: PLC0415 - it brings every adapter's libraries

        found = []
        for table in self.settings.channel:
            try:
                found.append((table.id, *channel_settings(table)))
            except ConfigError:
                continue
        return found


def existing(path: Path) -> Path:
    """``path``, or the nearest folder above that is there and seen by us."""
    here = path.absolute()
    # Unlike pathlib's, this is no error where we may not look.
    while not os.path.exists(here) and here != here.parent:  # noqa: PTH110 - as above
        here = here.parent
    return here
