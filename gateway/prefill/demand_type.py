"""诉求类型: the type that a text declares, else the one that its words imply; the words are the evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.domain.guess import Guess
from gateway.domain.words import DemandType as Type
from gateway.prefill.denial import Spans, denied_spans, touches
from gateway.prefill.syllables import loose, syllable

PATH = "demand.type"
READ_CHARS = 3000
_DECLARED_SURE, _DECLARED_BARE, _RIVAL = 0.95, 0.88, 0.2
_HEARD = 0.82
_WISH = re.compile(
    r"(?:我|俺|咱|我们)?(?:是)?(?:要|想要?|打算|准备|来|打电话|需要|就是)(?:来"
    r"|想|跟你们?|向你们?|一下|实名|匿名|电话|再|在线)*$|^(?:我|你好|您好|喂|[，,。\s])*$"
)
_WISH_CHARS = 10
_UNWANTED = re.compile(
    r"(?:(?<![能可要是会想该得再])不(?:是)?(?:想要?|要|打算|准备|需要|愿意?|会|用|必)?|并非"
    r"|(?<![有淹])没(?:有(?!想(?!过)))?(?:说过?(?:要|想)?|想过?要?|打算|准备)?|(?<![特个区])别|无意)"
    r"(?:来|去|再)?(?:跟你们?|向你们?|打电话|个|什么)?$"
    r"|(?:\b(?:not|never|no)|n['’]t)(?: (?:here|calling|want(?:ing)?|wish|like|trying|going|mean|need)\b)?"
    r"(?: to\b)?(?: (?:make|file|lodge)\b)?(?: (?:a|any)\b)? $",
    re.IGNORECASE,
)
_UNWANTED_CHARS = 40
_AFTER_ALL = re.compile(r"本来|原本|一开始|原来")
"""The speaker did not want to complain at first, and does so now."""
_IN_VAIN = re.compile(r"不行|就|的话|没|谁|成|上|到|通|无门|渠道")
"""After the verb: "不投诉不行", "没投诉成功"."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    kind: Type
    confidence: float
    span: tuple[int, int]


