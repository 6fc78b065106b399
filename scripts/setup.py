"""Set up a working copy: virtual environment, pinned dependencies, recogniser model, test peers.

Run by ``scripts/setup.sh``, which finds the Python; standard library only. Each stage leaves a stamp that names what it
was made from, so a second run takes well under a second. A stage prints one line; details go to ``.venv/setup.log``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from glob import glob
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "setup.log"
APT_LOG = Path("/tmp/hotline-apt.log")  # noqa: S108 - the virtual environment may not exist yet

PEERS = {  # what the tests look for -> the Debian package that has it
    "sipp": "sip-tester",
    "baresip": "baresip-core",
    "kamailio": "kamailio",
    "promtool": "prometheus",
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
    "/usr/lib/postgresql/*/bin/initdb": "postgresql",
}

NO_NETWORK = re.compile(
    r"NewConnectionError|Max retries exceeded|Name or service not known|Temporary failure in name resolution"
    r"|Network is unreachable|Connection refused|timed out|Could not resolve|Connection failed|Unable to connect"
    r"|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET"
)


class SetupFailed(Exception):
    """What is wrong and what to do, in one line."""


class Progress:
    """One line that says what is going on, how far it is and how long it has taken."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = time.monotonic()
        self._shown = 0.0
        self._tty = sys.stdout.isatty()
        self.far("...", force=True)

    def far(self, how_far: str, *, force: bool = False) -> None:
        """Say how far it is: at once on a terminal, every ten seconds in a log."""
        now = time.monotonic()
        if not force and now - self._shown < (0.2 if self._tty else 10):
            return
        self._shown = now
        end, start = ("", "\r\x1b[K") if self._tty else ("\n", "")
        print(f"{start}setup: {self._what}: {how_far} ({now - self._began:.0f} s)", end=end, flush=True)

    def done(self, result: str = "done") -> None:
        """Close the line."""
        self.far(result, force=True)
        if self._tty:
            print(flush=True)


def run(command: list[str], progress: Progress, far: Callable[[str], str | None], *, log: Path = LOG) -> None:
    """Run a long command; ``far`` turns a line of its output into progress. ``SetupFailed`` says why it failed."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PYTHONUNBUFFERED": "1", "PIP_NO_INPUT": "1"}
    tail: list[str] = []
    with (
        log.open("a", encoding="utf-8") as sink,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, errors="replace"
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            sink.write(line)
            tail = [*tail[-40:], line]
            if (how_far := far(line)) is not None:
                progress.far(how_far)
    if process.returncode == 0:
        return
    progress.done("failed")
    text = "".join(tail)
    if "DO NOT MATCH THE HASHES" in text or "EINTEGRITY" in text:
        raise SetupFailed(f"a downloaded package is not the one that was pinned; see {log}")
    if NO_NETWORK.search(text):
        raise SetupFailed(
            f"no network: a package server did not answer. Connect this machine or name a mirror; see {log}"
        )
    last = next((line.strip() for line in reversed(tail) if line.strip()), "no output")
    raise SetupFailed(f"{Path(command[0]).name} failed: {last[:200]} (all of it in {log})")


def stamp(name: str, *parts: str) -> tuple[Path, str]:
    """The stamp file of a stage and what it should say."""
    made_from = "\n".join((str(ROOT), sys.version, *parts))
    return VENV / f".stamp-{name}", hashlib.sha256(made_from.encode()).hexdigest()


def is_stamped(path: Path, content: str) -> bool:
    """Whether the stage was finished from the same inputs."""
    with contextlib.suppress(OSError):
        return path.read_text(encoding="ascii") == content
    return False


def make_venv() -> None:
    """Create ``.venv``, or replace one whose Python is gone."""
    if (
        PYTHON.exists()
        and subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    ):
        return
    progress = Progress("virtual environment .venv")
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupFailed(f"cannot make {VENV}: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    progress.done()


def install(lock_name: str) -> None:
    """Install a lock file, every package by its hash, and the project itself on top."""
    lock = (ROOT / lock_name).read_text(encoding="utf-8")
    path, content = stamp(lock_name, lock, (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if is_stamped(path, content):
        return
    make_venv()
    total = len(re.findall(r"^[A-Za-z0-9]", lock, re.MULTILINE))
    seen = 0

    def far(line: str) -> str | None:
        nonlocal seen
        if line.startswith(("Collecting ", "Ignoring ", "Requirement already satisfied")):
            seen += 1
            return f"package {min(seen, total)} of {total}"
        return "unpacking" if line.startswith("Installing collected packages") else None

    pip = [str(PYTHON), "-m", "pip", "install", "--retries", "2", "--timeout", "60", "--progress-bar", "off"]
    progress = Progress(f"Python packages of {lock_name}")
    run([*pip, "--require-hashes", "--no-deps", "-r", str(ROOT / lock_name)], progress, far)
    run(
        [*pip, "--no-deps", "--no-build-isolation", "--no-index", "-e", str(ROOT)],
        progress,
        lambda _line: "the project itself",
    )
    path.write_text(content, encoding="ascii")
    progress.done()


def runtime() -> None:
    """What ``make setup``, ``demo`` and ``run`` need."""
    install("requirements.lock")


def dev() -> None:
    """What ``make check`` and the tests need in Python."""
    install("requirements-dev.lock")


def javascript() -> None:
    """What ``make check`` reads the desk's JavaScript with: the packages of ``package-lock.json``, each by its hash."""
    path, content = stamp("javascript", (ROOT / "package-lock.json").read_text(encoding="utf-8"))
    if is_stamped(path, content) and (ROOT / "node_modules").is_dir():
        return
    if shutil.which("npm") is None and not apt_install(["npm"], "npm"):
        raise SetupFailed("npm is missing, which brings what checks the desk. Install it (Debian: apt-get install npm)")
    progress = Progress("JavaScript packages of package-lock.json")
    run(["npm", "--prefix", str(ROOT), "ci"], progress, lambda _line: None)
    path.write_text(content, encoding="ascii")
    progress.done()


