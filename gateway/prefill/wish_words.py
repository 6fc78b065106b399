"""The words with which people ask to stay unknown, say what they cannot do, and how they want to be reached."""

from __future__ import annotations

import re

_FLAGS = re.IGNORECASE


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), _FLAGS)


_NEVER = r"(?:不要|别|请勿|切勿|勿|不能|不许|不得|不准|不可以?|不希望|不想|不愿意?)"
_TELLS = r"(?:透露|泄[露漏]|公开|暴露|外传|外泄|告诉|告知|说出去|传出去|说给|交给|提供给|转给|转告|发给)"
_KNOWN_BY = r"(?:信息|身份|姓名|名字|电话|号码|手机|资料|隐私|住址|地址|联系方式|是谁)"
_MINE = (
    rf"(?:我们?|本人|(?:举报|投诉|反映|反应|来电|诉求|报料|爆料)人|个人)的?(?:任何|个人|真实|联系|所有|一切|全部"
    rf"|相关)?{_KNOWN_BY}"
)
_DID = r"(?:举报|投诉|反映|反应|报|说|打|告|写|提|讲|爆|拍)"
_IT_WAS_ME = rf"(?:是(?:我们?|谁){_DID}|我是谁|我举报|我投诉)"
_NO = r"(?:don['’]?t|do not|never|not to|without|cannot|can['’]t|must not|mustn['’]t|should not|shouldn['’]t)"
_QUIET = r"(?:confidential(?:ly)?|secret|private(?:ly)?)"

