"""axe-core, fetched by npm into a temporary folder."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

VERSION = "4.14.1"
_INSTALL_S = 90


async def axe_source(folder: Path) -> tuple[str | None, str]:
    """The checker's script, or None and why there is none."""
    npm = shutil.which("npm")
    if npm is None:
        return None, "npm is not installed (apt-get install npm)"
    process = await asyncio.create_subprocess_exec(
        npm,
        "install",
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        f"axe-core@{VERSION}",
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, errors = await asyncio.wait_for(process.communicate(), _INSTALL_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return None, "npm install axe-core did not finish; is there a network?"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if process.returncode or not script.exists():
        return None, f"npm install axe-core failed: {errors.decode(errors='replace')[-200:]}"
    return script.read_text(), ""
