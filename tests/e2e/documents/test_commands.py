"""Every fenced command of the documents is typed by an ordinary user in a clean clone, or says why it is not."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.documents import scratch
from tests.e2e.documents.fences import Block, blocks
from tests.e2e.documents.scratch import Scratch
from tests.support.running import ROOT

pytestmark = pytest.mark.e2e
GATEWAY_UP = """
up() { while kill -0 $1; do curl -sf -o /dev/null http://127.0.0.1:8080/readyz && return; sleep 0.1; done; return 1; }
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
api_base = "http://127.0.0.1:9"
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
"""


@dataclass(frozen=True)
class Page:
    """A page whose commands are run, from top to bottom, in one shell."""

    name: str
    before: str = ""
    """What its reader has done by then."""
    instead: dict[str, str] = field(default_factory=dict)
    """What they put in for the page's examples."""


PAGES = [
    Page("README.md"),
    Page(
        "docs/operations.md",
        before=f"gateway run --config gateway.toml{WAITED}\nticket=$(TZ=Asia/Shanghai date +%Y%m%d)0000001",
        instead={
            "--config FILE": "--config gateway.toml",
            "/etc/hotline/gateway.toml": "gateway.toml",
            "path_token=…": "path_token=sixteen-characters",
            "202611230000042": "$ticket",
        },
    ),
]


def steps(page: Page, found: list[Block]) -> list[str]:
    typed = [GATEWAY_UP, page.before]
    for block in found:
        if block.why_not is None:
            text = block.text
            for example, ours in page.instead.items():
                text = text.replace(example, ours)
            for pattern, way in TYPED:
                text = re.sub(pattern, way, text, flags=re.MULTILINE)
            typed += [f"echo '@@ {page.name}:{block.line}'", text]
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_tells_to_type_works(page: Page, folder: Path) -> None:
    made = Scratch(folder)
    (made.clone / "gateway.toml").write_text(CONFIG, encoding="utf-8")
    for name in ("tickets.csv", "rows.csv", "kept-apart.csv"):
        archive(made.clone / name)
    found = blocks(ROOT / page.name)
    assert any(block.why_not is None for block in found)
    done = made.run(scratch.script(steps(page, found)), within_s=540)
    place = re.findall(r"^@@ (.*)$", done.stdout, re.MULTILINE)
    assert done.returncode == 0, f"after {place[-1:]}:\n{scratch.told(done.stdout)}"
    assert len(place) == sum(block.why_not is None for block in found)


@pytest.mark.parametrize("page", sorted(path.name for path in ROOT.glob("**/*.zh-CN.md") if ".venv" not in path.parts))
def test_both_languages_tell_to_type_the_same(page: str) -> None:
    [chinese] = [path for path in ROOT.glob(f"**/{page}") if ".venv" not in path.parts]
    english = chinese.with_name(page.replace(".zh-CN", ""))
    assert [block.commands for block in blocks(chinese)] == [block.commands for block in blocks(english)]
