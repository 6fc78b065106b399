"""Names, organisations and numbers: what is announced is read, streets are no people, nothing is invented."""

from __future__ import annotations

import time

import pytest

from gateway.prefill.extract.organisations import organisations
from gateway.prefill.extract.people import people, requester_name
from gateway.prefill.extract.phones import phones
from gateway.prefill.who import who

pytestmark = pytest.mark.unit


def fields(text: str) -> dict[str, str]:
    guesses, mentions = who(text)
    for found in (*guesses, *mentions):
        start, end = found.span or (0, 0)
        assert 0 <= start < end <= len(text)
    return {g.path: g.value for g in guesses}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我叫王小明我住在龙华区", "王小明"),
        ("本人陈某，住美兰区", "陈某"),
        ("免贵姓李", "李先生/女士"),
        ("我姓符", "符先生/女士"),
        ("我姓符叫符永明电话是一三八", "符永明"),
        ("我是冼女士", "冼女士"),
        ("请叫我林女士", "林女士"),
        ("my name is john smith and i live here", "John Smith"),
        ("This is Mary Jones speaking", "Mary Jones"),
    ],
)
def test_who_presents_themselves(text: str, name: str) -> None:
    guess = requester_name(text)
    assert guess is not None
    assert guess.value == name
    assert guess.confidence <= 0.85


@pytest.mark.parametrize(
    "text",
    [
        "我在国贸路",
        "我是金贸街道的居民",
        "我叫车到机场",
        "我是张家口人",
        "我叫高登街的人来看",
        "我是游客，第一次来",
        "我是万宁，不是海口",
        "我是文昌人",
        "这里是白龙南路和海府路口",
        "I am from Haikou",
    ],
)
def test_places_are_no_people(text: str) -> None:
    guess = requester_name(text)
    assert guess is None
    assert people(text, guess) == []


def test_others_are_named_after_their_part() -> None:
    text = "有个叫林志远的中介骗我，店长姓张，我找王经理要钱"
    assert [m.value for m in people(text)] == ["林志远", "张", "王经理"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我要投诉海口恒大物业公司乱收费", ["海口恒大物业公司"]),
        ("我们小区的物业公司不作为", []),
        ("楼下一家饭店很吵", []),
        ("投诉望海楼大酒店和椰岛火锅店", ["望海楼大酒店", "椰岛火锅店"]),
        ("海口市人民医院挂不上号", ["海口市人民医院"]),
    ],
)
def test_organisations_have_a_name_of_their_own(text: str, names: list[str]) -> None:
    assert [m.value for m in organisations(text)] == names


