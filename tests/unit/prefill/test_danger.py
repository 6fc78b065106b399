"""Danger to life: which words raise it, for which number, and which sentences only look like it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.words import EMERGENCY_NUMBER, DangerKind
from gateway.prefill.danger import danger_in

pytestmark = pytest.mark.unit

CPU_S = 1.0
"""Of this thread, far above what a text of this length takes; a pattern that backtracks takes minutes."""

IN_DANGER = {
    DangerKind.FIRE: (
        "我家着火了快来人",
        (
            "海甸岛一栋居民楼六楼住户家里厨房着火了火苗都从窗户里窜出来了，楼道里都是烟，好多老人还在家里没有下来，物"
            "业也联系不上，我在楼下看着干着急，请你们赶快帮忙想想办法吧，地址就是人民大道58号海大南门对面"
        ),
        "房子烧着了",
        "火烧房子了",
        "车子自燃了",
        "烟好大出不去",
        "屋里全是烟我出不来",
        "不知道是不是着火了,好多烟",
        "工地塌方埋了人",
        "我家找火了",
        "我家着货了",
        "家里起活了快来",
        "There's fire on the third floor",
        "The kitchen caught fire",
        "Fire! Fire!",
        "flames coming out of the window",
        "smoke everywhere we cant get out",
        "We're trapped",
        (
            "我住在美兰区海甸岛三东路的一个老小区，楼道里堆了很多电动车，之前我跟物业反映过很多次他们都不理，昨天也打过电话了，"
            "一直没有人来。现在楼下的电动车烧起来了，楼道里全是烟，我们下不去"
        ),
        "楼上起火了，浓烟滚滚，里面还有老人",
        "厨房着火，怎么办啊",
        "隔壁在烧起来了",
        "海秀路这边仓库爆炸了",
        "我闻到很浓的煤气味，头好晕",
        "家里燃气泄漏了",
        "快点派人来，我们楼道里煤气味很浓，人都头晕了",
        "美舍河边一个小孩掉水里了！！！",
        "电梯卡在12楼，里面困了三个人",
        "有个小孩掉进河里了",
        "水库有人溺水",
        "车掉进河里了",
        "面包车掉到水库里了",
        "掉河里了快救人",
        "船翻了，掉海里了",
        "我们被困在电梯里了，里面有孕妇",
        "电梯困了三个人",
        "工地塌了，有工人被压在下面",
        "救救我们，被困在火场",
        "昨天报过的那个仓库，现在又着火了",
        "My house is on fire",
        "There is a fire in the kitchen, please come",
        "I can smell gas in the hallway",
        "We are stuck in the elevator",
        "A boy fell into the river",
    ),
    DangerKind.POLICE: (
        "有人持刀砍人",
        "小偷在我家",
        "家里进小偷了",
        "有人开枪",
        "孩子被人抱走了",
        "爸爸打妈妈快来",
        "我怕我老公打死我",
        "He's got a gun",
        "there is someone in my house",
        "my husband hit me",
        "有人在撬我家的门",
        "我老公打我，我好害怕",
        "有个男的一直跟踪我",
        "我的孩子在公园走丢了",
        "救命啊",
        "我被抢劫了，他还在追我",
        "他说要杀了我",
        "有陌生人闯进我家了",
        "Someone is breaking into my house",
        "He has a knife",
        "My husband is beating me",
        "A man is trying to kill me",
    ),
    DangerKind.MEDICAL: (
        "我爸突然晕倒了，叫不醒",
        (
            "我妈在家里晕倒了叫不醒，我爸又不在家，我一个人在家里不知道怎么办才好，邻居也都上班去了，家里的电话又欠费"
            "停机了打不出去，只能在这里发消息给你们，真的急死我了，地址是龙华区滨涯路12号2栋301，谢谢"
        ),
        "我妈喘不上来气",
        "孩子吞了电池",
        "孩子抽筋了",
        "I took a whole bottle of pills",
        "he isn't breathing",
        "my mom fell and she is not moving",
        "I am bleeding",
        "her water broke",
        "有人没有呼吸了",
        "我妈心脏病发作了",
        "他喝了农药",
        "小孩触电了",
        "我吃了一整瓶安眠药，你们不用管我了",
        "有个老人喘不上气了",
        "树倒下来砸到人了！",
        "工地上有人从楼上摔下来了",
        "路边有个老人倒在地上没反应",
        "流了好多血，止不住",
        "全班食物中毒上吐下泻",
        "我老婆快要生了羊水破了",
        "He is not breathing",
        "My father had a heart attack",
        "She is unconscious",
        "I need an ambulance",
        "快不行了，救我",
    ),
    DangerKind.TRAFFIC: (
        "龙昆南路发生车祸，有人受伤流血",
        "我被车撞了，动不了",
        "一辆货车撞到人了",
        "There was a car accident and people are hurt",
        "An old man was hit by a car",
        "a car hit a boy",
        "高速上撞车了人卡在里面",
    ),
    DangerKind.SELF_HARM: (
        "我不想活了",
        "有人要往下跳",
        "楼上有人要往下跳",
        "你们再不来人我就自杀",
        "不解决我就跳楼",
        "我想结束自己的生命",
        "我怕我会自杀",
        "有人跳搂",
        "他要条楼",
        "我不想火了",
        "有人要跳楼",
        "楼顶有个女的站在边上要跳下去",
        "活着没意思，我想死",
        "我要自杀",
        "活着没意思，这是我最后一条信息了，再见",
        "她割腕了",
        "被骗了三十万，活不下去了",
        "昨天开始我就不想活了",
        "昨天晚上女儿说不想活了，怎么办",
        "老公上个月失业，现在站在楼顶要跳楼",
        "之前吵架，他正站在桥上要跳江",
        "以前她就割腕过，现在又割腕了",
        "I want to die",
        "I am going to kill myself",
        "Someone is about to jump off the roof",
    ),
}
NOT_IN_DANGER = (
    "燃气打不着火了",
    "我家煤气灶打不着火",
    "车子打不着火",
    "钥匙掉进下水道了",
    "手机掉到井里了",
    "垃圾掉进河里没人捞",
    "球掉进下水道了",
    "家暴受害者怎么申请保护令",
    "路面坑洼，轮胎都要爆胎了",
    "I feel robbed by the parking fee",
    "树快不行了，请浇水",
    "我家没有着火，是楼下的",
    "你们再不修路灯，老人会摔倒的",
    "听说他去年跳楼了",
    "消防通道被堵了",
    "灭火器过期了没人换",
    "昨天着火的事已经处理了，想问补偿",
    "楼下火锅店油烟太大",
    "小区没有消防栓，万一着火怎么办",
    "电动车在楼道充电，担心着火",
    "这里堆满杂物，容易引发火灾",
    "存在火灾隐患",
    "请问家庭财产火灾保险怎么买",
    "商场跳楼价大甩卖，虚假宣传",
    "楼上小孩天天跳来跳去",
    "去年那里有人溺水，希望装护栏",
    "社区什么时候有防溺水宣传",
    "上个月的车祸事故认定书还没有给我",
    "我的车被困在停车场出不来",
    "被困扰很久了",
    "物业态度差，气死我了",
    "热死了，公交车没有空调",
    "没有人受伤，只是车被刮了",
    "前天的火已经扑灭了，现在想问什么时候来电",
    "我不是要自杀，我是想投诉",
    "建议在美舍河边多立几块防溺水警示牌",
    "物业费压得人喘不过气",
    "路灯不亮",
    "火车站的出租车拒载",
    "医院的救命药太贵",
    "小偷偷了我的电动车",
    "井盖不见了",
    "手机丢了",
    "孩子的学位怎么申请",
    "家暴法律咨询在哪里",
    "海口的天然气什么时候通到我们村",
    "打死也不交物业费",
    "贵得要死",
    "When is the next fire drill?",
    "The fire extinguisher is out of date",
    "The street light is broken",
    "I am worried the wires could cause a fire",
    "The accident report from last month is missing",
    "建议把这件事的信息大爆炸的文章读一读",
    "被逼无奈，业主只能报警，警察说不归他们管，请问归哪个部门管",
    (
        "我们小区建成十多年，消防车进不来，多次发生火灾，物业一直没有整改，业主多次反映都没有结果，希望有关部门能够重视起来，"
        "尽快安排人员到现场检查消防设施，谢谢"
    ),
    "每天下班都堵得要死",
    "",
    "？",
)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in IN_DANGER.items() for text in texts])
def test_danger_is_known_with_its_number(kind: DangerKind, text: str) -> None:
    """The number to call is the one for the first danger named."""
    danger = danger_in(text)
    assert danger is not None
    assert danger.number == EMERGENCY_NUMBER[kind]
    assert text[slice(*danger.span)]


@pytest.mark.parametrize("text", NOT_IN_DANGER)
def test_what_only_looks_like_danger(text: str) -> None:
    """Feared, past, denied, insured, or a figure of speech."""
    assert danger_in(text) is None


@given(st.text(st.sampled_from("我他有人的拿又在着火跳楼车撞电梯没昨天怕如果 the fire"), max_size=4000))
def test_any_text_is_read_in_bounded_time(text: str) -> None:
    """Every pattern is tried a bounded number of times at each character."""
    began = time.thread_time()
    danger_in(text)
    assert time.thread_time() - began < CPU_S


@pytest.mark.parametrize("piece", ["他拿", "拿", "如果着火", "孩子", "老公又", "没有", "被车", "站", "the "])
def test_repeated_words_do_not_hold_the_loop(piece: str) -> None:
    """The same, for the pieces that the patterns begin with."""
    began = time.thread_time()
    danger_in(piece * (3000 // len(piece)))
    assert time.thread_time() - began < CPU_S
