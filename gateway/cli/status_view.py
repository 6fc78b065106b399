"""Formats what the processes answered for ``gateway status``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.cli.process_facts import memory_bytes, since
from gateway.cli.running import Running
from gateway.domain.ids import rfc3339
from gateway.roles.census import SUPERVISOR
from gateway.settings import Settings
from gateway.telemetry.alarms import BY_NAME

CALLS = "gateway_calls_active"
ADDED_UP = frozenset({CALLS, "gateway_rtp_ports_in_use"})
"""Gauges of which each process measures a part of its own."""
LEAST = "_free_fraction"
"""Gauges that end so count by the smallest; all others, which processes measure of the same thing, by the largest."""
OF_CHANNELS = "gateway_channel_"
"""Gauges that stand in the channels' lines."""
QUIET = frozenset({CALLS, "gateway_tasks", "gateway_part_up", "gateway_process_up"})
"""Gauges that stand elsewhere, or tell nothing to a person."""

Status = dict[str, Any]


def status(running: Running, settings: Settings) -> Status:
    """Everything, for programs."""
    processes = _processes(running)
    measures = _measures(running)
    told = running.supervisor or {}
    started = since(int(told["pid"])) if told else None
    today = next((one.answers["today"] for one in running.processes if one.answers.get("today")), None)
    return {
        "degraded": sorted(set(_degraded(running, processes))),
        "version": told.get("version"),
        "since": rfc3339(started) if started else None,
        "node": settings.node_name,
        "calls": int(sum(measure["value"] for measure in measures if measure["name"] == CALLS)),
        "tickets_today": today["tickets"] if today else None,
        "processes": processes,
        "channels": _channels(running, settings),
        "parts": _parts(running),
        "measures": [one for one in measures if one["name"] not in QUIET and not one["name"].startswith(OF_CHANNELS)],
        "disk_free_bytes": _free_bytes(settings.recordings_dir),
    }


def as_text(told: Status) -> str:
    """One screen for a person."""
    lines = [f"degraded / 异常: {_in_words(one)}" for one in told["degraded"]] or ["nothing is degraded / 一切正常"]
    lines += ["", f"gateway {told['version'] or '(no supervisor)'} on {told['node']}, since {told['since'] or '?'}"]
    tickets = "?" if told["tickets_today"] is None else told["tickets_today"]
    lines.append(f"calls now / 当前通话: {told['calls']}    tickets today / 今日工单: {tickets}")
    if told["disk_free_bytes"] is not None:
        lines.append(f"disk / 磁盘: {told['disk_free_bytes'] / 1e9:.1f} GB free for recordings")
    parts = ", ".join(f"{name} {'up' if up else 'DOWN'}" for name, up in told["parts"].items())
    lines.append(f"parts / 部件: {parts or '?'}")
    lines += ["", "processes / 进程"]
    lines += [f"  {_process_line(process)}" for process in told["processes"]]
    lines += ["", "channels / 渠道"]
    lines += [f"  {_channel_line(channel)}" for channel in told["channels"]]
    lines += ["", "measures / 指标"]
    lines += [f"  {one['meaning']}{_of(one['labels'])}: {_shown(one)}" for one in told["measures"]]
    return "\n".join(lines)


def _in_words(part: str) -> str:
    """An alarm's name with what it means, as the runbook says it; another part as it is."""
    alarm = BY_NAME.get(part.partition(":")[0])
    return f"{part} ({alarm.zh} · {alarm.en})" if alarm else part


def _processes(running: Running) -> list[Status]:
    """Those that a supervisor runs in its order, then those that run apart, or did until they were killed."""
    children = {str(child["name"]): child for child in (running.supervisor or {}).get("children", ())}
    known = {one.name: one for one in running.processes}
    pids = {name: pid for pid, name in running.pids.items()}
    names = [SUPERVISOR] if running.supervisor else []
    names += [*children, *sorted(known.keys() - children.keys())]
    return [
        {
            "name": name,
            "pid": pids.get(name),
            "up": pids.get(name) is not None,
            "answers": known[name].answers_at_all if name in known else None,
            "since": rfc3339(started) if (started := since(pids.get(name, 0))) else None,
            "restarts": children.get(name, {}).get("restarts"),
            "memory_bytes": memory_bytes(pids.get(name, 0)),
        }
        for name in names
    ]


