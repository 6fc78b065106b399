"""Channel kinds: folder name = kind = config value."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, ValidationError

from gateway.errors import ConfigError
from gateway.ivr.graph import Flow
from gateway.ports.channel import Abilities, ChannelSpec
from gateway.settings import explain
from gateway.settings.sections import ChannelTable

ROLES = frozenset({"voice", "web", "worker"})
ALWAYS = ("run", "ready", "aclose")
CONVERSES = ("send", "fetch")
HANDLES = "handle"
"""The methods of ``Channel``, ``TextChannel`` and ``HttpChannel``: what SPEC declares is looked for in the classes."""


def known_channels() -> list[str]:
    """The kinds that this installation has a folder for."""
    package = importlib.import_module("channels")
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if info.ispkg)


def load_channel_spec(kind: str) -> ChannelSpec[Any]:
    """``channels/<kind>``'s SPEC; ``ConfigError`` when there is none or it does not keep the rules."""
    if kind not in known_channels():
        raise ConfigError([f"channel kind {kind!r} is unknown; known: {', '.join(known_channels())}"])
    spec = getattr(importlib.import_module(f"channels.{kind}"), "SPEC", None)
    if not isinstance(spec, ChannelSpec):
        raise ConfigError([f"channels/{kind}/__init__.py exports no SPEC of type ChannelSpec"])
    problems = []
    if spec.kind != kind:
        problems.append(f"channels/{kind}: SPEC.kind is {spec.kind!r}; it must equal the folder's name")
    problems += _undone(spec)
    if spec.role not in ROLES:
        problems.append(f"channels/{kind}: SPEC.role is {spec.role!r}; it must be one of {', '.join(sorted(ROLES))}")
    if not (isinstance(spec.single_owner, bool) or callable(spec.single_owner)):
        problems.append(f"channels/{kind}: SPEC.single_owner must be true, false or a function of the settings")
    problems += [
        f"channels/{kind}: SPEC.{name} must be a function of the settings"
        for name in ("http", "flow", "realm", "source", "listens", "probe")
        if not (getattr(spec, name) is None or callable(getattr(spec, name)))
    ]
    if spec.widget and spec.http is None:
        problems.append(f"channels/{kind}: SPEC.widget needs SPEC.http; the widget is fetched by HTTP")
    if not issubclass(spec.settings, BaseModel):
        problems.append(f"channels/{kind}: SPEC.settings must be a pydantic model")
    elif spec.settings.model_config.get("extra") != "forbid":
        problems.append(f"channels/{kind}: SPEC.settings must refuse unknown keys (extra='forbid')")
    if problems:
        raise ConfigError(problems)
    return spec


def _undone(spec: ChannelSpec[Any]) -> list[str]:
    """Where SPEC and the classes that it builds do not say the same of what a channel can do."""
    where = f"channels/{spec.kind}"
    try:
        built = spec.build if isinstance(spec.build, type) else get_type_hints(spec.build).get("return")
    except (NameError, TypeError):
        built = None
    classes = [one for one in get_args(built) or (built,) if isinstance(one, type) and one is not type(None)]
    if not classes:
        return [f"{where}: SPEC.build must be a class, or a function whose annotation names the classes that it builds"]
    problems = [
        f"{where}: {one.__name__} has no {name}(); every channel has"
        for one in classes
        for name in ALWAYS
        if not _has(one, name)
    ]
    for one in classes:
        able = [name for name in CONVERSES if _has(one, name)]
        if spec.converses and len(able) < len(CONVERSES):
            problems.append(f"{where}: SPEC.converses, but {one.__name__} lacks one of {', '.join(CONVERSES)}")
        if able and not spec.converses:
            problems.append(f"{where}: {one.__name__} has {able[0]}(), which nobody calls without SPEC.converses")
        if spec.converses and getattr(one, "window", None) != spec.window:
            problems.append(f"{where}: SPEC.window is not that of {one.__name__}")
    handling = [one.__name__ for one in classes if _has(one, HANDLES)]
    if spec.http is not None and not handling:
        problems.append(f"{where}: SPEC.http, but {classes[0].__name__} has no {HANDLES}()")
    if handling and spec.http is None:
        problems.append(f"{where}: {handling[0]} has {HANDLES}(), which nobody calls without SPEC.http")
    return problems


def _has(built: type, method: str) -> bool:
    return callable(getattr(built, method, None))


def abilities_of(spec: ChannelSpec[Any], options: Any) -> Abilities:
    """What an instance with these settings can do."""
    return Abilities(http=spec.http(options) if spec.http is not None else None, converses=spec.converses)


def channel_settings(table: ChannelTable, where: str = "config") -> tuple[ChannelSpec[Any], Any]:
    """A ``[[channel]]`` table's SPEC and its checked settings; ``ConfigError`` lists every mistake."""
    spec = load_channel_spec(table.kind)
    try:
        return spec, spec.settings(**table.options)
    except ValidationError as error:
        raise ConfigError(explain(error, where, f"channel[{table.id}]", table.places)) from None


def flow_problems(
    table: ChannelTable, spec: ChannelSpec[Any], options: Any, flows: Mapping[str, Flow], flows_dir: Path
) -> list[str]:
    """What is wrong with the flows that a channel names, and with when they answer."""
    problems = []
    named = [("flow", spec.flow(options) if spec.flow is not None else None)]
    if table.hours:
        named.append(("after_hours_flow", table.after_hours_flow))
    for key, flow in named:
        if flow is not None and flow not in flows:
            problems.append(f"channel[{table.id}]: {key} {flow!r} is not in {flows_dir}")
        elif flow is not None and spec.role == "voice" and flows[flow].written:
            problems.append(f"channel[{table.id}]: {key} {flow!r} is only written; calls need one with recordings")
    if table.hours and spec.role != "voice":
        problems.append(f"channel[{table.id}]: hours are for calls; what is written is answered at any time")
    return problems
