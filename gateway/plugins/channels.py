"""Channel kinds: folder name = kind = config value."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from gateway.errors import ConfigError
from gateway.ivr.graph import Flow
from gateway.ports.channel import ChannelSpec
from gateway.settings import explain
from gateway.settings.sections import ChannelTable

ROLES = frozenset({"voice", "web", "worker"})


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
    if spec.role not in ROLES:
        problems.append(f"channels/{kind}: SPEC.role is {spec.role!r}; it must be one of {', '.join(sorted(ROLES))}")
    if not (isinstance(spec.single_owner, bool) or callable(spec.single_owner)):
        problems.append(f"channels/{kind}: SPEC.single_owner must be true, false or a function of the settings")
    problems += [
        f"channels/{kind}: SPEC.{name} must be a function of the settings"
        for name in ("source", "listens", "probe")
        if not (getattr(spec, name) is None or callable(getattr(spec, name)))
    ]
    if spec.widget and spec.role != "web":
        problems.append(f"channels/{kind}: SPEC.widget needs SPEC.role 'web'; the widget is fetched by HTTP")
    if not issubclass(spec.settings, BaseModel):
        problems.append(f"channels/{kind}: SPEC.settings must be a pydantic model")
    elif spec.settings.model_config.get("extra") != "forbid":
        problems.append(f"channels/{kind}: SPEC.settings must refuse unknown keys (extra='forbid')")
    if problems:
        raise ConfigError(problems)
    return spec


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
    named = [("flow", getattr(options, "flow", None))]
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
