"""The domain's words for a recogniser that takes hot words: the likeliest first, for it may take only some."""

from __future__ import annotations

from pathlib import Path

from gateway.edge.unit_table import read_units
from gateway.prefill.place import Gazetteer
from gateway.prefill.taxonomy import read_taxonomy

_TYPES = ("投诉", "举报", "咨询", "求助", "建议", "表扬")
_LEVELS = ("district", "street")
"""Communities are left out: thousands of names that hardly anybody says."""


def hot_words(config_dir: Path) -> tuple[str, ...]:
    """Districts, kinds of demand, streets, roads and landmarks, words of the taxonomy (urgent ones first), units.

    ``ConfigError`` names everything wrong in the tables.
    """
    gazetteer = Gazetteer.read(config_dir / "gazetteer.csv")
    units = read_units(config_dir / "units.csv")
    nodes = sorted(read_taxonomy(config_dir / "taxonomy.csv", units).values(), key=lambda node: not node.urgent)
    by_level = {
        level: [division.name for division in gazetteer.by_code.values() if division.level == level]
        for level in _LEVELS
    }
    words = [*by_level["district"], *_TYPES, *by_level["street"], *gazetteer.aliases]
    words += [word for node in nodes for word in (node.names[-1], *node.keywords) if word.isalpha()]
    words += [unit.name_zh for unit in units.values()]
    return tuple(dict.fromkeys(words))
