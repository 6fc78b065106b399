"""Every fenced command of the documents is typed by an ordinary user in a clean clone, or says why it is not."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.documents import scratch
from tests.e2e.documents.fences import Block, blocks
from tests.e2e.documents.scratch import Scratch
from tests.support.command import ROOT

pytestmark = pytest.mark.e2e
GATEWAY_UP = """
up() { while kill -0 $1; do curl -sf -o /dev/null http://127.0.0.1:8080/readyz && return; sleep 0.1; done; return 1; }
newest() { ls -t "$HOME"/backup/*.tar | head -1; }
told() { local said; said=$("${@:2}" 2>&1) || grep "$1" <<<"$said"; }
"""
WAITED = " > gateway.log 2>&1 & up $! || { tail -20 gateway.log; false; }"
NOTHING_CONFIRMED = "told 'nobody has confirmed' "
TYPED = (
    (r"^make demo\b", "DEMO_EXIT=1 make demo"),
    (r"^(make run|\S*gateway run\b[^\n]*)$", rf"\1{WAITED}"),
    (r"\bcurl ", "curl --silent --show-error --fail-with-body "),
    (r"^(\S*gateway prefill export)", rf"{NOTHING_CONFIRMED}\1"),
)
"""How it is typed in one go: servers in the background, and by somebody who has confirmed no ticket yet."""
CONFIG = """
data_dir = "var"
[http]
host = "0.0.0.0"
[[channel]]
id = "wechat"
kind = "wechat"
app_id = "wx0000000000000000"
app_secret = "0123456789abcdef0123456789abcdef"
token = "sixteen-characters"
mode = "plain"
api_base = "http://127.0.0.1:8099"
flow = "chat"
[[channel]]
id = "telegram"
kind = "telegram"
token = "1:abcdefghijklmnopqrstuvwxyzabcdefghi"
secret_token = "sixteen-characters"
base_url = "http://127.0.0.1:9"
flow = "chat"
[[channel]]
id = "sms"
kind = "sms"
provider = "tencent"
path_token = "sixteen-characters"
secret_id = "id"
secret_key = "key"
sdk_app_id = "1"
template_id = "1"
flow = "chat"
[[channel]]
id = "kf"
kind = "wechat"
platform = "wecom_kf"
app_id = "ww0000000000000000"
app_secret = "simulated-app-secret"
token = "simulated-token"
encoding_aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
api_base = "http://127.0.0.1:8098"
flow = "chat"
[[channel]]
id = "smpp"
kind = "sms"
provider = "smpp"
host = "127.0.0.1"
port = 2775
system_id = "gateway"
password = "simulated"
number = "12345"
reconnect_max_s = 1
flow = "chat"
[[channel]]
id = "cmpp"
kind = "sms"
provider = "cmpp"
host = "127.0.0.1"
port = 7890
sp_id = "900001"
secret = "simulated-cmpp"
number = "10690001"
version = "3.0"
reconnect_max_s = 1
flow = "chat"
[[feed]]
id = "cases"
kind = "webhook"
url = "http://127.0.0.1:8097"
secret = "sixteen-characters"
"""
RECEIVER = """
python - <<'END' > receiver.log 2>&1 &
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(401 if Path("refuse").exists() else 204)
        self.end_headers()

HTTPServer(("127.0.0.1", 8097), Receiver).serve_forever()
END
"""
RUN = f"mkdir ~/backup\ngateway run --config gateway.toml{WAITED}"
HELD = """
one() { gateway simulate telegram --config gateway.toml --count 1 --bad-signatures 0 --seed $1; }
one 1; until gateway feeds list --config gateway.toml | grep -P '^cases\\t0 waiting'; do sleep 0.2; done
touch refuse
one 2; until gateway feeds list --config gateway.toml | grep -w held; do sleep 0.2; done
"""
"""A feed that has taken some events and then refuses."""
INSTEAD = {
    "/backup/gateway-20261129T020000Z.tar --config /etc/hotline/gateway.toml": "$(newest) --config restored.toml",
    "/backup/gateway-20261129T020000Z.tar": "$(newest)",
    "--out /backup": '--out "$HOME/backup"',
    "--config FILE": "--config gateway.toml",
    "/etc/hotline/gateway.toml": "gateway.toml",
    "path_token=…": "path_token=sixteen-characters",
    "202611230000042": "$ticket",
    "20261130-0000012": "$ticket",
    "20261201-0000322": "$ticket",
    "2026-12-01T02:00:00Z": "'$(date -u +%FT%TZ)'",
    "--count 3000 --people 500": "--count 300 --people 50",
    "4711 4712": "1 2",
    "--since 4000": "--since 1",
}
"""What readers put in for the pages' examples; the longer ones first."""


@dataclass(frozen=True)
class Page:
    """A page whose commands are run from top to bottom."""

    name: str
    before: str = ""
    """What its reader has done by then."""

    @property
    def blocks(self) -> list[Block]:
        """Those that are run."""
        return [block for block in blocks(ROOT / self.name) if block.why_not is None]


SHELLS = {
    "README": [Page("README.md")],
    "operations": [
        Page("docs/operations.md", before=f"{RUN}\nticket=$(TZ=Asia/Shanghai date +%Y%m%d)0000001"),
    ],
    "others": [
        Page("docs/doctor.md", before=RUN),
        Page("docs/backup.md"),
        Page("docs/recognisers.md"),
        Page("docs/feeds.md", before=RECEIVER + HELD),
        Page("docs/units.md", before="ticket=$(TZ=Asia/Shanghai date +%Y%m%d)-0000001"),
        Page("docs/notices.md"),
    ],
}
"""The pages that are read one after the other in one shell."""


def steps(pages: Sequence[Page]) -> list[str]:
    typed = [GATEWAY_UP]
    for page in pages:
        typed.append(page.before)
        for block in page.blocks:
            text = block.text
            for example, ours in INSTEAD.items():
                text = text.replace(example, ours)
            for pattern, way in TYPED:
                text = re.sub(pattern, way, text, flags=re.MULTILINE)
            # On a line of its own: an answer that curl prints ends without one.
            typed += [f"printf '\\n@@ %s\\n' {page.name}:{block.line}", text]
    return typed


def archive(path: Path) -> None:
    """Tickets as a city's own archive has them."""
    with (ROOT / "tests" / "data" / "demands.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["category"].split("|")[0]) for row in csv.DictReader(file) if row["category"]]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that another user can come to: pytest's own are closed."""
    if why := scratch.missing():
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="hotline-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("pages", SHELLS.values(), ids=SHELLS)
def test_what_a_page_tells_to_type_works(pages: Sequence[Page], folder: Path) -> None:
    made = Scratch(folder)
    (made.clone / "gateway.toml").write_text(CONFIG, encoding="utf-8")
    (made.clone / "restored.toml").write_text(CONFIG.replace('"var"', '"restored"'), encoding="utf-8")
    for name in ("tickets.csv", "rows.csv", "kept-apart.csv"):
        archive(made.clone / name)
    assert all(page.blocks for page in pages)
    done = made.run(scratch.script(steps(pages)), within_s=540)
    place = re.findall(r"^@@ (.*)$", done.stdout, re.MULTILINE)
    assert done.returncode == 0, f"after {place[-1:]}:\n{scratch.told(done.stdout)}"
    assert len(place) == sum(len(page.blocks) for page in pages)


def test_every_page_for_operators_is_read() -> None:
    read = {page.name for pages in SHELLS.values() for page in pages} | {"docs/adding-a-channel.md"}
    for path in (path for path in (ROOT / "docs").glob("*.md") if not path.name.endswith(".zh-CN.md")):
        left = [block.line for block in blocks(path) if block.why_not is None]
        assert not left or f"docs/{path.name}" in read, f"{path}: nobody types what stands in lines {left}"


@pytest.mark.parametrize("page", sorted(path.name for path in ROOT.glob("**/*.zh-CN.md") if ".venv" not in path.parts))
def test_both_languages_tell_to_type_the_same(page: str) -> None:
    [chinese] = [path for path in ROOT.glob(f"**/{page}") if ".venv" not in path.parts]
    english = chinese.with_name(page.replace(".zh-CN", ""))
    assert [block.commands for block in blocks(chinese)] == [block.commands for block in blocks(english)]
