"""``gateway doctor`` finds each fault when it is really there, says what to do, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from asr.whisper.files import BASE
from gateway.cli import main
from gateway.cli.doctor import tls
from gateway.cli.doctor.check import Check, ok
from gateway.cli.doctor.disk import file_system
from gateway.cli.doctor.examine import examine
from gateway.settings.sections import INSTALLATION
from gateway.telemetry.alarms import BY_NAME
from tests.support.command import GATEWAY, configured
from tests.support.doctor import QUIET, Diagnosis, diagnose
from tests.support.ports import free_port

pytestmark = pytest.mark.unit
ROOT = os.geteuid() == 0
NOBODY = 65534


def telephone(**keys: object) -> str:
    """The telephone's table on the loopback and a free port."""
    given: dict[str, object] = {"host": '"127.0.0.1"', "port": free_port(), "rtp_ports": [16000, 17999]} | keys
    rows = "\n".join(f"{key} = {value}" for key, value in given.items())
    return f'[[channel]]\nid = "hotline"\nkind = "sip"\n{rows}\n'


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that other users can come to."""
    made = Path(tempfile.mkdtemp(prefix="gateway-doctor-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def installed(folder: Path) -> str:
    """The keys of an installation that everybody may read, wherever this one lies."""
    keys = ("config", "flows", "models")
    for key in keys:
        (folder / key).mkdir(mode=0o755)
    return "".join(f'{key}_dir = "{folder / key}"\n' for key in keys)


def everything(folder: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


# -- the whole ------------------------------------------------------------------------------------------------------


def test_built_in_defaults_in_an_empty_folder_are_no_failure_and_nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = diagnose(None, "config", "rights", "sql", "redis", "clock", "limits", "processes", "disk.kind", "tls")
    assert found.code == 0
    assert found.status("sql.reachable") == found.status("redis.reachable") == ["ok"]
    assert list(tmp_path.iterdir()) == []


def test_every_check_runs_on_a_small_configuration(tmp_path, capsys):
    config = configured(tmp_path, f"[http]\nport = {free_port()}\n{QUIET}{telephone()}")
    assert main(["doctor", "--config", str(config)]) == 0
    text = capsys.readouterr().out
    assert "database / 数据库" in text
    assert text.splitlines()[-1].endswith("0 failures")
    assert list(tmp_path.iterdir()) == [config]


def test_a_name_of_no_check_is_told(capsys):
    assert main(["doctor", "attic"]) == 2
    assert "disk.free" in capsys.readouterr().err


def test_an_unused_library_is_not_loaded():
    heavy = ["sqlalchemy", "faster_whisper", "sklearn", "pypinyin", "telegram", "asyncpg", "numpy"]
    code = (
        "import sys; from gateway.cli import main; main(['doctor', 'clock', 'limits.processes']); "
        f"sys.exit(' '.join(set({heavy}) & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=INSTALLATION, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


GARBAGE = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60),
    st.builds(
        lambda key, value: f"{key} = {value}\n",
        st.sampled_from(["data_dir", "timezone", "http.port", "database.url", "channel", "_env_file", "asr", "redis"]),
        st.sampled_from(
            ['"\\u0000"', '"../x"', "-1", "[]", "{}", "[{}]", "[{id = 1}]", "nan", "9" * 5000, '"a://b:c"']
        ),
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GARBAGE)
@example("[" * 5000)
@example('_cli_parse_args = ["run"]')
@example('data_dir = "\\u0000"')
def test_no_configuration_whatever_it_holds_is_answered_with_a_traceback(tmp_path, text):
    config = tmp_path / "gateway.toml"
    config.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    found = diagnose(config, "config.file", "disk", "rights", "sql", "redis", "clock", "limits.processes")
    assert found.status("config.file")


@pytest.mark.parametrize("words", [(), ("--providers",)])
def test_a_broken_key_is_told_with_all_others_and_everything_else_is_looked_at(tmp_path, words):
    text = (
        f'[http]\nport = "x"\nhots = 1\n[[channel]]\nid = "A!"\nkind = "sip"\n[[feed]]\nid = "f"\nkind = "fax"\n{QUIET}'
    )
    found = diagnose(configured(tmp_path, text), "config", "disk", *words)
    assert found.code == 1
    for place in ("http.port", "http.hots", "channel.0.id"):
        assert place in found.said("config.file")
    assert "kind 'fax' is unknown" in found.said("config.feeds")
    assert found.status("disk.free") == ["ok", "ok"]


LOADED_BY = """
import collections, sys, threading
main, found = threading.main_thread(), collections.defaultdict(set)
class Watch:
    def find_spec(self, name, path=None, target=None):
        if threading.current_thread() is not main:
            found[name.partition(".")[0]].add(threading.current_thread().name)