@pytest.mark.parametrize(
    ("text", "accused"),
    [
        ("我要投诉海口恒大物业公司乱收费", "海口恒大物业公司"),
        ("在国贸路一家叫阿明海鲜大排档吃饭被宰", "阿明海鲜大排档"),
        ("我要投诉一家叫椰香的饭店乱收费", "椰香"),
        ("我要投诉楼下的烧烤店油烟大", "楼下的烧烤店"),
        ("投诉出租车司机绕路", "出租车司机"),
        ("我在蓝海大酒店上班，拖欠工资三个月", "蓝海大酒店"),
        ("公司拖欠工资，我在海口蓝海大酒店上班", "海口蓝海大酒店"),
        ("我要投诉这家椰林海鲜大排档", "椰林海鲜大排档"),
        ("I want to complain about Sunshine Hotel", "Sunshine Hotel"),
        ("I want to complain about a taxi driver", "taxi driver"),
        ("孩子在海口市第九小学读书，想问转学", None),
        ("请问龙华区社保局几点上班", None),
        ("我们公司是海口绿岛建筑工程有限公司，想问资质怎么办", None),
    ],
)
def test_whom_the_text_accuses(text: str, accused: str | None) -> None:
    assert fields(text).get("demand.complained_about.name") == accused


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("我是海口椰风科技有限公司的负责人，想问税收优惠", "海口椰风科技有限公司"),
        ("我们公司是海口绿岛建筑工程有限公司，想问资质怎么办", "海口绿岛建筑工程有限公司"),
        ("我是恒大物业公司的业主，要投诉", None),
        ("我在中国银行海口国贸支行办卡", None),
    ],
)
def test_for_whom_an_enterprise_calls(text: str, own: str | None) -> None:
    assert fields(text).get("requester.org_name") == own


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("零八九八六八一二三四五六转八零一", ["+8689868123456;ext=801"]),
        ("座机0898-68123456转801", ["+8689868123456;ext=801"]),
        ("one three eight double zero one three eight triple zero", ["+8613800138000"]),
        ("一三八两个零一三八三个零", ["+8613800138000"]),
        ("一三八，一三八零零一三八零零零", ["+8613800138000"]),
        ("13800138000，13900139000", ["+8613800138000", "+8613900139000"]),
        ("客服4008123456", ["+864008123456"]),
        ("洞八九八六八一二三四五六", ["+8689868123456"]),
        ("我的电话一三八双零幺三八三个零", ["+8613800138000"]),
        ("打幺三拐六八勾八幺两三四", ["+8613768981234"]),
        ("打我幺三拐，六八勾八，幺两三勾", ["+8613768981239"]),
        ("腰三八洞洞腰三八三个两", ["+8613800138222"]),
        ("一三八 嗯 零零幺三 然后 八零零零", ["+8613800138000"]),
        ("one three eight double oh one three, eight triple zero", ["+8613800138000"]),
        ("one three eight double 0 one three 8 triple 0", ["+8613800138000"]),
        ("0086 138 0013 8000", ["+8613800138000"]),
        ("089866668888转12", ["+8689866668888;ext=12"]),
        ("0898-66668888-801", ["+8689866668888;ext=801"]),
        ("66668888-12", ["+8689866668888;ext=12"]),
        ("0898（66668888）转12", ["+8689866668888;ext=12"]),
        ("call 0898 6666 8888 extension one two", ["+8689866668888;ext=12"]),
        ("区号零七五五，号码是二三四五六七八九", ["+8675523456789"]),
        ("区号0898，电话68123456", ["+8689868123456"]),
        ("一三八零零一三八零零幺，不对，是零零两", ["+8613800138002"]),
        ("电话13800138001，说错了，最后两位是零二", ["+8613800138002"]),
        ("13800138001不对，13800138002", ["+8613800138002"]),
        ("68123456，错了，尾号五七", ["+8689868123457"]),
        ("一百三十八零零一三八零零零", ["+8613800138000"]),
        ("打我一百八十九，一二三四，五六七八", ["+8618912345678"]),
        ("壹叁捌零零壹叁捌零零零", ["+8613800138000"]),
        ("電話壹叁柒贰肆伍陆柒捌玖零", ["+8613724567890"]),
        ("one three eight double zero one three eight treble zero", ["+8613800138000"]),
        ("one three eight two zeros one three eight three zeroes", ["+8613800138000"]),
        ("4008123123转2", ["+864008123123;ext=2"]),
        ("400 812 3123 转分机 二", ["+864008123123;ext=2"]),
        ("089866668888转分机号12", ["+8689866668888;ext=12"]),
        ("13800138000转分机12", ["+8613800138000;ext=12"]),
        ("13800138000转1234", ["+8613800138000;ext=1234"]),
        ("13800138000转接幺二三四", ["+8613800138000;ext=1234"]),
        ("13800138000-12", ["+8613800138000;ext=12"]),
        ("138-0013-8000-1234", ["+8613800138000;ext=1234"]),
        ("138-0013-8000", ["+8613800138000"]),
        ("4008123123-2", ["+864008123123;ext=2"]),
        ("13800138000转一下人工", ["+8613800138000"]),
        ("089866668888转一个人工", ["+8689866668888"]),
        ("拐弯处的勾机坏了，双十一那天", []),
        ("罚了一百三十八，一个月三千，二零零块", []),
        ("一楼二楼三楼四楼五楼六楼七楼", []),
        ("身份证110105194912310021", []),
        ("工单号20261123", []),
        ("打我这个号码就行", []),
    ],
)
def test_numbers_as_they_are_said(text: str, values: list[str]) -> None:
    assert [p.value for p in phones(text)] == values


@pytest.mark.parametrize(
    ("text", "callback", "other"),
    [
        ("商家电话4008123456，我的电话13800138000", "+8613800138000", "+864008123456"),
        ("司机电话13912345678，绕路", None, "+8613912345678"),
        ("13800138000或者13900139000都可以", "+8613800138000", None),
        ("电话13800138000，不对，是13900139000", "+8613900139000", None),
        ("有人用17012345678给我打骚扰电话", None, "+8617012345678"),
    ],
)
def test_whose_number_it_is(text: str, callback: str | None, other: str | None) -> None:
    found = fields(text)
    assert found.get("requester.callback_phone") == callback
    assert found.get("demand.complained_about.phone") == other


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "一 ",
        "double ",
        "嗯",
        "三个",
        "我叫",
        "公司",
        "投诉一家叫",
        "张",
        "姓王叫",
        "A ",
        "I complain about the a ",
    ],
)
def test_odd_texts_are_read_to_the_end(unit: str) -> None:
    text = (unit * 20_000)[:20_000] + "。我叫王小明，电话是13912345678"
    started = time.process_time()
    found = fields(text)
    print(f"{unit!r}: {time.process_time() - started:.3f} s")
    assert (found["requester.name"], found["requester.callback_phone"]) == ("王小明", "+8613912345678")
