"""An answer to "where?" holds a place, or it is an addition, a question of its own, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.prefill.address import holds_place

pytestmark = pytest.mark.unit

_PLACES = """
海甸五西路|明珠广场旁边|龙昆南|龙昆南路|在海甸岛|万绿园|府城|就在万绿园门口|国贸大道|国贸路上的路灯坏了|海秀东路36号
海甸五西路12号|世贸雅苑3栋|3栋2单元501|阳光小区|阳光小区三栋二单元|我住在阳光小区|龙华区|美兰区灵山镇|大致坡镇|云龙镇
新坡镇农丰村
人民医院门口|省人民医院|海口市人民医院|海口东站|美兰机场|秀英港|新港码头|海大南门|南大桥下面|白沙门公园|骑楼老街
东门市场|望海国际
友谊阳光城|日月广场那边|在日月广场这里|椰海大道和丘海大道交叉口|解放西路|大英山|五公祠|海口火车站|高新区|江东新区
桂林洋|靠近滨海大道
地址是龙华区金贸街道|嗯在府城那边|红城湖附近|海口湾|和平南|人民桥那里|曲口|万达|面前坡|得胜沙|京华城|第一百货|红城湖
海口一中|华侨中学|滨江西|我家在海甸二东路那里没水了|长堤路这边一直没人管
海南大学|白水塘|琼山大道|绿地城|恒大美丽沙|万达|上邦百汇城|凤翔东|凤翔东路高架桥|G98高速出口|坡博村|八一路步行街
小区叫天利龙腾湾
Haidian 5th West Road|near Mingzhu Square|next to the Pearl Plaza|Longhua District|at Haikou East Station
88 Guomao Avenue
It is on Longkun South Road|Evergreen Park, north gate|block 3, Sunshine Garden|Meilan Airport|the people's hospital
"""
_NO_PLACES = """
家里|在家|我家|我家里|在我家|我家楼下|我们小区|小区里|我们小区停水了|整个小区都停水了|小区|学校|医院门口|门口|楼下
路边|马路上|马路|路口
不知道|不知道啊|我也不知道|不清楚|不清楚在哪|说不清|忘了|不记得了|不想说|不方便说|不知道叫什么路|没有地址|没有|无
不告诉你|随便|都可以
停水了|没有水|家里没水了|停水|停电|漏水|路灯不亮|路灯坏了|井盖没了|噪音扰民|垃圾没人收|太吵了|楼上漏水|楼上装修太吵
下水道堵了|臭死了
进度怎么样了|怎么样了|我的工单怎么样了|办到哪里了|查进度|真烦|社保|高速公路堵车|下班路上|广场舞|刚刚发过|房东|东西
什么时候能好|处理了吗|有人处理吗|怎么没人理我|怎么还没人来|多久能修好
你好|您好|在吗|在不在|？|??|。。。|谢谢|好的|嗯|嗯嗯|收到|可以|行|知道了|跳过|人工|转人工|撤销|取消|再见|快点|急|很急
催一下|麻烦快点
昨天晚上开始的|从早上到现在|三天了|已经两天没有水了|隔壁小区也停水|旁边的工地半夜施工|楼下饭店油烟很大
附近有个工厂排污|一家超市卖过期食品
公交车司机态度不好|老板不给钱|公司拖欠工资|孩子上学的事|我要投诉|投诉物业|13876543210|电话13876543210|1|12345
刚才说过了|上面说了|说过了
同上|一样|还是那个问题|我走路摔倒了|这条路很黑|那条路没有灯|修路太吵|堵路|路上很黑|一条街都黑了|逛街的时候|海口|海口市
在海口|海南|我在海南
救命|滚|骗子|骂人|什么|什么意思|哪里|你说哪里|你们在哪里|为什么要地址|要地址干嘛|图片|看图片|如图|你看照片|是|不是|对
我姓王|我叫李伟
I don't know|no idea|at home|my home|here|same problem again|any news?|how is my ticket|the street light is broken
no water
hello|thanks|ok|skip|on the road|in my street|the road is dark|our building has no water|I don't want to say
it is the same|hurry up
the hospital|at school|a shop|my house|in our community|what do you mean|where?|call me 13876543210
water is off in the whole building
"""


def _each(texts: str) -> list[str]:
    return [text for line in texts.strip().splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", _each(_PLACES))
def test_a_place(text: str) -> None:
    assert holds_place(text)


@pytest.mark.parametrize("text", [*_each(_NO_PLACES), "", "  "])
def test_no_place(text: str) -> None:
    assert not holds_place(text)


@given(
    st.sampled_from(_each(_PLACES)), st.sampled_from(["，你们快点", "。谢谢", "，不知道门牌号", " 已经三天了", "！！"])
)
def test_what_is_said_besides_takes_no_place_away(place: str, besides: str) -> None:
    assert holds_place(place + besides)


@given(st.sampled_from(_each(_NO_PLACES)), st.sampled_from(["，", "。", "！", " ", "，，"]))
def test_the_same_words_twice_hold_no_more_than_once(text: str, between: str) -> None:
    assert not holds_place(text + between + text)


@given(st.text(max_size=400))
def test_any_text_is_judged(text: str) -> None:
    assert holds_place(text) in {True, False}
