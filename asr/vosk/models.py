"""Vosk's models: listed archives are verified by sha256 when they come in, and file by file when they are loaded."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from asr.vosk.settings import VoskSettings
from gateway.errors import ConfigError
from gateway.ports.recogniser import ModelFile

MANIFEST = ".verified.json"
LISTED = {
    "vosk-model-small-cn-0.22": ModelFile(
        name="vosk-model-small-cn-0.22",
        path="vosk-model-small-cn-0.22",
        sha256="3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba",
        description="small Mandarin model, 42 MB (Apache-2.0); sha256 of its zip; bring it with `gateway asr add`",
    ),
}


class VoskModels:
    """Implements ``ModelStore``."""

    def fetch(self, models_dir: Path, *, mirror: str, say: Callable[[str], None]) -> Path:  # noqa: ARG002 - ModelStore's
        """Nothing is downloaded: no package carries a Mandarin model."""
        say("a Vosk model is brought by hand: gateway asr add NAME ZIP")
        return models_dir

    def add(self, models_dir: Path, name: str, source: Path, *, say: Callable[[str], None]) -> Path:
        """Verify and unpack the archive ``source``."""
        wanted = LISTED[name]
        if not source.is_file():
            raise ConfigError([f"{source} must be the model's zip archive"])
        say("verifying")
        if (actual := _sha256(source)) != wanted.sha256:
            raise ConfigError([f"{source} has sha256 {actual}, expected {wanted.sha256}"])
        models_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=models_dir, prefix=".vosk-") as scratch:
            say("unpacking")
            with zipfile.ZipFile(source) as archive:
                archive.extractall(scratch)
            folder = Path(scratch) / name
            (folder / MANIFEST).write_text(json.dumps(hashes(folder)), encoding="utf-8")
            final = models_dir / wanted.path
            if final.exists():
                shutil.rmtree(final)
            folder.rename(final)
        return final

    def state(self, models_dir: Path, name: str) -> str:
        """See ``ModelStore.state``."""
        folder = models_dir / LISTED[name].path
        if not folder.is_dir():
            return "missing"
        return "verified" if intact(folder) else "wrong"


def folder_of(settings: VoskSettings, models_dir: Path) -> Path:
    """The model's folder; ``ConfigError`` when it is missing or not what it should be."""
    folder = models_dir / settings.model
    if not folder.is_dir():
        raise ConfigError(
            [f"Vosk model {folder} is missing: `gateway asr add {settings.model} ZIP`, or set [asr.options] model"]
        )
    if settings.model in LISTED:
        if not intact(folder):
            raise ConfigError([f"{folder} is not as it was verified: `gateway asr add {settings.model} ZIP` again"])
    elif settings.sha256 and (actual := digest(folder)) != settings.sha256:
        raise ConfigError([f"{folder} has sha256 {actual}, [asr.options] sha256 expects {settings.sha256}"])
    return folder


def hashes(folder: Path) -> dict[str, str]:
    """Every file's sha256 by its path in the folder, in order of the paths."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files}


def intact(folder: Path) -> bool:
    """Whether the folder holds what ``add`` put there."""
    try:
        return bool(json.loads((folder / MANIFEST).read_text(encoding="utf-8")) == hashes(folder))
    except (OSError, ValueError):
        return False


def digest(folder: Path) -> str:
    """One sha256 of a whole folder (README)."""
    lines = "".join(f"{path}\0{sha256}\n" for path, sha256 in hashes(folder).items())
    return hashlib.sha256(lines.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
