"""The alarms shipped for Prometheus: each rings when it should, says what the table says, and is explained."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from gateway.telemetry import metrics
from gateway.telemetry.alarms import ALARMS, BY_NAME
from tests.integration.deploy.alarm_cases import CASES, Case
from tests.support.command import ROOT

pytestmark = pytest.mark.integration
RULES = ROOT / "deploy" / "prometheus" / "hotline-gateway.rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "hotline-gateway.json"
RUNBOOKS = [ROOT / "docs" / "runbook.md", ROOT / "docs" / "runbook.zh-CN.md"]
NAME = re.compile(r"\b(?:gateway|process)_[a-z_]+\b(?!=|\")")


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        missing = "promtool is missing (Debian: apt-get install prometheus; make test as root does it)"
        if os.geteuid() == 0:
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@cache
def rules() -> dict[str, dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def families() -> set[str]:
    """The names that a gateway's exposition has, series of histograms and counters included."""
    assert metrics.CALLS, "the product's own metrics are registered"
    found = {"gateway_process_up"}
    for family in REGISTRY.collect():
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        found |= {family.name + end for end in ends}
    return found


def run(promtool: str, *arguments: str | Path) -> None:
    done = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_table_and_runbooks_name_the_same_alarms() -> None:
    names = [alarm.name for alarm in ALARMS]
    assert len(names) == len(set(names))
    assert sorted(rules()) == sorted(names)
    for book in RUNBOOKS:
        headings = re.findall(r"^### (\w+)$", book.read_text(encoding="utf-8"), re.MULTILINE)
        assert sorted(headings) == sorted(names), book.name


@pytest.mark.parametrize("book", RUNBOOKS, ids=lambda book: book.name)
def test_each_paragraph_of_the_runbook_says_what_to_look_at_and_what_to_do(book: Path) -> None:
    parts = re.split(r"^### (\w+)$", book.read_text(encoding="utf-8"), flags=re.MULTILINE)
    marks = ("**Means**", "**Noticed**", "**Look**", "**Do**", "**Wake**")
    marks = ("**含义**", "**市民感受**", "**查看**", "**处理**", "**叫醒**") if "zh" in book.name else marks
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        assert all(mark in text for mark in marks), name
        assert (BY_NAME[name].zh if "zh" in book.name else BY_NAME[name].en) in text, name
        assert "`" in text.partition(marks[2])[2], f"{name}: what to type"


@pytest.mark.parametrize("book", RUNBOOKS, ids=lambda book: book.name)
def test_what_the_runbook_looks_for_in_the_log_is_logged(book: Path) -> None:
    lines = re.findall(r"`journalctl [^`]*grep ([^`|]+?)(?: \||`)", book.read_text(encoding="utf-8"))
    words = {word for line in lines for word in re.findall(r"\b[a-z]+_[a-z_]+|\b(?<!-)[a-z]{4,}\b", line)} - {"child"}
    assert len(words) > 10
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "gateway").rglob("*.py"))
    logged = set(re.findall(r'_log\.\w+\(\s*"(\w+)"', source)) | set(BY_NAME)
    assert [word for word in words if not any(word in event for event in logged)] == []


@pytest.mark.parametrize("book", RUNBOOKS, ids=lambda book: book.name)
def test_the_units_that_the_runbook_names_are_the_shipped_one_s(book: Path) -> None:
    typed = re.findall(r"`((?:journalctl|systemctl) [^`]*)`", book.read_text(encoding="utf-8"))
    named = {unit for command in typed for unit in re.findall(r"hotline-gateway[^\s']*", command)}
    assert named == {"hotline-gateway@*", "hotline-gateway@all", "hotline-gateway@asr"}
    assert (ROOT / "deploy" / "hotline-gateway@.service").is_file()


def test_the_threshold_of_a_rule_is_the_table_s() -> None:
    for name, rule in rules().items():
        alarm = BY_NAME[name]
        assert alarm.metric in rule["expr"], name
        if alarm.above is not None:
            assert rule["expr"] == f"last_over_time({alarm.metric}[2m]) > {alarm.above:g}"
        if alarm.below is not None:
            assert rule["expr"] == f"last_over_time({alarm.metric}[2m]) < {alarm.below:g}"
        assert rule["annotations"] == {"summary": f"{alarm.zh} · {alarm.en}", "runbook": f"docs/runbook.md#{name}"}
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_what_alarms_and_panels_ask_for_is_measured() -> None:
    asked = {name for rule in rules().values() for name in NAME.findall(rule["expr"])}
    asked |= {name for expr in panel_queries() for name in NAME.findall(expr)}
    assert asked
    assert asked <= families()
    assert {alarm.metric for alarm in ALARMS} <= {name.removesuffix("_bucket") for name in asked}


def test_prometheus_takes_the_rules(promtool: str) -> None:
    run(promtool, "check", "rules", RULES)


def test_each_alarm_has_times_to_ring_and_times_to_be_quiet() -> None:
    for alarm in ALARMS:
        own = [case for case in CASES if case.alarm == alarm.name]
        assert {bool(case.rings) for case in own} == {True, False}, alarm.name


def test_alarms_ring_when_they_should_and_only_then(promtool: str, tmp_path: Path) -> None:
    tests = [_as_test(cases) for cases in _side_by_side()]
    file = tmp_path / "alarms.test.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "15s", "tests": tests}), "utf-8")
    run(promtool, "test", "rules", file)


def _side_by_side() -> list[list[Case]]:
    """Cases that have no metric in common share a run: each run costs a database."""
    runs: list[list[Case]] = []
    for case in CASES:
        beside = (run for run in runs if not any(_metrics(case) & _metrics(other) for other in run))
        free = next(beside, None)
        if free is None:
            runs.append([case])
        else:
            free.append(case)
    return runs


def _metrics(case: Case) -> set[str]:
    return {name.partition("{")[0] for name in case.series} | set(NAME.findall(rules()[case.alarm]["expr"]))


def _as_test(cases: list[Case]) -> dict[str, Any]:
    series = {name: values for case in cases for name, values in case.series.items()}
    return {
        "name": ", ".join(case.alarm for case in cases),
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {"eval_time": case.at, "alertname": case.alarm, "exp_alerts": _rings(case)} for case in cases
        ],
    }


def _rings(case: Case) -> list[dict[str, Any]]:
    rule = rules()[case.alarm]
    job = {"job": "hotline-gateway"} if case.job else {}
    return [
        {
            "exp_labels": {**job, **dict(re.findall(r'(\w+)="([^"]*)"', labels)), **rule["labels"]},
            "exp_annotations": rule["annotations"],
        }
        for labels in case.rings
    ]


def panel_queries() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"].replace("$__rate_interval", "5m")


def test_every_query_of_the_dashboard_is_one(promtool: str, tmp_path: Path) -> None:
    queries = [{"record": f"panel:{n}", "expr": expr} for n, expr in enumerate(panel_queries())]
    assert len(queries) > 10
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": queries}]}), "utf-8")
    run(promtool, "check", "rules", file)


def test_the_dashboard_fits_a_page_and_can_be_provisioned() -> None:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert (board["id"], board["uid"]) == (None, "hotline-gateway")
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) <= 36
    for panel in panels:
        zh, _, en = panel["title"].partition(" · ")
        assert re.search(r"[\u4e00-\u9fff]", zh), panel["title"]
        assert en, panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
