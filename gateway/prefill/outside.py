"""Places outside the city: what is said to be in one of them is not placed in ours."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

from gateway.prefill.syllables import loose, syllable

_REGION_WORDS = """
北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东
广西 四川 贵州 云南 陕西 甘肃 青海 内蒙古 宁夏 新疆 西藏 香港 澳门 台湾 石家庄 唐山 秦皇岛 邯郸 邢台
张家口 承德 沧州 廊坊 太原 长治 运城 临汾 呼和浩特 包头 赤峰 沈阳 大连 鞍山 抚顺 丹东 锦州 营口 长春
吉林市 延边 哈尔滨 齐齐哈尔 大庆 牡丹江 佳木斯 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州
镇江 泰州 宿迁 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 义乌 合肥 芜湖 蚌埠 马鞍山
安庆 阜阳 福州 厦门 莆田 泉州 漳州 龙岩 宁德 福清 南昌 景德镇 九江 赣州 上饶 宜春 济南 青岛 淄博
烟台 潍坊 济宁 泰安 威海 临沂 德州 菏泽 郑州 开封 洛阳 新乡 安阳 许昌 南阳 商丘 信阳 周口 驻马店
武汉 宜昌 襄阳 荆州 黄石 黄冈 孝感 十堰 恩施 长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 郴州 永州
怀化 广州 深圳 珠海 汕头 佛山 韶关 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 清远 东莞 潮州 揭阳 云浮 徐闻
雷州 南宁 柳州 桂林市 梧州 北海市 钦州 玉林 百色 贺州 河池 成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁
内江 乐山 南充 眉山 宜宾 达州 贵阳 遵义 六盘水 安顺 铜仁 毕节 湄潭 昆明 曲靖 玉溪 大理 丽江 西双版纳
拉萨 西安 宝鸡 咸阳 渭南 延安 汉中 榆林 兰州 天水 酒泉 西宁 银川 乌鲁木齐 克拉玛依 喀什 伊犁 大同市
东营市 中山市 三明市 安康市 白山市 三亚 三沙 儋州 琼海 文昌 万宁 东方市 五指山 定安 屯昌 澄迈 临高
白沙县 白沙黎族 昌江 乐东 陵水 保亭 琼中 洋浦
"""
_REGIONS = _REGION_WORDS.split()
_PROVINCE_COUNT = 33
PROVINCES = frozenset(_REGIONS[:_PROVINCE_COUNT])
CITIES = frozenset(name.rstrip("市") for name in _REGIONS[_PROVINCE_COUNT:] if len(name.rstrip("市")) > 1)
"""Names of other cities, and of some counties, without 市."""
_HEARD = "深圳 广州 东莞 上海 三亚 儋州 澄迈 文昌 长沙 武汉"
_DISTRICTS = "徐汇 民治街道 大浪街道 观湖街道 福城街道 观澜街道"
"""Of other cities, where a name that we have too is said with them (深圳龙华, 上海徐汇龙华)."""
_NOT_A_PLACE = r"(?![东西南北中]?(?:路|街(?!道)|大道|大厦|大酒店|鸡|社区|村|人(?!民)|话|菜|牌|户口|籍))"
_FOOD = (
    "火锅|烧烤|烤肉|烤鱼|烤鸭|烤串|拉面|小面|米线|米粉|河粉|肠粉|酸辣粉|螺[蛳丝]粉|热干面|牛肉面|刀削面|炸酱面|面馆|粉店"
    "|饺子|包子|馄饨|煎饼|肉夹馍|凉皮|泡馍|麻辣烫|串串|冒菜|豆腐|羊肉|牛肉|牛杂|海鲜|早茶|茶餐厅|豆捞|大盘鸡|风味|小吃|特产|家常|私房|土菜|饭馆|餐馆|菜馆"
)
"""Where the dish comes from is no place of the matter."""
_WHOSE = "老板娘?|师傅|司机|游客|老乡|口音|方言|车牌|牌照|牌子|车(?![站间库位管])|(?:手机|电话)?号码?|女婿|媳妇|婆婆"
"""Nor is where somebody is from."""
_KIND = (
    "商城|商场|商行|商会|会馆|小商品|服装|市场|超市|百货|酒楼|酒家|酒店|宾馆|饭店|餐厅|旅馆"
    "|公寓|花园|小区|家园|新城|城|银行|批发"
)
_OURS_BEFORE = re.compile(r"[区镇乡路街道岛村巷城]的?$")
_HERE_CHARS = 2
"""Directly behind a place, what goes on as a shop or a compound is called so: 秀英区温州商城."""
_CALLED = re.compile(
    rf"[省市]?(?:[^，。！？；,.!?;\s的在到去来区县镇]{{0,3}}?(?:{_FOOD})|(?:那边|过来|来)?的?(?:{_WHOSE}))"
)
_CALLED_BEHIND = re.compile(rf"[^，。！？；,.!?;\s的在到去来区县镇]{{0,4}}?(?:{_KIND})")
_NAMES = re.compile(f"(?:{'|'.join(sorted([*_REGIONS, *_DISTRICTS.split()], key=len, reverse=True))}){_NOT_A_PLACE}")
_ELSEWHERE = frozenset(_DISTRICTS.split())
_CLAUSE = re.compile(r"[，。！？；,.!?;\s]|海口(?!镇)|[到去来回飞搬]")
_HOME = re.compile(r"海口(?!镇)|现在|这边|这里|住|我家|家在")

_NOW_THERE = re.compile(
    r"(?:现在|目前|如今|眼下)(?:我|人|都|已经)*(?:在|住|住在|搬到|搬去|定居)?$|\bnow (?:live )?in $", re.IGNORECASE
)
_NOW_CHARS = 12


def _sound(name: str) -> tuple[str, ...]:
    return tuple(loose(syllable(c)) for c in name)


_HEARD_SYLLABLES = {_sound(name) for name in _HEARD.split()}


class Outside:
    """Where a text speaks of other cities. ``strict``: up to the clause's end; ``loose``: until it comes home again."""

    def __init__(self, text: str) -> None:
        """Find the mentions in ``text``."""
        self._text = text
        found = [m.span() for m in _NAMES.finditer(text) if not _named_here(text, *m.span())]
        names: list[tuple[int, int]] = []
        mentions: list[tuple[int, int]] = []
        for start, end in found:
            (names if _CALLED.match(text, end) else mentions).append((start, end))
        clauses = [m.start() for m in _CLAUSE.finditer(text)] if found else []
        self._strict = _until(mentions, clauses, len(text))
        self._named = _until(names, clauses, len(text))
        self._loose = _until(mentions, [m.start() for m in _HOME.finditer(text)] if mentions else [], len(text))
        self._starts = {start for start, _ in mentions}
        self._parts = {start for start, end in mentions if text[start:end] in _ELSEWHERE}

    def covers(self, start: int, end: int, *, shared: bool) -> bool:
        """Whether what is named at ``start:end`` lies elsewhere; ``shared``: other cities have a place of that name.

        Behind a shop that is called after another city only what is shared is taken for that city's.
        """
        if end in self._parts or _within(start, self._strict):
            return True
        if shared and (end in self._starts or _within(start, self._loose) or _within(start, self._named)):
            return True
        before = self._text[max(0, start - 3) : start].rstrip("市的")
        return _sound(before[-2:]) in _HEARD_SYLLABLES

    def lives_there_now(self) -> bool:
        """Whether the requester says to be in one of them now: 现在在广州打工."""
        return any(_NOW_THERE.search(self._text, max(0, start - _NOW_CHARS), start) for start in self._starts)


def _named_here(text: str, start: int, end: int) -> bool:
    """Whether the city named at ``start:end`` is part of what something in the place before it is called."""
    if _OURS_BEFORE.search(text, max(0, start - _HERE_CHARS), start) is None:
        return False
    return _CALLED.match(text, end) is not None or _CALLED_BEHIND.match(text, end) is not None


def _until(mentions: list[tuple[int, int]], stops: list[int], length: int) -> list[tuple[int, int]]:
    """From each mention to the next stop after it; ranges that touch are one."""
    ranges: list[tuple[int, int]] = []
    for start, end in mentions:
        at = bisect_left(stops, end)
        stop = stops[at] if at < len(stops) else length
        if ranges and ranges[-1][1] >= stop:
            continue
        ranges.append((start, stop))
    return ranges


def _within(position: int, ranges: list[tuple[int, int]]) -> bool:
    at = bisect_right(ranges, (position, 1 << 62)) - 1
    return at >= 0 and position < ranges[at][1]
