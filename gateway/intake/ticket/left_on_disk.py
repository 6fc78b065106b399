"""Lines of files that name a person: SIP traces, and commands of the spool that were refused.

Other processes append to these files. A line is overwritten with blanks where it stands: nothing moves, nothing of
what is being appended is lost, and readers pass over it. Everything here is blocking.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterable
from datetime import date
from pathlib import Path

from gateway.domain.naming import naming

Found = Callable[[str], object]
"""Whether a line is one that is looked for."""
_CALL_ID = re.compile(r'"call_id": ("(?:[^"\\]|\\.)*")')


class LeftOnDisk:
    """What lies in one machine's ``data_dir`` beside database, recordings and attachments."""

    def __init__(self, data_dir: Path) -> None:
        """Looks at nothing yet."""
        self._traces = data_dir / "traces"
        self._spool = data_dir / "spool"

    def spooled(self, ticket_ids: Collection[str]) -> bool:
        """Whether commands of these tickets wait for the database."""
        return any(path.stem in ticket_ids for path in self._spool.glob("**/*.jsonl"))

    def blank_calls(self, days: Collection[date], found: Found) -> int:
        """Blank the SIP messages of ``days`` that ``found`` finds; how many. It costs one look at all of these days."""
        folders = (self._traces / day.isoformat().replace("-", "") for day in sorted(days))
        return sum(_blank(path, found) for folder in folders for path in sorted(folder.glob("*.jsonl")))

    def blank_refused(self, ticket_ids: Iterable[str]) -> int:
        """Blank the refused commands of these tickets; how many."""
        found = naming(names=ticket_ids).search
        return sum(_blank(path, found) for path in sorted(self._spool.glob("refused-*.txt")))


def of_calls(call_ids: Iterable[str]) -> Found:
    """Finds the messages of these calls: as many as there are, at the same cost."""
    wanted = {json.dumps(call_id, ensure_ascii=False) for call_id in call_ids}
    return lambda line: (found := _CALL_ID.search(line)) is not None and found[1] in wanted


def _blank(path: Path, found: Found) -> int:
    blanked, at = 0, 0
    try:
        file = path.open("r+b")
    except FileNotFoundError:  # its time was over just now
        return 0
    with file:
        for line in file:
            content = line.rstrip(b"\n")
            if found(content.decode("utf-8", "replace")):
                os.pwrite(file.fileno(), b" " * len(content), at)
                blanked += 1
            at += len(line)
        if blanked:
            os.fsync(file.fileno())
    return blanked