def _words(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_ASKED_HOW = _words(
    r"(?:投诉|举报|求助|建议)(?:的)?(?:电话|渠道|热线|流程|途径|方式)"
    r"|(?:怎么|如何|去哪里?|哪里|向谁|找谁|哪儿)(?:可以|能)?(?:投诉|举报)"
    r"|(?:投诉|举报)(?:到哪|要什么|需要什么|找谁|找哪)|how (?:can|do|to) (?:i )?(?:complain|report)"
)
_DECLARED: tuple[tuple[Type, re.Pattern[str]], ...] = (
    (
        Type.PRAISE,
        _words(
            r"表扬|感谢信|锦旗|点赞|点个赞|(?:要|想|特别|衷心|来|专门)(?:表示)?感谢|感谢一下"
            r"|感谢[^，。,.！!]{1,16}(?:帮|救|送|及时|热心|耐心|找回|解决)|(?:want|like) to (?:thank|praise|commend)"
            r"|praise|commend"
        ),
    ),
    (
        Type.REPORT,
        _words(r"举报|检举|揭发|(?:want|like|going) to report|i report|\breport(?:ing)? (?:a|an|some|that|illegal)"),
    ),
    (Type.COMPLAINT, _words(r"投诉|控诉|讨个说法|complain(?:t|ts|ing)?")),
    (
        Type.SUGGESTION,
        _words(
            r"(?<!医生)(?<!什么)(?<!他们)(?<!个)建议(?!书)|提个?意见|能不能增设|能否增设|希望增设"
            r"|(?:would|want to|like to) suggest|suggestion|suggest"
            r"|希望[^，。,.]{0,20}?(?:增设|增加|多设|多放|设立|开通|开一|延长|加装|修建|推广|优化|划一些|装一|建一)"
        ),
    ),
    (
        Type.CONSULTATION,
        _words(
            r"咨询|请问|想问|问一下|问下|请教|想了解|了解一下|打听|想知道|would like to know|want to know|like to ask"
            r"|information (?:about|on)"
            r"|question about|\bhow (?:do|can|to|should|long|much)\b|what (?:documents|papers|do i need)"
            r"|could you tell me|can you tell me"
        ),
    ),
    (Type.HELP, _words(r"求助|求求|帮帮|救命|快来救|(?:need|want) (?:some )?help|help me|please help")),
)
"""What people say that they want, in the order in which equally sure ones win."""
_BROKEN = (
    r"坏了|坏掉|不亮|没亮|熄了|停水|停电|没水|没有水|没电|没有电|断水|断电|停气|漏水|漏气|漏电|泄漏|泄露|不显示"
    r"|充不进|叫不醒|快救人|救人|快叫|掉到|掉进|卡在里面|排不出|被限制|堵了"
    r"|堵住|断了|塌|爆了|爆裂|倒了|掉下来|掉了"
    r"|积水|跳闸|着火|起火|被困|困了|煤气味|燃气味|没了|不见了|走失|走丢|进贼|被偷|丢了|被骗|浓烟|冒火|缺失"
    r"|松动|裂|溢|不能用|用不了|没信号|登不上|报错"
    r"|broken|not working|doesn'?t work|does not work|no (?:water|power|electricity|gas)|leak|smell of gas"
    r"|burst|blocked|lost|stolen|trapped|on fire|missing"
)
_IMPLIED: tuple[tuple[Type, float, re.Pattern[str]], ...] = (
    (
        Type.OTHER,
        0.75,
        _words(
            r"打错了|拨错|按错|不好意思打错|找一下[^，。,.]{1,6}|帮我转接?|转人工|骚扰你们|没事了|wrong number"
            r"|never mind"
        ),
    ),
    (
        Type.REPORT,
        0.7,
        _words(
            r"非法|违法|违章|违规|偷排|偷倒|盗采|无证|没有(?:营业执照|证|资质)|卖假|假药|假烟|假酒|赌博|卖淫|吸毒|贩毒"
            r"|传销|偷税|围标|受贿|电鱼|骗保"
            r"|偷偷[^，。,.]{0,4}(?:砍|挖|排|倒|卖|抽)|违建|illegal|counterfeit|without a licen[cs]e"
        ),
    ),
    (
        Type.COMPLAINT,
        0.72,
        _words(
            r"太差|不满|欺骗|骗人|乱收费|多收|不给退|不退|退不了|拒绝退|拒绝|态度(?:很|太|特别|非常)?(?:恶劣|差|不好)"
            r"|恶劣|扰民|噪音|噪声|太吵|吵得|吵死|吵醒|太响"
            r"|宰|强迫|强制|逼|坑人|被坑|霸王|不管|不作为|踢皮球|推诿|拖欠|欠薪|没发工资|不发工资|没给|不给|不交房"
            r"|没交房|没兑现|兑现|跑路|关门|倒闭|绕路|不打表|甩客"
            r"|太贵|太高|涨价|脏|臭|骂|扣|克扣|催收|骚扰|隐瞒|缺斤|变质|过期|占(?:了|用|满)|乱停|没人收|没人管|没人清"
            r"|油烟|不拴绳|(?<!出)不来|没收到|(?<!打)不接|不赔|(?<!能)不能退|[没无]人上门|老是坏|总是坏|挡住了|缺斤"
            r"|少两斤|馊|没法睡"
            r"|睡不着|关小黑屋|[都也]不修|影响(?:休息|睡觉|生活)|声音[^，。,.]{0,6}大|到站不停|没地方走"
            r"|走不了路|挡住?路|想退房|要求退|要求赔"
            r"|overcharg|refuse|rude|cheat|not paid|unpaid|too loud|so loud|noisy|noise|dirty|terrible|unacceptable"
            r"|ripped off"
        ),
    ),
    (Type.HELP, 0.92, _words(r"派(?:个|几个)?(?:人|师傅)(?:过)?来|send (?:somebody|someone|a repair)")),
    (Type.HELP, 0.78, _words(_BROKEN)),
    (
        Type.CONSULTATION,
        0.78,
        _words(
            r"怎么(?:办理?|申请|领|交|查|换|补|提取?|算|弄|报|走|用|查询|开|转)|如何(?:办理|申请|领取|查询)"
            r"|(?:要|需要)(?:准备)?(?:什么|哪些)(?:材料|条件|手续|资料|证件)?|什么(?:条件|手续|材料|政策)"
            r"|几点|哪个部门|什么意思|合法吗|多少钱|多久|哪里(?:办|可以|能)|去哪里?办|能不能(?:办|退|提|报|买|领)"
            r"|可不可以|可以[^，。,.]{0,6}吗"
            r"|需要[^，。,.]{0,8}吗|要[^，。,.]{0,8}吗|吗[？?]?$"
            r"|什么时候|政策|can i |do i need|what time|is the |where (?:can|do|is)|when (?:can|do|does|is)"
        ),
    ),
    (
        Type.HELP,
        0.65,
        _words(
            r"修一下|维修|派人|来修|没人修|帮忙|帮助|帮我|处理一下|解决一下|反映|反应一?个?问题"
            r"|please (?:fix|send|repair|come)|repair|\bfix\b|help"
        ),
    ),
    (
        Type.CONSULTATION,
        0.6,
        _words(
            r"(?:我|我们)(?:现在)?(?:想要?|要|打算|准备)(?:给|帮|为|去)?[^，。,.]{0,6}(?:办|转|申请|领|开|注册|报名|参加|换|迁|落户)"
        ),
    ),
)
"""What words come to that declare nothing; the first class that is found."""
_FAULT = _words(_BROKEN)
_REPORTED = 30
_HEARD_CHARS = 120
"""What somebody wants is said at the beginning: so far a verb is looked for by sound."""
_VERBS = {
    "投诉": Type.COMPLAINT,
    "举报": Type.REPORT,
    "建议": Type.SUGGESTION,
    "表扬": Type.PRAISE,
    "咨询": Type.CONSULTATION,
    "请问": Type.CONSULTATION,
    "求助": Type.HELP,
}
_FACILITIES = frozenset({"01", "02", "03", "04"})
"""Topics in which something is broken more often than somebody is to blame."""
_USUAL_SURE = 0.5


def _sounds(text: str) -> list[str]:
    return [loose(syllable(char)) for char in text]


_HEARD_VERBS = tuple((word, tuple(_sounds(word)), kind) for word, kind in _VERBS.items())


def demand_type(content: str) -> Guess | None:
    """The type that is declared, by its verb or what a recogniser made of it, else the one that words imply.

    None when nothing speaks for any. Two declared types lower the confidence: "我要投诉…请问…" is a complaint, but less
    surely so.
    """
    text = content[:READ_CHARS]
    said = _declared(text) or _heard(text) or _implied(text)
    if said is None:
        return None
    return Guess(path=PATH, value=said.kind.value, source="rule", span=said.span, confidence=round(said.confidence, 2))


def usual_type(topic: str) -> Guess:
    """What demands about ``topic`` (a category code) mostly are, for those whose words say nothing of their type."""
    kind = Type.HELP if topic[:2] in _FACILITIES else Type.COMPLAINT
    return Guess(path=PATH, value=kind.value, source="rule", span=None, confidence=_USUAL_SURE)


def _declared(text: str) -> _Verdict | None:
    found: list[_Verdict] = []
    asked = _ASKED_HOW.search(text)
    if asked:
        found.append(_Verdict(Type.CONSULTATION, _DECLARED_BARE, asked.span()))
    asking = range(*asked.span()) if asked else range(0)
    for kind, pattern in _DECLARED:
        matches = [m for m in pattern.finditer(text) if m.start() not in asking]
        wanted = [m for m in matches if not _unwanted(text, *m.span())]
        verdicts = [verdict for m in wanted if (verdict := _verdict(kind, text, m))]
        sure = max(verdicts, key=lambda verdict: verdict.confidence, default=None)
        if sure and (len(wanted) == len(matches) or sure.confidence == _DECLARED_SURE):
            found.append(sure)
    if not found:
        return None
    first = max(found, key=lambda verdict: verdict.confidence)
    rivals = {verdict.kind for verdict in found} - {first.kind, Type.HELP}
    doubt = _RIVAL if rivals else 0.0
    if first.kind is Type.CONSULTATION and _FAULT.search(text):
        doubt = max(doubt, _RIVAL)
    return _Verdict(first.kind, first.confidence - doubt, first.span)


def _unwanted(text: str, start: int, end: int) -> bool:
    """Whether the verb between ``start`` and ``end`` is what somebody says not to want."""
    before = text[max(0, start - _UNWANTED_CHARS) : start]
    found = _UNWANTED.search(before)
    if found is None or _IN_VAIN.match(text, end):
        return False
    return not _AFTER_ALL.search(before[-_WISH_CHARS:])


def _verdict(kind: Type, text: str, match: re.Match[str]) -> _Verdict | None:
    """How surely ``match`` declares ``kind``; who "reports" in English that something is broken wants help."""
    if kind is Type.REPORT and match.group().isascii() and _FAULT.search(text, match.end(), match.end() + _REPORTED):
        return None
    before = text[max(0, match.start() - _WISH_CHARS) : match.start()]
    wished = match.group()[0] in "要想" or _WISH.search(before)
    return _Verdict(kind, _DECLARED_SURE if wished else _DECLARED_BARE, match.span())


def _heard(text: str) -> _Verdict | None:
    """A verb as a recogniser may have written it: same sound, and one right character or a wish before it."""
    sounds = _sounds(text[:_HEARD_CHARS])
    for word, sound, kind in _HEARD_VERBS:
        for start in range(len(sounds) - 1):
            if (sounds[start], sounds[start + 1]) != sound:
                continue
            said = text[start : start + 2]
            wished = _WISH.search(text[max(0, start - _WISH_CHARS) : start])
            if (
                wished
                and not _unwanted(text, start, start + 2)
                and (any(a == b for a, b in zip(said, word, strict=True)) or text[:start].endswith(("我要", "我想")))
            ):
                return _Verdict(kind, _HEARD, (start, start + 2))
    return None


def _implied(text: str) -> _Verdict | None:
    denied = denied_spans(text)
    seen = ((kind, sure, _first(pattern, text, denied)) for kind, sure, pattern in _IMPLIED)
    found = [(kind, sure, match) for kind, sure, match in seen if match]
    if not found:
        return None
    kind, sure, match = found[0]
    others = {other for other, _, _ in found} - {kind}
    return _Verdict(kind, sure - (_RIVAL / 2 if others else 0.0), match.span())


def _first(pattern: re.Pattern[str], text: str, denied: Spans) -> re.Match[str] | None:
    """Where ``pattern`` first says of something that it is so."""
    return next((m for m in pattern.finditer(text) if not touches(m.span(), denied)), None)
