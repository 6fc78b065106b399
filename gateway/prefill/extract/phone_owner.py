"""The owner of a telephone number by the words around it, and whether the number is said to be of no use.

The city calls the number that a person gives as theirs, so only words that say so make it theirs.
"""

from __future__ import annotations

import re
from enum import Enum

NOUN = (
    r"(?:(?:联系|手机|办公|家庭|固定|办证|客服|热线|服务|招聘|报名|订餐|预约|咨询|来电|电话)的?)?"
    r"(?:电话(?:号码?)?|手机(?:号码?)?|号码?|联系方式|座机(?:号码?)?|固话|热线|微信同号)"
)
"""What a number is called."""
_PHONE_EN = (
    r"(?:(?:cell|mobile|phone|contact|telephone|work|home|office|own|new|current)\s+){0,3}"
    r"(?:tele)?(?:number|phone|mobile|cell)"
)
_LINK = (
    r"[是不为就号码呃嗯啊哦那这个换改成了现在应该也来打拨请致：:，,、。\s\-（(]{0,10}"
    r"(?:(?:is|at|on|no|not|number)[\s.:]{1,2}){0,2}$"
)
"""What may stand between the word for a number and its digits."""
_SELF = r"(?:我(?:们)?(?:自己|本人|个人|这边|这里|家里?|新|现在)?|本人|俺|自己|家里)"
_OWN = re.compile(
    rf"(?<![不回给找打])(?:{_SELF}的?|(?<!原来)(?<!以前)(?<!之前)(?:最新|新|现在)的?)(?:(?:最新|新|备用|另外|现在)的?)?{NOUN}{_LINK}"
    rf"|\bmy\s+{_PHONE_EN}\b[^,.;!?]{{0,6}}{_LINK}",
    re.IGNORECASE,
)
_ASKS = re.compile(r"请|让|叫|麻烦|希望|可以|要求|能不能|方便|please|could|can you|you can", re.IGNORECASE)
_INTRODUCES = re.compile(
    r"(?<![给帮替请让])我(?:全名)?叫(?![车人你他她它们了])|我姓|免贵姓|敝姓|本人|(?:(?<!被)(?:投诉|反映|来电|报修|联系|举报)人|姓名)(?:是|叫|[：:])?|我的?名字|我这边(?:姓|叫)"
    r"|我是(?![在被从不想要说问来])[^，。,\s]{2,10}(?<!的)(?=[，,。\s]|电话|手机)"
    r"|\bmy (?:full )?name(?:'s|’s| is)|\bthis is [A-Z]\w+ (?:speaking|calling|here)",
    re.IGNORECASE,
)
_PERSON = (
    "老板娘?|经理|店长|店主|店员|负责人|司机|房东|房主|邻居|村长|书记|主任|医生|老师|工作人员|法人(?:代表)?|中介|队长|所长|"
    "销售|员工|导游|教练|包工头|工头|承包商|开发商|卖家|买家|保安|师傅|骗子|对方|快递员?|外卖员?|租客|房客|业务员|顾问|律师|警察|"
    "民警|当事人|举报人|嫌疑人|车主|别人|那个?人|那个[男女][的人]|人家|[他她它]们?"
)
_PLACE = (
    "店家|商家|厂家|楼上|楼下|平台|客服|物业|公司|单位|酒店|饭店|餐厅|餐馆|超市|商店|店里|门店|店铺|小店|(?<=[一-鿿])店|学校|医院|"
    "银行|广告|招牌|传单|网站|网上|社区|居委会|村委会"
)
_KIN = (
    "儿子|女儿|老公|老婆|爸爸?|妈妈?|父亲|母亲|爱人|丈夫|妻子|孩子|同事|朋友|家人|哥哥?|姐姐?|弟弟?|妹妹?|爷爷|奶奶|外婆|同学|亲戚|"
    "邻居|家属"
)
_REACH_ME = re.compile(
    rf"(?<!不)(?:联系|打给|打|致电|回电给?|回|拨|通知|找)我(?!们?[家过了说的]|{_KIN}|{_PERSON})|请?回电|回拨"
    r"|(?:请|麻烦|可以|可|烦请)(?:打|拨打?|致电|联系)(?:这个|以下|我的)?(?:电话|号码|手机)?\s?$"
    r"|\b(?:call|reach|contact|phone|ring|text)\s+(?:me|back)\b|\bI can be reached\b",
    re.IGNORECASE,
)
_NOT_ANOTHERS = "".join(
    f"(?<!{words})"
    for words in (
        *("我", "我们", "我自己", "本人", "自己", "家里", "我家", "们家", "这边", "新", "最新", "现在", "正确"),
        *("以下", "下面", "备用", "另外", "紧急", "联系", "通", "接听", "留", "常用"),
    )
)
_SAID_OF_OTHERS = (
    "收到|接到|来电|打给我们?的|打来|打进来|打过来|打电话(?:给我|过来|来|说)|给我(?:打|发)|骚扰|诈骗|骗|陌生|显示|发来|自称|冒充|有人|有个|"
    r"有一个|某个?|一个号码?|网上|查到|贴|喷|墙上|短信|(?:投诉|举报)(?!人)|(?<!我)(?<!在)用\s?(?:的|了)?$"
)
_SAID_OF_OTHERS_EN = (
    r"\b(?:somebody|someone|stranger|scam\w*|fraud\w*|spam\w*|caller|call(?:s|ed)?\s+(?:(?:me|us)\s+)?(?:from|by)|"
    r"(?:from|with)\s+(?:the\s+)?(?:phone\s+)?number|message\s+from|text\s+from|an?\s+unknown)\b"
)
_NAME = r"[^，。,\s我]"
_OTHER = re.compile(
    rf"(?P<role>{_PERSON}|{_PLACE})(?:{_NAME}{{0,6}}?的?{NOUN}|[，,\s]{NOUN}|{_NAME}{{0,4}}\s?$)"
    rf"|(?P<named>{_PERSON})[叫姓]?{_NAME}{{1,3}}?[，,\s]{NOUN}"
    rf"|{_NOT_ANOTHERS}的{NOUN}|{_SAID_OF_OTHERS}|{_SAID_OF_OTHERS_EN}"
    rf"|\b(?:his|her|their|its)\b|[a-z]['’]s?\s+{_PHONE_EN}\b"
    r"|\bthe\s+(?!phone|mobile|cell|telephone|contact|best|right|correct|following|number)(?:[a-z]+\s+){1,3}?"
    rf"{_PHONE_EN}\b|\b(?:number|phone)\s+(?:of|for)\s+(?!me\b|my\b)",
    re.IGNORECASE,
)
_KIN_OWNS = re.compile(
    rf"(?:{_KIN})(?:[^，。,\s我]{{0,4}})的?{NOUN}{_LINK}|\bmy\s+(?:\w+\s+)?\w+['’]s\s+{_PHONE_EN}", re.IGNORECASE
)
_I_AM = re.compile(r"(?:我就?是|我们是|本人是?|我叫(?!车)|我姓|免贵姓)[^，。,]{0,10}$")
_CALLS_ME = re.compile(
    r"[^请可]{0,3}?(?:给我打|打给我(?!就|吧|即)|打来|打过来|打电话|骚扰|发来|发短信|发的|自称|冒充)"
    r"|.{0,4}?(?:没人接|无人接|不接|骗|核实|调查|了解|投诉)|[\s，,]?(?:这个?|那)?(?:号码?)?是(?![我本错])[^，。,\s]{1,8}的"
    r"|\W{1,2}(?:has |have |is |who |which )?(?:(?:keeps?|kept|been|was) )?"
    r"(?:call(?:s|ed|ing)|text(?:s|ed|ing)|harass\w*|scam\w*|belong\w* to (?!me))\b",
    re.IGNORECASE,
)
_IS_MINE_AFTER = re.compile(
    r"[\s，,]{0,2}(?:这个?|就)?(?:号码?|电话)?(?:来|可以|就可以|就能|随时|都能|都可以|随时可以)?"
    r"(?:联系(?:到)?我|找(?:到)?我|是我的|是我(?:本人|手机|电话|自己|$|[，。,])|回我)"
    r"|\W{1,2}(?:is|it's|that's) (?:my|mine)\b",
    re.IGNORECASE,
)
_USED_BY_OTHERS = re.compile(
    r"(?:[他她]们?|对方|有人|骗子|陌生|个人|somebody|someone)[^，。,]{0,8}$|用\s?$", re.IGNORECASE
)
_NO_USE_BEFORE = re.compile(
    rf"(?<!是)(?:不是|并非|不再是)(?:用|打)?(?:{_SELF}的?)?(?:这个|那个)?(?:{NOUN})?(?:是)?\s?$"
    r"|(?:不要|别|不用|不必|不能|不想|请勿|切勿|勿|甭|莫)(?:再|去)?(?:给|往|打|拨|用|联系|留|写|记|填)[^，。,；;]{0,6}$"
    rf"|(?:原来|以前|之前|从前|曾经|过去|旧|老|上一个)(?:用)?的?(?:那个)?{NOUN}{_LINK}"
    r"|\b(?:do not|don['’]?t|never|stop|not to)\s+(?:\w+\s+){0,2}?"
    r"(?:call|calling|use|using|contact|dial|ring|phone|reach)\b[^,.;!?]{0,16}$"
    rf"|\b(?:is|was|am)(?:\s+not|n['’]t)(?:\s+(?:my\s+{_PHONE_EN}|at|on))?\s*$|\b(?:old|former|previous)\s+{_PHONE_EN}\b[^,.;!?]{{0,6}}{_LINK}",
    re.IGNORECASE,
)
_NO_USE_AFTER = re.compile(
    r"[，,\s]?(?:这个|那个|这|那)?(?:号码?|电话)?(?:是|已经|已|现在|早就?|都){0,2}"
    r"(?:是错的|错的|错了|不对|打不通|停机|停用|注销|不能用|不能打|用不了|不用|没用了|作废|空号|换了|换掉|丢了|不是我的|不要打|别打)"
    r"|\W{1,2}(?:is |does |was |has )?"
    r"(?:not (?:mine|my|work|in use|correct)|no longer|wrong|n['’]t work|out of (?:use|service))\b"
    r"|\s(?:isn|doesn|wasn)['’]?t\s(?:mine|my|work|in use|correct)",
    re.IGNORECASE,
)
_THIRD = re.compile(rf"{_PERSON}|{_PLACE}|有人|有个|骗|陌生|he |she |they |who ", re.IGNORECASE)
_CLAUSE = re.compile(r"[，。！？；,.!?;\n]")
_BARE = re.compile(
    rf"(?:^|[，。！？；,.!?;\s])(?:联系)?(?:{NOUN}|(?:phone|tel|mobile)\b){_LINK}|[，。！？；,.!?;\s]$", re.IGNORECASE
)
_OTHER_INTRODUCED = re.compile(rf"(?:{_PERSON}|{_PLACE}|{_KIN}|人|个)(?:名字)?(?:叫|姓)")
_BEFORE, _AFTER = 30, 20
"""Characters around a number whose words are looked at."""
_TAIL = 12
"""A number with no more than so many characters behind it is the end of what somebody says."""


