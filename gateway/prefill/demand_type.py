"""诉求类型 by the words people use for it; the first of the strongest class is the evidence."""

from __future__ import annotations

import re

from gateway.domain.guess import Guess
from gateway.domain.words import DemandType

_CUES: tuple[tuple[DemandType, float, str], ...] = (
    (DemandType.PRAISE, 0.9, r"表扬|感谢信|锦旗|点赞|要感谢|感谢一下|praise|commend"),
    (
        DemandType.REPORT,
        0.9,
        r"举报|检举|非法|违法|违章|违规|偷排|无证|report (?:a|an) (?:crime|illegal|violation)|illegal",
    ),
    (
        DemandType.COMPLAINT,
        0.9,
        r"投诉|太差|不满|欺骗|骗人|乱收费|不给退|拒绝退|态度恶劣|扰民|噪音|噪声|complain|complaint",
    ),
    (DemandType.SUGGESTION, 0.85, r"建议|希望能够?增加|能不能增设|希望增设|suggest"),
    (
        DemandType.HELP,
        0.8,
        (
            r"坏了|不亮|停水|停电|漏水|堵了|断了|塌|没有水|没有电|修一下|维修|派人|求助|帮忙|帮助|反映|反应一个问题"
            r"|broken|not working|does not work|repair|fix|help"
        ),
    ),
    (
        DemandType.CONSULTATION,
        0.85,
        (
            r"咨询|请问|想问|问一下|怎么办理|如何办理|怎么办|需要什么材料|什么条件|什么手续|政策|几点|哪里办"
            r"|how (?:do|can) i|i would like to know|information about|question about"
        ),
    ),
)
_PATTERNS = tuple((kind, weight, re.compile(cues, re.IGNORECASE)) for kind, weight, cues in _CUES)


def demand_type(text: str) -> Guess | None:
    """The type whose cue words appear, strongest class first; None when there is no cue.

    Two classes at once lower the confidence: "我要投诉…请问…" is a complaint, but less surely so.
    """
    found = [(kind, weight, match) for kind, weight, pattern in _PATTERNS if (match := pattern.search(text))]
    if not found:
        return None
    kind, weight, match = found[0]
    confidence = weight if len(found) == 1 else round(weight - 0.15, 2)
    return Guess(
        path="demand.type",
        value=kind.value,
        source="rule",
        span=(match.start(), match.end()),
        confidence=confidence,
    )
