"""Sentences of our own for three kinds of matter, varied enough to learn from."""

from __future__ import annotations

import csv
from pathlib import Path

MATTERS = {
    "供水": (("停水", "水管漏水", "水压太小", "自来水发黄", "水表坏了"), ("没法做饭", "洗澡都不行", "水流到楼下")),
    "噪音": (
        ("夜里施工", "广场舞音响", "烧烤店吵闹", "装修电钻", "空调外机轰鸣"),
        ("吵得睡不着", "孩子没法休息", "声音太大"),
    ),
    "道路": (
        ("路灯不亮", "井盖丢了", "路面塌陷", "红绿灯故障", "人行道破损"),
        ("差点摔倒", "车都过不去", "晚上很危险"),
    ),
}
PLACES = ("小区门口", "学校旁边", "村口", "菜市场附近")


def rows() -> list[tuple[str, str]]:
    """60 texts of each matter."""
    return [
        (f"{place}{what}，{so}", label)
        for label, (whats, sos) in MATTERS.items()
        for place in PLACES
        for what in whats
        for so in sos
    ]


def write(path: Path, data: list[tuple[str, ...]], header: tuple[str, ...] = ("text", "label")) -> Path:
    """A CSV of ``data``."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([header, *data])
    return path
