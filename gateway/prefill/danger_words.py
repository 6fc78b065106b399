"""The words for danger to life, by kind, and those that take it back; ``danger`` holds the rule that reads them.

In ``WORDS`` "…4" stands for up to 4 characters within a clause, and "〈who〉" for a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.domain.words import DangerKind

WHO: Final = (
    r"(?:人|孩子|小孩|儿子|女儿|娃|宝宝|婴儿|老人|大爷|大妈|爷爷|奶奶|外公|外婆|爸爸?|妈妈?|父亲|母亲|"
    r"老公|老婆|丈夫|妻子|学生|工人|司机|他|她|我|邻居|朋友|同事)"
)
WORDS: Final[Mapping[DangerKind, str]] = {
    DangerKind.SELF_HARM: (
        r"不想[活火]了?|(?:有人|他|她|正|要|想|站)…6往下跳|(?:我|就|要|会)…2自杀(?!的)|就…2跳(?:楼|桥|河|"
        r"江|海(?!甸))|结束(?:自己|我)的?(?:生命|一生)|(?:有人|要|想)…4(?:跳搂|条楼|跳娄)|活不下去|想自杀|"
        r"要自杀|在自杀|自杀(?:了|啦)|有人…6自杀|割腕|寻短见"
        r"|(?<!得)(?:想|要|准备|打算)(?:去)?(?:死(?![记板你我他她了的])|轻生|结束生命)|轻生"
        r"|(?:要|想|准备|正|在|有人|站|爬)…10跳(?:楼|桥|河|江|海(?!甸)|下去)|跳楼了|遗书|(?:正在|要)上吊"
        r""
        r"|活着没(?:有)?意思|最后一条(?:信息|消息|短信)|不如死了|死了算了"
        r"|suicid(?:e|al)|kill (?:myself|himself|herself|themselves)"
        r"|(?:want|going|wants|ready) to die\b|don'?t want to live|end (?:my|his|her) life"
        r"|(?:jump|jumping) (?:off|from)|about to jump"
    ),
    DangerKind.FIRE: (
        r"(?<![打点]不)(?<!没有)着火(?![车锅])|(?<!挑)起火(?!头)|烧着了|火烧(?:房|楼|车|起)|自燃|火苗|"
        r"烟…2(?:好|很|太)?大…2出不|全是烟|(?:[找照]火|着[货伙])了|起活了…3(?:快|救|来)|塌方…4(?:人|埋)|"
        r"失火|烧起来|火(?:势)?(?:很大|好大|太大|越来越大|烧到)|大火(?![锅车龙])|浓烟"
        r"|火灾(?![隐保险演风])|在燃烧|(?<!大)爆炸(?![场性声式物案])|要爆(?![胎满仓])|冒(?:着)?(?:明)?火(?!花)|漏煤气"
        r"|(?:煤气|燃气|天然气|液化气|气罐|管道气?)…4(?:泄[漏露]|漏气|在漏|漏了)"
        r"|(?:煤气|燃气|天然气|液化气)(?:的)?味…3(?:浓|大|重)|(?:闻到|有|一股|很浓|好大|很大|"
        r"都是)…4(?:煤气|燃气|天然气|液化气)(?:的)?(?:味|臭)|(?<!防)溺水|落水|〈who〉…4(?:掉|跌|摔)(?:水|"
        r"河|井|海|湖)里"
        r"|〈who〉…6(?:掉|跌|摔|卷)(?:进|到|入|下)了?…3(?:水|河|井|海(?!口)|湖|坑|沟|下水道)|(?:^|[，。,.!！?？\s]|[车船])(?:我们?|都|刚|突然|不小心|翻)?(?:掉|跌|摔|冲|卷)(?:进|到|入|下)?了?(?:水|河|湖|海(?!口)|江|井|池塘)(?:库|塘)?(?:里|中|了)|被(?:水|浪)冲走"
        r"|(?<!车)(?<!车子)(?<!货)被困(?!扰|惑|难)|困在(?:了)?(?:电梯|车里|水|火|楼|屋|房|里面|井|山|洪)"
        r"|电梯…4困(?:了|住)?…3人|困人|困(?:了|着)[一二两三四五六七八九十几\d]+个?…2〈who〉|被(?:压|埋)(?:在|住)"
        r"|(?:房子|楼|墙|工地|桥|脚手架)…4(?:塌了|倒塌|坍塌|要塌|快塌)|泥石流|山体滑坡|\bon fire\b"
        r"|\bfire (?:in|at|on|next|upstairs|downstairs)\b|caught fire|\bfire\W+fire\b|flames|"
        r"smoke everywhere|(?:we|i)(?:\'re| are|\'m| am) trapped"
        r"|\b(?:a|the|big|house|kitchen|huge) fire\b(?! (?:extinguisher|hydrant|exit|station|safety|lane|"
        r"escape|alarm|drill|door))"
        r"|\b(?:is|are) burning\b(?! (?:trash|garbage|rubbish|leaves))|gas (?:is )?leak(?:ing)?"
        r"|smell(?:s|ing)? (?:of )?gas|explosion|exploded|thick smoke|drowning"
        r"|fell (?:in|into) (?:the |a )?(?:water|river|well|sea|lake|hole|manhole)"
        r"|(?:trapped|stuck) in (?:the |an? )?(?:lift|elevator|fire|building|car|room)"
        r"|building (?:has )?collapsed|buried under"
    ),
    DangerKind.TRAFFIC: (
        r"(?:车祸|交通事故|撞车|翻车)[^。.!！?？]{0,16}(?:伤|流血|死|昏|不动|被困|出血|严重|卡在)"
        r"|(?:伤|流血|死|昏)[^。.!！?？]{0,10}(?:车祸|交通事故)|(?:出|发生)(?:了)?车祸"
        r"|(?:车|骑)…6撞(?:到|倒|了|飞|伤|死)…4〈who〉|被…8车…4撞(?:了|倒|到|伤|飞|死)"
        r"|car (?:crash|accident)|\b(?:car|truck|bus|bike|scooter|taxi) (?:just )?hit (?:an? (?!wall|fence|"
        r"pole|tree|sign)|my (?:son|daughter|mother|father|wife|husband|child)|him|her|me|us|some)|"
        r"traffic accident"
        r"|(?:was|been|got) (?:hit|run over|knocked down) by (?:a|an|the) \w*(?:car|truck|bus|bike|scooter|"
        r"taxi|vehicle)"
    ),
    DangerKind.POLICE: (
        r"持刀|拿着?(?:一把|把)?(?:菜|水果|砍|大)?刀|砍人|砍(?:我|他|她|伤|死)|捅(?:人|伤|死|了)"
        r"|杀人(?![犯案游])|要杀(?:我|他|她|人|死)|杀(?:了我|死)|被(?:人)?(?:绑架|劫持|挟持|绑走|拐走)|绑架"
        r"|抢劫|(?:小偷|贼)…3(?:在我家|进来|进屋|还在)|家里…3(?:进|有)(?:小偷|贼)(?!…8(?:丢|偷走|不见|少了))|开枪|被人?抱走|(?:爸爸?|"
        r"爹|叔叔)…2打(?:妈妈?|我妈|奶奶)|正在抢|(?:被|遭)…4(?:强奸|性侵|强暴)|强奸|正在(?:打|砸)|"
        r"往死里打|打死(?:我|他|她|人)|要打死"
        r"|(?:老公|丈夫|男朋友|前夫|老婆|爸爸?|父亲|家里人|男人|他)(?:又|在|正在|一直|喝醉了?|"
        r"拿[^，。,.!！?？]{1,4}){0,2}(?:打我|打我妈|打孩子|掐我)"
        r"|家暴(?![法防宣知咨受案])|(?:有|被)(?:个|陌生)?…6(?:闯进|闯入|撬门|撬锁|撬我|砸门|破门|翻进|爬进)"
        r"|(?:在|正)(?:撬|砸)…4(?:门|锁|窗)|(?:有人|男的|陌生人|男人)…6(?:跟踪|尾随)(?:我|她)?"
        r"|枪(?:声|击|战)|(?:拿|有)枪|(?<!定时)(?<!直)炸弹"
        r"|(?:孩子|小孩|儿子|女儿|娃|老人|奶奶|爷爷|外婆|外公|母亲|父亲|妈妈?|爸爸?|婆婆|老太太|老爷爷)"
        r"…10(?:走失|走丢|不见了|失踪|丢了(?!…2(?:手机|包|钱|证|卡))|失联)"
        r"|走[失丢]了?…4〈who〉|救命(?![稻钱恩之药])|快来救|(?:快|赶紧|帮我|请)报警|警察…3快来|出人命"
        r"|打起来了…8(?:流血|刀|棍)|break(?:ing|s)? in(?:to)?\b|broke into|burglar|intruder"
        r"|robb(?:ed(?! by the)|ing|ery)|mugg(?:ed|ing)|(?:with|has|holding|got) a (?:knife|gun)|there(?:'s|"
        r" is| are) (?:some(?:one|body)|a (?:man|stranger)|people) in(?:side)? my (?:house|home|room|flat|"
        r"apartment)|(?:husband|boyfriend|father|dad) (?:hit|hits|beats?|attacked) (?:me|us|my)\b|"
        r"stabb(?:ed|ing)"
        r"|being (?:attacked|followed|beaten|stalked)"
        r"|(?:beating|hitting|strangling|attacking|choking) (?:me|her|him|us|my|a)\b|kidnapp(?:ed|ing)"
        r"|(?:going to|trying to|wants? to) kill (?:me|us|her|him)|raped?\b|shots fired|gunshot|bomb\b"
        r"|(?:my )?(?:child|son|daughter|kid) (?:is|has gone) missing|help me please|please help me!"
        r"|call the police|domestic violence"
    ),
    DangerKind.MEDICAL: (
        r"昏迷|昏倒|晕倒|晕过去|不省人事|叫不醒|没有?(?:了)?(?:呼吸(?![机道内科])|心跳|脉搏|知觉|意识(?!到))"
        r"|(?:呼吸|心跳)(?:已经|都|也)?(?:停|没了|没有了)|停止(?:了)?(?:呼吸|心跳)|失去(?:了)?(?:意识|知觉)"
        r"|(?<!压得)(?<!压力让我)(?<!让我)(?<!让人)(?<!得人)喘不(?:上|过)来?气|呼吸困难|大出血|流血不止|血流不止"
        r"|(?:流|出)(?:了)?(?:好多|很多|一地|大量)(?:的)?血|止不住血|(?:食物|煤气|一氧化碳|农药|药物|集体)中毒"
        r"|喝(?:了)?(?:农药|百草枯|敌敌畏)|服毒|吞了…3(?:电池|钉|硬币|药|针|玻璃)|(?:孩子|小孩|宝宝|"
        r"娃)…3抽(?:筋|了)|(?:吃|吞|喝)了…3(?:瓶|很多|好多|大量|几十[片粒颗])…3药|触电|被电(?:到|倒|了|"
        r"击)"
        r"|心脏病(?:发|犯)|心梗|心肌梗|中风了|脑溢血|脑出血|抽搐|口吐白沫|噎(?:住|到)了?"
        r"|卡(?:住|在)(?:了)?(?:喉咙|嗓子|气管)|快(?:要)?生了|羊水破|要生了|被(?:毒)?蛇咬|(?:^|[，。,.!！\s]|〈who〉…6)快不行了"
        r"|要死了(?=[，。,.!！?？]|$|快|救)|有人(?:要)?死了|严重烧伤|砸(?:到|中|伤|死)了?…2(?:行|路)?〈who〉"
        r"|从[^，。,.!！?？]{1,8}(?:摔|掉|坠)(?:下|落)"
        r"|〈who〉…6(?:受(?:了)?重伤|摔(?:倒|下)…8(?:起不来|动不了|流血|不动)|倒在…6(?:地|路)…8(?:不动|"
        r"起不来|没反应|流血)?|没有?知觉)"
        r"|〈who〉…3没有?反应|(?:叫|要|快|来)…3救护车|(?:not|isn'?t|wasn'?t) breathing|(?:is not|"
        r"isn'?t) moving|whole bottle of (?:pills|tablets)|(?:i am|i'm|he's|she's|he is|she is) bleeding|"
        r"waters? broke|stopped breathing|can(?:'?t|not) breathe"
        r"|no (?:pulse|heartbeat)|unconscious|passed out|collapsed on|heart attack|having a (?:stroke|seizure)"
        r"|chest pain|bleeding (?:heavily|badly|a lot|to death)|badly (?:hurt|injured|bleeding)"
        r"|overdos(?:e|ed)|poisoned|electrocuted|electric shock|choking\b(?! hazard)|(?:is|am) dying"
        r"|in labou?r|need an ambulance|call an ambulance"
    ),
}
_CLAUSE: Final = r"[^。.!！?？；;\n]"
_FEAR: Final = (
    r"(?:担心|害怕|怕|生怕|防止|避免|预防|万一|以免|会不会|容易|可能(?:会|引发|导致|造成)|导致|引发|"
    r"引起|造成|如果|要是|假如|一旦"
    r"|演练|演习|培训|宣传|讲座|知识|科普|电影|电视剧|新闻|小说|游戏|听说过|保险"
    r"|afraid|worried|might|could|may cause|in case|if there (?:is|was)|prevent|drill|insurance|"
    r"movie)"
)
FEARED = re.compile(rf"{_FEAR}{_CLAUSE}{{0,14}}$", re.IGNORECASE)
_EARLIER: Final = (
    r"(?:多次|经常|常常|每年|几次|发生过|出过|昨[天晚日]|前[天晚几日]|上(?:个)?(?:周|星期|礼拜|月|次|"
    r"半年)|去年|前年|以前|之前|曾经|当时|那天|那次|早些年|几年前|[一二两三四五六七八九十几\d](?:天|"
    r"个月|年|周)前|[\d一二三四五六七八九十]+月[\d一二三四五六七八九十]+[日号]"
    r"|yesterday|last (?:week|month|year|night|time)|(?:days|weeks|months|years) ago|used to)"
)
PAST = re.compile(rf"{_EARLIER}{_CLAUSE}{{0,24}}$", re.IGNORECASE)
STORY = re.compile(rf"{_FEAR}|{_EARLIER}|建议|投诉|举报|希望|要求|请问|尊敬的", re.IGNORECASE)
"""Words of a story, a letter or a question; who is in danger now uses none of them."""
NOW = re.compile(
    r"现在|正在|又|还在|还没|仍然|仍在|马上|快来|刚才|刚刚|\b(?:now|again|still|right now)\b", re.IGNORECASE
)
PRESSING = re.compile(
    r"现在|正在|此刻|马上|立刻|快来|快点|快派|赶快|赶紧|着急|急死|来不及|help us|please help|救命|救救|"
    r"救人|刚才|刚刚|还在|要跳|不想活|\b(?:now|"
    r"right now|help|hurry|at this moment)\b",
    re.IGNORECASE,
)
DENIED = re.compile(
    r"(?:没有?|并未|未|(?<!是)不是|不会|并非|no|not|isn'?t|never)[^，。,.!！?？有了又还就办管救来敢]{0,3}$",
    re.IGNORECASE,
)
OVER = re.compile(
    r"已经?(?:被)?(?:扑?灭|没事|处理|解决|救出|抓|送医|送(?:到|去)|控制|出院|过去|报警了?处理|结束|修好|"
    r"好了)|扑灭了|灭了(?![^，。,.]{0,3}(?:又|还))|虚惊一场|误报|没事了|后来(?:没事|好了)|得救"
    r"|(?:was|were|has been|is) (?:put out|extinguished|rescued|handled|over|solved)|false alarm|"
    r"everyone is (?:safe|fine|ok)",
    re.IGNORECASE,
)
ABOUT = re.compile(
    r"^(?:的)?(?:隐患|风险|危险(?:性)?|演练|演习|宣传|预防|防护|保险|险|报警器|警报|逃生|证明|鉴定|赔偿|"
    r"补偿|理赔|案(?:件)?|事故(?:责任)?(?:认定|处理|证明)|的?原因|后(?:的)?(?:赔|理赔|维权|善后|清理)"
    r"|责任|价|甩卖|大甩卖|式|率|知识|培训|讲座|题材|法|条例|热线|电话|的?(?:鞋|衣)| (?:insurance|drill|"
    r"hazard|risk|prevention|report|claim))",
    re.IGNORECASE,
)