class Whose(Enum):
    """The owner of a number by the words around it."""

    MINE = "mine"
    THEIRS = "theirs"
    KIN = "kin"
    """Of the requester's family or a friend: neither to be called nor complained about."""
    UNSAID = "unsaid"


def no_use(text: str, start: int, end: int) -> bool:
    """Whether the number ``text[start:end]`` is said to be wrong, former, or not to be called."""
    before = text[max(0, start - _BEFORE) : start]
    return _NO_USE_BEFORE.search(before) is not None or _NO_USE_AFTER.match(text, end, end + _AFTER) is not None


def said_to_be_mine(text: str, start: int, end: int) -> bool:
    """Whether the words behind the number say that it is the requester's: 138… 是我的电话, 请打 138… 联系我."""
    if not _IS_MINE_AFTER.match(text, end, end + _AFTER):
        return False
    return not _USED_BY_OTHERS.search(_CLAUSE.split(text[max(0, start - _BEFORE) : start])[-1])


def whose(text: str, start: int, end: int, since: int) -> Whose:
    """The owner of the number ``text[start:end]`` by what was said last; ``since``: the end of the number before it."""
    before = text[max(since, start - _BEFORE) : start]
    clause = _CLAUSE.split(before)[-1]
    if _OWN.search(before) or (_IS_MINE_AFTER.match(text, end, end + _AFTER) and not _USED_BY_OTHERS.search(clause)):
        return Whose.MINE
    if _CALLS_ME.match(text, end, end + _AFTER):
        return Whose.THEIRS
    if _KIN_OWNS.search(before) and not _I_AM.search(clause):
        return Whose.KIN
    theirs = max((m.end() for m in _OTHER.finditer(before) if not _is_me(before, m)), default=-1)
    mine = max((m.end() for m in _INTRODUCES.finditer(before)), default=-1)
    mine = max([mine, *(m.end() for m in _REACH_ME.finditer(before) if _is_asked(before, m.start()))])
    if mine == theirs:
        return Whose.MINE if mine < 0 and _ends_introduction(text, start, end) else Whose.UNSAID
    if mine > theirs:
        return Whose.MINE
    return Whose.UNSAID if _ends_introduction(text, start, end) else Whose.THEIRS


def _is_me(before: str, other: re.Match[str]) -> bool:
    """Whether the requester is who is spoken of: 我是店长, 电话…."""
    role = other["role"] or other["named"]
    return role is not None and _I_AM.search(before, 0, other.start()) is not None


def _is_asked(before: str, start: int) -> bool:
    """Whether the city is asked to call, rather than told that somebody else did."""
    clause = _CLAUSE.split(before[:start])[-1]
    return _THIRD.search(clause) is None or _ASKS.search(clause) is not None


def _ends_introduction(text: str, start: int, end: int) -> bool:
    """Whether a number that is only called 电话 closes what somebody said who gave their name before."""
    if len(text) - end > _TAIL or not _BARE.search(text, max(0, start - _BEFORE), start):
        return False
    own = max((m.start() for m in _INTRODUCES.finditer(text, 0, start)), default=-1)
    return own > max((m.start() for m in _OTHER_INTRODUCED.finditer(text, 0, start)), default=-1)
