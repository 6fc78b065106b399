"""Water, power or gas that fails now: the city's plan answers it within 30 minutes, like a danger."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NEVER_ON = "(?:没有?|未|没能)通[上过了]{0,2}"
_WATER = (
    r"[停断][了过]?(?:自来)?水(?!果|平|泥|军|彩|稻|产|槽|库|路)|水[也又]?停了|一滴水|滴水(?:未|没)|无水可用|[不没]来水|来不了水"
    r"|没有?(?:自来)?水(?![平果准泥表印分费管池源利军])|水(?!车)[^，。,.]{0,3}[没不]来|用不[上了]水"
    r"|(?:没有?|不|中断|暂停|停止)供水|水龙头[^，。,.]{0,8}(?:没|不出)水|水龙头[^，。,.]{0,4}什么都没"
    r"|(?:自来水|水)(?:也|都|又|突然)?断了|水管[^，。,.]{0,4}(?:爆|暴|炸|裂|破|断)|(?:爆|暴)(?:水)?管"
    r"|(?:水|消防栓)[^，。,.]{0,6}喷|挖断[^，。,.]{0,4}水管|水管[^，。,.]{0,4}挖断"
    rf"|{_NEVER_ON}(?:自来)?水(?![泥果平])"
)
_POWER = (
    r"[停断][了过]?电(?!话|梯|视|脑|动|商|影|瓶|车|线|子|缆|源线|信)|电[也又]?停了|电(?:也|都|又|突然)?断了|来不了电"
    r"|没有?电(?![话视梯脑动子影线瓶池费表])|一点电都没|(?:没有?|不|中断|暂停|停止)供电|用不[上了]电"
    r"|[不没]来电(?!话|显)|(?<!没有)(?<!没)跳闸|(?:电闸|空开|总闸|漏保|闸)[^，。,.]{0,4}跳|变压器[^，。,.]{0,6}(?:炸|爆|烧|坏|着)"
    rf"|{_NEVER_ON}电(?![话视梯脑动子影瓶池车])"
)
_GAS = (
    r"停了?(?:燃|煤|天然|供)?气(?!味|候|费|象|体)|(?<![生天脾运人])气(?:又|都|也|突然)?[停断]了|没有?(?:燃气|煤气|天然气|气用)(?!味|臭|表|费)|(?:没有?|不|中断|暂停|停止)供气"
    r"|(?:燃气|煤气|天然气|管道气)[^，。,.味表费]{0,4}(?:停|断|没了|没有了|没气|不来|打不着火|打不出火)"
    r"|(?:家里|厨房|楼里|我们这?)(?:都|也|又|突然)?没气"
    rf"|{_NEVER_ON}(?:燃|煤|天然|管道)?气(?![味候])"
)
_HEARD = (
    r"停(?:睡|税|谁|垫|淀|典)|停店(?=了|[，。,]|一天|到)|停起(?=了|两天)"
    r"|听[水电](?=了|一天|两天|到|[，。,])|[亭庭][水电]"
)
"""How recognisers write 停水, 停电 and 停气."""
_SUPPLY, _BE = (
    "(?:water|power|electricity|gas)",
    "(?: (?:keeps? (?:going|cutting)|goes|is|was|has|have|been|got|went|just|all|suddenly|still)){0,4}",
)
_ENGLISH = (
    rf"\b(?:no|without|lost|losing) (?:(?:running|tap|hot and cold) )?{_SUPPLY}"
    r"(?! (?:bill|meter|leak|pressure|smell|station))\b"
    rf"|\b(?:{_SUPPLY}|supply)(?: supply)?{_BE} (?:off|out|cut|gone|stopped|down|disconnected)\b"
    rf"|\b{_SUPPLY} (?:outage|cut|failure|interruption)s?\b|\bblack ?out\b|\bnot? (?:have|had|got) (?:any )?{_SUPPLY}\b"
    rf"|(?:\bnot|n['’]t|\bnever)(?: yet| been| be| even){{0,2}} connected to (?:the )?(?:\w+ )?{_SUPPLY}\b"
    r"|\btaps? (?:is|are|has|have|runs?|ran|went) (?:run )?dry\b"
    r"|\b(?:burst|broken) (?:water )?(?:pipe|main)\b|\b(?:pipe|main)(?: has| is| just)? (?:burst|broke)\b"
)
_FAILS = re.compile(f"{_WATER}|{_POWER}|{_GAS}|{_HEARD}|{_ENGLISH}", re.IGNORECASE)
_OF_SOMETHING_ELSE = re.compile(
    r"(?:手机|电瓶|电动车?|小电驴|电池|充电宝|遥控器?|路灯|红绿灯|车子?|汽车|手表|气表|喷泉|泳池|河|池塘|水库|湖|鱼塘|水渠|电梯|屏幕?|设备|(?<!吸)机器?|灯|锁|卡|充电桩|仪|相机"
    r"|轮胎|车胎|水表|门锁|对讲机|广告牌|指示牌|井|消[防火]栓"
    r"|phone|car|scooter|bike|battery|lights?|lamps?|fountain|pool|river)(?:[里的都也又]|现在|突然|已经|打开|has|is|have|had|\s)*$",
    re.IGNORECASE,
)
"""Before the words: what is empty or dead there is no supply."""
_NOT_YET = re.compile(
    r"(?:明天|后天|下周|下个?月|几点|什么时候|何时|哪天|会不会|是否|是不是(?:要|会)|要不要|几号|计划|准备|将要?|即将|可能会?|听说要?"
    r"|通知(?:说|我们)?(?:要|明天|后天)?|万一|如果|要是|防止|避免|怕|担心|建议|希望不要|不要|别|不能"
    r"|\b(?:will|when|if|planned|scheduled)\b)[^，。,.!?！？]{0,5}$",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"(?:去年|前年|以前|之前|上次|上个?月|上周|上个?星期|前段时间|那次|那天|曾经"
    r"|last (?:week|month|year)|previous(?:ly)?)"
    r"[^。！？!?]{0,12}$",
    re.IGNORECASE,
)
_NOT_CONNECTED, _ASKS = re.compile(_NEVER_ON), re.compile(r"怎么|如何|申请|开户|什么时候|何时|哪天|多久")
"""Questions how or when a house gets connected: no failure."""
_ONLY_TALKED_OF = re.compile(
    r"的?(?:通知|公告|计划(?!外)|信息|安排|时间表|短信|补偿|赔偿|损失|记录|次数|检修的?(?:时间|通知)|预告|原因|那天|那次|(?:会|要|之前|前)[^，。]{0,6}(?:通知|吗))"
    r"|\s(?:notice|schedule|announcement|plan)",
    re.IGNORECASE,
)
"""Behind the words: news of it, or what it cost."""
_NO_NOTICE = re.compile(r"的?(?:通知|公告)[^，。]{0,4}没")
_BACK = re.compile(
    r"(?<![没未不])(?<!没有)(?:来水|来电|来气|有水|有电|有气|通水|通电|通气)了(?![吗么没])"
    r"|(?:水|电|气)(?:又|已经|都|刚刚?|现在|就|也)*(?:来了|有了|通了|恢复了|好了)(?![吗么没])"
    r"|(?:已经?|现在|刚刚?|都|全部|又)(?:全部|都)?(?:恢复|解决|修好|抢修好|通)(?:了|正常|供[水电气])"
    r"|(?:事情?|问题)(?:已经|都)?解决了(?![吗么没])|没事了|(?:今[早天晚]|刚刚?|早上|中午|下午|晚上)(?:就|已经)?[来好通]了"
    rf"|\b(?:{_SUPPLY}|it)(?:'s| is| has| came| just| now| been){{0,4}} (?:back|restored|fixed|on again)\b(?! yet)"
    r"|\bcame back\b",
    re.IGNORECASE,
)
_NOT_BACK = re.compile(
    r"(?:\bnot|n['’]t|never|until|when|before|没|还未|尚未|什么时候|何时|几点|希望|要求|说|承诺|告诉我们?|回复|通知)[^，。,.]{0,8}$",
    re.IGNORECASE,
)
_AGAIN = re.compile(r"又(?:停|没|断|跳|爆)|再次|结果|还是[没不]|\b(?:again|gone|off)\b", re.IGNORECASE)
_BEFORE, _AFTER = 16, 10


@dataclass(frozen=True, slots=True)
class Supply:
    """What a text says of water, power and gas."""

    fails: re.Match[str] | None
    """The words for one that fails now."""
    back: re.Match[str] | None
    """The words for all being well again."""
    named: bool
    """A failure is named at all: also one of something else (路灯没电), later, earlier, or only its notice."""


def supply_in(text: str) -> Supply:
    """Whether water, power or gas fails, by the words of ``text`` alone; in Chinese, English and as it is mis-heard."""
    named = list(_FAILS.finditer(text))
    now = next((found for found in named if _is_now(text, found)), None)
    said_back = (m for m in _BACK.finditer(text) if not _NOT_BACK.search(text, max(0, m.start() - _BEFORE), m.start()))
    back = next(said_back, None)
    again = _AGAIN.search(text, back.end()) if back else None
    if again is not None:
        return Supply(now or again, None, named=True)
    return Supply(None if back else now, back, named=bool(named or back))


def _is_now(text: str, found: re.Match[str]) -> bool:
    before = text[max(0, found.start() - _BEFORE) : found.start()]
    if _OF_SOMETHING_ELSE.search(before) or _NOT_YET.search(before) or _PAST.search(before):
        return False
    after = text[found.end() : found.end() + _AFTER]
    if _NOT_CONNECTED.match(found.group()) and _ASKS.search(after):
        return False
    return _ONLY_TALKED_OF.match(after) is None or _NO_NOTICE.match(after) is not None
