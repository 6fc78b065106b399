"""The filled form of a ticket, line by line, as the demo prints it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

TYPES = {
    "consultation": "咨询",
    "help": "求助",
    "complaint": "投诉",
    "report": "举报",
    "suggestion": "建议",
    "praise": "表扬",
    "other": "其他",
}
URGENCY = {"normal": "普通", "urgent": "紧急"}
SURE = 0.9


def sureness(ticket: dict[str, Any], path: str) -> str:
    """How sure a field is, as the agent sees it; nothing for a field that nobody guessed."""
    field = ticket["prefill"]["fields"].get(path)
    if field is None:
        return ""
    return f"  ({field['confidence']:.0%}{'' if field['confidence'] >= SURE else '，请核对 / check'})"


def form(ticket: dict[str, Any], units: dict[str, str]) -> list[tuple[str, str]]:
    """The filled form: what was said, as fields."""
    demand, place = ticket["demand"], ticket["place"]
    where = [str((place[part] or {}).get("name") or "") for part in ("district", "street", "community")]
    category, urgency = demand["category"] or {}, demand["urgency"] or {}
    levels = "／".join(str(category[level]) for level in ("l1", "l2", "l3", "l4") if category.get(level))
    level = str(urgency.get("level") or "")
    unit = ticket["handling"]["lead_unit"]
    lowest = next(
        (f"place.{part}" for part in ("community", "street", "district") if (place[part] or {}).get("name")), ""
    )
    return [
        ("标题 / title", demand["title"] or "—"),
        ("诉求类型 / type", f"{TYPES.get(demand['type'], '待定')}{sureness(ticket, 'demand.type')}"),
        ("类别 / category", f"{levels or '待定'}{sureness(ticket, 'demand.category')}"),
        ("紧急程度 / urgency", f"{URGENCY.get(level, level or '待定')}{sureness(ticket, 'demand.urgency')}"),
        ("地点 / place", f"{' '.join(filter(None, where)) or '—'}{sureness(ticket, lowest)}"),
        ("地址 / address", place["address"] or "—"),
        ("承办单位 / unit", f"{units.get(unit, unit or '待定')}{sureness(ticket, 'handling.lead_unit')}"),
    ]


def unit_names(path: Path) -> dict[str, str]:
    """Names of the city's units by code."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name_zh"] for row in csv.DictReader(file)}
