"""``gateway check``: is this installation fit to run? Every mistake at once."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from gateway.cli.check_tokens import token_warnings
from gateway.edge.case_policy import read_case_policy
from gateway.edge.dispatch_table import KnownCodes, read_dispatch
from gateway.edge.system_clock import SystemClock
from gateway.edge.unit_table import read_units
from gateway.edge.workdays import read_workdays, running_out
from gateway.errors import ConfigError
from gateway.feeds import feed_settings
from gateway.ivr.loader import load_flows
from gateway.plugins.channels import channel_settings, flow_problems, known_channels, load_channel_spec
from gateway.plugins.engines import engine_settings
from gateway.prefill.place import Gazetteer
from gateway.prefill.taxonomy import read_taxonomy
from gateway.recognition.tls import Certificate, client_context
from gateway.settings import Settings
from gateway.settings.sections import INSTALLATION, KindTable, on_loopback

_PASSWORD = re.compile(r"(://[^/@:\s\"]*:)[^/@\s\"]+@")
"""A password inside a URL."""


def add_parser(verbs: Any) -> None:
    """``gateway check``."""
    check = verbs.add_parser("check", help="check configuration, flows and adapters / 检查配置")
    check.add_argument("--show", action="store_true", help="print the configuration in force, secrets masked")


def problems(settings: Settings) -> list[str]:
    """Everything wrong with ``settings`` and with the adapters of this installation."""
    return [problem for part in problems_by_part(settings).values() for problem in part]


def problems_by_part(settings: Settings) -> dict[str, list[str]]:
    """The same by what it is wrong with: flows, tables, asr, channels, feeds; each is there, also with nothing wrong.

    This is the one list of what is checked: `gateway run` and `gateway doctor` go by it, too.
    """
    found: dict[str, list[str]] = {"flows": [], "tables": [], "asr": [], "channels": [], "feeds": []}

    def collect(part: str, check: Any, *args: Any) -> Any:
        try:
            return check(*args)
        except ConfigError as error:
            found[part].extend(error.problems)
            return None

    flows = collect("flows", load_flows, settings.flows_dir)
    _check_tables(settings.config_dir, collect)
    collect("asr", engine_settings, settings.asr)
    collect("asr", client_context, settings.asr.ca_file)
    if settings.asr_server.cert_file is not None:
        collect("asr", Certificate, settings.asr_server.cert_file, settings.asr_server.key_file)
    for kind in known_channels():
        collect("channels", load_channel_spec, kind)
        if not (INSTALLATION / "channels" / kind / "README.md").exists():
            found["channels"].append(f"channels/{kind} has no README.md")
    for table in settings.channel:
        checked = collect("channels", channel_settings, table)
        if checked and flows is not None:
            spec, options = checked
            found["channels"] += flow_problems(table, spec, options, flows, settings.flows_dir)
    for feed in settings.feed:
        collect("feeds", feed_settings, feed)
    return found


def _check_tables(config_dir: Path, collect: Callable[..., Any]) -> None:
    """The tables, each held against those that it refers to; not where one of these is wrong."""
    collect("tables", read_workdays, config_dir / "workdays.csv")
    gazetteer = collect("tables", Gazetteer.read, config_dir / "gazetteer.csv")
    divisions = {code: division.name for code, division in gazetteer.by_code.items()} if gazetteer else {}
    units = collect("tables", read_units, config_dir / "units.csv", divisions or None)
    if units is None:
        return
    taxonomy = collect("tables", read_taxonomy, config_dir / "taxonomy.csv", units)
    if (policy := config_dir / "case_policy.yaml").exists():
        collect("tables", partial(read_case_policy, policy, categories=taxonomy))
    if gazetteer is not None and taxonomy is not None:
        categories = {code: node.names[-1] for code, node in taxonomy.items()}
        names = {code: unit.name_zh for code, unit in units.items()}
        collect("tables", read_dispatch, config_dir / "dispatch.csv", KnownCodes(categories, divisions, names))


def warnings(settings: Settings, today: date) -> list[str]:
    """What works, but hardly as it was meant; or will not much longer than ``today``."""
    found = _calendar(settings, today)
    if settings.http.public_url.lower().startswith("https://") and not settings.http.trusted_proxies:
        found.append(
            "[http] public_url is https, which a proxy in front has to speak, but trusted_proxies is empty: "
            "all clients count as one address (limits, log-in failures, the audit trail); name the proxy's there"
        )
    found += [
        f"[asr] url: {url} carries what callers say in clear; use wss://, or keep it inside a closed network"
        for url in settings.asr.urls
        if url.startswith("ws://") and not on_loopback(urlsplit(url).hostname or "")
    ]
    return found


def city_date(settings: Settings) -> date:
    """Today, on the city's calendar."""
    return SystemClock().now().astimezone(settings.zone).date()


def _calendar(settings: Settings, today: date) -> list[str]:
    try:
        told = running_out(read_workdays(settings.config_dir / "workdays.csv"), today)
    except ConfigError:
        return []  # one of ``problems``
    return [told] if told else []


def shown(settings: Settings) -> str:
    """The configuration in force as JSON, secrets masked: those of channels and feeds, and passwords in URLs, too."""
    whole = settings.model_dump(mode="json")
    whole["channel"] = [_table(table, lambda t: channel_settings(t)[1]) for table in settings.channel]
    whole["feed"] = [_table(table, lambda t: feed_settings(t)[1]) for table in settings.feed]
    return _PASSWORD.sub(r"\1**********@", json.dumps(whole, ensure_ascii=False, indent=2))


def _table(table: KindTable, checked: Callable[[Any], BaseModel]) -> dict[str, Any]:
    """A ``[[channel]]`` or ``[[feed]]`` as its kind reads it; of one that is wrong only the names of its keys."""
    try:
        options = checked(table).model_dump(mode="json")
    except ConfigError:
        options = dict.fromkeys(table.options, "?")
    return {**table.model_dump(mode="json", include=set(type(table).model_fields)), **options}


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0 when all is well; the problems on stderr otherwise."""
    if args.show:
        print(shown(settings))
    found = problems(settings)
    for warning in warnings(settings, city_date(settings)):
        print(f"gateway: warning: {warning}", file=sys.stderr)
    for problem in found:
        print(f"gateway: {problem}", file=sys.stderr)
    for warning in token_warnings(settings):
        print(f"gateway: warning: {warning}", file=sys.stderr)
    print("ok" if not found else f"{len(found)} problem(s)")
    return 1 if found else 0
