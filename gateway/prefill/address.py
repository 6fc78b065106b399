"""The parts of an address as it was said or written: 海秀东路 | 36号 | 望海国际广场 | 2栋 | 3单元 | 501."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.prefill.outside import CITIES

_NUM = r"(?:[0-9]{1,5}|[零〇一二两三四五六七八九十百]{1,5})"
_CORE = r"(?:人民|和平|[一-鿿A-Za-z0-9])"
_SAID = "的了是在有被把说我你他她们人不没上下到去来和跟与从很都还就也要想请问个这那边能什么怎多"
_SPOKEN_CORE = rf"(?:人民|和平|上邦|新来|(?![{_SAID}])[一-鿿A-Za-z])"
"""What a name is made of in running speech: no pronouns, verbs and particles."""
_FREE = r"(?=$|[^一-鿿]|[0-9零一二三四五六七八九十]{1,4}[号栋幢座单期区])"
_ROAD = "(?:大道|大街|公路|国道|路(?!口|边|灯)|街(?!道)|巷(?!镇|社区)|胡同)"
_PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|四川|贵州|云南|陕西|甘肃|"
    "青海|内蒙古|宁夏|新疆|西藏"
)
_CITIES = "|".join(sorted(CITIES | {"海口"}, key=len, reverse=True))
_COMPOUNDS = (
    "小区|花园|家园|公寓|花苑|嘉园|佳苑|嘉苑|雅苑|新苑|名苑|新村|新城|山庄|公馆|豪庭|华庭|华府|名邸|雅居|"
    "新居|小筑|宿舍|大院"
)
_POIS = (
    "工业园区|工业区|工业园|产业园|科技园|园区|"
    "国际广场|大厦|广场|购物中心|服务中心|中心|商场|市场|商城|公司|工厂|学校|小学|中学|大学|学院|医院|大酒店|酒店|宾馆|饭店|超市|公园|"
    "银行|车站|机场|体育馆|体育场|图书馆|幼儿园|派出所|写字楼|商业街|步行街"
)
_BESIDE = "斜?对面|旁边|附近|隔壁|门口|后面|前面|楼下|路口|交叉口|交汇处|里面|旁|院内"
_BESIDE_THING = (
    "(?:隔壁|斜?对面|旁边|[前后]面)的?[那这]?(?:一?[栋幢座]楼?|楼(?![上下道顶梯盘])|小区|单元|院子"
    "|[家户](?=半夜|晚上|早上|每天|天天|一直|经常|总是|老是|又|在|养|装修|漏水))"
)
"""A neighbour and what it is: 隔壁楼."""
_WEAK = "[苑城府庭湾邸郡里坊居园厂店站场院馆楼]"


@dataclass(frozen=True, slots=True)
class AddressPart:
    """One labelled part; ``label``: see ``LABELS``."""

    label: str
    text: str
    span: tuple[int, int]


MAX_ADDRESS = 300
LABELS = (
    "province", "city", "district", "street", "area", "community", "road", "number", "compound", "poi", "building",
    "unit", "floor", "room", "relation",
)  # fmt: skip


def _patterns(core: str) -> list[tuple[str, re.Pattern[str]]]:
    """Each label's form; of several that fit at a place the one that ends first holds, of equals the first here."""
    forms = [
        ("province", rf"(?:{_PROVINCES})(?:省|(?:壮族|回族|维吾尔)?自治区)?"),
        ("area", rf"{core}{{1,8}}?(?:经济开发区|开发区|高新区|保税区|新区)"),
        ("community", rf"{core}{{1,6}}?(?:社区(?:居委会)?|居委会|村委会|(?<!新)村(?!路|镇|街|大道))"),
        ("street", rf"{core}{{1,5}}?(?:街道(?:办事处)?|镇(?!海|江|路)|(?<!一)乡(?!路|镇|街))"),
        ("district", rf"{core}{{1,4}}?(?:(?<![小社园发业校库片])区|县|自治县)"),
        ("city", rf"(?:{_CITIES})(?:市|(?![路街乡村东西南北]|镇(?!海)|大道|大厦))"),
        ("district", rf"{core}{{2,4}}?市(?!场|民|政|区)"),
        ("road", rf"{core}{{1,7}}?{_ROAD}(?:[东西南北中]段)?"),
        ("number", rf"{_NUM}(?:[-—之]{_NUM})?(?:号|弄)(?!楼|线|院|门|房|库|厂|桥|机|码|手)"),
        ("building", rf"(?:[A-Za-z]?{_NUM}|[A-Za-z甲乙丙丁])(?:栋|幢|号楼|座|#)(?:楼)?"),
        ("unit", rf"(?:{_NUM}|[A-Za-z甲乙丙丁])单元"),
        ("room", rf"{_NUM}(?:室|号房|房(?!间))"),
        ("floor", rf"{_NUM}(?:层|楼)"),
        ("compound", rf"{core}{{2,10}}?(?:{_COMPOUNDS})(?:{_NUM}期)?"),
        ("poi", rf"(?:{core}){{2,12}}?(?:{_POIS})"),
        ("compound", rf"(?:{core}){{2,8}}?{_WEAK}{_FREE}"),
        ("relation", rf"{_BESIDE_THING}|的?(?:{_BESIDE}|[东西南北]{{1,2}}(?:侧|角))"),
    ]  # fmt: skip
    return [(label, re.compile(form)) for label, form in forms]


