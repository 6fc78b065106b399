"""Schemathesis against a whole gateway: whatever our OpenAPI allows is answered as it says, and never by a fault."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running import RunningGateway

pytestmark = pytest.mark.integration
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
CONTACT = {
    "source": {"name": "cityapp", "event_id": "e1"},
    "requester": {"kind": "grid_worker", "phone": "13800138000", "name": "张三"},
    "content": "龙华区路灯坏了",
    "place": {"lat": 20.02, "lon": 110.19, "crs": "GCJ02"},
}


@pytest.mark.skipif(importlib.util.find_spec("schemathesis") is None, reason="schemathesis is not installed")
def test_our_openapi_is_the_truth(tmp_path: Path) -> None:
    with RunningGateway(tmp_path) as gateway:
        assert gateway.request("POST", "/api/v1/contacts", CONTACT)[0] == 201
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{gateway.url}/api/v1/openapi.json"]
        command += ["--header", f"Authorization: Bearer {gateway.token}", "--checks", CHECKS, "--seed", "7"]
        command += ["--max-examples", "15", "--phases", "coverage,fuzzing", "--request-timeout", "20", "--no-color"]
        command += ["--exclude-path", "/api/v1/stream", "--exclude-path", "/metrics"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=400)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        log = gateway.log.read_text(encoding="utf-8")
    assert "request_failed" not in log
