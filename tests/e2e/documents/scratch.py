"""A clean clone in which an ordinary user types what the documents say, on a network of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from tests.support.command import ROOT

USER = 4711
"""Nobody's user id. They may read this installation's Python wherever it lies, and write only what is theirs."""
ADDRESSES = ("10.0.0.5/32",)
"""Of the examples, on the private network's loopback."""
_ORDINARY = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
_ORDINARY += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
_STAMPS = """
import sys
sys.path.insert(0, "scripts")
import setup
read = lambda name: (setup.ROOT / name).read_text("utf-8")
for lock in ("requirements.lock", "requirements-dev.lock"):
    path, content = setup.stamp(lock, read(lock), read("pyproject.toml"))
    path.write_text(content)
"""


def missing() -> str | None:
    """Why no such user and network can be had here, or None."""
    if os.geteuid():
        return "only root can act as another user on a network of their own"
    tried = subprocess.run(["unshare", "--net", *_ORDINARY, "true"], capture_output=True, text=True, check=False)
    return tried.stderr.strip() or None


class Scratch:
    """The clone, with what ``make setup`` has installed, and an empty home."""

    def __init__(self, folder: Path) -> None:
        """Copy what is committed (or would be) into ``folder``."""
        self.clone, self.home = folder / "hotline", folder / "home"
        self.home.mkdir(parents=True)
        listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0"):
            if name and (ROOT / name).is_file():
                (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.clone / name)
        self._install()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, USER, USER, follow_symlinks=False)

    def run(self, script: str, *, within_s: float) -> subprocess.CompletedProcess[str]:
        """Run a bash script as that user; what it leaves running ends with it."""
        network = ["ip link set lo up", *(f"ip address add {one} dev lo" for one in ADDRESSES)]
        typed = self.home / "typed.sh"
        typed.write_text(script, encoding="utf-8")
        inside = " && ".join([*network, f'exec "$@" bash {typed}'])
        argv = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", inside, "bash"]
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb"}
        return subprocess.run(
            [*argv, *_ORDINARY],
            cwd=self.clone,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=within_s,
            check=False,
        )

    def _install(self) -> None:
        """The packages of this installation, its model, and the sources of the clone."""
        venv = self.clone / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--copies", str(venv)], check=True)
        packages = Path(sysconfig.get_path("purelib"))
        [site] = venv.glob("lib/python*/site-packages")
        (site / "clone.pth").write_text(f"{self.clone}\n{packages}\n", encoding="utf-8")
        gateway = venv / "bin" / "gateway"
        gateway.write_text(
            f"#!{venv}/bin/python\nimport sys\nfrom gateway.cli import main\nsys.exit(main())\n", encoding="utf-8"
        )
        gateway.chmod(0o755)
        subprocess.run([str(venv / "bin" / "python"), "-c", _STAMPS], cwd=self.clone, check=True)
        (self.clone / "models").symlink_to(ROOT / "models")


def told(output: str, lines: int = 40) -> str:
    """The end of what was printed."""
    return "\n".join(output.splitlines()[-lines:])


def script(steps: Sequence[str]) -> str:
    """A bash script that stops at the first command that fails."""
    return "\n".join(["set -euo pipefail", 'export PATH="$PWD/.venv/bin:$PATH"', *steps, ""])
