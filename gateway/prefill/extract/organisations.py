"""Companies, shops, offices and institutions, found from the word that ends their name: 海口椰风物业有限公司."""

from __future__ import annotations

import re

from gateway.domain.guess import Mention

_COMPANY = "有限责任公司|股份有限公司|有限公司|集团公司|分公司|总公司|公司|集团"
_BUSINESS = (
    "物业管理处|物业服务中心|物业|大酒店|酒店|宾馆|旅馆|民宿|饭店|餐厅|餐馆|酒楼|食府|大排档|火锅店|烧烤店|海鲜店|海鲜酒楼|奶茶店|咖啡馆|咖啡店|"
    "早餐店|快餐店|面馆|小吃店|便利店|专卖店|手机店|服装店|水果店|理发店|美发店|美容院|养生馆|洗浴中心|修理厂|修车店|洗车店|超市|商场|百货|购物中心|"
    "购物广场|药店|药房|大药房|诊所|门诊部|培训机构|培训学校|培训中心|驾校|旅行社|旅游公司|律师事务所|事务所|工作室|健身房|健身中心|俱乐部|KTV|"
    "酒吧|网吧|加油站|4S店|售楼部|搅拌站|加工厂|养殖场|养猪场|合作社|家具厂|工厂|快递站|驿站|农贸市场|菜市场|批发市场|房产中介|中介公司"
)
_OFFICE = (
    "街道办事处|街道办|居委会|居民委员会|村委会|村民委员会|管委会|管理委员会|派出所|公安局|分局|交警大队|交警支队|执法局|城管局|管理局|供电局|水务局|"
    "社保局|税务局|教育局|卫健委|住建局|民政局|监督局|资源局|事业局|发改委|环保局|法院|检察院|政府|政务中心|公积金中心|社保中心|就业局|人社局|市监局|"
    "医保局|规划局|交通局|林业局|审批局|文旅局"
)
_INSTITUTION = (
    "人民医院|中医院|医院|卫生院|卫生服务中心|小学|中学|幼儿园|大学|职业学院|学院|学校|支行|银行|营业厅|服务中心|"
    "研究院|研究所|协会|图书馆|博物馆|体育馆"
)
_ENDINGS = sorted(f"{_COMPANY}|{_BUSINESS}|{_OFFICE}|{_INSTITUTION}".split("|"), key=len, reverse=True)
_ENDING = re.compile(
    rf"(?:{'|'.join(_ENDINGS)})(?!分?公司|员工?|集团)(?:有限公司)?(?:[一-鿿]{{2,4}}(?:店|分公司|支行|分校|分院|校区|院区))?"
)
_BRANCH = re.compile(r"[一-鿿]{2,4}(?:店|分公司|支行|分校|分院|校区|院区)$")
_PUBLIC = tuple(f"{_OFFICE}|{_INSTITUTION}".split("|"))
_LOOK_BACK = 16
"""The longest name before its ending; people say shorter ones."""
_CUT = re.compile(
    r"[这那]家|[^一-鿿A-Za-z0-9·()（）]|[的了是把被给跟向找从让由说这那该去到在请问我你他她您们就很]|一下|一家|有家|哪家|两家|一个|有个|叫做|名叫|名为|名字|叫"
    r"|投诉|举报|反映|反应|控告|咨询|建议|表扬|感谢|联系|要求|申请|购买|关于|位于|附近|旁边|对面|隔壁|楼下|楼上|小区里|门口|前面|后面|之前|以前"
    r"|今天|昨天|前天|上个?月|现在|最近|目前|其中|因为|所以|但是|以及|通过|根据|不满|要告|想告|有一|去年|今年|代表|来自|现任|担任"
    r"|[和与](?![平谐美信记兴润盛祥])|对(?!外)|有(?!限)|[叫为](?=[^一-鿿]|$)"
)
_COMMON = re.compile(
    r"^(?:某|本|贵|各|每|整|全|新|老|大|小|外|内|商|家|开发|建筑|施工|装修|物业|保险|快递|网约车|出租车|房产|中介|餐饮|旅游|搬家|装饰|"
    r"管理|服务|社区|小区|单位|村|乡|镇|街道|区|市|县|省|私人|民办|公立|私立|培训|连锁|国有|民营|上市|科技|电商|相关|有关|主管|政府|部门|农|菜|批发|"
    r"一|二|三|几|两|多|海鲜|烧烤|火锅|海口市?|海南省?|附近|广告|劳务|贸易|这家|那家|什么|哪|人民|自来水|供电|燃气|地产|房地产)*$"
)
"""What names nobody: 物业公司, 海口市物业公司; a public body of the city is named so (海口市人民医院)."""
_ENGLISH = re.compile(
    r"\b(?:[A-Z][\w'’&-]{0,20} ){1,4}(?:Hotel|Resort|Restaurant|Company|Co\.?,? ?Ltd\.?|Ltd\.?|Inc\.?|Corporation|"
    r"Hospital|Clinic|School|University|College|Bank|Bar|Cafe|Shop|Store|Supermarket|Mall|Agency|Property)\b"
)
_SURE = {"company": 0.8, "office": 0.75, "institution": 0.7, "business": 0.7, "english": 0.6}


def organisations(text: str) -> list[Mention]:
    """Organisations that are called by a name of their own, in the order of the text, none inside another.

    The kind alone (物业公司, 一家饭店) is nobody's name and is left out.
    """
    found: list[Mention] = []
    floor = 0
    for match in _ENDING.finditer(text):
        start = begin(text, match.start(), floor)
        core = text[start : match.start()]
        branch = _BRANCH.search(match.group())
        public = match.group().endswith(_PUBLIC) and core.startswith(("海口", "海南", "省", "市"))
        if (_COMMON.match(core) and not public) or (branch is not None and _CUT.search(branch.group())):
            continue
        end = match.end()
        found.append(
            Mention(kind="organisation", value=text[start:end], span=(start, end), confidence=_sure(text[start:end]))
        )
        floor = end
    found += [
        Mention(kind="organisation", value=m.group().strip(), span=m.span(), confidence=_SURE["english"])
        for m in _ENGLISH.finditer(text)
    ]
    return sorted(found, key=lambda m: m.span)


def begin(text: str, ending: int, floor: int = 0) -> int:
    """Where the name that ends with the word at ``ending`` begins; not before ``floor``."""
    start = max(floor, ending - _LOOK_BACK)
    cuts = [m.end() for m in _CUT.finditer(text, start, ending)]
    return cuts[-1] if cuts else start


def _sure(name: str) -> float:
    for kind, endings in (("company", _COMPANY), ("office", _OFFICE), ("institution", _INSTITUTION)):
        if name.endswith(tuple(endings.split("|"))):
            return _SURE[kind]
    return _SURE["business"]
