"""What plain words want, in many people's ways of saying it; and what looks like it and tells something of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.intents import Intent, has_no_phone, intent_of, is_outright, is_plain, means, speaks_english
from gateway.domain.spoken import is_only, only_words

pytestmark = pytest.mark.unit

SAID = {
    Intent.GREETING: [
        *(
            "你好",
            "您好！",
            "在吗",
            "在吗？？",
            "喂",
            "喂，你好",
            "有人吗",
            "？",
            "???",
            "...",
            "👋",
            "早上好",
            "我要投诉",
        ),
        *("我想咨询一下", "请问", "hello", "Hi!", "good morning", "is anybody there?", "/start", "help", "你好，在吗"),
    ],
    Intent.THANKS: [
        "谢谢",
        "谢谢你们",
        "好的，谢谢",
        "辛苦了",
        "麻烦了",
        "拜拜",
        "Thank you very much",
        "thanks!",
        "ok thanks",
    ],
    Intent.ACK: ["好", "好的", "嗯", "嗯嗯", "知道了", "收到", "OK", "ok 👍", "got it", "没有了", "是的"],
    Intent.ABUSE: [
        *(
            "你们都是废物",
            "一群废物",
            "傻逼",
            "垃圾热线",
            "什么破热线",
            "滚",
            "你们这帮骗子",
            "Fuck you",
            "you are useless",
        ),
        "this hotline is garbage",
    ],
    Intent.IGNORED: [
        *(
            "怎么没人理我",
            "没人理",
            "怎么没有人回复我？",
            "人呢",
            "为什么一直没人回",
            "怎么不回话",
            "都这么久了还没人理我",
        ),
        *("nobody answers", "no reply?", "why is nobody answering me"),
    ],
    Intent.PROGRESS: [
        *(
            "进度怎么样了",
            "我的事处理得怎么样了？",
            "有结果了吗",
            "什么时候能修",
            "查一下我的工单",
            "修好了没",
            "查询进度",
        ),
        *("any update?", "what is the status of my ticket", "progress"),
    ],
    Intent.URGE: [
        *(
            "还没修",
            "怎么还没人来",
            "催一下",
            "到现在都没人处理",
            "请尽快处理",
            "快点",
            "nobody came",
            "it is still not fixed",
        ),
    ],
    Intent.ADDITION: ["补充一下，是三号楼", "之前反映的那个路灯在三号楼", "to add to my report: it smells"],
    Intent.WITHDRAW: [
        *(
            "撤销",
            "我要撤销",
            "取消工单",
            "撤销我的投诉",
            "不投诉了",
            "不用处理了，谢谢",
            "把工单撤了",
            "我不想投诉了",
            "算了，不用管了",
        ),
        *("cancel my report", "please cancel", "never mind", "I want to withdraw my complaint"),
    ],
    Intent.PERSON: [
        "人工",
        "你好请帮我转人工谢谢",
        "我要人工客服",
        "给我打电话",
        "agent please",
        "can i speak to a person"[6:],
    ],
    Intent.NO_PHONE: [
        *(
            "没有电话",
            "我没有手机",
            "不想留电话",
            "不方便留电话号码",
            "没有联系方式",
            "家里没电话",
            "no phone",
            "I don't have a phone",
        ),
        "我没有电话号码",
    ],
    Intent.DECLINE: ["不知道", "不清楚", "不方便", "跳过", "忘了", "没有", "算了", "I don't know", "not sure", "skip"],
    Intent.KEYS: ["有什么按键", "请问按几", "要按哪个键啊", "menu"],
    Intent.REPEAT: ["请再说一遍", "没听清", "什么", "pardon?", "say it again please"],
    Intent.ENGLISH: ["English, please.", "说英语", "speak English"],
}
MORE = {
    Intent.GREETING: [
        "早上好，祝您工作顺利",
        "/:rose",
        "[握手]",
        "同志",
        "测试",
        "我要反映一个事情",
        "你好，我想问个问题",
    ],
    Intent.PROGRESS: ["登记好了吗", "我的工单号是多少", "what is my ticket number"],
    Intent.WITHDRAW: ["已经好了，撤销吧", "是的，撤销", "yes, cancel it"],
    Intent.PERSON: ["请给我回个电话", "能给我回电话吗", "我要跟人说，找个人给我打电话", "I want to speak to a human"],
    Intent.DECLINE: ["不方便留", "我不想留任何信息", "没有具体地点"],
    Intent.ADDITION: ["树已经修剪好了", "问题已经解决了，谢谢"],
    Intent.ABUSE: ["This is the worst service I have ever seen!!"],
    Intent.ACK: ["1"],
}
TELL_SOMETHING = [
    "物业一直不给我回电话",
    *(
        "路灯不亮",
        "人工湖的水很脏",
        "小区垃圾没有清理",
        "龙华区国贸路10号",
        "一共三盏灯",
        "晚上很黑",
        "路口的红绿灯坏了",
    ),
    *(
        "这里没有手机信号",
        "小区没有电话亭",
        "公交线路取消了",
        "三楼301室",
        "我被骗子骗了三千块",
        "垃圾堆成山了",
        "小孩走丢了",
    ),
    *(
        "物业打电话没人接还骂人",
        "营业执照怎么撤销登记",
        "the street lamp is broken",
        "there is no phone signal here",
        "王先生",
    ),
    *(
        "隔壁饭店的废物倒在路边",
        "有人在路边乱停车",
        "好几天没水了",
        "电影票取消了不退钱",
        "you can see the lamp from Haifu Road",
    ),
]


@pytest.mark.parametrize(
    ("intent", "text"), [(intent, text) for said in (SAID, MORE) for intent, texts in said.items() for text in texts]
)
def test_what_plain_words_want(intent: Intent, text: str) -> None:
    assert intent_of(text) is intent
    assert means(text, (intent,)) or is_outright(text)


@pytest.mark.parametrize("text", TELL_SOMETHING)
def test_what_tells_something_of_its_own_wants_nothing(text: str) -> None:
    assert intent_of(text) is None


@pytest.mark.parametrize("text", ["", "   ", None])
def test_nothing_wants_nothing(text: str | None) -> None:
    assert intent_of(text) is None
    assert not means(text, tuple(Intent))


def test_a_long_message_tells_something_of_its_own() -> None:
    told = "我们小区从上周三开始停水，物业说管道坏了，到今天还没修，几百户人家做饭都成问题"
    assert not is_plain(told)
    assert intent_of(told) is None


def test_the_language_of_plain_words() -> None:
    assert [speaks_english(text) for text in ("hello", "no phone", "ok", "你好", "没有电话", None)] == [
        *(True, True, False),
        *(False, False, False),
    ]


@given(st.text(max_size=200))
def test_whatever_is_written_is_read(text: str) -> None:
    intent = intent_of(text)
    assert intent is None or is_outright(text) or means(text, (intent,))


@given(
    st.sampled_from([text for texts in SAID.values() for text in texts if only_words(text)]),
    st.sampled_from("。！!.~ "),
)
def test_punctuation_and_width_change_nothing(text: str, mark: str) -> None:
    assert is_only(f" {text}{mark}", (text,))


@pytest.mark.parametrize(
    ("intent", "texts"),
    [
        (
            Intent.GREETING,
            "有没有人啊|有人没有|打错了|不好意思，打错了|发错了|你们上班吗|你们下班了吗|wrong number|are you open?",
        ),
        (Intent.ABUSE, "草泥马|操你妈|SB|sb|傻X|傻叉|cnm|你们这些傻x"),
        (Intent.THANKS, "ty|thank u|Thank U!|thankyou|tks"),
        (
            Intent.PROGRESS,
            "还要等多久|还要再等几天|这事办了没|处理好了没啊|我的事情办好了吗|问题解决了没有|我单号忘了|单号找不到了|忘记工单号了",
        ),
        (
            Intent.PROGRESS,
            "how long do I have to wait|how much longer must I wait?|where is my ticket|I forgot my ticket number",
        ),
        (Intent.PERSON, "我要找活人|给我转个活人|找活人"),
        (
            Intent.WITHDRAW,
            "算了不用修了|算了，不投诉了|算了别处理了|还是算了不举报了|当我没说|就当我没报过|算了，当我没说",
        ),
    ],
)
def test_more_ways_to_say_it(intent: Intent, texts: str) -> None:
    for text in texts.split("|"):
        assert intent_of(text) is intent, text


@pytest.mark.parametrize(
    "text",
    [
        "公交车要等多久才有一班都没人管",
        "垃圾处理厂的臭味",
        "这个红绿灯要等三分钟太久",
        "算了一下水费多收了三百",
        "草坪没人修剪",
        "打错了工资",
    ],
)
def test_what_only_looks_like_it_wants_nothing_of_the_kind(text: str) -> None:
    assert intent_of(text) not in {Intent.WITHDRAW, Intent.ABUSE, Intent.GREETING}


@pytest.mark.parametrize(
    "text",
    [
        "我没有电话但是我家在海甸三东路停电了",
        "没有电话，路灯坏了",
        "路灯坏了，我没带电话",
        "没手机",
        "I have no phone, the lamp is broken",
    ],
)
def test_a_clause_says_that_there_is_no_phone(text: str) -> None:
    assert has_no_phone(text, asked=False)


@pytest.mark.parametrize("text", ["my phone is lost", "手机丢了", "电话欠费停机了", "我手机没电", "I lost my phone"])
def test_a_lost_phone_is_an_answer_only_where_a_number_was_asked_for(text: str) -> None:
    assert has_no_phone(text, asked=True)
    assert not has_no_phone(text, asked=False)


@pytest.mark.parametrize(
    "text", ["停电了，没有手机信号", "物业没有电话通知", "你们没有电话吗", "no phone signal on our street"]
)
def test_no_signal_is_not_no_phone(text: str) -> None:
    assert not has_no_phone(text, asked=False)
