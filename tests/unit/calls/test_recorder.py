"""Recordings on disk: readable at any moment, repaired after a crash, harmless when the disk is not."""

from __future__ import annotations

import hashlib
import queue
import signal
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.calls.recorder import LocalRecordings
from gateway.errors import NotFound
from gateway.media.wav import read_wav
from gateway.telemetry import metrics
from tests.support.waiting import eventually

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)
CALLER, OURS = bytes([0x11]) * 160, bytes([0x22]) * 160
ROOT = Path(__file__).resolve().parents[3]


def alarm() -> float:
    return metrics.RECORDING_ALARM._value.get()


def recordings(root: Path) -> LocalRecordings:
    return LocalRecordings(root, min_free_percent=0)


def test_a_call_is_one_stereo_alaw_file(tmp_path):
    store = recordings(tmp_path)
    writer = store.start("01J0", AT)
    assert store.path(writer.location)  # the recogniser gets its path before the first frame
    for _ in range(125):
        writer.write(CALLER, OURS)
    finished = writer.close()
    assert finished is not None
    assert (finished.location, finished.duration_s) == ("2026/11/23/01J0.wav", 2.5)
    data = store.path(finished.location).read_bytes()
    assert finished.sha256 == hashlib.sha256(data).hexdigest()
    assert finished.bytes == len(data) == 58 + 2 * 125 * 160
    assert data[20:22] == b"\x06\x00"  # WAVE_FORMAT_ALAW
    assert data[38:50] == b"fact\x04\0\0\0" + (125 * 160).to_bytes(4, "little")
    assert data[58:62] == b"\x11\x22\x11\x22"  # left the caller
    sound = read_wav(data)
    assert (sound.rate, len(sound.channels), sound.duration_s) == (8000, 2, 2.5)


def test_the_writer_thread_may_be_faster_than_who_asked_it(tmp_path):
    class AtOnce(LocalRecordings):
        def submit(self, job, *, wait_s=0.0):
            job()
            return True

    writer = AtOnce(tmp_path, min_free_percent=0).start("01J0", AT)
    writer.write(CALLER, OURS)
    assert writer.close() is not None
    full = AtOnce(tmp_path, min_free_percent=100).start("01J1", AT)
    full.write(CALLER, OURS)
    assert full.close() is None


async def test_its_file_is_there_before_the_call_is_answered(tmp_path):
    store = recordings(tmp_path)
    writer = store.start("begun", AT)
    await writer.begun(30)
    assert (tmp_path / writer.location).stat().st_size == 58
    await writer.begun(30)
    writer.close()


async def test_a_disk_that_hangs_holds_no_answer_up(tmp_path):
    store, freed = recordings(tmp_path), threading.Event()
    store.submit(lambda: freed.wait(30) and None)
    writer = store.start("late", AT)
    await writer.begun(0.01)
    assert not (tmp_path / writer.location).exists()
    freed.set()
    await writer.begun(30)
    assert (tmp_path / writer.location).exists()
    writer.close()


def test_nothing_recorded_leaves_nothing(tmp_path):
    writer = recordings(tmp_path).start("silent", AT)
    assert writer.close() is None
    assert not list(tmp_path.rglob("*.wav"))


def test_the_same_interaction_is_continued_not_overwritten(tmp_path):
    store = recordings(tmp_path)
    for _ in range(2):
        writer = store.start("again", AT)
        writer.write(CALLER, OURS)
        finished = writer.close()
    assert finished is not None
    assert finished.duration_s == 0.04


