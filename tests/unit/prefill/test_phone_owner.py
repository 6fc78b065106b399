"""Whose number it is: the city calls only one that is said to be the requester's own without looking."""

from __future__ import annotations

import time

import pytest

from gateway.domain.guess import FILL_AT, Guess
from gateway.prefill.spoken_phone import spoken_phone
from gateway.prefill.who import who

pytestmark = pytest.mark.unit

LINEAR_S = 2.0
"""Many times what it takes."""
SURE, ONE_OF_SEVERAL, TO_CHECK = 0.9, 0.85, 0.7


def guess(text: str, path: str = "requester.callback_phone") -> Guess | None:
    return next((g for g in who(text)[0] if g.path == path), None)


@pytest.mark.parametrize(
    "text",
    [
        "我老板叫王大明电话是13812345678，他欠我两个月工资",
        "物业经理电话13812345678",
        "卖家的联系方式是13812345678，他不发货",
        "我收到一个号码13812345678发来的诈骗短信",
        "有一个人打电话过来号码是13812345678说我涉嫌洗钱",
        "广告上的电话是13812345678",
        "墙上喷的办证电话是13812345678",
        "我邻居的电话是13812345678",
        "中介小王 手机13812345678 骗了我定金",
        "The scammer's phone number is 13812345678",
        "Somebody with number 13812345678 keeps calling me",
        "The shop's number is 13812345678",
        "我电话不是13812345678",
        "原来的号码13812345678不能用",
        "please do not call 13812345678",
        "请不要打13812345678",
        "13812345678这个号码已经停机",
        "My boss's number is 13812345678 and he owes me two months",
        "A man called me from 13812345678",
        "用13812345678给我打电话的人说我中奖了",
        "我叫王五，我老板电话13812345678",
        "我妈妈的电话是13812345678",
        "我同事小李的电话13812345678",
        "店家的微信和手机号码13812345678，不退钱",
        "别打13812345678，那是我爱人的",
        "Don't use my old number 13812345678",
        "骗子联系我，电话是13812345678",
        "我是王大明的员工，老板电话是13812345678",
        "我的手机收到13812345678发来的短信",
        "他的手机是13812345678",
        "招聘广告留的联系方式13812345678，是骗人的",
        "快递员电话13812345678一直不接",
        "这个号码13812345678一直骚扰我",
        "对方自称公安局，号码13812345678",
        "包工头李建国 13812345678 欠我们工资",
        "电线杆上贴的开锁小广告 电话13812345678",
        "my number is not 13812345678",
        "房东姓陈，电话13812345678，不退押金",
        "the number 13812345678 belongs to the agent who cheated me",
        "我叫车司机电话13812345678绕路",
        "我叫王五，他们打给我的号码是13812345678",
        "请打电话13812345678核实那家店",
        "请联系物业经理13812345678核实",
        "我有个朋友小王，他的电话是13812345678",
    ],
)
def test_what_is_not_mine_is_not_called(text: str) -> None:
    found = guess(text)
    assert found is None or found.confidence < FILL_AT


@pytest.mark.parametrize(
    "text",
    [
        "我的电话是13812345678",
        "我叫王五，电话13812345678",
        "我姓符，住在秀英区长流镇，路灯坏了，电话13812345678",
        "请打13812345678联系我，不要打13912345678",
        "我电话13812345678",
        "本人手机号码13812345678",
        "打给我13812345678",
        "有事联系我，13812345678",
        "my number is 13812345678",
        "call me at 13812345678",
        "please call me back on 13812345678",
        "My name is John Smith, phone 13812345678",
        "我是店长，电话13812345678",
        "我老板欠我工资，我的电话是13812345678",
        "我叫李四，要投诉物业公司，我手机13812345678",
        "我的号码不是13912345678，是13812345678",
        "13812345678是我的电话",
        "麻烦回电13812345678",
        "可以打13812345678找我",
        "This is Mary Jones speaking, my mobile is 13812345678",
        "我这边的联系方式是13812345678谢谢",
        "我以前的号码是13912345678，现在的号码是13812345678",
        "有人偷排污水，请联系我，电话13812345678",
        "我是业主王先生，联系电话13812345678",
        "you can reach me at 13812345678",
        "我要举报，秀英区长流镇，有一家饭店卖过期的食品，我的电话是一三八一二三四五六七八。",
        "我叫王五住在龙华区国贸路二十八号楼下的烧烤店天天冒油烟，电话13812345678",
        "免贵姓李，手机号13812345678，谢谢",
        "物业不让我联系业委会，请打我电话13812345678",
        "我叫王五，住在龙华区，楼下烧烤店太吵，电话13812345678",
        "联系人：陈女士 手机13812345678",
        "投诉人：王五 电话：13812345678",
        "我是小区业主，电话13812345678，楼上漏水",
        "我叫张三，我公司拖欠工资，联系电话13812345678",
    ],
)
def test_what_is_said_to_be_mine_stays_sure(text: str) -> None:
    found = guess(text)
    assert found is not None
    assert found.value == "+8613812345678"
    assert found.confidence >= SURE


@pytest.mark.parametrize(
    "text",
    [
        "我电话13812345678，骗子电话13912345678",
        "我的电话是13912345678，说错了，是13812345678",
    ],
)
def test_mine_among_several(text: str) -> None:
    found = guess(text)
    assert found is not None
    assert found.value == "+8613812345678"
    assert found.confidence == ONE_OF_SEVERAL


@pytest.mark.parametrize(
    "text", ["路灯坏了，电话13812345678", "13812345678", "国贸路积水 13812345678 谢谢", "可以联系我老婆13812345678"]
)
def test_what_nobody_says_whose_it_is_is_offered_to_check(text: str) -> None:
    found = guess(text)
    assert found is not None
    assert FILL_AT <= found.confidence <= TO_CHECK


@pytest.mark.parametrize(
    "text", ["13812345678", "电话13812345678", "就打13812345678吧", "it is 13812345678", "13812345678转12"]
)
def test_an_answer_to_our_question_is_sure(text: str) -> None:
    found = spoken_phone(text)
    assert found is not None
    assert found.confidence >= SURE
    assert next(g for g in who(text, answers=True)[0] if g.path == "requester.callback_phone") == found


def test_a_service_number_with_an_extension_is_an_answer() -> None:
    found = spoken_phone("4008123123转2")
    assert found is not None
    assert found.value == "+864008123123;ext=2"
    assert spoken_phone("打了4008123123没人接") is None
    assert guess("我打了4008123123转2没人接") is None


@pytest.mark.parametrize("text", ["不是13812345678", "老板的电话是13812345678", "不要打13812345678"])
def test_an_answer_may_name_what_is_not_mine(text: str) -> None:
    assert spoken_phone(text) is None


@pytest.mark.parametrize("text", ["我妈妈的电话是13812345678", "my wife's number is 13812345678"])
def test_family_is_not_complained_about(text: str) -> None:
    assert who(text)[0] == []


@pytest.mark.parametrize(
    "unit", ["我叫王五，电话13812345678，", "不要打", "老板", "my number is ", "the the ", "我姓", "的电话"]
)
def test_owners_are_looked_for_in_linear_time(unit: str) -> None:
    text = (unit * 20_000)[:20_000] + "，电话13812345678"
    started = time.process_time()
    spoken_phone(text)
    elapsed = time.process_time() - started
    assert elapsed < LINEAR_S
