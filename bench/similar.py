"""Similar tickets among 100,000 open ones, searched one after the other on one core.

The tickets are made up of the taxonomy's example phrases, the gazetteer's streets and communities, house numbers and
days; half of the questions say where they are, half do not (then everything is a candidate). Before every second
search a new ticket comes in, as it does in a city. Beside it, in the same run: scikit-learn's character TF-IDF and
the cosine with every row. Then 25 % of the characters of some tickets are replaced by others that sound the same, and
it is counted how often the ticket itself is found first. CPU time counts, since other work may share the machine.
"""

from __future__ import annotations

import csv
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from bench.report import Row, judged
from gateway.prefill.features import syllable
from gateway.prefill.similar import Entry, SimilarIndex

CONFIG = Path(__file__).resolve().parents[1] / "config"
TICKETS, SEARCHES, SCANS, MISHEARD = 100_000, 300, 30, 200
GOAL_MS = 50.0
_OPENINGS = ("你好", "喂您好我想反映一下", "我要投诉", "请问", "您好", "我是这里的居民", "")
_WHEN = ("昨天晚上", "今天早上", "从上个星期开始", "已经三天了", "每天半夜", "上个月", "国庆节以后")
_ENDS = ("希望尽快处理", "打过电话没人管", "邻居们都有意见", "请派人来看看", "麻烦给个答复", "")


def _table(name: str) -> list[dict[str, str]]:
    with (CONFIG / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def made_up(count: int, seed: int) -> list[Entry]:
    """Tickets as people report them; the same ones for the same ``seed``."""
    chance = random.Random(seed)  # noqa: S311 - makes texts up, guards nothing
    kinds = [row for row in _table("taxonomy.csv") if row["examples"]]
    places = {row["code"]: row for row in _table("gazetteer.csv")}
    communities = [row for row in places.values() if row["level"] == "community"]
    entries = []
    for number in range(count):
        kind, community = chance.choice(kinds), chance.choice(communities)
        street = places[community["parent"]]
        said = [
            chance.choice(_OPENINGS),
            f"{street['name']}{community['name']}{chance.randint(1, 300)}号{chance.choice(_WHEN)}",
            *chance.sample(kind["examples"].split("|"), 1),
            chance.choice(chance.choice(kinds)["examples"].split("|")),
            chance.choice(_ENDS),
        ]
        entries.append(
            Entry(
                ticket_id=f"{number:026d}",
                text="，".join(filter(None, said)),
                at=float(number),
                district=street["parent"],
                street=street["code"],
                topic=kind["l1_zh"],
                subtopic=kind["l2_zh"],
            )
        )
    return entries


def _placeless(entry: Entry) -> Entry:
    return Entry(ticket_id=entry.ticket_id, text=entry.text, at=entry.at)


def _misheard(texts: Sequence[str], chance: random.Random) -> list[str]:
    """``texts`` with every fourth Chinese character replaced by one that sounds the same."""
    alike: dict[str, list[str]] = defaultdict(list)
    for character in sorted({c for text in texts for c in text if c >= "一"}):
        alike[syllable(character)].append(character)
    return [
        "".join(chance.choice(alike[syllable(c)]) if c >= "一" and chance.random() < 0.25 else c for c in text)  # noqa: PLR2004 - the share that the docstring names
        for text in texts
    ]


def _fill(index: SimilarIndex, entries: Sequence[Entry]) -> None:
    for entry in entries:
        index.add(entry)


def _timed(work: Callable[[], Any]) -> tuple[float, float]:
    """CPU and wall milliseconds of ``work``."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


class Scan:
    """scikit-learn's own way: every row of a matrix."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Weigh ``texts``."""
        self._hashing = HashingVectorizer(analyzer="char", ngram_range=(2, 3), n_features=1 << 19, alternate_sign=False)
        self._weights = TfidfTransformer()
        self._rows = self._weights.fit_transform(self._hashing.transform(texts))

    def best(self, text: str) -> int:
        """The number of the most similar text."""
        question = self._weights.transform(self._hashing.transform([text]))
        return int(np.argmax((self._rows @ question.T).toarray()))


def rows() -> list[Row]:
    """Time, memory, and what is found of what was mis-heard."""
    entries = made_up(TICKETS, seed=1)
    coming, asked = made_up(SEARCHES, seed=2), made_up(SEARCHES, seed=3)
    index = SimilarIndex()
    filled, _ = _timed(lambda: _fill(index, entries))
    weighed, _ = _timed(lambda: index.settle(now=True))
    times = []
    for n, question in enumerate(asked):
        wanted = question if n % 2 else _placeless(question)
        if n % 4 < 2:  # noqa: PLR2004 - so that each kind of question comes after a new ticket and after none
            index.add(Entry(ticket_id=f"new{n}", text=coming[n].text, at=coming[n].at))
        times.append(_timed(lambda wanted=wanted: index.search(wanted)))  # type: ignore[misc]  # mypy infers no lambda with a default
    p95 = _p95([cpu for cpu, _ in times])
    scan = Scan([entry.text for entry in entries])
    scans = [_timed(lambda text=one.text: scan.best(text))[0] for one in asked[:SCANS]]  # type: ignore[misc]  # as above
    chance = random.Random(4)  # noqa: S311 - picks examples, guards nothing
    chosen = chance.sample(range(TICKETS), MISHEARD)
    heard = _misheard([entries[n].text for n in chosen], chance)
    ours = sum(_first(index, entries[n], text) == entries[n].ticket_id for n, text in zip(chosen, heard, strict=True))
    theirs = sum(scan.best(text) == n for n, text in zip(chosen[:SCANS], heard[:SCANS], strict=True))
    wall = _p95([wall for _, wall in times])
    ours_share, their_share = ours / MISHEARD, theirs / SCANS
    return [
        judged(
            f"search among {TICKETS:,} open tickets, p95",
            f"{p95:.1f} ms CPU (wall {wall:.1f} ms, median {statistics.median(cpu for cpu, _ in times):.1f} ms CPU)",
            f"what a clerk may wait: {GOAL_MS:.0f} ms",
            p95 / GOAL_MS,
            at_most=1.0,
        ),
        judged(
            "the same, beside every row of a matrix, p95",
            f"{p95:.1f} ms CPU",
            f"scikit-learn: {_p95(scans):.1f} ms CPU",
            p95 / _p95(scans),
            at_most=1.0,
        ),
        judged(
            "found first with 25 % of the characters replaced by homophones",
            f"{ours_share:.1%} of {MISHEARD}",
            f"scikit-learn, characters alone: {their_share:.1%} of {SCANS}",
            ours_share / max(their_share, 1e-9),
            at_least=1.0,
        ),
        judged("to take in a ticket", f"{filled / TICKETS:.3f} ms CPU", "a search's p95", filled / TICKETS / p95),
        judged(
            f"arrays of {TICKETS:,} tickets",
            f"{index.memory() / 1e6:.0f} MB (to weigh all anew: {weighed:.0f} ms CPU)",
            f"the tickets' text in UTF-8: {sum(len(e.text.encode()) for e in entries) / 1e6:.0f} MB",
            index.memory() / sum(len(e.text.encode()) for e in entries),
        ),
    ]


def _first(index: SimilarIndex, entry: Entry, text: str) -> str | None:
    """Who comes first for ``text`` said where ``entry`` was."""
    asked = Entry(ticket_id="", text=text, at=entry.at, district=entry.district, street=entry.street, topic=entry.topic)
    found = index.search(asked, top=1)
    return found[0].ticket_id if found else None
