"""Recognition engines: folder name = engine = config value."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from pydantic import BaseModel, ValidationError

from gateway.errors import ConfigError
from gateway.ports.recogniser import EngineSpec
from gateway.settings import explain
from gateway.settings.sections import AsrSection


def known_engines() -> list[str]:
    """The engines that this installation has a folder for."""
    package = importlib.import_module("asr")
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if info.ispkg)


def load_engine_spec(name: str) -> EngineSpec[Any]:
    """``asr/<name>``'s SPEC; ``ConfigError`` when there is none or it does not keep the rules."""
    if name not in known_engines():
        raise ConfigError([f"asr.engine {name!r} is unknown; known: {', '.join(known_engines())}"])
    spec = getattr(importlib.import_module(f"asr.{name}"), "SPEC", None)
    if not isinstance(spec, EngineSpec):
        raise ConfigError([f"asr/{name}/__init__.py exports no SPEC of type EngineSpec"])
    problems = []
    if spec.name != name:
        problems.append(f"asr/{name}: SPEC.name is {spec.name!r}; it must equal the folder's name")
    if not issubclass(spec.settings, BaseModel):
        problems.append(f"asr/{name}: SPEC.settings must be a pydantic model")
    elif spec.settings.model_config.get("extra") != "forbid":
        problems.append(f"asr/{name}: SPEC.settings must refuse unknown keys (extra='forbid')")
    problems += [
        f"asr/{name}: model {model.name!r}: sha256 must be 64 lower-case hex digits"
        for model in spec.models
        if len(model.sha256) != 64 or set(model.sha256) - set("0123456789abcdef")  # noqa: PLR2004 - what a sha256 is
    ]
    if problems:
        raise ConfigError(problems)
    return spec


def engine_settings(
    asr: AsrSection, where: str = "config", *, engine: str | None = None
) -> tuple[EngineSpec[Any], Any]:
    """The SPEC of ``engine`` (default: the configured one) and its settings, checked from ``[asr.options]``.

    ``ConfigError`` lists every mistake. The options belong to the configured engine; another one gets its defaults.
    """
    spec = load_engine_spec(engine or asr.engine)
    options = asr.options if spec.name == asr.engine else {}
    try:
        return spec, spec.settings(**options)
    except ValidationError as error:
        raise ConfigError(explain(error, where, "asr.options")) from None