_WRITTEN, _SPOKEN = _patterns(_CORE), _patterns(_SPOKEN_CORE)
_ROWS = re.compile(rf"({_NUM})[-—]({_NUM})(?:[-—]({_NUM}))?(?![号弄])")
_ROOM = re.compile(r"[0-9]{3,4}(?:室|号房|房(?!间))?(?![0-9号栋幢年月日元米])")
_SPOKEN_ROOM = re.compile(r"[零〇一二三四五六七八九]{3,4}(?:室|房(?!间))?")
_IN_BUILDING = frozenset({"building", "unit", "floor"})
_AFTER_BUILDING = frozenset({"building", "unit", "floor", "compound", "poi", "number"})
_TAIL = frozenset({"road", "number", "compound", "poi", "building", "unit", "floor", "room", "relation"})
_ON_THE_SPOT = frozenset({"road", "compound", "number", "building"})
_POI_CHARS = 3
"""What has no form and is shorter may be a district's short name."""
_ALIGNED = re.compile(r"[的上里]?")
_START = re.compile(
    rf"{_SPOKEN_CORE}{{1,5}}?(?:大道|路|街(?!道)|巷){_NUM}号|{_SPOKEN_CORE}{{2,8}}?(?:小区|花园|家园|公寓|嘉园|佳苑|雅苑|大厦)"
)
_NAMED = re.compile(
    rf"(?P<name>(?:{_SPOKEN_CORE}|[0-9]){{1,12}}?)(?P<kind>{_ROAD}|{_COMPOUNDS}|{_POIS}|街道|(?<![城一家])镇|乡(?!下)|(?<![景山地灾厂片郊市])区(?![别域分])|村(?!里?[民长])"
    r"|社区|开发区|新区|码头|东站|火车站|汽车站|高速(?:出口|互通)|大桥|立交桥?|高架桥?|机场|老街|海岸|校区|中学)"
)
"""A name and the kind of place that it is."""
_NO_NAME = re.compile(
    r"^(?:.*(?:隔壁|附近|旁边|楼下|楼上|路边|门口|对面|整个|一家|[这那哪某几每]|各种?|其他|别|自己|前面|后面|外面|小区|修|堵|绕|跑|迷|铁|线|高速|(?<!白)马|车[零一二三四五六七八九十0-9]+)"
    r"|老|旧|新|小|大|班|家|高档|走|公|让|带|问|电|套|思|开|半|水|一|[一二两三]?[条段个]|逛|整|全|农|城|公立|私立|民办|城市)$"
)
"""What stands before a kind without naming one: 楼下超市, 马路, 隔壁小区."""
_HOUSE = re.compile(rf"(?:[A-Za-z]?{_NUM})(?:栋|幢|号楼|单元)(?!楼?[的有没都])|[0-9]{{1,5}}号(?:院|大院|门)")
_ENGLISH_KIND = (
    "road|rd|street|avenue|ave|boulevard|highway|lane|district|town|village|square|plaza|park|garden|gardens|island"
    "|bridge|station|airport|port|harbou?r|bay|hospital|school|university|college|hotel|market|mall|tower|community|lake|beach"
)
_ENGLISH_PLACE = re.compile(
    rf"\b(?!(?:the|a|an|my|our|your|this|that|his|her|their|some|any|at|in|on|to|of|is|no|whole|same|every|near|main|from)\b)"
    rf"[a-z][a-z'’]*\s+(?:(?:\d{{1,2}}(?:st|nd|rd|th)?|east|west|south|north|middle)\s+){{0,2}}(?:{_ENGLISH_KIND})\b(?!\s+(?:lights?|lamps?))",
    re.IGNORECASE,
)
_AROUND = re.compile(
    r"^(?:嗯|呃|哦|就|是|在|我(?!叫)|小区(?:名?字?叫|名称是)|位于|靠近|地[点址]|这里|这边|那个|大概|应该|海口市?(?=..)|海南省(?=..)|的|：|:|\s)+"
    r"|(?:附近|旁边?|这里|这边|那边|那里|那|这|门口|斜?对面|[前后里上下外]面|里|边上|吧|啊|呀|呢|哦|的|路口|一带|\s)+$"
)
"""What is said around a name alone: 就在万绿园那边."""
_BARE_NAME = re.compile(
    rf"(?:(?![{_SAID}好谢快急停漏坏堵吵臭脏谁哪几嘛吗算跳忘完早昨真太])[一-鿿]|上邦|人民|和平){{1,7}}?"
    r"(?:[东西南北中村湖岛港湾洋海江河山坡岭沟塘堤滩沙桥巷园苑府城坊门站口谷寺庙祠塔亭庄墟圩寨郡庭邸湾角]|国际|百货|壹号|一中)|万达"
)
"""A name without a kind after it, that ends as names of places do."""
_NOT_A_NAME = re.compile(
    r"家|楼|东西|房东|股东|部门|手中|[路街][灯边口上]|井盖|噪音|垃圾|管道?|下水|工地|施工|装修|违[停建]|小区|单位|公司|马路|附近"
    r"|旁边|门口|隔壁|对面|[里外前后]面|问题|进度|工单|电话|号码|地[址方]|位置|目前|解决|^海[口南]$|校门|[大铁房]门$|[村进出]口$"
)
_CLAUSES = re.compile(r"[，。！？、；：,.!?;:\s~…]+")