sys.meta_path.insert(0, Watch())
from gateway.cli import main as cli
cli(sys.argv[1:])
print(*sorted(name for name, threads in found.items() if len(threads) > 1), file=sys.stderr)
"""


def test_no_two_looks_load_parts_of_one_package_at_the_same_time(tmp_path):
    """Which Python may end with ``_DeadlockError``."""
    config = configured(tmp_path, '[[channel]]\nid = "hotline"\nkind = "sip"\nhost = "127.0.0.1"\nflow = "hotline"\n')
    argv = [sys.executable, "-c", LOADED_BY, "doctor", "--config", str(config), "--providers"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    together = set(done.stderr.split())
    assert together <= sys.stdlib_module_names | {"backports", "brotli", "brotlicffi", "chardet"}, (
        "but for optional ones"
    )


def test_what_cannot_be_loaded_is_a_failure_of_the_looks_that_need_it():
    class Broken:
        def channels(self):
            raise ImportError("an adapter's library is damaged")

    def needs(machine):
        machine.channels()
        yield ok("a", "never")

    def other(_):
        yield ok("b", "well")

    checks = [
        Check(name="a", look=needs, within_s=5.0, providers=False, channels=True),
        Check(name="b", look=other, within_s=5.0, providers=False, loads=("no_such_module_here",)),
    ]
    lines = examine(Broken(), checks)
    assert [(line.name, line.status) for line in lines] == [("a", "fail"), ("b", "ok")]
    assert "an adapter's library is damaged" in lines[0].found


def test_a_look_that_fails_or_hangs_is_a_failure_of_its_own_only():
    release = threading.Event()

    def hangs(_):
        yield ok("a", "seen before")
        release.wait()

    def breaks(_):
        raise ValueError("why")
        yield

    async def fine(_):
        time.sleep(0.1)  # loads a library: nobody else waits
        yield ok("c", "well")

    async def waits(_):
        yield ok("d", "seen before")
        await asyncio.Event().wait()

    def check(name, look):
        return Check(name=name, look=look, within_s=0.2, providers=False)

    try:
        lines = examine(None, [check("a", hangs), check("b", breaks), check("c", fine), check("d", waits)])
    finally:
        release.set()
    assert [(line.name, line.status) for line in lines] == [
        ("a", "ok"),
        ("a", "fail"),
        ("b", "fail"),
        ("c", "ok"),
        ("d", "ok"),
        ("d", "fail"),
    ]
    assert "ValueError: why" in lines[2].found


# -- ports ----------------------------------------------------------------------------------------------------------


def test_a_port_that_another_process_holds_is_told_with_that_process(tmp_path):
    port = free_port()
    code = f"import socket, sys; s = socket.create_server(('127.0.0.1', {port})); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        found = diagnose(configured(tmp_path, f"[http]\nport = {port}\n"), "port.http")
        other.communicate()
    assert found.code == 1
    assert f"process {other.pid}" in found.said("port.http")
    assert "import socket" in found.said("port.http")


def test_sip_asks_for_both_protocols(tmp_path):
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", port))
        found = diagnose(configured(tmp_path, telephone(port=port)), "port.sip")
    assert found.status("port.sip") == ["fail", "ok"]
    assert f"process {os.getpid()}" in found.said("port.sip")


def test_each_recogniser_that_others_reach_has_a_port_of_its_own(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = f"[asr]\nworkers = 2\n[asr_server]\nport = {port - 1}\n"
        found = diagnose(configured(tmp_path, text), "port.asr")
    assert found.status("port.asr")[1] == "fail"
    assert f"pid {os.getpid()}" in found.said("port.asr") or f"process {os.getpid()}" in found.said("port.asr")
    assert diagnose(configured(tmp_path, "[asr]\nworkers = 2\n"), "port.asr").lines == []


def test_an_address_of_another_machine_is_no_host(tmp_path):
    found = diagnose(configured(tmp_path, '[http]\nhost = "192.0.2.1"\n'), "port.http")
    assert found.code == 1
    assert "no address of this machine" in found.said("port.http")


def test_a_port_of_root_alone_is_told_before_the_service_cannot_have_it(tmp_path):
    first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii"))
    found = diagnose(configured(tmp_path, "[http]\nport = 81\n"), "port.http")
    assert found.status("port.http") == ["ok" if first <= 81 else "warn" if ROOT else "fail"]
    assert ("CAP_NET_BIND_SERVICE" in found.said("port.http")) is (first > 81)


def kernels_range() -> tuple[int, int]:
    low, high = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
    return int(low), int(high)


@pytest.mark.parametrize(
    ("keys", "status", "said"),
    [
        ({"max_calls": 900}, "ok", "enough for 900 calls"),
        ({"max_calls": 1001}, "warn", "hold 1000 calls"),
        ({"port": 16500}, "fail", "hold the port 16500 of hotline"),
        ({"rtp_ports": [kernels_range()[0], kernels_range()[0] + 1999]}, "warn", "ip_local_port_range"),
    ],
)
def test_the_range_of_audio_is_large_enough_and_nobody_elses(tmp_path, keys, status, said):
    found = diagnose(configured(tmp_path, telephone(**keys)), "port.rtp")
    assert (status, found.code) in {("ok", 0), ("warn", 0), ("fail", 1)}
    assert status in found.status("port.rtp")
    assert said in found.said("port.rtp")


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", "ok"), ("0.0.0.0", "warn")])  # noqa: S104 - it is only looked at
def test_a_desk_without_tls_for_everybody_is_warned_of(tmp_path, host, status):
    found = diagnose(configured(tmp_path, f'[http]\nhost = "{host}"\n'), "listener.public")
    assert (found.status("listener.public"), found.code) == ([status], 0)


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ({"trunks": ["10.0.0.5"]}, "ok"),
        ({}, "ok"),
        ({"host": '"0.0.0.0"', "advertised_host": '"8.8.8.8"'}, "fail"),
    ],
)
def test_no_trunks_on_a_public_address_is_a_failure(tmp_path, keys, status):
    found = diagnose(configured(tmp_path, telephone(**keys)), "trunks")
    assert (found.status("trunks"), found.code) == ([status], int(status == "fail"))


# -- rights ---------------------------------------------------------------------------------------------------------


def test_a_folder_that_its_owner_may_not_write_in_is_a_failure(folder):
    data = folder / "data"
    data.mkdir(0o700)
    config = configured(folder, installed(folder) + QUIET)
    config.chmod(0o644)
    if ROOT:
        os.chown(data, NOBODY, NOBODY)
    assert diagnose(config, "rights.data_dir", "rights.writable").code == 0
    data.chmod(0o500)
    found = diagnose(config, "rights.writable")
    assert found.code == 1
    assert str(data) in found.said("rights.writable")
    data.chmod(0o755)
    assert diagnose(config, "rights.data_dir").status("rights.data_dir") == ["warn"]
    data.chmod(0o700)


@pytest.mark.skipif(not ROOT, reason="only root makes files that the service's user does not own")
def test_what_a_command_left_as_root_is_found(folder):
    data = folder / "data"
    data.mkdir(0o700)
    os.chown(data, NOBODY, NOBODY)
    config = configured(folder, installed(folder) + QUIET)
    (data / "gateway.db-wal").touch()
    found = diagnose(config, "rights.owner", "rights.readable")
    assert "gateway.db-wal" in found.said("rights.owner")
    assert str(config) in found.said("rights.readable"), "mode 0600 and root's"
    assert found.status("rights.owner") == found.status("rights.readable") == ["fail"]


@pytest.mark.skipif(not ROOT, reason="only root becomes another user")
def test_somebody_who_may_see_nothing_of_it_is_told_so_without_a_traceback(folder, capsys):
    config = configured(folder, installed(folder) + QUIET)
    config.chmod(0o644)
    assert main(["tokens", "create", "--name", "app", "--scope", "admin", "--config", str(config)]) == 0
    words = ("processes", "rights", "sql", "disk", "clock")
    assert diagnose(config, *words).code == 0  # and every module is loaded
    assert main(["status", "--config", str(config)]) == 1
    os.seteuid(NOBODY)
    try:
        found = diagnose(config, *words)
        assert main(["status", "--config", str(config)]) == 1
    finally:
        os.seteuid(0)
    assert "another user's" in capsys.readouterr().err
    assert found.status("rights.data_dir") == found.status("sql.reachable") == ["fail"]
    assert "sudo -u root gateway" in found.said("rights.data_dir")
    assert "Permission denied" in found.said("sql.reachable")
    assert "could not be looked at" not in "".join(line["found"] for line in found.lines)


def test_secrets_that_everybody_reads_are_warned_of(tmp_path, monkeypatch):
    config = configured(tmp_path, '[asr]\ntoken = "abc"\n')
    assert diagnose(config, "rights.config").status("rights.config") == ["ok"]
    config.chmod(0o644)
    assert diagnose(config, "rights.config").status("rights.config") == ["warn"]
    config.chmod(0o600)
    secret = tmp_path / "secrets" / "GATEWAY_ASR__TOKEN"
    secret.parent.mkdir()
    secret.write_text("abc", encoding="ascii")
    secret.chmod(0o644)
    monkeypatch.setenv("GATEWAY_SECRETS_DIR", str(secret.parent))
    assert str(secret) in diagnose(config, "rights.config").said("rights.config")
    secret.chmod(0o600)
    another = secret.with_name("GATEWAY_CHANNEL__HOTLINE__HOST")
    another.touch()
    another.chmod(0o644)
    assert str(another) in diagnose(config, "rights.config").said("rights.config")


@pytest.mark.skipif(not ROOT, reason="only root makes files of others")
def test_a_secret_that_the_service_may_not_read_is_a_failure(folder, monkeypatch):
    config = configured(folder, installed(folder))
    config.chmod(0o644)
    (folder / "data").mkdir()
    os.chown(folder / "data", NOBODY, NOBODY)
    secret = folder / "secrets" / "GATEWAY_ASR__TOKEN"
    secret.parent.mkdir(mode=0o755)
    secret.write_text("abc", encoding="ascii")
    secret.chmod(0o600)
    monkeypatch.setenv("GATEWAY_SECRETS_DIR", str(secret.parent))
    found = diagnose(config, "rights.readable")
    assert found.status("rights.readable") == ["fail"]
    assert str(secret) in found.said("rights.readable")


# -- disk -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fill", "failing"),
    [
        ("size=1m", "head -c 1040000 /dev/zero > {data}/full", "disk.free"),
        ("nr_inodes=24", "for i in $(seq 23); do : > {data}/$i; done", "disk.inodes"),
    ],
)
def test_a_full_disk_is_a_failure_and_memory_a_warning(tmp_path, options, fill, failing):
    data = tmp_path / "data"
    data.mkdir()
    config = configured(tmp_path, "[asr]\nworkers = 0\n")
    own = ["unshare", "-m"] if ROOT else ["unshare", "-rm"]
    if shutil.which("unshare") is None or subprocess.run([*own, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody make a mount namespace (unshare)")
    script = (
        f'mount -t tmpfs -o {options} none {data} && {{ {fill.format(data=data)}; true; }} 2>/dev/null && exec "$@"'
    )
    words = ["sh", "-c", script, "sh", *GATEWAY, "doctor", "disk", "--json", "--config", str(config)]
    done = subprocess.run([*own, *words], cwd=INSTALLATION, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    found = {line["name"]: line["status"] for line in json.loads(done.stdout)}
    assert found[failing] == "fail"
    assert found["disk.kind"] == "warn"


@pytest.mark.parametrize(
    ("path", "kind"), [("/srv/recordings/2026", "nfs4"), ("/srv", "ext4"), ("/run/a b/x", "tmpfs")]
)
def test_the_innermost_mount_says_what_a_folder_is_on(tmp_path, path, kind):
    mounts = tmp_path / "mountinfo"
    rows = [
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
        "2 1 0:1 / /srv/recordings rw - nfs4 nas:/a rw",
        "3 1 0:2 / /run/a\\040b rw - tmpfs none rw",
    ]
    mounts.write_text("\n".join(rows), encoding="ascii")
    assert file_system(Path(path), mounts) == kind


# -- models ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ("", "fail"),
        ('[asr]\nworkers = 1\nurl = "ws://127.0.0.1:1"', "fail"),
        ('[asr]\nurl = "ws://127.0.0.1:1"', "ok"),
        ("[asr]\nworkers = 0", "warn"),
    ],
)
def test_no_model_is_a_failure_where_one_is_loaded(tmp_path, keys, status):
    config = configured(tmp_path, f'models_dir = "{tmp_path / "models"}"\n{keys}\n')
    found = diagnose(config, "models")
    assert found.status("models.sha256") == [status]
    assert ("gateway asr fetch" in found.said("models.sha256")) is (status == "fail")


def test_a_flipped_byte_of_a_model_is_a_failure(tmp_path):
    whole = INSTALLATION / "models" / BASE.folder
    if not whole.is_dir():
        pytest.skip("no model here: scripts/setup.sh dev model")
    own = tmp_path / "models" / BASE.folder
    config = configured(tmp_path, f'models_dir = "{own.parent}"\n')
    own.mkdir(parents=True)
    for name in BASE.sha256:
        (own / name).symlink_to(whole / name)
    assert diagnose(config, "models").status("models.sha256") == ["ok"]
    flipped = bytearray((own / "config.json").read_bytes())
    flipped[10] ^= 1
    (own / "config.json").unlink()
    (own / "config.json").write_bytes(flipped)
    found = diagnose(config, "models")
    assert (found.status("models.sha256"), found.code) == (["fail"], 1)


# -- SQL ------------------------------------------------------------------------------------------------------------


def test_models_count_where_recognisers_run_whether_others_help_or_not(tmp_path):
    def found(keys: str) -> Diagnosis:
        config = configured(tmp_path, f'models_dir = "{tmp_path / "models"}"\n[asr]\n{keys}\n')
        return diagnose(config, "models.sha256")

    elsewhere = 'url = "ws://10.0.0.31:2700, ws://10.0.0.32:2700"'
    assert found(elsewhere).status("models.sha256") == ["ok"]
    assert "ws://10.0.0.32:2700" in found(elsewhere).said("models.sha256")
    assert found(f"{elsewhere}\nworkers = 1").status("models.sha256") == ["fail"]
    assert found("workers = 0").status("models.sha256") == ["warn"]


def test_sqlite_is_read_without_being_touched(tmp_path):
    config = configured(tmp_path, "")
    assert (
        main(["tokens", "create", "--name", "app", "--scope", "admin", "--expires-days", "9", "--config", str(config)])
        == 0
    )
    before = everything(tmp_path)
    found = diagnose(config, "sql")
    assert (found.status("sql.schema"), found.status("sql.tokens"), found.code) == (["ok"], ["warn"], 0)
    assert "token 'app' expires at" in found.said("sql.tokens")
    assert everything(tmp_path) == before
    database = tmp_path / "data" / "gateway.db"
    with sqlite3.connect(database) as opened:
        opened.execute("UPDATE alembic_version SET version_num = '9999'")
        opened.commit()
        during = diagnose(config, "sql.schema")  # beside somebody who has it open
    opened.close()
    assert (during.status("sql.schema"), during.code) == (["fail"], 1)
    database.write_bytes(b"no database" * 1000)
    found = diagnose(config, "sql")
    assert (found.status("sql.reachable"), found.code) == (["fail"], 1)


def test_a_server_that_is_not_there_is_a_failure_of_each(tmp_path):
    closed = free_port()
    text = f'[database]\nurl = "postgresql+asyncpg://a:secret@127.0.0.1:{closed}/b"\n[redis]\nurl = "redis://127.0.0.1:{closed}"\n'
    found = diagnose(configured(tmp_path, text), "sql", "redis")
    assert found.status("sql.reachable") == found.status("redis.reachable") == ["fail"]
    assert "secret" not in found.said("sql.reachable")


@pytest.mark.parametrize(("key", "name"), [("database", "sql.reachable"), ("redis", "redis.reachable")])
def test_a_url_that_is_none_is_a_failure(tmp_path, key, name):
    found = diagnose(configured(tmp_path, f'[{key}]\nurl = "gopher://x"\n'), "sql", "redis")
    assert found.status(name) == ["fail"]


# -- clock, certificates, limits ------------------------------------------------------------------------------------


def test_a_clock_that_was_set_back_is_a_failure(tmp_path):
    config = configured(tmp_path, "")
    database = tmp_path / "data" / "gateway.db"
    database.parent.mkdir()
    database.touch()
    assert diagnose(config, "clock.now").code == 0
    os.utime(database, (time.time() + 3600,) * 2)
    found = diagnose(config, "clock.now")
    assert (found.status("clock.now"), found.code) == (["fail"], 1)


def certificate(folder: Path, name: str, days: float) -> tuple[Path, Path]:
    """A self-made certificate that ends in so many days, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    ends = datetime.now(UTC) + timedelta(days=days)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=400))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return paths


