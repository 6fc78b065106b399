"""``gateway check --show`` prints what is in force and no secret."""

from __future__ import annotations

import json
import shutil
from datetime import date

import pytest

from gateway.cli import main
from gateway.cli.check import problems, problems_by_part, shown, warnings
from gateway.errors import ConfigError
from gateway.settings import Settings, load
from gateway.settings.sections import INSTALLATION

pytestmark = pytest.mark.unit

SECRETS = ("feed-secret-0001", "db-secret-0002", "asr-secret-0003", "redis-secret-0004", "wrong-secret-0005")
CONFIG = """
[database]
url = "postgresql+asyncpg://hotline:db-secret-0002@db.example/hotline"
[redis]
url = "redis://:redis-secret-0004@redis.example:6379/0"
[asr]
token = "asr-secret-0003"
[[channel]]
id = "hotline"
kind = "sip"
port = 5070
[[feed]]
id = "cases"
kind = "webhook"
url = "https://cases.example/in"
secret = "feed-secret-0001"
[[feed]]
id = "typo"
kind = "webhook"
url = "https://cases.example/in"
secrett = "wrong-secret-0005"
"""


def test_no_secret_is_shown_and_everything_else_is(tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG, encoding="utf-8")
    text = shown(load(path))
    assert [secret for secret in SECRETS if secret in text] == []
    whole = json.loads(text)
    assert whole["channel"][0]["port"] == 5070
    assert whole["channel"][0]["max_calls"] == 500
    assert whole["feed"][0]["url"] == "https://cases.example/in"
    assert "hotline:**********@db.example" in whole["database"]["url"]


@pytest.mark.parametrize(
    ("http", "warned"),
    [
        ('public_url = "https://hotline.example"', True),
        ('public_url = "https://hotline.example"\ntrusted_proxies = ["10.0.0.1/32"]', False),
        ('public_url = "http://hotline.example"', False),
        ("", False),
    ],
)
def test_a_proxy_with_tls_that_is_not_named_is_warned_of(tmp_path, capsys, http, warned):
    path = tmp_path / "gateway.toml"
    path.write_text(f"[http]\n{http}\n", encoding="utf-8")
    assert main(["check", "--config", str(path)]) == 0
    assert ("trusted_proxies is empty" in capsys.readouterr().err) is warned


HOURS = """
[[channel]]
id = "hotline"
kind = "sip"
hours = ["mon-fri 08:30-17:30"]
holidays = [2026-10-01]
"""


def checked(tmp_path, text):
    path = tmp_path / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return problems(load(path))


def test_hours_that_hold_are_no_problem_and_are_shown(tmp_path):
    assert checked(tmp_path, HOURS) == []
    table = json.loads(shown(load(tmp_path / "gateway.toml")))["channel"][0]
    assert (table["hours"], table["holidays"]) == (["mon-fri 08:30-17:30"], ["2026-10-01"])


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('after_hours_flow = "night"', "channel[hotline]: after_hours_flow 'night' is not in"),
        ('after_hours_flow = "chat"', "after_hours_flow 'chat' is only written"),
        ('[[channel]]\nid = "web"\nkind = "webchat"\nhours = ["mon 08:00-09:00"]', "channel[web]: hours are for calls"),
    ],
)
def test_flows_for_other_hours_are_linted(tmp_path, more, problem):
    assert any(problem in found for found in checked(tmp_path, HOURS + more))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("mon-fri 08:30-17:30", "mon-fri 8:30-17:30", "write it as mon-fri 08:30-17:30"),
        ('hours = ["mon-fri 08:30-17:30"]', "", "mean something with hours only"),
        ("holidays = [2026-10-01]", "holidays = [2026-10-01]\nworkdays = [2026-10-01]", "in holidays and in workdays"),
    ],
)
def test_hours_that_cannot_be_read_are_refused(tmp_path, old, new, problem):
    with pytest.raises(ConfigError, match=problem):
        checked(tmp_path, HOURS.replace(old, new))


def test_files_of_tls_are_looked_at_and_speech_in_clear_is_warned_of(tmp_path):
    """Before anything starts: a missing file, one that is no certificate, and a plain URL of another machine."""
    path = tmp_path / "gateway.toml"
    (tmp_path / "nonsense.pem").write_text("no certificate")
    path.write_text(
        f"""[asr]
url = "ws://10.0.0.7:2700, ws://127.0.0.1:2700, wss://10.0.0.8:2700"
ca_file = "{tmp_path}/none.pem"
[asr_server]
cert_file = "{tmp_path}/nonsense.pem"
key_file = "{tmp_path}/nonsense.pem"
"""
    )
    settings = load(path)
    found = "\n".join(problems(settings))
    assert "[asr] ca_file" in found
    assert "none.pem" in found
    assert "[asr_server]" in found
    assert "nonsense.pem" in found
    told = warnings(settings, date(2026, 6, 1))
    assert [line for line in told if "10.0.0.7" in line]
    assert len([line for line in told if "in clear" in line]) == 1


@pytest.mark.parametrize(("today", "warned"), [(date(2026, 6, 1), False), (date(2026, 11, 30), True)])
def test_a_calendar_that_ends_soon_is_warned_of(tmp_path, today, *, warned):
    (tmp_path / "workdays.csv").write_text("date,kind\n2026-10-01,holiday\n", encoding="utf-8")
    settings = Settings(config_dir=tmp_path)
    assert bool([line for line in warnings(settings, today) if "ends on 2026-12-31" in line]) is warned
    (tmp_path / "workdays.csv").write_text("date,kind\nyesterday,holiday\n", encoding="utf-8")
    assert warnings(settings, today) == []
    assert any("yesterday" in problem for problem in problems(settings))


def test_a_policy_of_cases_that_names_no_category_of_the_taxonomy_is_a_problem(tmp_path):
    shipped = Settings().config_dir
    for name in ("units.csv", "taxonomy.csv", "case_policy.yaml"):
        (tmp_path / name).write_bytes((shipped / name).read_bytes())
    assert not problems_by_part(Settings(config_dir=tmp_path))["tables"]
    policy = tmp_path / "case_policy.yaml"
    own = 'overrides: [{category: "9901", clock: reply, within: 4 h, warn_before: 1 h}]'
    shipped_text = policy.read_text(encoding="utf-8")
    policy.write_text(shipped_text.replace("overrides: []", own), encoding="utf-8")
    [problem] = problems_by_part(Settings(config_dir=tmp_path))["tables"]
    assert "no category 9901" in problem


def test_mistakes_of_the_taxonomy_are_all_named(tmp_path):
    """A table of an earlier version says what its columns became; a wrong limit and a row nobody can stay at by row."""
    config = tmp_path / "config"
    shutil.copytree(INSTALLATION / "config", config)
    table = config / "taxonomy.csv"
    path = tmp_path / "gateway.toml"
    path.write_text(f'config_dir = "{config}"', encoding="utf-8")
    assert problems(load(path)) == []
    whole = table.read_text(encoding="utf-8")
    table.write_text(whole.replace("danger,plan_urgent,reply_limits", "urgent,time_limit,old", 1), encoding="utf-8")
    assert "urgent is now danger and plan_urgent" in "\n".join(problems(load(path)))
    head, first, *rest = whole.splitlines()
    wrong = first.replace(",false,false,,false,", ",false,false,complaint=soon,false,")
    assert wrong != first
    table.write_text("\n".join([head, wrong, *rest, ""]), encoding="utf-8")
    assert f"{table}:2: reply_limits: 'complaint=soon' is no limit" in "\n".join(problems(load(path)))
