"""``gateway doctor`` beside real servers that refuse, lag or are full: SQL, Valkey, providers, receivers."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.cli import main
from gateway.interprocess.valkey_client import connect
from gateway.storage.database import migrate_database
from tests.channels.sms.smsc import running_smsc
from tests.integration.recognition.test_pool import TOKEN, served
from tests.support.certificates import Authority
from tests.support.command import ROOT, configured
from tests.support.doctor import Diagnosis, diagnose
from tests.support.ports import free_port
from tests.support.valkey import RunningValkey

pytestmark = pytest.mark.integration


async def asked(folder, text: str, *words: str) -> Diagnosis:
    """Beside this loop, on which the other side runs."""
    return await asyncio.to_thread(diagnose, configured(folder, text), *words)


async def test_postgresql_is_looked_at_without_being_changed(tmp_path, postgres):
    url = await postgres.create("looked_at")
    text = f'[database]\nurl = "{url}"\n'
    empty = await asked(tmp_path, text, "sql")
    assert (empty.status("sql.schema"), empty.status("sql.clock"), empty.code) == (["ok"], ["ok"], 0)
    assert "brings it up to date" in empty.said("sql.schema")
    await migrate_database(url, data_dir=tmp_path)
    admin = await asyncpg.connect(host="127.0.0.1", port=postgres.port, user="gateway", database="looked_at")
    try:
        assert (await asked(tmp_path, text, "sql")).status("sql.server") == ["ok"]
        await admin.execute("ALTER DATABASE looked_at SET synchronous_commit = off")
        found = await asked(tmp_path, text, "sql")
        assert (found.status("sql.server"), found.status("sql.schema"), found.code) == (["warn"], ["ok"], 0)
        await admin.execute("UPDATE alembic_version SET version_num = 'of a later program'")
        found = await asked(tmp_path, text, "sql")
        assert (found.status("sql.schema"), found.code) == (["fail"], 1)
        await admin.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        await admin.execute("CREATE ROLE reader LOGIN PASSWORD 'right' IN ROLE pg_read_all_data")
        found = await asked(tmp_path, text.replace("gateway@", "reader:right@"), "sql.server")
        assert (found.status("sql.server"), found.code) == (["fail"], 1)
    finally:
        await admin.close()


async def test_a_wrong_password_and_a_missing_database_are_told_in_the_servers_words(tmp_path, postgres):
    hba = postgres._folder / "data" / "pg_hba.conf"
    before = hba.read_text(encoding="utf-8")
    admin = await asyncpg.connect(host="127.0.0.1", port=postgres.port, user="gateway", database="postgres")
    try:
        await admin.execute("CREATE ROLE city LOGIN PASSWORD 'right'")
        hba.write_text("host all city 127.0.0.1/32 scram-sha-256\n" + before, encoding="utf-8")
        await admin.execute("SELECT pg_reload_conf()")
        url = f"postgresql+asyncpg://city:so-wrong@127.0.0.1:{postgres.port}/postgres"
        found = await asked(tmp_path, f'[database]\nurl = "{url}"\n', "sql")
        assert (found.status("sql.reachable"), found.code) == (["fail"], 1)
        assert "password authentication failed" in found.said("sql.reachable")
        assert "so-wrong" not in found.said("sql.reachable")
    finally:
        hba.write_text(before, encoding="utf-8")
        await admin.close()
    found = await asked(tmp_path, f'[database]\nurl = "{postgres.url("nowhere")}"\n', "sql")
    assert 'database "nowhere" does not exist' in found.said("sql.reachable")


async def test_a_valkey_that_is_full_answers_and_takes_nothing(tmp_path):
    async with RunningValkey(tmp_path) as running:
        text = f'[redis]\nurl = "{running.server.url}"\n'
        found = await asked(tmp_path, text, "redis")
        assert [found.status(f"redis.{name}") for name in ("reachable", "writable", "clock")] == [["ok"]] * 3
        client = connect(running.server.url)
        try:
            assert await client.keys("gateway:doctor:*") == []
            await client.config_set("maxmemory", "1")
        finally:
            await client.aclose()
        found = await asked(tmp_path, text, "redis")
        assert (found.status("redis.reachable"), found.status("redis.writable")) == (["ok"], ["fail"])
        assert found.code == 1


OWNER = """
import asyncio, os, sys
from pathlib import Path
from gateway.roles.census import telling
from gateway.roles.child import Child, ChildSpec

async def main():
    async with telling(Path(sys.argv[1]), [Child(ChildSpec(name="voice", argv=["x"]))]):
        print("up", flush=True)
        await asyncio.Event().wait()

os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
asyncio.run(main())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as another user")
def test_root_is_answered_as_the_owner_of_the_folder_and_is_root_again_afterwards(capsys):
    folder = Path(tempfile.mkdtemp(prefix="gateway-owner-"))
    folder.chmod(0o755)
    data = folder / "data"
    (data / "run").mkdir(parents=True)
    for made in (data, data / "run"):
        made.chmod(0o700)
        os.chown(made, 65534, 65534)
    try:
        with subprocess.Popen([sys.executable, "-c", OWNER, data], stdout=subprocess.PIPE, cwd=ROOT) as owner:
            try:
                assert owner.stdout is not None
                assert owner.stdout.readline() == b"up\n"
                config = configured(folder, "")
                found = diagnose(config, "processes", "rights.owner")
                assert main(["status", "--config", str(config)]) == 0
            finally:
                owner.kill()
        assert "voice does not run" in found.said("processes")
        assert found.status("rights.owner") == ["ok"]
        assert f"supervisor   {owner.pid}" in capsys.readouterr().out
        assert os.getresuid() == (0, 0, 0)
        assert [path for path in folder.rglob("*") if path.stat().st_uid == 0] == [config]
    finally:
        shutil.rmtree(folder)


