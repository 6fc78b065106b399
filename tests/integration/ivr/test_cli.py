"""``gateway flows`` and ``gateway prompts`` as a person types them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import command
from tests.support.command import ROOT

pytestmark = pytest.mark.integration


def gateway(*args: str, flows_dir: Path | None = None) -> subprocess.CompletedProcess[str]:
    return command.gateway(*args, environment={"GATEWAY_FLOWS_DIR": str(flows_dir)} if flows_dir else None)


@pytest.fixture
def flows_dir(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "ivr_flows", tmp_path / "ivr_flows"))


def test_the_shipped_flows_are_sound_and_tested():
    lint = gateway("flows", "lint")
    assert (lint.returncode, lint.stderr) == (0, "")
    assert [line.split()[0] for line in lint.stdout.splitlines()] == ["after_hours", "chat", "hotline"]
    test = gateway("flows", "test")
    assert (test.returncode, test.stderr) == (0, "")
    assert test.stdout.splitlines()[-1].endswith(" passed, 0 failed")


def test_the_schema_is_json():
    schema = json.loads(gateway("flows", "schema").stdout)
    assert schema["title"] == "FlowFile"


def test_a_mistake_in_a_flow_is_told_with_its_line(flows_dir):
    flow = flows_dir / "hotline.yaml"
    flow.write_text(flow.read_text(encoding="utf-8").replace("to: person", "to: persom"), encoding="utf-8")
    lint = gateway("flows", "lint", flows_dir=flows_dir)
    assert (lint.returncode, lint.stdout) == (2, "")
    assert re.search(r"hotline\.yaml:\d+: demand\.key_0", lint.stderr)
    assert "goes to 'persom', which is no step" in lint.stderr


def test_a_failing_flow_test_is_told_with_its_line(flows_dir):
    flow = flows_dir / "hotline.yaml"
    flow.write_text(flow.read_text(encoding="utf-8").replace("max_s: 300", "max_s: 30"), encoding="utf-8")
    test = gateway("flows", "test", flows_dir=flows_dir)
    assert test.returncode == 1
    assert "FAIL" in test.stderr
    assert "is cut off: 'demand' hears 30 s, the caller speaks 45 s" in test.stderr


def test_new_recordings_are_refused_whole_or_put_in_whole(flows_dir, tmp_path):
    new = tmp_path / "studio"
    shutil.copytree(ROOT / "ivr_flows" / "prompts" / "en", new / "zh")
    (new / "zh" / "goodbye.wav").rename(tmp_path / "goodbye.wav")
    before = (flows_dir / "prompts" / "zh" / "greeting.wav").read_bytes()
    refused = gateway("prompts", "add", str(new), flows_dir=flows_dir)
    assert refused.returncode == 1
    assert "zh/goodbye.wav: missing; it says: 感谢您的来电，再见。" in refused.stderr
    assert (flows_dir / "prompts" / "zh" / "greeting.wav").read_bytes() == before

    (tmp_path / "goodbye.wav").rename(new / "zh" / "goodbye.wav")
    checked = gateway("prompts", "check", str(new), flows_dir=flows_dir)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert (flows_dir / "prompts" / "zh" / "greeting.wav").read_bytes() == before
    added = gateway("prompts", "add", str(new), flows_dir=flows_dir)
    assert (added.returncode, added.stderr) == (0, "")
    assert (flows_dir / "prompts" / "zh" / "greeting.wav").read_bytes() != before
    assert gateway("flows", "lint", flows_dir=flows_dir).returncode == 0
