"""An archive that the operator brings is verified when it comes and file by file when it is used."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from asr.vosk import models
from asr.vosk.models import LISTED, VoskModels, folder_of
from asr.vosk.settings import VoskSettings
from gateway.errors import ConfigError

pytestmark = pytest.mark.unit
NAME = "vosk-model-small-cn-0.22"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small archive, listed with its own sha256."""
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{NAME}/am/final.mdl", b"weights")
        file.writestr(f"{NAME}/conf/model.conf", b"--beam=10")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(models.LISTED, NAME, replace(LISTED[NAME], sha256=sha256))
    return path


def test_a_right_archive_is_unpacked_and_verified(archive: Path, tmp_path: Path) -> None:
    folder = VoskModels().add(tmp_path / "models", NAME, archive, say=lambda _text: None)
    assert VoskModels().state(tmp_path / "models", NAME) == "verified"
    assert folder_of(VoskSettings(), tmp_path / "models") == folder


def test_a_wrong_archive_is_refused_and_nothing_is_written(archive: Path, tmp_path: Path) -> None:
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(ConfigError, match="expected"):
        VoskModels().add(tmp_path / "models", NAME, archive, say=lambda _text: None)
    assert not (tmp_path / "models").exists()
    assert VoskModels().state(tmp_path / "models", NAME) == "missing"


def test_a_file_changed_later_is_refused(archive: Path, tmp_path: Path) -> None:
    folder = VoskModels().add(tmp_path / "models", NAME, archive, say=lambda _text: None)
    (folder / "am" / "final.mdl").write_bytes(b"other")
    assert VoskModels().state(tmp_path / "models", NAME) == "wrong"
    with pytest.raises(ConfigError, match="not as it was verified"):
        folder_of(VoskSettings(), tmp_path / "models")
