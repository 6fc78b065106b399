"""Copy the desk's JavaScript libraries and their licences out of ``node_modules``; ``--check`` only compares.

``package-lock.json`` pins each package by version and integrity, and ``npm ci`` verifies it. Two things of a module
change: it imports its neighbours by file, since a browser knows no packages, and loses the name of its source map.
To upgrade: ``npm install --save-dev --save-exact PACKAGE@VERSION``, then run this.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / "node_modules"
VENDOR = ROOT / "gateway/web/static/desk/vendor"
MODULES = {
    "htm": ("htm", "dist/htm.mjs"),
    "preact": ("preact", "dist/preact.mjs"),
    "preact/hooks": ("preact", "hooks/dist/hooks.mjs"),
    "@preact/signals-core": ("@preact/signals-core", "dist/signals-core.mjs"),
    "@preact/signals": ("@preact/signals", "dist/signals.mjs"),
}
"""What is imported under which name: the package, and the file in it."""
_IMPORT = re.compile(r'(\bfrom ?|\bimport ?)"([^"]+)"')
_SOURCE_MAP = re.compile(r"\n?//# sourceMappingURL=\S+\n?")


def file_of(name: str) -> str:
    """``preact/hooks`` lies in ``preact-hooks.js``."""
    return f"{name.lstrip('@').replace('/', '-')}.js"


def vendored() -> dict[str, str]:
    """Every vendored file as it must be, by name."""
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    found: dict[str, str] = {}
    rows = []
    for name, (package, inside) in MODULES.items():
        text = (PACKAGES / package / inside).read_text(encoding="utf-8")
        found[file_of(name)] = _IMPORT.sub(
            lambda match: f'{match[1]}"./{file_of(match[2])}"', _SOURCE_MAP.sub("\n", text)
        )
        licence = f"LICENSE-{file_of(package).removesuffix('.js')}.txt"
        found[licence] = (PACKAGES / package / "LICENSE").read_text(encoding="utf-8")
        pinned = locked[f"node_modules/{package}"]
        rows.append(f"| `{file_of(name)}` | {package} {pinned['version']}, `{inside}` | `{pinned['integrity']}` |")
    found["VENDOR.md"] = "\n".join(
        (
            "Made by `scripts/vendor_js.py` from the packages that `package-lock.json` pins; do not edit.",
            "",
            "| file | from | integrity of the package |",
            "|---|---|---|",
            *rows,
            "",
        )
    )
    return found


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` name what differs."""
    wanted = vendored()
    have = {path.name: path.read_text(encoding="utf-8") for path in VENDOR.iterdir() if path.suffix != ".ts"}
    differing = sorted(name for name in wanted.keys() | have.keys() if wanted.get(name) != have.get(name))
    if arguments == ["--check"]:
        for name in differing:
            print(f"vendor_js: {VENDOR / name} is not what package-lock.json pins; run scripts/vendor_js.py")
        return 1 if differing else 0
    for name in differing:
        if name in wanted:
            (VENDOR / name).write_text(wanted[name], encoding="utf-8")
        else:
            (VENDOR / name).unlink()
        print(f"vendor_js: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
