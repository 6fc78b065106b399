"""Which message within a conversation is another matter, with a ticket of its own, and which says more of the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.intake.conversation.matters import about, is_another
from gateway.prefill.reader import PrefillReader
from tests.support.reading import city_prefill

pytestmark = pytest.mark.unit
AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
OWN = """
海甸五西路12号停水了 > 美兰区和平大道的井盖没了
国贸路路灯坏了 > 南海大道噪音很大
国贸路路灯坏了 > 人民大道有人乱停车
国贸路路灯坏了 > 我爸养老金没到账
海甸五西路12号停水了 > 我爸养老金没到账
我爸养老金没到账 > 国贸路路灯坏了
国贸路路灯坏了 > 海秀东路的垃圾没人收
国贸路路灯坏了 > 海秀东路路灯坏了
龙昆南路堵车 > 美兰区海甸三西路夜里施工很吵
秀英区海秀镇垃圾没人收 > 龙华区国贸路井盖丢了
阳光花园小区停电了 > 怡心花园小区电梯坏了
国贸路路灯坏了 > 我的医保卡刷不了
国贸路路灯坏了 > 公司拖欠我三个月工资
人民大道井盖丢了 > 公积金提取一直不批
海甸五西路停水了 > 南海大道公交车不停站
琼山区府城停水了 > 美兰区灵山镇停电了
国贸路占道经营 > 和平大道路面塌陷
海府路下水道堵了 > 龙昆北路出租车拒载
海秀中路有人养狗扰民 > 滨海大道红绿灯坏了
the street lamp on Guomao Road is broken > my pension was not paid
国贸路路灯坏了 > 另外，还有垃圾没人收
国贸路路灯坏了 > 秀英区丘海大道停水了
养老金没到账 > 海甸三东路停电了
丘海大道积水很深 > 蓝天路烧烤摊油烟很大
滨海大道路灯不亮 > 长堤路有人乱扔垃圾
海府一横路积水 > 文明东路工地噪音
丘海大道井盖坏了 > 椰海大道红绿灯不亮
龙华路停电 > 大同路水管爆了
白龙南路违章搭建 > 蓝天路有人占道卖水果
金龙路停气了 > 我妈的退休金少发了
海盛路公交车站牌坏了 > 我的社保卡丢了
"""
MORE = """
国贸路10号的路灯不亮 > 国贸路10号旁边的路灯也不亮
国贸路路灯坏了 > 晚上很黑
国贸路路灯坏了 > 旁边垃圾也没人收
国贸路路灯坏了 > 在国贸路和世贸路交叉口
国贸路路灯坏了 > 靠近龙昆南路那盏
国贸路路灯坏了 > 从国贸路到龙昆南路都不亮
国贸路路灯坏了 > 我住龙昆南路，每天晚上路灯都不亮
国贸路路灯坏了 > 我在海秀路上班，晚上下班看不见路，路灯一直没修
国贸路路灯坏了 > 说错了，是国贸大道的路灯坏了
路灯坏了 > 龙华区国贸路的路灯
停水了 > 海甸五西路12号停水了
停水了 > 在海甸五西路12号
海甸五西路12号停水了 > 家里一点水都没有
海甸五西路12号停水了 > 水管爆了
海甸五西路12号停水了 > 物业不作为
海甸五西路12号停水了 > 阳光花园也停水了
海甸五西路12号停水了 > 阳光花园停水了
海甸五西路12号停水了 > 三天没水了，没法做饭
海甸五西路12号停水了 > 海甸五西路12号现在还没水
美兰区和平大道的井盖没了 > 有老人掉下去摔伤了
小区停电了 > 冰箱里的菜全坏了
小区停电了 > 家里老人要吸氧
楼上装修噪音很大 > 天花板漏水了
工地夜里施工噪音 > 他们没有施工许可证
南海大道噪音很大 > 是一个工地在施工
人民大道有人乱停车 > 车都停到人行道上了，没人贴单
人民大道有人乱停车 > 就在人民大道12号门口
我爸养老金没到账 > 他以前在海口罐头厂上班
我爸养老金没到账 > 社保局说要等
公司拖欠工资 > 公司在国贸路10号
公司拖欠工资 > 公积金也没给交
医保卡刷不了 > 在海口市人民医院刷的
医院乱收费 > 医保也不给报销
海秀东路垃圾没人收 > 臭得很，都是老鼠
美兰区海甸岛停水了 > 人民医院这边
国贸路路灯坏了 > 电线杆编号12
龙昆南路路面有坑 > 昨天有电动车摔倒了
烧烤店油烟扰民 > 老板半夜还放音乐吵死了
海秀东路36号望海国际广场扶梯坏了 > 在望海国际广场三楼
国贸路路灯坏了 > the lamp is still dark
滨海大道路灯不亮 > 有好几盏
滨海大道路灯不亮 > 滨海大道从秀英港到假日海滩都不亮
滨海大道路灯不亮 > 晚上骑车很危险，差点撞到人
滨海大道路灯不亮 > 万绿园门口那几盏
滨海大道路灯不亮 > 灯杆也歪了
滨海大道路灯不亮 > 请尽快派人来修
停电了 > 美兰区海甸岛三东路
噪音扰民 > 秀英区海秀镇永万路的工地
丘海大道停水 > 整个小区都没水
丘海大道停水 > 自来水公司电话打不通
丘海大道停水 > 是不是要交水费
丘海大道停水 > 水务集团说下午来水
小区垃圾没人收 > 物业费照收不误
小区垃圾没人收 > 在龙昆南路99号
海垦路占道经营 > 城管来过又走了
学校食堂不卫生 > 孩子拉肚子了
学校食堂不卫生 > 在琼山区府城镇
店家不退款 > 在友谊商城三楼
网约车司机骂人 > 从美兰机场到国贸路
网约车司机骂人 > 车牌琼A12345
公交车不停站 > 在龙昆南路站台，41路
公交车不停站 > 我在海秀东路等了半小时
"""
"""The same place again, details, consequences, corrections, an answer to our question: the ticket goes on."""


@pytest.fixture(scope="module")
def prefill() -> PrefillReader:
    return city_prefill()


def another(prefill: PrefillReader, told: str) -> bool:
    first, _, then = told.partition(" > ")
    known = about({}, prefill.read(first, at=AT).guesses)
    return is_another(known, then, prefill.read(then, at=AT).guesses)


@pytest.mark.parametrize("told", OWN.strip().splitlines())
def test_another_matter_has_a_ticket_of_its_own(prefill: PrefillReader, told: str) -> None:
    assert another(prefill, told)


@pytest.mark.parametrize("told", MORE.strip().splitlines())
def test_what_says_more_is_an_addition(prefill: PrefillReader, told: str) -> None:
    assert not another(prefill, told)