@pytest.mark.parametrize(("days", "status"), [(-1, "fail"), (12, "warn"), (90, "ok")])
def test_the_end_of_a_certificate_is_told_a_month_before(tmp_path, days, status):
    path, _ = certificate(tmp_path, "ca", days)
    keys = 'host = "h"\nsystem_id = "s"\npassword = "p"\nnumber = "12345"\ntls = true\n'
    text = f'[[channel]]\nid = "sms"\nkind = "sms"\nprovider = "smpp"\n{keys}tls_ca_file = "{path}"\n'
    found = diagnose(configured(tmp_path, text), "tls")
    assert (found.status("tls.certificate"), found.code) == ([status], int(status == "fail"))
    words = {-1: "certificate_ends", 12: "certificate_expires"}
    for day, name in words.items():
        assert (BY_NAME[name].en in found.said("tls.certificate")) is (days == day)


def test_a_key_of_another_certificate_is_a_failure(tmp_path):
    (one, its_key), (_, another) = certificate(tmp_path, "one", 90), certificate(tmp_path, "two", 90)

    def found(key: Path) -> list[str]:
        table = {"cert_file": one, "key_file": key}
        return [line.status for line in tls._certificate("asr_server.cert_file", one, table)]

    assert (found(its_key), found(another)) == (["ok"], ["ok", "fail"])


@contextmanager
def tls_server(certificate: Path, key: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:  # it is refused: that is the case
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_public_certificate_that_browsers_refuse_is_a_failure(tmp_path):
    with tls_server(*certificate(tmp_path, "own", 90)) as port:
        found = diagnose(configured(tmp_path, f'[http]\npublic_url = "https://127.0.0.1:{port}"\n'), "tls.public")
    assert (found.status("tls.public"), found.code) == (["fail"], 1)
    assert "self-signed" in found.said("tls.public")
    closed = diagnose(configured(tmp_path, f'[http]\npublic_url = "https://127.0.0.1:{free_port()}"\n'), "tls.public")
    assert (closed.status("tls.public"), closed.code) == (["warn"], 0)


def test_too_few_descriptors_for_a_full_house_are_warned_of(tmp_path):
    config = configured(tmp_path, telephone())
    words = [*GATEWAY, "doctor", "limits", "--config", str(config)]
    low = ["sh", "-c", 'ulimit -n 300; exec "$@"', "sh"]
    done = subprocess.run([*low, *words], cwd=INSTALLATION, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARN limits.files: 300 open files" in done.stdout
    assert "LimitNOFILE=65536" in done.stdout
