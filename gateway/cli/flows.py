"""``gateway flows``: are the dialogues sound, and do their own tests pass?"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from gateway.ivr.loader import load_flows
from gateway.ivr.schema import json_schema
from gateway.ivr.testing import run_tests
from gateway.settings import load


def add_parser(verbs: Any) -> None:
    """``gateway flows lint|test|schema``."""
    flows = verbs.add_parser("flows", help="check and test the dialogues of flows_dir / 检查话务流程")
    what = flows.add_subparsers(dest="what", required=True, metavar="lint|test|schema")
    what.add_parser("lint", help="schema, ways, menu levels, prompts: every mistake with file and line")
    what.add_parser("test", help="run every <flow>.test.yaml on the engine, in virtual time")
    what.add_parser("schema", help="print the JSON schema of a flow file (ivr_flows/flow.schema.json)")


def run(args: argparse.Namespace) -> int:
    """0 when all is well, 1 when a test fails; mistakes in a flow are a ``ConfigError``."""
    if args.what == "schema":
        print(json_schema(), end="")
        return 0
    folder = load(args.config).flows_dir
    flows = load_flows(folder)
    if args.what == "lint":
        for flow in flows.values():
            print(f"{flow.name} {flow.version}: {len(flow.nodes)} steps, {', '.join(flow.languages)}: ok")
        return 0
    report = run_tests(folder, flows)
    for line in report.passed:
        print(f"ok   {line}")
    for line in report.failed:
        print(f"FAIL {line}", file=sys.stderr)
    print(f"{len(report.passed)} passed, {len(report.failed)} failed")
    return 1 if report.failed else 0
