"""The ``gateway`` command as a person types it, and a configuration for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The repository's folder."""
GATEWAY = (sys.executable, "-m", "gateway")


def gateway(
    *words: object, stdin: str = "", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a verb in the repository's folder, with further variables of the ``environment``; what came of it."""
    return subprocess.run(
        (*GATEWAY, *map(str, words)),
        cwd=ROOT,
        env=os.environ | (environment or {}),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def configured(folder: Path, text: str = "") -> Path:
    """A configuration with ``data_dir`` in ``folder``, which does not exist yet."""
    path = folder / "gateway.toml"
    path.write_text(f'data_dir = "{folder / "data"}"\n{text}', encoding="utf-8")
    path.chmod(0o600)
    return path
