"""``gateway trunks``: who may call, as the configuration says it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from gateway.plugins.channels import channel_settings
from gateway.settings import Settings

HOW = 'add one in gateway.toml: trunks = ["203.0.113.5/32"] in the [[channel]] table, then restart'


def add_parser(verbs: Any) -> None:
    """``gateway trunks``."""
    trunks = verbs.add_parser("trunks", help="who may call: the configured trunks / 中继")
    trunks.add_argument("--json", action="store_true", help="as a JSON array")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print the trunks of every channel that takes calls; how to add one goes to stderr. ``ConfigError``."""
    found = []
    for table in settings.channel:
        spec, options = channel_settings(table)
        if spec.listens is not None:
            found.append({"channel_id": table.id, "trunks": list(spec.listens(options).trunks)})
    if args.json:
        print(json.dumps(found, indent=2))
        return 0
    for channel in found:
        for trunk in channel["trunks"] or ["everyone"]:
            print(channel["channel_id"], trunk, sep="\t")
    print(HOW if found else "no channel of this configuration takes calls", file=sys.stderr)
    return 0