def test_a_killed_process_leaves_a_readable_file_that_can_be_finished(tmp_path):
    script = textwrap.dedent(
        """
        import sys, time
        from datetime import UTC, datetime
        from pathlib import Path
        from gateway.calls.recorder import LocalRecordings
        store = LocalRecordings(Path(sys.argv[1]), min_free_percent=0)
        writer = store.start("killed", datetime(2026, 11, 23, tzinfo=UTC))
        path = store.path(writer.location)
        for n in range(10**9):
            writer.write(b"\\x11" * 160, b"\\x22" * 160)
            if n == 210:
                while not path.exists() or path.stat().st_size < 58 + 4 * 16000:
                    time.sleep(0.001)
                print("recorded", flush=True)
            if n > 210:
                time.sleep(0.0001)
        """
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"recorded\n"
        process.send_signal(signal.SIGKILL)
    store = recordings(tmp_path)
    path = store.path("2026/11/23/killed.wav")
    assert read_wav(path).duration_s >= 4
    with path.open("ab") as file:
        file.write(b"\x11")  # half a sample, written when the kill came
    finished = store.finish("2026/11/23/killed.wav")
    assert finished is not None
    assert finished.duration_s >= 4
    assert finished.bytes == path.stat().st_size
    assert finished.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_wav(path).duration_s == finished.duration_s


def test_a_wiped_header_is_written_again(tmp_path):
    store = recordings(tmp_path)
    writer = store.start("wiped", AT)
    for _ in range(50):
        writer.write(CALLER, OURS)
    writer.close()
    path = store.path("2026/11/23/wiped.wav")
    with path.open("r+b") as file:
        file.write(bytes(58))
    finished = store.finish("2026/11/23/wiped.wav")
    assert finished is not None
    assert read_wav(path).duration_s == 1


def test_finishing_what_is_not_there(tmp_path):
    store = recordings(tmp_path)
    assert store.finish("2026/11/23/never.wav") is None
    (tmp_path / "2026/11/23").mkdir(parents=True)
    (tmp_path / "2026/11/23/empty.wav").touch()
    begun = store.finish("2026/11/23/empty.wav")
    assert begun is not None, "it was begun for a call that was answered"
    assert begun.duration_s == 0


@pytest.mark.parametrize(
    "location",
    [
        "../x.wav",
        "2026/11/23/../../../etc/passwd",
        "/etc/passwd",
        "2026/11/23/a/b.wav",
        "",
        "2026/11/23/\0.wav",
        "٢٠٢٦/11/23/a.wav",
    ],
)
def test_locations_outside_are_not_found(tmp_path, location):
    with pytest.raises(NotFound):
        recordings(tmp_path).path(location)


def test_old_recordings_expire(tmp_path):
    for day in ("2026/11/22", "2026/11/23"):
        (tmp_path / day).mkdir(parents=True)
        (tmp_path / day / "a.wav").write_bytes(b"x")
    store = LocalRecordings(tmp_path, min_free_percent=0)
    store.start("live", datetime(2026, 11, 22, 23, 59, tzinfo=UTC)).write(CALLER, OURS)
    assert store.expire(date(2026, 11, 23)) == ["2026/11/22/a.wav"]
    assert not (tmp_path / "2026/11/22/a.wav").exists()
    assert (tmp_path / "2026/11/23/a.wav").exists()
    with pytest.raises(NotFound):
        store.path("2026/11/22/a.wav")


def test_below_the_watermark_a_call_is_not_recorded_and_an_alarm_is_raised(tmp_path):
    metrics.RECORDING_ALARM.set(0)
    store = LocalRecordings(tmp_path, min_free_percent=100.1)
    writer = store.start("full", AT)
    for _ in range(100):
        writer.write(CALLER, OURS)
    assert writer.close() is None
    assert alarm() == 1
    fine = recordings(tmp_path).start("fine", AT)
    fine.write(CALLER, OURS)
    assert fine.close() is not None
    assert alarm() == 0


def test_a_disk_that_fills_up_stops_the_recording_only(tmp_path):
    """The limit on file size stands in for a full disk: the same write fails, with EFBIG for ENOSPC."""
    script = textwrap.dedent(
        """
        import resource, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from gateway.calls.recorder import LocalRecordings
        from gateway.media.wav import read_wav
        from gateway.telemetry import metrics
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_001, 40_001))
        store = LocalRecordings(Path(sys.argv[1]), min_free_percent=0)
        writer = store.start("full", datetime(2026, 11, 23, tzinfo=UTC))
        for _ in range(500):
            writer.write(b"\\x11" * 160, b"\\x22" * 160)
        finished = writer.close()
        sound = read_wav(store.path(finished.location))
        print(finished.bytes, round(sound.duration_s, 3), metrics.RECORDING_ALARM._value.get())
        """
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1].split() == ["40000", "2.496", "1.0"]


def test_a_full_file_system(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    try:
        store = recordings(tmp_path)
        metrics.RECORDING_ALARM.set(0)
        writer = store.start("full", AT)
        for _ in range(2000):
            writer.write(CALLER, OURS)
        finished = writer.close()
        assert finished is not None
        assert finished.duration_s < 20
        assert read_wav(store.path(finished.location)).duration_s == finished.duration_s
        assert alarm() == 1
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_folder_that_cannot_be_made_is_an_alarm_not_an_error(tmp_path):
    (tmp_path / "file").touch()
    store = recordings(tmp_path / "file")
    assert store.free_fraction() == 0
    writer = store.start("nowhere", AT)
    writer.write(CALLER, OURS)
    assert writer.close() is None
    assert alarm() == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_is_too_slow_stops_the_recording_not_the_call(tmp_path):
    store = recordings(tmp_path)
    store._jobs = queue.Queue(2)
    hung = threading.Event()
    first = store.start("first", AT)
    for _ in range(50):
        first.write(CALLER, OURS)
    eventually(store._jobs.empty, what="an idle writer")
    store.submit(hung.wait)  # the thread stands still, as on a share that does not answer
    for _ in range(500):
        first.write(CALLER, OURS)
    assert alarm() == 1
    hung.set()
    finished = first.close()
    assert finished is not None
    assert 1 <= finished.duration_s < 11
    assert read_wav(store.path(finished.location)).duration_s == finished.duration_s


def test_many_calls_share_one_thread(tmp_path):
    store = recordings(tmp_path)
    writers = [store.start(f"call-{n}", AT) for n in range(40)]
    for _ in range(75):
        for n, writer in enumerate(writers):
            writer.write(bytes([n]) * 160, bytes([255 - n]) * 160)
    assert sum(thread.name == "recorder" and thread is store._thread for thread in threading.enumerate()) == 1
    for n, writer in enumerate(writers):
        finished = writer.close()
        assert finished is not None
        assert finished.duration_s == 1.5
        audio = store.path(finished.location).read_bytes()[58:]
        assert set(audio[0::2]) == {n}
        assert set(audio[1::2]) == {255 - n}