SECRET = _words(
    r"保密(?!局|协议|法|工作|柜|条例|单位|费|义务|室|员|性|级|期|科|措施|制度|等级|文件|意识|合同|条款|部门|办|箱"
    r"|教育|培训|宣传|知识|检查)",
    rf"{_NEVER}[^，。！？；,.!?;]{{0,6}}?{_TELLS}[^，。！？；,.!?;]{{0,8}}?{_MINE}",
    rf"{_NEVER}(?:再)?(?:把|将|拿){_MINE}[^，。！？；,.!?;]{{0,6}}?(?:{_TELLS}|给)",
    rf"{_MINE}[^，。！？；,.!?;]{{0,4}}?{_NEVER}[^，。！？；,.!?;]{{0,3}}?{_TELLS}",
    rf"{_NEVER}[^，。！？；,.!?;]{{0,3}}?(?:让|给|叫|被)[^，。！？；,.!?;]{{0,8}}?(?:知道|晓得|查到|查出|发现"
    rf"|认出)[^，。！？；,.!?;]{{0,3}}?(?:{_IT_WAS_ME}|{_MINE})",
    rf"(?:请|要|希望|请求|要求|务必|注意|麻烦|帮我)[^，。！？；,.!?;]{{0,3}}?保护(?:好|一下)?{_MINE}",
    rf"{_NEVER}[^，。！？；,.!?;]{{0,4}}?(?:说|讲|提|{_TELLS}[^，。！？；,.!?;]{{0,8}}?){_IT_WAS_ME}",
    rf"\b(?:keep|treat|handle)\s+(?:this|it|me|that|everything|all|the (?:report|complaint|call)"
    rf"|my[^.!?;,]{{0,30}}?)\b[^.!?;,]{{0,20}}?\b{_QUIET}\b",
    rf"\b(?:my[^.!?;,]{{0,30}}?|this|it)\s(?:to |must |should |has to |needs to |can |stays? |remains? )?(?:be |stay "
    rf"|remain )?(?:kept |treated )?(?:as )?{_QUIET}\b(?=\s*(?:[.!?;,]|$|please|and|because|since))",
    rf"\b{_NO}\s[^.!?;]{{0,12}}?\b(?:tell|reveal|disclos|shar|giv|pass|leak|publish|mention|show"
    rf"|expos)[^.!?;]{{0,40}}?\bmy (?:\w+ )?(?:name|identity|number|phone|details|information|address|data|contact)",
    rf"\b{_NO}\s(?:let|want)\b[^.!?;]{{0,30}}?\b(?:know|find out)\b[^.!?;]{{0,8}}?\b(?:it was me|I (?:reported"
    rf"|complained|called|told)|who I am)",
    r"\b(?:nobody|no one)\b[^.!?;]{0,20}?\b(?:knows?|finds? out)\b[^.!?;]{0,8}?\b(?:it was me|who I am)",
    r"\bkeep my name out of\b",
)
ANONYMOUS = _words(
    r"匿名(?!信|电话|短信|用户|者|评论|留言|账[号户]|社交|聊天|投票|软件|群|发帖|骂|攻击|(?:举报|投诉)(?:电话|信|件"
    r"|箱|渠道|平台|者|奖|材料|我))",
    r"(?:不想|不愿意?|不太?方便|不便|不希望)[^，。！？；,.!?;]{0,3}?(?:透露|留下?|说|告诉|讲|登记|提供"
    r"|报)[^，。！？；,.!?;]{0,4}?(?:姓名|名字|真名|名姓|我叫什么|我是谁|身份)",
    r"(?:不要|别|不用|请勿)(?:登记|记录?|写|留)(?:我的?)?(?:姓名|名字)",
    r"(?:姓名|名字)(?:我|就|我就)?不(?:留|说|方便说|登记|透露)",
    r"(?:能不能|可不可以|可以|就|先)不(?:说|留|报|登记)(?:我的?)?(?:姓名|名字|叫什么)",
    r"不留名(?!片)|不具名",
    r"\b(?:make|file|submit|leave|give)\s+an? anonymous\b",
    r"\b(?:stay|remain|be|keep me|kept|(?:report|complain|call|write)(?:ing)?\b[^.!?;,]{0,30}?)\s+anonymous(?:ly)?\b",
    r"\banonymous(?:ly)?,? please\b",
    r"\b(?:(?:do not|don['’]?t|rather not|prefer not to|not)\s+(?:want to |wish to |like to )?(?:give|leave|say|tell"
    r"|share|state)|without (?:giving|leaving|saying|telling|sharing))\s+(?:you )?my (?:full |real )?name\b",
)
VISITOR = _words(
    r"(?:我们?|本人|俺|咱们)(?:一家(?:人|[一-鿿]口)?|俩|几个(?:人|朋友)?|都|就|也|这边|两个人?)?(?:是"
    r"|系)(?:一?[名个位群])?"
    r"(?:(?!看|见|听|遇|问|帮|接|拉|载|投|举|带|给|替|代|被|一个|不)(?:[一-鿿]{1,10}?的|[一-鿿]{2,3}))?(?:游客|旅客"
    r"|观光客|背包客)(?!中心|服务|集散|接待|码头|部|量|咨询)",
    r"(?:我们?|本人|咱们)(?:一家(?:人|[一-鿿]口)?|俩|几个(?:人|朋友)?|都|就|这次|今天|昨天|前天|刚刚?|现在|是|专门"
    r"|春节|国庆|暑假|寒假|两个人?|[和跟][一-鿿]{1,4}?|从[一-鿿]{2,6}?){0,3}"
    r"(?:过来|来到?|到)了?(?:海口|海南|这里|这边|这儿|你们(?:这里?|海口|海南)?|贵[地市]|岛上|本地|这个城市)?(?:这边"
    r"|市)?(?:自驾|跟团|自由行)?(?:旅游|旅行|度假|观光)"
    r"(?!局|公司|大巴|车|社|景区|区|城|学|业|卡|年卡|路|职|专业|集团|部门)",
    r"(?:我|我们|俺|咱们)(?:都|也|就)?是(?:从)?外[地省](?:过?来)的(?![一-鿿]{0,3}(?:工|务|租|打|户))",
    r"作为(?:一?[名个位])?(?:外地|外省)?(?:游客|旅客)(?!中心)|(?:外地|外省)?游客一[枚名个](?![一-鿿])",
    r"\b(?:I['’]m|I am|we['’]re|we are|as)\s+(?:both |all |just |only |here as )?(?:an? )?(?:(?!not\b"
    r"|the\b)\w+ )?(?:tourists?|visitors?|travell?ers?|backpackers?)\b(?! cent)",
    r"\b(?:I['’]m|I am|we['’]re|we are|I was|we were)\s+(?:just |only |currently |here )*(?:visiting(?! (?:my"
    r"|a friend|a patient|the hospital|him|her))|on (?:a )?(?:holiday|vacation)|travell?ing (?:in|to|around"
    r"|through))\b",
)
_VERY = r"(?:也|都|又|比较|有点儿?|一直|现在|真的|实在|天生|已经|确实|很|非常)?"
_AM = r"(?:(?<!不)是|作为|属于?)(?:一?[名个位])?[一-鿿]{0,4}?"
_I_AM = r"\b(?:I['’]m|I am|we['’]re|we are)\s+(?:(?!not\b)\w+ )?"
ABILITIES = {
    "hearing": _words(
        rf"(?:听力|耳朵|听觉){_VERY}(?:不好|不行|有问题|有障碍|障碍|残疾|受损|下降|差|弱|背|聋了?|听不见|听不清|不灵"
        rf"|不方便|不便|不太好|不是[很太]好)",
        r"耳背|重听|(?:戴|用)着?助听器",
        rf"{_AM}(?:聋人|聋哑人|聋子|听障人士|听障|听力障碍|听力残疾)(?!学校|协会)",
        rf"{_I_AM}(?:deaf|hard of hearing|hearing[- ]impaired)\b",
        r"\bmy hearing is (?:bad|poor|weak|not (?:very )?good)|\bI (?:can(?:no|['’])t|cannot|can not"
        r"|don['’]?t) hear (?:very )?(?:well|properly|much)",
        r"\bI have (?:a )?(?:severe |profound )?hearing (?:loss|impairment|problem|difficult)",
    ),
    "sign_language": _words(
        r"(?:用|会|懂|要|打|提供|需|使用|安排|配|有没有|请)[一-鿿]{0,3}?手语(?!舞|操|歌|角|老师|班|课|培训)",
        r"(?:\bI\b|\bwe\b|\bneed|\buse|\bplease|\bprovide)[^.!?;]{0,30}?\bsign[- ]language\b",
    ),
    "vision": _words(
        rf"(?:视力|眼睛){_VERY}(?:不好|不行|有问题|有障碍|障碍|有?残疾|差|看不见|看不清|失明|瞎了?|不方便|不便|不太好"
        rf"|不是[很太]好)",
        rf"{_AM}(?:盲人|视障人士|视障|视力障碍|视力残疾)(?!按摩|协会|学校)",
        r"(?:我|本人)(?:双目|双眼)?(?:失明|弱视)",
        rf"{_I_AM}(?:blind|visually[- ]impaired|partially[- ]sighted|sight[- ]impaired)\b",
        r"\bmy (?:eye)?sight is (?:bad|poor|weak|not (?:very )?good)|\bI (?:can(?:no|['’])t"
        r"|cannot) see (?:very )?(?:well|properly)",
    ),
    "speech": _words(
        rf"{_AM}(?:聋哑人|哑巴|哑人|言语障碍|语言障碍)",
        r"(?:我|本人)[一-鿿]{0,3}?不(?:能|会)说话(?!算)",
        rf"(?:说话|讲话|发音|言语){_VERY}(?:不方便|不便|困难|有障碍|障碍)",
        rf"{_I_AM}(?:mute|speech[- ]impaired)\b|\bI (?:can(?:no|['’])t|cannot) (?:speak|talk)\b(?! (?:chinese"
        rf"|mandarin|english|cantonese|the|to|with|about|now|any))",
    ),
}
"""What ``requester.accessibility`` lists, by its word there."""
MESSAGE = _words(
    r"(?:不要|别|请勿|勿|不用|不必|无需|不需要|不太?方便|不便)(?:再|总|老|随便|一直)?(?:给我们?|跟我们?|向我"
    r"|往我)?(?:打|回|接听?|来|回拨|回访)(?:过来)?(?:我的?|我家)?(?:任何|回访)?(?:电话|手机)(?!号|给我的?(?:老|爸|妈"
    r"|家|朋友|儿|女|孩|单位|公司)|[^，。！？；]{0,8}?(?:骚扰|要钱|催|推销|贷款|诈骗|恐吓|威胁))",
    r"电话(?:你们|就|也|都){0,2}(?:不要|别|不用|不必)(?:再)?(?:打|回)了?(?!通)",
    r"(?:不要|别|请勿|勿|不用|不必)(?:再)?(?:给我)?(?:来电(?!显)|回电(?!话)|打给我(?![看听]))",
    r"(?:我|本人)(?:现在|平时|上班|白天|这边|一般|从来|都|也|们){0,2}(?:不接|不敢接)听?(?:陌生)?电话",
    r"(?:接不了|没法接|无法接|不能接|不方便接)听?电话",
    r"(?:发|回|用|通过)?(?:短信|信息|微信|消息|邮件|文字)上?(?:给我|联系|回复|通知|答复|告知|沟通|回|发|我){0,3}(?:就"
    r"|即)(?:行|可以?|好|够)了?(?=[啊吧呀哈的嘛哦呢谢不别]|[，。！？；,.!?;\s]|$)",
    r"(?:^|(?<=[.!?;,，。；！\n])|(?<=[.!?;,] )|(?<=please )|(?<=and )|(?<=but )|(?<=so )|(?<=just ))(?:don['’]?t"
    r"|do not|never)\s+(?:ever |please )?(?:call|phone|ring|telephone)(?:\s+me)?(?=\s*(?:[,.;!?]|$)|\s+(?:back|up"
    r"|again|anymore|at|on|please|by|just|text|because|since)\b)",
    r"\bno (?:phone )?calls?,? please\b|\bno phone calls\b",
    r"\b(?:text|sms|message|email|e-mail)s?(?: me)? (?:only|instead)\b|\b(?:just|please|only) (?:text|message|email"
    r"|sms) me\b",
    r"\binstead of (?:calling|phoning|ringing|a (?:phone )?call)\b",
    r"\bI (?:can(?:no|['’])t|cannot) (?:take|answer) (?:the phone|(?:phone )?calls)\b",
)
DENIED = re.compile(
    r"(?:(?<![能可要会是用])不|没|未|无|甭|免)(?:需要?|用|必|要求|要|想|是|有|能|做到|做好|打算|申请|得|给我|替我"
    r"|帮我|必要|去|再|太|会|为我|对[一-鿿]{1,6}?|为[一-鿿]{1,4}?){0,3}$"
    r"|(?<!特)别(?:给我|替我|帮我)?$"
    r"|\b(?:no need|not|never|needn['’]t|doesn['’]t|don['’]?t|isn['’]t|no)\b[^,.;!?]{0,20}$",
    _FLAGS,
)
"""In the clause before a wish: there is none."""
ASKED = re.compile(
    r"(?:怎么样?|如何|怎样|什么是|为什么|为何)[一-鿿]{0,3}$|\bhow (?:can|do|to|could)\b[^.!?;]{0,20}$", _FLAGS
)
"""In the clause before a wish: how it is done is asked."""
OTHERS = re.compile(
    r"(?:我的?|我们的?|我家的?)?(?:老?爸爸?|老?妈妈?|父亲|母亲|老公|老婆|丈夫|妻子|爱人|老伴|老头|老太太|对象|公公"
    r"|婆婆|岳父|岳母|孙子|孙女|男朋友|女朋友|儿子|女儿|闺女|孩子|小孩|爷爷|奶奶|外公|外婆|姥姥|姥爷|哥哥?|姐姐?"
    r"|弟弟?|妹妹?|朋友|同事|同学|亲戚|家人|邻居|室友)"
    r"|[他她它]们?|有人|有个|有位|有些|别人|人家|对方|那[个位些]|某|老板|老人|商家|物业|公司|单位|医院|学校|平台|客服"
    r"|房东|房主|司机|店家|店主|饭店|警察|派出所|医生|老师|领导|工作人员|部门"
    r"|银行|开发商|中介|保安|记者|法院|律师|收到|接到|被|遇到|看到|隔壁"
    r"|\b(?:he|she|they|somebody|someone|people|my (?:boss|neighbou?rs?|friends?|husband|wife|mother|father|mum|mom"
    r"|dad|son|daughter|landlord|colleague|child|kid|grand\w+)|the (?:company|landlord|driver|shop|hotel|boss"
    r"|neighbou?rs?|police|bank|hospital|school))\b",
    _FLAGS,
)
"""Others than the speaker whose wish it may be."""
OWN = re.compile(r"我|本人|俺|咱|自己|(?:举报|投诉|反映|反应|来电|诉求)人|\b(?:I|we|me|my|please)\b", _FLAGS)
MADE_TO = re.compile(r"^们?[^，。]{0,3}?(?:让|叫|逼|要求|命令|威胁|劝|答应|骗)(?:了|过)?(?:我|本人)", _FLAGS)
"""Behind another: what the other wants of who speaks (老板叫我保密)."""
AIMS = re.compile(r"举报|投诉|反映|反应|控告|曝光|告发|\b(?:report|complain)", _FLAGS)
PLEASE = re.compile(r"请|麻烦|拜托|务必|希望你们|一定要|\bplease\b", _FLAGS)
REQUEST = re.compile(
    r"请|要|需|希望|帮|给|替|为|能|可以|可否|务必|一定|申请|想|必须|应|对|麻烦|严格|拜托|全程|全部|并|信息|身份|姓名"
    r"|名字|电话|号码|资料"
)
"""In the clause before 保密 and 匿名: it is asked for, not told of."""