def holds_place(text: str) -> bool:
    """Whether an answer to "where?" holds a place at all: 海甸五西路, 明珠广场旁边, 龙昆南; a house number counts.

    False for 家里, 不知道, a greeting, a question, or what is wrong told once more. A name alone (龙昆南) counts
    when nothing but it is said; one in Latin letters is known by the kind of place after it. Without a gazetteer: a
    ``place.*`` guess for the text is evidence besides. Of more than ``MAX_ADDRESS`` characters the rest is not read.
    """
    text = text[:MAX_ADDRESS]
    if _HOUSE.search(text) or _ENGLISH_PLACE.search(text) or any(map(_is_named, _NAMED.finditer(text))):
        return True
    return any(_is_bare_name(clause) for clause in _CLAUSES.split(text))


def _is_named(found: re.Match[str]) -> bool:
    return _NO_NAME.match(found["name"]) is None


def _is_bare_name(clause: str) -> bool:
    bare = _AROUND.sub("", clause)
    return _BARE_NAME.fullmatch(bare) is not None and _NOT_A_NAME.search(bare) is None


def parse(text: str) -> list[AddressPart]:
    """The parts of ``text``, which is an address and nothing else, in their order. What has no form is a ``poi``.

    Of more than ``MAX_ADDRESS`` characters only the beginning is read.
    """
    text = text[:MAX_ADDRESS]
    parts: list[AddressPart] = []
    position = unread = 0
    while position < len(text):
        found = _at(text, position, parts, _WRITTEN)
        if not found:
            position += 1
            continue
        _loose_end(text, unread, position, parts)
        parts += found
        position = unread = found[-1].span[1]
    _loose_end(text, unread, len(text), parts)
    return parts


def says_where(address: str) -> bool:
    """Whether somebody could go there: a road, a compound or a place of its own, not only a district or a street."""
    return any(p.label in _ON_THE_SPOT or (p.label == "poi" and len(p.text) >= _POI_CHARS) for p in parse(address))


def tail(text: str, end: int) -> int:
    """Where the address ends that has been read up to ``end``: road, number, compound, room and 对面 may follow."""
    parts: list[AddressPart] = []
    while end < len(text):
        skip = _ALIGNED.match(text, end)
        begin = skip.end() if skip else end
        found = _at(text, begin, parts, _SPOKEN, longest=22)
        if not found or not _TAIL.issuperset(p.label for p in found) or (begin > end and found[0].label == "relation"):
            found = _at(text, end, parts, _SPOKEN, longest=22)
        if not found or not _TAIL.issuperset(p.label for p in found):
            break
        parts += found
        end = found[-1].span[1]
        if found[-1].label == "relation":
            break
    return end


def unnamed(text: str) -> tuple[int, int] | None:
    """The span of the first address in ``text`` that names no place of the gazetteer: 阳光小区三栋, 新民路12号."""
    start = _START.search(text)
    return (start.start(), tail(text, start.end())) if start else None


def _at(
    text: str, position: int, before: list[AddressPart], patterns: list[tuple[str, re.Pattern[str]]], longest: int = 40
) -> list[AddressPart]:
    last = before[-1].label if before else ""
    if last in _AFTER_BUILDING:
        if rows := _ROWS.match(text, position):
            labels = ("building", "unit", "room") if rows[3] else ("building", "room")
            return [AddressPart(label, rows[n], rows.span(n)) for n, label in enumerate(labels, 1)]
        if room := _ROOM.match(text, position) or (last in _IN_BUILDING and _SPOKEN_ROOM.match(text, position)) or None:
            return [AddressPart("room", room.group(), room.span())]
    best: tuple[int, str] | None = None
    for label, pattern in patterns:
        match = pattern.match(text, position, position + longest)
        if match and match.group() and (best is None or match.end() < best[0]) and _fits(label, before):
            best = (match.end(), label)
    if best is None:
        return []
    end, label = best
    return [AddressPart(label, text[position:end], (position, end))]


def _fits(label: str, before: list[AddressPart]) -> bool:
    """Whether ``label`` may come after ``before``: a province only at the beginning, a city not after a road."""
    if label == "province":
        return not before
    if label == "city":
        return all(p.label == "province" for p in before)
    if label == "district":
        return all(p.label in ("province", "city", "poi") for p in before)
    return True


def _loose_end(text: str, start: int, end: int, parts: list[AddressPart]) -> None:
    """What stands between two parts: a name without a form of its own."""
    words = text[start:end].strip(" ,，-—()（）")
    if len(words) > 1 and not words.isdigit():
        begin = text.index(words, start)
        parts.append(AddressPart("poi", words, (begin, begin + len(words))))