def _channels(running: Running, settings: Settings) -> list[Status]:
    """Channels as their processes report them, then the configured ones that no process reports."""
    reports = running.channels()
    silent = {table.id: {"running": False, "ready": None} for table in settings.channel if table.id not in reports}
    return [{"channel_id": name, **report} for name, report in sorted((silent | reports).items())]


def _parts(running: Running) -> dict[str, bool]:
    """What ``/readyz`` waits for: up where it is up in every process that has it."""
    parts: dict[str, bool] = {}
    for one in running.processes:
        for part, up in (one.answers.get("ready") or {}).items():
            parts[part] = parts.get(part, True) and bool(up)
    return parts


def _degraded(running: Running, processes: list[Status]) -> Iterator[str]:
    """What is degraded, as ``/readyz`` and the alarms call it: parts down, active alarms, missing processes."""
    for process in processes:
        if not process["up"] or process["answers"] is False:
            yield f"process_down:{process['name']}"
    yield from (part for part, up in _parts(running).items() if not up)
    yield from (":".join(filter(None, (one.name, one.of))) for one in running.ringing())
    for channel_id, report in running.channels().items():
        if report.get("silent"):
            yield f"channel_silent:{channel_id}"
        if report.get("token_ok") is False:
            yield f"channel_token_failed:{channel_id}"
        if report.get("connected") is False:
            yield f"channel_disconnected:{channel_id}"


def _measures(running: Running) -> list[Status]:
    """Every gauge of ours, by name and labels: a new one shows up by itself, under its own help."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], Status] = {}
    for process in running.processes:
        for family in (process.answers.get("metrics") or {}).get("families", ()):
            if family["type"] != "gauge" or not family["name"].startswith("gateway_"):
                continue
            for name, labels, value in family["samples"]:
                key = (name, tuple(sorted(labels.items())))
                one = found.setdefault(key, {"name": name, "labels": labels, "meaning": family["help"], "value": None})
                one["value"] = value if one["value"] is None else _together(name, one["value"], value)
    return [found[key] for key in sorted(found)]


def _together(name: str, one: float, other: float) -> float:
    if name in ADDED_UP:
        return one + other
    return min(one, other) if name.endswith(LEAST) else max(one, other)


def _free_bytes(folder: Path) -> int | None:
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def _process_line(process: Status) -> str:
    restarts = f", restarted {process['restarts']} times" if process["restarts"] else ""
    if not process["up"]:
        return f"{process['name']:<12} DOWN{restarts}"
    memory = f"{process['memory_bytes'] / 1e6:.0f} MB" if process["memory_bytes"] else "?"
    mute = ", DOES NOT ANSWER" if process["answers"] is False else ""
    return f"{process['name']:<12} {process['pid']:<8} since {process['since']}, {memory}{restarts}{mute}"


def _channel_line(channel: Mapping[str, Any]) -> str:
    state = "ready" if channel.get("ready") else "running, not ready" if channel.get("running") else "not running here"
    parts = [
        state,
        f"last in {channel.get('last_inbound_at') or 'never'}",
        f"last out {channel.get('last_outbound_at') or 'never'}",
    ]
    if channel.get("silent"):
        parts.append("SILENT")
    if channel.get("token_ok") is False:
        parts.append("CREDENTIAL REFUSED")
    if channel.get("connected") is False:
        parts.append("NOT CONNECTED")
    if channel.get("refused"):
        parts.append(
            "refused " + ", ".join(f"{reason} {count}" for reason, count in sorted(channel["refused"].items()))
        )
    return f"{channel['channel_id']:<12} {'; '.join(parts)}"


def _of(labels: Mapping[str, str]) -> str:
    return f" ({', '.join(labels.values())})" if labels else ""


def _shown(measure: Status) -> str:
    value, name = measure["value"], measure["name"]
    if name.endswith("_fraction"):
        return f"{value:.0%}"
    if name.endswith("_message_seconds"):
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}" if value else "never"
    return f"{value:g} s" if name.endswith("_seconds") else f"{value:g}"
