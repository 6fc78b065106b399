"""紧急程度: whether it has to be answered within 30 minutes, by what is said and by what the demand is about.

Urgent is danger to people, and what the city's plan calls so: water, power or gas that fails, complaints of tourists.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.domain.guess import FILL_AT, Guess
from gateway.prefill.denial import denied_spans, touches
from gateway.prefill.failure import supply_in
from gateway.prefill.taxonomy import TaxonomyNode

PATH = "demand.urgency"
READ_CHARS: Final = 3000
_BY_WORDS, _BY_CATEGORY, _BOTH = 0.85, 0.7, 0.95
_NORMAL, _NORMAL_UNKNOWN, _CALM = 0.8, 0.6, 0.98
_SAID_OVER = 0.45
"""Confidence of a danger that is said to be over: below ``FILL_AT``, a person decides."""
_DENIED_CHARS = 8
_DANGER = re.compile(
    r"(?:闻到|有|一股|很浓的?|浓浓的|好大的?)[^，。,.]{0,4}(?:煤气|燃气|天然气|液化气)(?:的)?(?:味|臭)|漏煤气"
    r"|煤气泄[漏露]|燃气泄[漏露]"
    r"|(?:煤气|燃气|天然气|气管|管道|气罐)[^，。,.]{0,4}(?:漏气|泄漏|泄露|在漏|漏了|爆炸|喷气)|漏电|触电"
    r"|被电(?:到|倒|了|麻)|电到人"
    r"|(?:电线|高压线|电缆)[^，。,.]{0,6}(?:掉|断|垂到地|落地|冒火)|冒火花|着火|起火|失火|烧起来|火灾|浓烟|爆炸|要爆"
    r"|(?:路|地|墙|楼|房子|桥|屋顶|脚手架|围墙|路面|地面)[^，。,.]{0,4}(?:塌了|塌陷|倒塌|塌下|坍塌|要塌|快塌)"
    r"|塌了?一个|坍塌|塌方|山体滑坡|泥石流|被困|困在|困了[一二两三四五六七八九十几\d]+个?人|出不来了?"
    r"|溺水|落水|(?:人|孩子|小孩|老人|学生|朋友|[他她])[^，。,.]{0,4}(?:掉|跌|摔|滑)[^，。,.]{0,3}(?:水|河|井|海|湖|坑|池塘)|(?:掉|跌|摔)(?:进|到|下)[^，。,.]{0,3}(?:水|河|井|海|坑|下水道)里?|叫不醒|不省人事|救人"
    r"|卡在里面|(?:压|砸|撞|轧)(?:到|倒|伤|死|了)+(?:[一二两三几]个)?人(?!行|家)|水管[^，。,.]{0,3}爆|爆管"
    r"|井盖[^，。,.]{0,4}(?:没了|不见|丢了|被偷|缺失)|(?:没有?|缺)井盖"
    r"|(?:人|孩子|老人|小孩|妈|爸|他|她)[^，。,.]{0,6}(?:受伤了|流血|昏迷|晕倒|昏倒|没有?呼吸)|有人受伤"
    r"|有人[^，。,.]{0,4}(?:晕倒|要跳楼|跳楼|自杀)"
    r"|没有?(?:了)?(?:呼吸(?![机道内科])|心跳|脉搏|知觉|意识(?!到))|(?:呼吸|心跳)(?:已经|都|也)?(?:停|没了|没有了)|停止(?:了)?(?:呼吸|心跳)|失去(?:了)?(?:意识|知觉)"
    r"|昏迷|喘不上气|火(?:势)?(?:还|仍|一直)?[没未](?:有)?(?:被)?扑?灭|还在(?:烧|着火|燃烧)|困人"
    r"|轻生|割腕|寻短见|跳[河江海桥](?!下)|喝(?:了)?农药|服毒|上吊(?![灯扇顶装车机])"
    r"|跳楼|自杀|不想活|持刀|拿着?刀|砍人|正在打人|救命|快来救|(?:要出|会出|出)人命|食物中毒|上吐下泻"
    r"|[走失丢](?:失|丢)了?[^，。,.]{0,4}(?:老人|孩子|小孩)"
    r"|(?:老人|孩子|小孩|奶奶|爷爷|母亲|父亲)[^，。,.]{0,8}(?:走失|走丢|不见了)"
    r"|gas leak|smell of gas|gas is leaking|smell gas|on fire"
    r"|\bfire\b(?! (?:extinguisher|hydrant|exit|station|safety|lane|escape))"
    r"|electric shock|live wire|(?:wire|cable|power line)s? (?:is |are |has |have )?(?:fallen|down|sparking)|sparks"
    r"|collapsed|sinkhole|trapped|stuck in (?:the |an? )?(?:lift|elevator)|drowning"
    r"|(?:burst|broken) (?:water )?(?:pipe|main)"
    r"|manhole cover is (?:missing|gone)|missing manhole|badly (?:hurt|injured)|bleeding|unconscious"
    r"|fell (?:in|into|down)\b|explosion"
    r"|not breathing|stopped breathing|can(?:'t|not) breathe|no (?:pulse|heartbeat)|not conscious|passed out"
    r"|heart attack|suicid(?:e|al)|kill (?:myself|himself|herself|themselves)|jump(?:ing)? off"
    r"|emergency",
    re.IGNORECASE,
)
_HEARD = re.compile(r"(?:没气|煤器|梅气|煤七|然气|燃起|燃器)[^，。,.]{0,2}(?:泄[漏露]|味|漏)")
"""How recognisers write the gas that is leaking."""
_NOT_NOW = re.compile(
    r"没有?(?:再|什么|任何|人|发生|出现)?[^，。,.有了又还就办管救来敢]{0,3}$"
    r"|(?:(?<!是)不是(?!开玩笑|第一|一[次回])|并非|不会|怕|担心|防止|避免|万一|容易|以免)[^，。,.]{0,6}$",
    re.IGNORECASE,
)
_FEARED = re.compile(
    r"(?:怕|担心|防止|避免|万一|以免|会不会|去年|以前|之前|上次|上个月|演练|知识|培训|预防)[^。.!！?？]{0,12}$"
)
_OVER = re.compile(
    r"已经没有?(?:什么|任何|大)?(?:事|问题|危险|大碍|[^，。,.]{0,4}味|明?火了)|味道?(?:现在|都|也|已经){0,2}没有?了|已经(?:好了(?!一?[点些])|修好|解决(?!不)|处理好|救出来|扑灭|灭了)"
    r"|(?:后来|现在)(?:没事|好了(?!一?[点些])|解决(?!不))|虚惊一场|误报|false alarm",
    re.IGNORECASE,
)
"""What is over names what there is no more of: "已经没有呼吸" is no good news."""
_NOT_OVER = re.compile(r"又|还|仍|但|可是|不过|\b(?:but|still|again)\b", re.IGNORECASE)
_NO_HURRY = re.compile(
    r"(?<![们府业能以敢可])不(?:着)?急|不是很急|没那么急|不用(?:着)?急|不赶时间|慢慢来|有空(?:再|的时候)"
    r"|不用派人|不用来了|不用(?:你们)?(?:再)?(?:处理|管|修)了"
    r"|no rush|not urgent|no hurry|not in a hurry|whenever you can",
    re.IGNORECASE,
)
_PRESSING = re.compile(
    r"十万火急|非常紧急|特别紧急|情况紧急|很危险|太危险|随时(?:会|可能)|urgent(?:ly)?\b|right now|immediately"
    r"|dangerous",
    re.IGNORECASE,
)
"""Pressing words alone make nothing urgent: many people press. With a dangerous matter they make it surer."""
_TALK, _NO_NEED = frozenset({"consultation", "praise", "suggestion"}), frozenset({"praise", "suggestion"})
_QUESTION = re.compile(
    r".*(?:怎么(?:考|申请|办理|报名)|(?:需要|要)(?:什么|哪些)(?:材料|手续|条件))"
    r"|\W*(?:请问|想问|问一下|咨询一下|(?:which|what|where|when|how|can i|could you tell|is there|are there|do you)\b)",
    re.IGNORECASE,
)
_WRONGED = r"(?:cheat|overcharg|scam|rip|forc|trick|harass|insult|threaten|swindl|refus|fool)\w*"
_WRONG = re.compile(rf"\b(?:{_WRONGED}|left us|abandoned)\b", re.IGNORECASE)
_VISITOR = re.compile(
    r"(?:外地|外省|内地|北方|省外)[^，。,.]{0,4}(?:游客|来的|来玩)"
    r"|我们?[^，。,.]{0,8}(?:游客|来[^，。,.]{0,4}(?:旅游|旅行|度假|玩))|旅游(?:的时候|期间|过程|途中)|[出来]旅游"
    r"|导游|免税店|潜水|游艇|摩托艇|拖伞|旅行社|旅行团|旅游团|跟团|报团|宰客|被宰|(?:宰|骗|坑|欺负|欺骗)[^，。,.]{0,2}(?:游客|外地人)|我是外地人|看我们?是外地|景区"
    r"|(?:酒店|民宿|客栈|宾馆)[^，。,.]{0,12}(?:退|订|预订|加价|涨价|没房|没有房)"
    r"|\bI(?:'m| am) (?:a |only a )?(?:tourist|visitor)|\bwe(?:'re| are) (?:tourists|visitors|visiting|travell?ing)"
    r"|\b(?:on|for) (?:a )?(?:holiday|vacation)\b"
    r"|\b(?:us|as) (?:foreign )?(?:tourists|visitors|travell?ers|foreigners)\b"
    rf"|\b{_WRONGED}\b[^.,;!?]{{0,20}}\b(?:tourists|visitors|foreigners)\b"
    rf"|\b(?:tourists|visitors|foreigners)\b[^.,;!?]{{0,14}}\b{_WRONGED}\b"
    r"|\b(?:on|during|in|from|joined|booked|took|bought|paid for) (?:an?|our|my|the|this|your) (?:[a-z-]+ ){0,2}"
    r"(?:tour|excursion|holiday|vacation|cruise|day trip)s?\b|\bour (?:holiday|vacation|tour|trip|guide)\b"
    r"|\b(?:tourist|(?:tour (?:guide|group|bus|operator|company|agency)|travel (?:agency|agent))(?:'?s)?)\b",
    re.IGNORECASE,
)
"""Words of a tourist, or of what is sold to tourists (of several only who was wronged, for residents complain of them,
too): who complains or wants help with them complains of tourism."""


def urgency(content: str, kind: str | None, category: TaxonomyNode | None, sure: float) -> Guess | None:
    """Level and reason for ``demand.content == content`` about ``category``, known with confidence ``sure``.

    ``kind`` is the demand's type: who only asks, praises or suggests is in no danger by the matter alone.
    None for a text that says nothing.
    """
    text = content[:READ_CHARS]
    if not text.strip():
        return None
    danger, elsewhen = _danger(text)
    supply = supply_in(text)
    known = category if category is not None and sure >= FILL_AT else None
    planned = known is not None and known.urgent and not elsewhen and (supply.fails or not supply.named)
    over = _over(text, danger)
    calm = None if danger else supply.back or over or _NO_HURRY.search(text)
    if seen := calm or over:
        open_danger = danger is not None or (over is not None and planned and supply.back is None)
        return _guess("normal", f"说了「{seen.group()}」", seen, _SAID_OVER if open_danger else _CALM)
    only_talk = kind in _TALK
    if found := danger or (None if kind in _NO_NEED else supply.fails):
        confidence = _BOTH if planned else _BY_WORDS
        asked = only_talk and danger is not None
        return _guess("urgent", f"说到「{found.group()}」", found, FILL_AT if asked else confidence)
    if not only_talk and (urgent := _by_matter(text, known if planned else None, kind, sure)):
        return urgent
    calm_matter = known is not None and not known.urgent
    return _guess("normal", "没有说到危险", None, _NORMAL if calm_matter else _NORMAL_UNKNOWN)


def _by_matter(text: str, planned: TaxonomyNode | None, kind: str | None, sure: float) -> Guess | None:
    """Urgent by what it is about: a ``planned`` category, or a complaint of a tourist's."""
    if _QUESTION.match(text):
        return None
    if planned is not None:
        pressing = _PRESSING.search(text)
        why = "有危险" if planned.danger else "属紧急类办件"
        reason = f"类别「{planned.names[-1]}」{why}"
        return _guess("urgent", reason, pressing, round(min(_BY_CATEGORY, sure) + (0.1 if pressing else 0.0), 2))
    if (kind is not None or _WRONG.search(text)) and (visitor := _VISITOR.search(text)):
        return _guess("urgent", f"旅游投诉：说到「{visitor.group()}」", visitor, _BY_CATEGORY)
    return None


def _over(text: str, danger: re.Match[str] | None) -> re.Match[str] | None:
    """The words for something being over; with a ``danger`` only such as come after it and take nothing back."""
    if danger is None:
        return _OVER.search(text)
    over = _OVER.search(text, danger.end())
    if over is None or _NOT_OVER.search(text, over.end()) or _danger(text[over.end() :])[0]:
        return None
    return over


def _danger(text: str) -> tuple[re.Match[str] | None, bool]:
    """The first danger that is neither denied, feared nor past; without one, whether there is one of those."""
    elsewhen = False
    denied = denied_spans(text)
    for pattern in (_DANGER, _HEARD):
        for found in pattern.finditer(text):
            before = text[max(0, found.start() - 20) : found.start()]
            said_not = touches(found.span(), denied) or _NOT_NOW.search(before[-_DENIED_CHARS:])
            if not said_not and not _FEARED.search(before):
                return found, False
            elsewhen = True
    return None, elsewhen


def _guess(level: str, reason: str, seen: re.Match[str] | None, confidence: float) -> Guess:
    value = {"level": level, "reason": reason}
    return Guess(path=PATH, value=value, source="rule", span=seen.span() if seen else None, confidence=confidence)
