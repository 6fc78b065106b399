"""The two parties of a matter: the enterprise that calls, and whom the call complains about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.guess import Guess, Mention
from gateway.prefill.extract.organisations import begin

_OURS = re.compile(
    r"(?:我们?是|我们?这边是|这里是|这边是|我代表|代表|我们?公司(?:是|叫|的?名称是|的?名字叫)|(?:公司|单位|企业)名称?(?:是|叫|[:：])|我司|本公司|我单位)\s?$"
    r"|\b(?:I(?:'m| am) (?:calling )?from|we are|I represent|I work (?:for|at)|our company is)(?: the)? $",
    re.IGNORECASE,
)
_NOT_STAFF = re.compile(
    r"(?:的|里的?)?(?:业主|住户|顾客|客人|学生|家长|患者|病人|会员|客户|消费者|游客|居民|租户|买|吃|消费|住|看|办|存|报|上学|读)"
)
_WORKED_AT = re.compile(r"(?:那里|里面|里)?(?:上班|工作|打工|干活|做工)")
_OWED = re.compile(r"欠|不给|没给|不发|没发|没交|不交|辞退|开除|克扣|加班")
_AIM = re.compile(
    r"complain(?:ing|t)? (?:about|against|of)(?: the| a| an)?|投诉|举报|控告|状告|反映|反应|我要告|想告|曝光"
)
_NAMED = re.compile(r"(?:家|个|店|公司|单位)(?:叫做|叫|名叫|名为|名字叫|名字是)$")
_BY = re.compile(r"被(?:一家|那个|这家)?$")
_WRONG = re.compile(
    r"(?:拖欠|欠|不给|不退|不肯|拒绝|拒不|乱收|乱停|强制|强迫|违规|违法|违反|"
    r"无证|超范围|私自|擅自|偷排|排放|排污|排臭|污染|骗|欺骗|忽悠|诈骗|坑|宰客|宰|推诿|推脱|不作为|不处理|不解决|不管|服务态度|态度|克扣|扣|霸占|占用|占道|噪音|油烟|扰民|卖假|"
    r"卖过期|卖|虚假|没有证|没有执照|跑路|倒闭|关门|辞退|打人|收了|多收|私拉|偷工减料|延期|逾期|烂尾|不发|没发|没给|不开发票|泄露|跟我们收|收费)"
)
_WHO_AND_WHEN = r"(?:的)?(?:老板|工作人员|员工|保安|经理|客服|窗口|他们|一直|现在|还|都|又|老是|经常|在){0,6}"
"""May stand between whom a text accuses and the wrong; never searched for alone, which would be slow."""
_DOES_WRONG = re.compile(_WHO_AND_WHEN + _WRONG.pattern)
_CALLED = re.compile(
    r"(?:一家|有家|那家|这家|有个|一个|个)(?:店|公司|饭店|餐厅|酒店|单位)?(?:叫做|叫|名叫|名为|名字叫|名字是)(?P<name>[一-鿿A-Za-z0-9]{2,12}?)"
    r"(?:的(?:饭店|餐厅|餐馆|酒店|宾馆|民宿|公司|店|超市|火锅店|烧烤店|大排档|旅行社|健身房|美容院|机构|平台|中介|商家|单位|工厂|酒吧|药店|诊所|学校|幼儿园)|(?=[，,。.！!；;\s]|$))"
)
_KINDS = (
    "出租车司机|网约车司机|滴滴司机|公交车司机|公交司机|的士司机|司机|物业公司|物业|开发商|房东|中介公司|房产中介|中介|施工队|施工单位|建筑公司|装修公司|工地|包工头|烧烤店|"
    "烧烤摊|大排档|火锅店|海鲜店|饭店|餐厅|餐馆|酒店|宾馆|民宿|奶茶店|便利店|超市|商场|健身房|美容院|理发店|药店|诊所|医院|幼儿园|学校|培训机构|培训班|驾校|旅行社|导游|KTV|"
    "酒吧|网吧|停车场|加油站|4S店|快递公司|快递员|快递|外卖员|保险公司|银行|工厂|养猪场|养殖场|搅拌站|洗车店|修车店|菜市场|水果店|夜宵摊|流动摊贩|摊贩|小贩|商家|商贩|老板|邻居|保安|房产公司|燃气公司|自来水公司|供电局|居委会|村委会|村干部"
)
_KIND = re.compile(
    rf"(?:投诉|举报|控告)(?:一下|一家|一个|的是|了|下|那家|这家|那个|这个|某个|某家)?(?P<name>[一-鿿]{{0,10}}?(?:{_KINDS}))(?!路|街|店)"
)
_SELF = re.compile(r"^(?:我们|我家|我|你们|一下|一家|一个|那个|这个|的)+的?|^(?:在|有)")
_ENGLISH = re.compile(
    r"\bcomplain(?:ing|t)?\s+(?:about|against|of)\s+(?:an?|the|my|this|that)\s+(?P<name>(?:[A-Za-z'’-]{2,20} ){0,3}?"
    r"(?:taxi driver|driver|restaurant|hotel|shop|store|landlord|company|neighbou?r|bar|hospital|"
    r"school|agency|guide|market))\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[。！？!?\n]")
_NEAR, _AIM_NEAR, _AFTER = 24, 30, 20


def own_organisation(text: str, named: Sequence[Mention]) -> Guess | None:
    """``requester.org_name``: the organisation of ``named`` for which the speaker says they speak."""
    for mention in named:
        start, end = mention.span
        said = _OURS.search(text[max(0, start - _NEAR) : start])
        after = text[end : end + _AFTER]
        if said is None or (not said.group()[0].isascii() and _NOT_STAFF.match(after)):
            continue
        confidence = min(0.85, mention.confidence + 0.05)
        return Guess(
            path="requester.org_name", value=mention.value, source="rule", span=mention.span, confidence=confidence
        )
    return None


def complained_about(
    text: str, named: Sequence[Mention], own: Guess | None, persons: Sequence[Mention]
) -> Guess | None:
    """``demand.complained_about.name``: whom the text accuses; None where it accuses nobody.

    A name goes before a kind: 投诉海口恒大物业公司 is surer than 投诉楼下的烧烤店, which is all that is known then.
    """
    best: tuple[float, str, tuple[int, int]] | None = None
    words = _Words.of(text)
    for mention in named:
        if own is not None and mention.span == own.span:
            continue
        sureness = _accused(text, mention, words)
        if sureness and (best is None or sureness > best[0]):
            best = (sureness, mention.value, mention.span)
    if best is None and words.accuses and (called := _CALLED.search(text)):
        best = (0.75, called["name"], called.span("name"))
    if best is None and (kind := _KIND.search(text)):
        start, end = kind.span("name")
        start = max(start, begin(text, end - 1, start)) if len(kind["name"]) > _LONG else start
        if own_words := _SELF.match(text[start:end]):
            start += own_words.end()
        by_name = next((p for p in persons if p.span[0] == end), None)
        best = (0.65, by_name.value, by_name.span) if by_name else (0.6, text[start:end], (start, end))
    if best is None and (kind := _ENGLISH.search(text)):
        best = (0.6, kind["name"], kind.span("name"))
    if best is None:
        for person in persons:
            if re.search(r"(?:投诉|举报|控告)[一-鿿]{0,6}$", text[max(0, person.span[0] - 10) : person.span[0]]):
                best = (0.6, person.value, person.span)
    if best is None:
        return None
    return Guess(path="demand.complained_about.name", value=best[1], source="rule", span=best[2], confidence=best[0])


_LONG = 8


@dataclass(frozen=True, slots=True)
class _Words:
    """What a text says at all, looked for once and not for every name in it."""

    aims: bool
    accuses: bool
    owed: bool

    @classmethod
    def of(cls, text: str) -> _Words:
        aims = _AIM.search(text) is not None
        accuses = aims or "被" in text or _WRONG.search(text) is not None
        return cls(aims=aims, accuses=accuses, owed=_OWED.search(text) is not None)


def _accused(text: str, mention: Mention, words: _Words) -> float:
    """How surely ``mention`` is accused; 0 where nothing says so."""
    start, end = mention.span
    before = _SENTENCE_END.split(text[max(0, start - _AIM_NEAR) : start])[-1]
    after = text[end : end + _AFTER]
    aims = list(_AIM.finditer(before))
    if aims and len(before) - aims[-1].end() <= 2:  # noqa: PLR2004 - 投诉一下
        return 0.8
    if words.owed and _WORKED_AT.match(after):
        return 0.7
    if words.accuses and _NAMED.search(before):
        return 0.75
    if _BY.search(before):
        return 0.75
    if _DOES_WRONG.match(after):
        return 0.75 if words.aims else 0.6
    return 0.6 if aims and not re.search("[，,]", before[aims[-1].end() :]) else 0.0
