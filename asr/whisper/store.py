"""Whisper's models in ``models_dir``, for ``gateway asr fetch|add|models``."""

from __future__ import annotations

from pathlib import Path

from asr.whisper import fetch as fetching
from asr.whisper.files import SETS, ModelSet, wrong
from gateway.errors import ConfigError


class WhisperModels:
    """Implements ``ModelStore``."""

    def fetch(self, models_dir: Path, *, mirror: str, say: fetching.Say) -> Path:
        """Packages, the second copy, the mirror: the first that gives a verified set."""
        return fetching.fetch(models_dir, mirror=mirror, say=say)

    def add(self, models_dir: Path, name: str, source: Path, *, say: fetching.Say) -> Path:
        """Copy the set ``name`` from the folder ``source``."""
        if not source.is_dir():
            raise ConfigError([f"{source} must be a folder with {', '.join(_named(name).sha256)}"])
        return fetching.install_from(models_dir, _named(name), source, say)

    def state(self, models_dir: Path, name: str) -> str:
        """See ``ModelStore.state``."""
        found = _named(name)
        if not (models_dir / found.folder / "model.bin").exists():
            return "missing"
        return "wrong" if wrong(models_dir, found) else "verified"


def _named(name: str) -> ModelSet:
    return next(found for found in SETS if found.folder == name)
