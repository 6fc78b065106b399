"""``gateway channel new KIND``: scaffolds an adapter and its tests that work as they are."""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from pathlib import Path
from string import Template

from gateway.settings.sections import INSTALLATION

TEMPLATES = Path(__file__).parent / "templates" / "channel"
KIND = re.compile(r"[a-z][a-z0-9_]{1,23}")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("channel", help="scaffold a new channel")
    verbs = parser.add_subparsers(dest="channel_verb", required=True)
    new = verbs.add_parser("new", help="write channels/KIND and tests/channels/KIND from templates")
    new.add_argument("kind", metavar="KIND", help="folder name = kind = config value, e.g. weibo")
    new.add_argument("--into", type=Path, default=INSTALLATION, help="the working copy (default: this installation)")


def run(args: argparse.Namespace) -> int:
    """Scaffold; 0 when written, 2 when the name cannot be used or is taken."""
    kind, into = args.kind, args.into
    adapter, tests = into / "channels" / kind, into / "tests" / "channels" / kind
    problem = _problem(kind, adapter, tests)
    if problem:
        print(f"gateway channel new: {problem}", file=sys.stderr)
        return 2
    for path in scaffold(kind, adapter, tests):
        print(path.relative_to(into))
    print(f"Next: docs/adding-a-channel.md; run `pytest tests/channels/{kind}`", file=sys.stderr)
    return 0


def _problem(kind: str, adapter: Path, tests: Path) -> str | None:
    if not KIND.fullmatch(kind) or keyword.iskeyword(kind):
        return f"{kind!r} cannot be a kind: lower-case letters, digits and _, 2 to 24 long, starting with a letter"
    for folder in (adapter, tests):
        if folder.exists():
            return f"{folder} is there already; remove it or choose another kind"
    if not adapter.parent.is_dir():
        return f"{adapter.parent} is missing; run it in a working copy or name one with --into"
    return None


def scaffold(kind: str, adapter: Path, tests: Path) -> list[Path]:
    """Write every file of a channel named ``kind`` and return their paths."""
    words = {"kind": kind, "Kind": "".join(part.capitalize() for part in kind.split("_"))}
    written = []
    for template in sorted(TEMPLATES.rglob("*.tmpl")):
        name = template.name.removesuffix(".tmpl").replace("test_kind", f"test_{kind}")
        folder = tests if template.parent.name == "tests" else adapter
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_text(Template(template.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
        written.append(path)
    package = tests.parent / "__init__.py"
    if not package.exists():
        package.touch()
        written.append(package)
    return written
