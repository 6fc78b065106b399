"""Addresses, names and organisations, read by rules, on public sets they were not written for; and places in our own.

The public sets come from the folder of ``HOTLINE_TEST_DATA``. Exact spans, micro-F1. Addresses: the dev part of the
NAACL 2019 set (Chinese addresses, mostly of Zhejiang), beside a CRF that learnt from four fifths of it (0.85, measured
once); a number and its 号 are one part, and the labels of the set that have no counterpart here count as missed. Names
and organisations: a sample of CLUENER, which is news: there nobody says 我叫, and our rules read a name only after
words that announce it, so recall is low by design. Places: the committed sentences for the gazetteer. Then the CPU that
reading a ticket's text costs.
"""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from bench.report import Row, judged
from gateway.prefill.address import parse
from gateway.prefill.extract.money import money
from gateway.prefill.extract.numbers import numbers
from gateway.prefill.extract.organisations import organisations
from gateway.prefill.extract.people import people, requester_name
from gateway.prefill.extract.times import times
from gateway.prefill.place import Gazetteer
from gateway.prefill.who import who
from tests.support.data import VARIABLE, more

ROOT = Path(__file__).resolve().parent.parent
SENTENCES = 2000
CRF_F1 = 0.85
LABELS = {
    "prov": "province",
    "city": "city",
    "district": "district",
    "town": "street",
    "devZone": "area",
    "community": "community",
    "road": "road",
    "roadno": "number",
    "poi": "name",
    "houseno": "building",
    "cellno": "unit",
    "floorno": "floor",
    "roomno": "room",
    "assist": "relation",
}
"""The labels of the set as ours; a compound and a poi are one there."""
NAMES = {"compound": "name", "poi": "name"}
Span = tuple[str, int, int]


def rows() -> list[Row]:
    """Figures of our own sets and of every public one that is there; a row says which is not."""
    found = [*_places()]
    for measure, name, read in (
        ("address parser", "data/address_naacl2019/dev.txt", _addresses),
        ("names and organisations", "data/cluener_train.json", _names),
    ):
        path = more(name)
        found += read(path) if path else [_absent(measure, name)]
    return [*found, _cost()]


def _absent(measure: str, name: str) -> Row:
    beside = f"{VARIABLE} names no folder with {name}"
    return Row(measure=measure, ours="not measured", beside=beside, ratio="", goal="", met=None)


def _places() -> Iterable[Row]:
    gazetteer = Gazetteer.read(ROOT / "config" / "gazetteer.csv")
    data: list[dict[str, str]] = []
    for name in ("places.csv", "places_hard.csv"):
        with (ROOT / "tests" / "data" / name).open(encoding="utf-8", newline="") as file:
            data += csv.DictReader(file)
    for kind, goal in (("clean", 0.97), ("error", 0.90)):
        chosen = [row for row in data if row["kind"] == kind]
        codes = [
            {g.path: g.value["code"] for g in gazetteer.find(r["text"]) if g.path != "place.address"} for r in chosen
        ]
        for level, bound in (("street", goal), ("district", 0.95)):
            pairs = [(c.get(f"place.{level}", ""), row[level]) for c, row in zip(codes, chosen, strict=True)]
            f1 = _f1(
                sum(a == b != "" for a, b in pairs), sum(a != "" for a, _ in pairs), sum(b != "" for _, b in pairs)
            )
            yield judged(f"{level} F1, {kind}", f"{f1:.3f}", f"{len(chosen)} sentences of our own", f1, at_least=bound)
    outside = [row["text"] for row in data if row["kind"] == "outside"]
    placed = sum(any(g.path != "place.address" for g in gazetteer.find(text)) for text in outside)
    yield judged("places elsewhere that were placed here", str(placed), f"of {len(outside)}", float(placed), at_most=0)


