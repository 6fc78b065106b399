"""Denied wrongs: where a text says that something did not happen (没有人打架, "the driver was not rude").

Only words that name a wrong can be denied so: 没有水, 没人处理 and "no one answers" are complaints themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WRONG_ZH = (
    r"打架|斗殴|打人|骂|吵|扰民|噪[音声]|油烟|异味|臭|[非违]法|违[章规建]|无证|盗采|偷|被盗|盗窃|盗刷|抢劫|丢(?!弃物处理)|遗失"
    r"|甩[站客]|拒[载绝]|绕[路道]|多收|乱(?:收费|停|扔|倒|涨价|摆)|涨价|拖欠|欠|克扣|诈骗|欺骗|骗|宰客|坑人|强[迫制]|威胁|骚扰"
    r"|坏|松动|漏(?!电保)|泄[漏露]|爆(?:炸|裂|管)?|堵|断(?![言定])|塌|裂|积水|淹|着火|起火|失火|火灾(?!报警|警报|保险)"
    r"|明火|冒烟|浓烟|受伤|伤[亡人到]|死[亡人]|中毒|触电|被[困骗打抢撞咬电砸]|困在|溺水|落水|晕倒|昏迷|咬[人了伤到]|家暴|虐待"
    r"|传销|赌博|吸毒|卖淫|变质|过期|发霉|掺假|污染|超[载速]|闯红灯|逃逸|酒驾|走[失丢]|不见"
)
_WRONG_EN = (
    r"(?:gas |water |pipe )?leak\w*|(?:gas |bad )?smell\w*|fires?\b(?! (?:extinguisher|hydrant|exit|station|safety|lane"
    r"|escape|alarm|brigade|engine|truck))|on fire|trapped|stuck in|drown\w*|explosions?|emergency|sinkhole|collapsed"
    r"|burst|broken|damaged|blocked|flood\w*|stolen|theft|robbed|lost|missing|rude|impolite|noise|noisy|loud|fight\w*|dirty"
    r"|overcharg\w*|cheat\w*|scam\w*|fraud|fake|counterfeit|illegal|expired|spoiled|unpaid|hurt|injur\w*|bleeding|bitten"
    r"|unconscious|dangerous|smoke|sparks|electric shock|bully\w*|bullied|threatened"
)
_DENIED_ZH = re.compile(
    r"(?<![有淹出沉埋隐])没有?(?:任何|什么|一个|其他)?(?:人|谁)?(?:再|在|真的?|发生|出现|存在|听[到见]|闻到|看[到见]|见到|造成)?"
    r"(?:过|任何|什么|[对跟给向把]?[我你他她]们?|人员?)?(?:(?:煤气|燃气|天然气|液化气|水管|管道|电线|房子|井盖)?"
    rf"(?:{_WRONG_ZH}))"
)
_DENIED_EN = re.compile(
    r"(?:\bno (?:sign of (?:a |any )?|more |longer |actual |real |such |serious )?"
    r"|\b(?:nobody|no one|none)(?: (?:is|was|are|were|has|have|had|been|being|got|gets?)\b){0,3} "
    r"|(?:\b(?:not|never|without)|n['’]t)(?: (?:a|an|any|the|be|been|being|really|actually|very|that|so|even)\b){0,3} )"
    rf"(?:(?:{_WRONG_EN}))",
    re.IGNORECASE,
)

Spans = tuple[tuple[int, int], ...]


def denied_spans(text: str) -> Spans:
    """Where ``text`` names a wrong only to say that there is none, with the words that deny it; in order."""
    found = [m.span() for pattern in (_DENIED_ZH, _DENIED_EN) for m in pattern.finditer(text)]
    return tuple(sorted(found))


def touches(span: tuple[int, int], denied: Iterable[tuple[int, int]]) -> bool:
    """Whether ``span`` shares a character with one of ``denied``."""
    return any(span[0] < last and first < span[1] for first, last in denied)
