"""The words of plain intents, zh and en: the one table that ``gateway.domain.intents`` reads.

It is longer than a module should be, being one table: whoever adds a word looks at every intent that it may mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Intent(StrEnum):
    """What plain words want."""

    GREETING = "greeting"
    """Says that somebody is there, or that they have something to say, and nothing yet."""
    THANKS = "thanks"
    ACK = "ack"
    """Has understood, agrees, has nothing to add."""
    ABUSE = "abuse"
    """Insults us."""
    IGNORED = "ignored"
    """Complains that nobody answers."""
    PROGRESS = "progress"
    URGE = "urge"
    ADDITION = "addition"
    """Says that it adds to something told before."""
    WITHDRAW = "withdraw"
    PERSON = "person"
    """Wants to speak with a person."""
    NO_PHONE = "no_phone"
    DECLINE = "decline"
    """Cannot or will not say what was asked."""
    KEYS = "keys"
    """Asks which keys there are."""
    REPEAT = "repeat"
    """Wants to hear it again."""
    ENGLISH = "english"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """``zh`` and ``en``: all that is said, politeness aside; ``zh_part`` and ``en_part`` stand in a plain message."""

    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()
    zh_part: str = ""
    en_part: str = ""


_TICKET = r"(?:工单|投诉|诉求|举报|反映|报修|单子?)"
_US = r"(?:你们?|贵热线|这个?热线|这帮人?|客服|话务员)"
_FILLER = (
    r"(?:喂|你好|您好|请问|到底|都|这么久了?|半天了?|好久了?|怎么|为什么|为啥|咋|一直|还是?|就|也|我|吗|呢|啊|呀|的|了|吧|一下"
    r"|你们)*"
)

_NOT = r"(?:不|别|没)(?:要|用|想|必|能|可以|需要|会|打算|是)?(?:你们|我|再|先|给我)?(?:撤|取消|作废)"
_NOT_EN = r"\b(?:don.?t|not|never|no need to)\b.{0,20}\b(?:cancel|withdraw|drop|delete)"
"""Negations of a withdrawal."""

TABLE: Mapping[Intent, Words] = {
    Intent.PERSON: Words(
        zh=(
            *("人工", "转人工", "接人工", "找人工", "要人工", "人工服务", "转人工服务", "人工客服", "转人工客服"),
            *("人工坐席", "转坐席", "转接人工", "真人", "转真人", "客服", "找客服", "转客服", "叫客服", "打电话给我"),
            *("给我打电话", "回电", "给我回电", "回电话", "给我回电话", "人工人工", "我要和人说话", "找个人跟我说"),
        ),
        en=(
            *("agent", "an agent", "operator", "a person", "human", "a human", "real person", "a real person"),
            *("representative", "customer service", "call me", "call me back", "talk to a person"),
            *("speak to a person", "talk to an agent", "speak to an agent", "talk to a human", "speak to a human"),
            *("talk to someone", "speak to someone", "speak with someone"),
        ),
        zh_part=(
            r"^(?!.*(?:不|别|没)[^，。,]{0,6}(?:打|回|给|找|转)).*(?:(?:给我|帮我)(?:回|打)(?:个|一个)?(?:电话|电)|(?:找|转|要|接|叫)(?:个|一下|一个)?(?:人工|真人|活人|客服)"
            r"|(?:跟|和|找)(?:真人|活人|人)(?:说话?|谈|讲))(?:给我|吗|吧|来|好吗|行吗|一下|[\W])*$"
        ),
        en_part=(
            r"\b(?:speak|talk|connect me)(?: to| with)(?: a| an)?(?: real| live)?"
            r" (?:person|human|someone|somebody|agent|operator|representative)\b|\bcall me back\b"
        ),
    ),
    Intent.ENGLISH: Words(
        zh=("英语", "英文", "说英语", "英语服务"),
        en=("English", "in English", "speak English", "English speaker", "English service", "do you speak English"),
    ),
    Intent.KEYS: Words(
        zh=(
            *("有什么按键", "有哪些按键", "按几", "按什么", "按什么键", "按哪个", "按哪个键", "按几号键", "怎么按"),
            *("要按几", "要按哪个", "要按哪个键", "该按几", "该按什么", "按键", "菜单", "有什么选项", "有哪些选项"),
        ),
        en=(
            "menu",
            "options",
            "keys",
            "which key",
            "what keys",
            "which keys",
            "what are the options",
            "what do I press",
        ),
    ),
    Intent.REPEAT: Words(
        zh=(
            *(
                "再说一遍",
                "再说一次",
                "重复",
                "重复一遍",
                "再听一遍",
                "再报一遍",
                "没听清",
                "没听清楚",
                "什么",
                "你说什么",
            ),
            *("听不清", "没听见", "多少", "号码多少", "再说一下"),
        ),
        en=("again", "repeat", "repeat it", "say again", "say it again", "pardon", "once more", "what", "sorry what"),
    ),
    Intent.WITHDRAW: Words(
        zh=(
            *("撤销", "撤回", "撤诉", "撤单", "撤了", "取消", "作废", "不投诉了", "不举报了", "不反映了", "不告了"),
            *("不用处理了", "不用管了", "不用来了", "不用修了", "不需要处理了", "不需要了", "不要处理了", "别处理了"),
        ),
        en=(
            *("withdraw", "withdraw it", "cancel", "cancel it", "cancel that", "never mind", "nevermind", "forget it"),
            *("I take it back", "drop it", "no need any more", "not needed any more"),
        ),
        zh_part=(
            rf"^(?!.*(?:怎么|怎样|如何|{_NOT}))(?:.*(?:撤销|撤回|撤掉|撤了|取消|作废)(?:掉|这个|这条|这张|我的?|该|刚才的?|上面的?|那个|一下|之前的?)*{_TICKET}"
            rf"|.*{_TICKET}.{{0,4}}(?:撤销|撤回|撤了|撤掉|取消|作废))"
            rf"|^(?!.*{_NOT}).{{0,14}}(?:撤销|撤回|撤掉)(?:吧|了|掉)?[\W]*$"
            r"|不(?:用|需要|想|要)(?:你们)?再?(?:处理|管|投诉|举报|反映)了?[，。,.!！]?(?:谢谢.?)?$"
            r"|^(?:那|还是|就|哎|唉|我)*算了[\W]*(?:我|就|也)*(?:不用|不想|不要|不必|不|别)(?:你们)?再?"
            r"(?:修|投诉|举报|反映|处理|管|来|弄|办|查|追究|告|报|麻烦)了?[\W吧]*$"
            r"|^(?:那|就|你们|算了|[\W])*当(?:作|做)?我?没(?:说|报|反映|投诉|举报|提|讲|来)过?[\W了吧]*$"
        ),
        en_part=(
            rf"^(?!.*{_NOT_EN}).*\b(?:cancel|withdraw|drop|delete)\b.{{0,12}}\b(?:ticket|report|request|complaint|case)\b"
            r"|^(?:yes|yeah|ok|please)?\W*(?:please )?(?:cancel|withdraw)(?: it| that)?\W*$"
        ),
    ),
    Intent.IGNORED: Words(
        zh=(
            "人呢",
            "人去哪了",
            "不理人",
            "不理我",
            "怎么不回",
            "不回复",
            "怎么没反应",
            "没反应",
            "说话啊",
            "回话",
            "回我",
        ),
        en=("anyone", "are you ignoring me", "no reply", "no answer", "why no answer", "why no reply", "hello anyone"),
        zh_part=(
            rf"^{_FILLER}(?:没有?一?个?人|没谁|无人|不)(?:都|来)?(?:理|理睬|理会|搭理|回|回话|应|答|答复|回复|回应|接待|说话|鸟)"
            rf"{_FILLER}[\W]*$"
        ),
        en_part=(
            r"^(?:why (?:is|does|has|won't)? ?)?(?:nobody|no one|noone)(?: is| has)?"
            r" (?:answer|reply|respond|talk|listen)\w*(?: to)?(?: me)?\W*$"
        ),
    ),
    Intent.URGE: Words(
        zh=("催一下", "催办", "催促", "快点", "快一点", "抓紧", "加急", "怎么还没来", "怎么还不来"),
        en=("hurry", "hurry up", "faster", "still waiting"),
        zh_part=(
            r"还没有?(?:修|处理|解决|来|人|动静|弄|办|好|给|反馈|消息|结果|回复)"
            r"|(?:一直|到现在|至今)(?:都|还)?没(?:有)?(?:人|修|处理|解决|来|回复)"
            r"|没人(?:来|管|处理|联系)|催(?:一下|办|促|一催)|怎么还(?:没|不)"
            r"|还是(?:没|老样子)|请?尽快(?:处理|解决|来|修)|快点(?:处理|来|修)"
        ),
        en_part=(
            r"\b(?:still (?:not|no|broken|waiting|nothing)|not (?:yet )?(?:fixed|solved|repaired|done)|hurry"
            r"|(?:nobody|no one) (?:came|has come|called))\b"
        ),
    ),
    Intent.PROGRESS: Words(
        zh=("进度", "进展", "查进度", "查询", "查单", "查工单", "查询进度", "怎么样了", "结果", "结果呢", "有没有结果"),
        en=("status", "progress", "update", "any news", "any update", "my ticket"),
        zh_part=(
            r"进度|进展|到哪一步|[办处]理?得怎么样|处理的怎么样|办的怎么样|怎么样了|有结果|有消息|有回复了?吗|有没有(?:结果|回复|消息)"
            r"|什么时候(?:能|会|可以)?(?:处理|修|解决|来|办|回复|好)|多久(?:能|才)|处理了吗|修好了?[吗没]|解决了[吗没]|派人了[吗没]"
            r"|查(?:一下|询|下)?(?:我的)?(?:工单|投诉|诉求)|"
            r"(?:登记|受理|收到)(?:好|上|成功)?了?[吗没]|(?:工单|单)号码?是?(?:多少|什么|几)"
            r"|^(?:还|大概|那|请问|到底|我们?|你们|这事|这个)*(?:需?要|得)?再?等(?:待)?(?:多久|多长时间|几天|到什么时候|到几时|到哪天)"
            r"|^(?:我们?的?|那个?|这个?|上次的?|之前的?|请问|件?事情?|问题|诉求|投诉|工单|东西|到底|现在)*"
            r"(?:办理?|处理|解决|弄|搞|查|派人|安排)(?:好|完)?了(?:没有?|吗|么)(?:啊|呀|呢|嘛)*[\W]*$"
            r"|(?:工单|单)号.{0,3}(?:忘|丢|找不到|不记得|没记|不见)|(?:忘|不记得|找不到|弄丢)(?:记|了)?.{0,3}(?:工单|单号)"
        ),
        en_part=r"\b(?:status|progress|any (?:update|news)|how is it going|what happened with|when will"
        r"|what is my (?:ticket )?number|how (?:much )?long(?:er)?\b.{0,24}\bwait"
        r"|where(?: is|'s) my (?:ticket|report|complaint|case)"
        r"|(?:forgot|forgotten|lost) (?:my|the) ticket|did you (?:get|receive|register))\b",
    ),
    Intent.ADDITION: Words(
        zh_part=(
            r"^(?:我)?(?:再|还要|想|要)?补充|补充(?:一下|一点|说明)"
            r"|(?:上次|之前|刚才|昨天|前天)(?:反映|说|投诉|报|反应|提)(?:过|了)?的"
            r"|(?:已经|都|终于).{0,4}(?:解决|(?:修|处理|弄|搞|清理|恢复|办|剪).{0,2}[好完])了(?:[\W].*)?$"
        ),
        en_part=(
            r"\b(?:to add to|in addition to my|as i (?:reported|said)"
            r"|my (?:earlier|last) (?:report|request|complaint|ticket)"
            r"|(?:is|has been|was) (?:fixed|solved|repaired) now)\b"
        ),
    ),
    Intent.NO_PHONE: Words(
        zh=("不留了", "不想留", "没法留电话", "没有联系方式", "打不了电话"),
        en=(
            *("no phone", "no number", "no phone number", "no telephone", "without phone", "I have no phone"),
            *("I don't have a phone", "I do not have a phone", "I don't have one", "I have no number"),
            *("I don't have a phone number", "no phone sorry", "I don't want to give my number"),
        ),
        zh_part=(
            r"^(?:我|家里|身上|现在|这边|就|也|都|不好意思|对不起|[，,\s])*(?:没有?|没得|没带|忘带|不想|不愿意?|不方便|不便|不能|不|拒绝)"
            r"(?:用|留|给|提供|说|告诉|透露|有)?(?:你们?|您)?(?:我的|自己的|个人|联系)?(?:电话|手机|号码|联系方式)"
            r"(?:号码?|可留|可以留|了|的|啊|呀|[\W])*$"
        ),
    ),
    Intent.DECLINE: Words(
        zh=(
            *(
                "跳过",
                "不知道",
                "不清楚",
                "不方便",
                "不方便说",
                "不方便透露",
                "不用",
                "不用了",
                "没有",
                "不需要",
                "不想说",
            ),
            *("不记得", "不记得了", "忘了", "说不清", "说不清楚", "说不上来", "不确定", "不好说", "我也不知道", "算了"),
            *("算了吧", "不告诉你", "不晓得", "不想提供", "无可奉告", "下次再说"),
        ),
        zh_part=(
            r"^(?:我|就|也)*不(?:太)?(?:方便|想|愿意?|便)(?:再)?(?:留|说|提供|透露|给|讲)"
            r"(?:了|任何|个人|自己|的|信息|资料|名字|姓名|隐私|哦|啊|[\W])*$|^(?:我|这个?|就)*没有?(?:什么)?(?:具体|固定)的?(?:地点|地址|位置)"
        ),
        en=(
            *("skip", "none", "no", "I do not know", "I don't know", "dont know", "idk", "not sure", "no idea"),
            *("rather not say", "I'd rather not say", "prefer not to say", "I don't remember", "no comment"),
        ),
    ),
    Intent.THANKS: Words(
        zh=(
            *(
                "谢谢",
                "谢谢你",
                "麻烦了",
                "谢谢您",
                "谢谢你们",
                "感谢",
                "多谢",
                "非常感谢",
                "太感谢了",
                "谢了",
                "辛苦",
                "辛苦你们",
            ),
            *(
                "辛苦您",
                "麻烦",
                "麻烦你们",
                "麻烦您",
                "拜托",
                "拜托你们",
                "再见",
                "拜拜",
                "好人一生平安",
                "好的谢谢",
                "嗯谢谢",
            ),
        ),
        en=(
            *("thanks", "thank you", "thx", "many thanks", "thank you very much", "thanks a lot", "thank you so much"),
            *(
                "ty",
                "thank u",
                "thanks u",
                "thank you all",
                "thankyou",
                "tks",
                "cheers",
                "ok thanks",
                "ok thank you",
                "great thanks",
                "bye",
                "goodbye",
                "good bye",
            ),
        ),
    ),
    Intent.ACK: Words(
        zh=(
            *(
                "好",
                "好的",
                "好吧",
                "好嘞",
                "嗯",
                "嗯嗯",
                "哦",
                "噢",
                "知道",
                "明白",
                "收到",
                "了解",
                "行",
                "可以",
                "没问题",
            ),
            *(
                "对",
                "是",
                "是的",
                "没错",
                "没有了",
                "没了",
                "就这些",
                "就这样",
                "没有其他",
                "没别的",
                "没事",
                "等你们消息",
            ),
        ),
        en=(
            *("ok", "okay", "yes", "yeah", "sure", "got it", "alright", "all right", "fine", "I see", "understood"),
            *("that's all", "that is all", "nothing else", "no that's all", "great", "good"),
        ),
    ),
    Intent.GREETING: Words(
        zh=(
            *(
                "你好",
                "您好",
                "你们好",
                "大家好",
                "在吗",
                "在么",
                "在不在",
                "在不",
                "有人吗",
                "有人么",
                "有人在吗",
                "人在吗",
            ),
            *(
                "客服在吗",
                "早上好",
                "上午好",
                "中午好",
                "下午好",
                "晚上好",
                "早",
                "喂",
                "喂喂",
                "嗨",
                "哈喽",
                "哈啰",
                "请问",
            ),
            *(
                "有没有人",
                "有人没有",
                "有没有人在",
                "有人没",
                "你们上班吗",
                "你们下班了吗",
                "上班了吗",
                "下班了吗",
                "还上班吗",
            ),
            *("打错", "打错了", "打错电话", "打错电话了", "发错", "发错了", "按错了", "不小心打错了", "对不起打错了"),
            *("不好意思打错了", "不好意思发错了", "对不起发错了"),
            *("咨询", "投诉", "举报", "求助", "反映", "反映问题", "反映情况", "反映个问题", "反映个事", "反映一件事"),
            *("我有个问题", "有个问题", "问个问题", "问一下", "咨询个问题", "投诉一个人", "是12345吗", "这里是12345吗"),
            *("不会打字", "我不会打字", "我老了不会打字", "不识字", "我不识字", "不会写字", "我不会写字"),
            *("同志", "领导", "师傅", "老师", "测试", "测试一下", "试一下"),
            *("你是谁", "你是机器人吗", "能听到吗", "听得到吗", "你好在吗", "你好请问", "打扰", "帮帮我", "帮我"),
        ),
        en=(
            *("hello", "hi", "hey", "hello there", "hi there", "good morning", "good afternoon", "good evening"),
            *(
                "anybody there",
                "anyone there",
                "is anyone there",
                "is anybody there",
                "are you there",
                "start",
                "/start",
            ),
            *("I have a question", "I have a problem", "I want to complain", "I want to report something", "help"),
            *(
                "test",
                "testing",
                "wrong number",
                "sorry wrong number",
                "is anybody working",
                "are you open",
                "are you open now",
            ),
            *("I need help", "can you help me", "can you hear me", "is this 12345", "who are you", "are you a robot"),
        ),
        zh_part=(
            r"^(?:(?:早上|上午|中午|下午|晚上|你|您|大家|节日|新年)好[\W]*)?祝(?:您|你|大家|你们).{1,12}$"
            r"|^(?:(?:你|您)好[\W]*)?我?(?:要|想)?(?:反映|投诉|举报|咨询|问|说)(?:一?个|一?件|一下|点)?(?:事情?|情况|问题)?[\W]*$"
        ),
    ),
    Intent.ABUSE: Words(
        zh=(
            "废物",
            "一群废物",
            "骗子",
            "混蛋",
            "王八蛋",
            "滚",
            "滚蛋",
            "滚开",
            "傻逼",
            "神经病",
            "有病",
            "呸",
            "草泥马",
            "操你妈",
            "艹",
            "SB",
            "傻叉",
            "傻X",
            "傻x逼",
            "沙比",
            "sb客服",
            "nmsl",
            "cnm",
            "气死我了",
        ),
        en=("shit", "idiot", "idiots", "useless", "liars", "damn", "damn you", "go to hell", "shut up"),
        zh_part=(
            rf"{_US}(?:这?些?|都|就|真|是|真是|就是|全|全是|一群|一帮|个|这帮|他妈|简直|太|怎么这么)*"
            r"(?:垃圾|废物|骗子|饭桶|混蛋|傻[逼比叉]|白痴|脑残|猪|渣|不要脸|无耻|有病|没用|恶心|黑心)"
            r"|垃圾(?:热线|平台|政府|客服|部门|12345)|(?:破|烂|狗屁)(?:热线|客服|平台)|傻[逼比叉xX✘×]|[煞沙]笔|[操草艹日]你|[草曹操][泥尼你][马玛妈]|他妈的|^妈的"
            r"|\btmd\b|滚(?:蛋|开)|王八蛋|狗娘养|吃干饭|饭桶"
        ),
        en_part=(
            r"\bfuck\w*|\b(?:worst|terrible|awful|horrible) service\b|"
            r"\bbullshit\b|\b(?:you|you're|u|this (?:hotline|service)(?: is)?)\b[\w ]{0,20}"
            r"\b(?:idiots?|stupid|useless|assholes?|liars?|garbage|trash|shit|suck|sucks)\b"
        ),
    ),
}
"""In order of precedence: what comes first holds, should words stand under two intents."""