def _addresses(path: Path) -> list[Row]:
    mapped = every = right = said = 0
    block: list[tuple[str, str]] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line:
            character, _, tag = line.rpartition(" ")
            block.append((character, tag))
            continue
        gold, count = _gold(block)
        ours = {(NAMES.get(p.label, p.label), *_bare(p.text, p.span)) for p in parse("".join(c for c, _ in block))}
        right, said, mapped, every = right + len(gold & ours), said + len(ours), mapped + len(gold), every + count
        block = []
    f1, whole = _f1(right, said, mapped), _f1(right, said, every)
    beside = f"{CRF_F1} of a CRF trained on such addresses, which may not ship"
    return [
        judged("address parts, micro-F1, all labels of the set", f"{whole:.3f}", beside, whole / CRF_F1),
        judged("the same, of the labels we have", f"{f1:.3f}", beside, f1 / CRF_F1),
    ]


def _gold(block: list[tuple[str, str]]) -> tuple[set[Span], int]:
    """The parts that have a label of ours, and how many there are of any label but ``redundant``."""
    parts: list[tuple[str, int, int]] = []
    after = 0
    for token, tag in block:  # a token is a character, or a run of figures
        position, after = after, after + len(token)
        kind, _, label = tag.partition("-")
        if kind == "B" or not parts or parts[-1][0] != label:
            parts.append((label, position, after))
        else:
            parts[-1] = (label, parts[-1][1], after)
    text = "".join(c for c, _ in block)
    known = {(LABELS[label], *_bare(text[a:b], (a, b))) for label, a, b in parts if label in LABELS}
    return known, sum(label not in ("redundant", "O", "") for label, _, _ in parts)


def _bare(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """``span`` without the word that only counts: 8号 and 8 are one part, whichever the set marks."""
    return span[0], span[1] - (1 if text[1:].endswith(("号", "室", "栋", "幢", "楼", "层")) else 0)


def _names(path: Path) -> list[Row]:
    kinds = {"name": "person", "company": "organisation", "organization": "organisation", "government": "organisation"}
    right, said, gold = ({"person": 0, "organisation": 0} for _ in range(3))
    with path.open(encoding="utf-8") as file:
        lines = [json.loads(line) for line, _ in zip(file, range(SENTENCES), strict=False)]
    for line in lines:
        text = line["text"]
        theirs = {
            (kinds[label], start, end + 1)
            for label, names in line["label"].items()
            if label in kinds
            for spans in names.values()
            for start, end in spans
        }
        ours = {(m.kind, *m.span) for m in (*people(text, requester_name(text)), *organisations(text))}
        for kind in right:
            right[kind] += sum(k == kind for k, _, _ in ours & theirs)
            said[kind] += sum(k == kind for k, _, _ in ours)
            gold[kind] += sum(k == kind for k, _, _ in theirs)
    return [
        Row(
            measure=f"{kind} in news, F1",
            ours=f"{_f1(right[kind], said[kind], gold[kind]):.3f} (precision {right[kind] / max(1, said[kind]):.3f}, "
            f"recall {right[kind] / max(1, gold[kind]):.3f})",
            beside=f"{gold[kind]} in {len(lines)} sentences",
            ratio="",
            goal="none: these rules are for calls, and news announces nobody",
            met=None,
        )
        for kind in right
    ]


def _cost() -> Row:
    text = (
        "你好，我叫王小明，我住在美兰区白龙街道流水坡社区，昨天晚上十一点半楼下那家叫阿明海鲜大排档的店还在放音响，"
        "我去说了两次，老板陈志强不但不听还骂人，我打他的电话六八一二三四五六也没有人接。前天我在海秀东路三十六号望海国际广场对面"
        "停车，被收了六十二块五，车牌是琼A一二三四五，收费的说是海口恒大物业公司让收的，没有发票。"
    )
    text = (text * 3)[:300]
    gazetteer = Gazetteer.read(ROOT / "config" / "gazetteer.csv")
    now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    costs = []
    for _ in range(200):
        began = time.process_time()
        who(text), numbers(text), money(text), times(text, now), gazetteer.find(text)
        costs.append(1000 * (time.process_time() - began))
    median = sorted(costs)[len(costs) // 2]
    return judged("CPU of extraction, 300 characters, median", f"{median:.2f} ms", "5 ms", median / 5, at_most=1)


def _f1(right: int, said: int, gold: int) -> float:
    return 2 * right / (said + gold) if said + gold else 1.0
