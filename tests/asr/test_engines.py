"""Engines are found by name, and what they export is checked."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

import asr
from gateway.errors import ConfigError
from gateway.plugins.engines import engine_settings, known_engines, load_engine_spec
from gateway.ports.recogniser import EngineSpec, ModelFile
from gateway.settings.sections import INSTALLATION, AsrSection

pytestmark = pytest.mark.unit


def test_every_folder_is_an_engine_that_keeps_the_rules() -> None:
    assert known_engines() == ["remote", "vosk", "whisper"]
    for name in known_engines():
        assert load_engine_spec(name).name == name
        assert (INSTALLATION / "asr" / name / "README.md").is_file()
    assert load_engine_spec("remote").load is None


def test_an_unknown_engine_is_named_with_those_that_are_known() -> None:
    with pytest.raises(ConfigError, match=r"'wisper' is unknown; known: remote, vosk, whisper"):
        load_engine_spec("wisper")


def test_options_are_checked_and_every_mistake_is_named() -> None:
    with pytest.raises(ConfigError) as failure:
        engine_settings(AsrSection(options={"beam_size": 0, "beem": 1}))
    assert len(failure.value.problems) == 2
    assert all("asr.options" in problem for problem in failure.value.problems)


def test_options_of_the_configured_engine_are_not_another_ones() -> None:
    settings = AsrSection(engine="vosk", options={"model": "x"})
    assert engine_settings(settings)[1].model == "x"
    assert engine_settings(settings, engine="whisper")[1].beam_size == 5


def test_a_spec_that_breaks_the_rules_is_refused_with_all_its_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Open(BaseModel):
        pass

    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "__init__.py").touch()
    monkeypatch.setattr(asr, "__path__", [*asr.__path__, str(tmp_path)])
    module = ModuleType("asr.odd")
    monkeypatch.setitem(sys.modules, "asr.odd", module)
    with pytest.raises(ConfigError, match="exports no SPEC"):
        load_engine_spec("odd")
    models = (ModelFile(name="m", path="m", sha256="short"),)
    module.SPEC = EngineSpec(name="even", settings=Open, load=None, models=models)  # type: ignore[attr-defined]  # a module made here
    with pytest.raises(ConfigError) as failure:
        load_engine_spec("odd")
    assert len(failure.value.problems) == 3