def model() -> None:
    """The recogniser's model: fetched, joined, and verified by sha256 by the product's own command."""
    if (
        subprocess.run([VENV / "bin" / "gateway", "asr", "fetch"], stdin=subprocess.DEVNULL, check=False).returncode
        != 0
    ):
        raise SetupFailed("the recogniser's model is not there (see above)")


def apt_install(packages: list[str], what: str) -> bool:
    """Install Debian packages; False where that is not ours to do: no root, or no Debian."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    progress = Progress(f"{what} with apt-get: {' '.join(packages)}")
    seen = 0

    def far(line: str) -> str | None:
        nonlocal seen
        seen += line.startswith(("Get:", "Unpacking ", "Setting up "))
        return f"step {seen}: {' '.join(line.split()[:3])}" if seen else None

    with no_autostart():
        run(["apt-get", "update"], progress, far, log=APT_LOG)
        run(["apt-get", "install", "-y", "--no-install-recommends", *packages], progress, far, log=APT_LOG)
    progress.done()
    return True


@contextlib.contextmanager
def no_autostart() -> Iterator[None]:
    """Keep Debian from starting the daemons it installs (policy-rc.d 101)."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def peers() -> None:
    """Programs that the tests talk to: installed on Debian as root; elsewhere named, and their tests skip."""
    places = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"  # not in everybody's PATH on Debian
    missing = [name for name in PEERS if not (shutil.which(name, path=places) or glob(name))]  # noqa: PTH207 - absolute pattern
    if not missing:
        return
    packages = sorted({PEERS[name] for name in missing})
    if not apt_install(packages, "test peers"):
        names = ", ".join(Path(name).name for name in missing)
        print(f"setup: without {names}: tests of them are skipped (Debian: apt-get install {' '.join(packages)})")


STAGES = {"runtime": runtime, "dev": dev, "javascript": javascript, "model": model, "peers": peers}


def main(names: list[str]) -> int:
    """Run the named stages in order."""
    try:
        for name in names:
            STAGES[name]()
    except SetupFailed as failure:
        print(f"setup: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsetup: stopped; run the same command again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