SMS = """
[[channel]]
id = "sms"
kind = "sms"
provider = "smpp"
host = "127.0.0.1"
port = {port}
system_id = "hotline"
password = "{password}"
number = "12345"
response_timeout_s = 2
"""


async def test_an_operator_is_bound_to_and_left_again(tmp_path):
    async with running_smsc() as smsc:
        for password, status in (("secret", "ok"), ("wrong", "fail")):
            found = await asked(tmp_path, SMS.format(port=smsc.port, password=password), "provider", "--providers")
            assert (found.status("provider.sms"), found.code) == ([status], int(status == "fail"))
        assert [bind[1] for bind in smsc.binds] == ["secret", "wrong"]
        assert smsc.submitted == []
    found = await asked(tmp_path, SMS.format(port=free_port(), password="x"), "provider", "--providers")
    assert "cannot be reached" in found.said("provider.sms")


@asynccontextmanager
async def http_server() -> AsyncIterator[str]:
    """Answers as providers do: /ok as a receiver that knows POST only, /gone, Telegram and WeChat that refuse."""

    async def answer(request: web.Request) -> web.Response:
        match request.path.split("/")[1]:
            case "ok":
                return web.Response(status=405)
            case "behind":
                return web.Response(headers={"Date": "Thu, 01 Jan 2026 00:00:00 GMT"})
            case "broken":
                return web.Response(status=502)
            case "cgi-bin":
                return web.json_response({"errcode": 40125, "errmsg": "invalid appsecret"})
            case path if path.startswith("bot"):
                return web.json_response({"ok": False, "error_code": 401, "description": "Unauthorized"}, status=401)
            case _:
                return web.Response(status=404)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    try:
        yield str(server.make_url("")).rstrip("/")
    finally:
        await server.close()


FEED = """
[[feed]]
id = "{id}"
kind = "webhook"
url = "{url}"
secret = "sixteen characters or more"
"""
REFUSED = """
[[channel]]
id = "telegram"
kind = "telegram"
token = "123456789:AAAAAAAAAAAAAAAAAAAA"
mode = "polling"
base_url = "{url}"
[[channel]]
id = "wechat"
kind = "wechat"
app_id = "wx0000000000000000"
app_secret = "wrong-app-secret"
token = "callback"
mode = "plain"
api_base = "{url}"
[[channel]]
id = "app"
kind = "platform"
source = "app"
secret = "sixteen characters or more"
callback_url = "{url}/ok"
[title]
url = "{url}/v1"
model = "m"
[asr]
url = "{asr}"
[notices]
smtp_host = "127.0.0.1"
smtp_port = {smtp}
smtp_tls = "none"
smtp_from = "12345@city.example"
"""


async def test_everybody_outside_is_asked_and_only_when_told_to(tmp_path):
    async with http_server() as url:
        closed = f"127.0.0.1:{free_port()}"
        feeds = {name: f"{url}/{name}" for name in ("ok", "behind", "broken", "nowhere")} | {
            "dead": f"http://{closed}/"
        }
        text = REFUSED.format(url=url, asr=f"ws://{closed}", smtp=closed.rpartition(":")[2])
        text += "".join(FEED.format(id=name, url=where) for name, where in feeds.items())
        found = await asked(tmp_path, text, "provider", "--providers")
        quiet = await asyncio.to_thread(diagnose, tmp_path / "gateway.toml", "provider", "disk.kind")
    assert dict(zip(feeds, found.status("provider.feed"), strict=True)) == {
        "ok": "ok",
        "behind": "warn",
        "broken": "fail",
        "nowhere": "warn",
        "dead": "fail",
    }
    assert "refuse our signatures" in found.said("provider.feed")
    kinds = ("telegram", "wechat", "platform", "title", "asr", "mail")
    stated = [["fail"], ["fail"], ["ok"], ["warn"], ["fail"], ["fail"]]
    assert [found.status(f"provider.{kind}") for kind in kinds] == stated
    assert "refuses the bot's token" in found.said("provider.telegram")
    assert "40125" in found.said("provider.wechat")
    everything = "".join(line["found"] for line in found.lines)
    assert "wrong-app-secret" not in everything
    assert "AAAAAAAAAA" not in everything
    assert quiet.lines, "only what is asked for"
    assert all(not line["name"].startswith("provider") for line in quiet.lines)


async def test_each_recogniser_elsewhere_is_asked_as_a_call_would_ask_it(tmp_path, monkeypatch):
    authority, stranger = Authority(tmp_path / "ca"), Authority(tmp_path / "stranger", "stranger")
    good, expired = authority.issue("127.0.0.2"), authority.issue("127.0.0.2", expired=True, name="expired")
    monkeypatch.setenv("GATEWAY_ASR__TOKEN", TOKEN)
    async with (
        served(good, token=TOKEN) as fine,
        served(good, token="another") as locked,
        served(stranger.issue("127.0.0.2"), token=TOKEN) as unknown,
        served(expired, token=TOKEN) as old,
    ):
        keys = f'url = "{fine}, {locked}, {unknown}, {old}"\nca_file = "{authority.ca_file}"'
        found = await asked(tmp_path, f"[asr]\n{keys}\n", "provider.asr", "--providers")
    assert found.status("provider.asr") == ["ok", "fail", "fail", "fail"]
    told = found.said("provider.asr").splitlines()
    for line, url, do in zip(told, (fine, locked, unknown, old), ("", "token", "ca_file", "expired"), strict=True):
        assert url in line
        assert do in line
        assert ("recogniser_unusable" in line) is (url != fine)
