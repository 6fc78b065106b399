"""Reasons for what is done about a case, and the ways by which units confer.

A city may use reasons of its own besides, but for 告知 and 归档, which the plan names.
"""

from __future__ import annotations

from gateway.domain.words import Term


class WhyChosen(Term):
    """Why the centre names a unit itself, or gives a task to another one."""

    DUTY = "duty", "职能归属", "It is this unit's duty"
    UNCLEAR = "unclear_duty", "职责不清，中心裁定", "Unclear duty: the centre decides"
    JOINT = "joint_work", "需协同办理", "Several units have to act"
    RETURNED = "returned", "原单位退单", "The unit before returned it"
    PLACE = "place", "事发地变更", "The place is another one"


class WhyReturned(Term):
    """退单理由."""

    NOT_OURS = "not_ours", "非本单位职责", "Not our duty"
    OTHER_PLACE = "other_place", "非本辖区", "Not our territory"
    DUPLICATE = "duplicate", "重复工单", "A duplicate"
    UNCLEAR = "unclear", "诉求或地点不清", "Demand or place unclear"


class WhyLater(Term):
    """延期与挂起理由."""

    WEATHER = "weather", "天气原因", "Weather"
    PARTS = "parts", "等待物资", "Waiting for material"
    THIRD_PARTY = "third_party", "等待第三方", "Waiting for others"
    REQUESTER = "requester", "诉求人要求", "The requester wishes it"
    COMPLEX = "complex", "情况复杂", "A complex matter"


class WhyAgain(Term):
    """退回重办、重办与督办理由."""

    INCOMPLETE = "incomplete", "答复不完整", "The reply is incomplete"
    NOT_SOLVED = "not_solved", "问题未解决", "Not solved"
    DISSATISFIED = "dissatisfied", "诉求人不满意", "The requester is not content"
    OVERDUE = "overdue", "超期未办", "Overdue"
    NEW_FACTS = "new_facts", "有新情况", "New facts"


class WhyDeflected(Term):
    """引导去向."""

    EMERGENCY = "emergency", "紧急警情（110、119、120）", "Police, fire or ambulance"
    OTHER_HOTLINE = "other_hotline", "其他热线", "Another hotline"
    OTHER_CITY = "other_city", "外地事项", "Another city's matter"
    NOT_PUBLIC = "not_public", "非公共服务事项", "Not a public matter"


class WhyInformed(Term):
    """告知: matters that others decide by law."""

    LITIGATION = "litigation", "诉讼", "Litigation"
    ARBITRATION = "arbitration", "仲裁", "Arbitration"
    DISCIPLINE = "discipline", "纪检监察", "Discipline inspection"
    RECONSIDERATION = "reconsideration", "行政复议", "Administrative reconsideration"
    PETITION = "petition", "信访", "Petition"
    ANSWERED = "answered", "即时答复", "Answered on the spot"


class WhyArchived(Term):
    """Why a case may be put away."""

    EVALUATED = "evaluated", "已评价", "Evaluated"
    UNREACHABLE = "unreachable", "联系不上", "Could not be reached"
    DECLINED = "declined", "不愿评价", "Would not judge it"
    NOT_NEEDED = "no_evaluation_needed", "无需评价", "Needs no evaluation"


class ConferWay(Term):
    """联动会商: the six ways of the city's plan."""

    SYSTEM = "system", "系统联动", "Through the system"
    PHONE = "phone", "电话", "Telephone"
    SMS = "sms", "短信", "Text message"
    APP = "app", "12345微联动APP", "The 12345 app"
    WECHAT_GROUP = "wechat_group", "微信工作群", "WeChat group"
    DOCUMENT = "document", "发文", "Official document"
