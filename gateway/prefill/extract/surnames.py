"""Chinese personal names: surnames, titles, and where a name ends in speech without punctuation."""

from __future__ import annotations

_DOUBLE = "欧阳|司马|上官|诸葛|夏侯|皇甫|尉迟|公孙|慕容|令狐|司徒|东方|端木|南宫|独孤|轩辕"
COMMON = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方"
    "白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤符麦冼云"
)
"""Surnames likely enough to be one before a title (符先生, 麦经理); 符, 麦, 冼 and 云 are common on the island."""
_RARE = (
    "温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚舒阮纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍"
    "华喻祁蒲房滕屈饶解牟艾尤时穆司阎连习占丘米明车柯卓羊吉池苑庾佘揭林郁仇隋褚娄窦卞瞿桂边卜栾初岑沙晏晁郎占谌伊褟邝劳敖宗来全苟褚逄麻"
)
SURNAME = f"(?:{_DOUBLE}|[{COMMON}{_RARE}])"
_STOPS = (
    r"我|住|电话|手机|号码|在|是|要|想|家住|家在|今|昨|前天|反映|反应|投诉|举报|咨询|请|来自|来电|来反|来投|的|和我|跟|也|就|都|现在|这|那|你|您|他|她|"
    r"呢|啊|吧|哦|嗯|吗|呀|了|身份证|先生|女士|小姐|老师|阿姨|联系|打|有个|有一|有什|有问|家里|从|到|去|不|没|把|被|说|给|对|什么|谁|幺|一[三五七八九]|零|是"
)
GIVEN = rf"(?:(?!{_STOPS})[一-鿿](?:(?!{_STOPS})[一-鿿])?)"
"""One or two characters; none where what begins is no part of a name."""
TITLE = "先生|女士|小姐|太太|阿姨|大爷|大哥|大姐|师傅|老师|经理|老板|主任|医生|书记|队长|所长|局长|校长|律师|警官|护士"
NOT_A_NAME = (
    "路", "街", "村", "镇", "区", "市", "省", "巷", "店", "司", "院", "局", "岛", "县", "校", "厂", "站", "某某",
)  # fmt: skip
"""Endings of places and organisations: what ends so is no person."""
