"""Rows of the record: who asks (``requester``), for what (``demand``) and where (``place``). A form fills these."""

from __future__ import annotations

from typing import Any

from gateway.domain.coordinates import Crs
from gateway.domain.fields.row import By, FieldRow, Kind, Mask
from gateway.domain.limits import CONTENT_CHARS, LINE_CHARS, NAME_CHARS, WORD_CHARS
from gateway.domain.words import (
    Ability,
    ContactBy,
    DemandType,
    EmergencyNumber,
    Gender,
    RequesterKind,
    Term,
    UrgencyLevel,
)

_TOLD = By.SOURCE | By.PERSON
_ALL = By.SOURCE | By.PERSON | By.GUESS
_DESK = By.PERSON | By.GUESS


def _line(path: str, mask: Mask, zh: str, en: str, by: By, most: int, **more: Any) -> FieldRow:
    return FieldRow(path, Kind.TEXT, mask, zh, en, by=by, most=most, **more)


def _phone(path: str, zh: str, en: str, by: By, **more: Any) -> FieldRow:
    return FieldRow(path, Kind.PHONE, Mask.NUMBER, zh, en, by=by, most=WORD_CHARS, **more)


def _id(path: str, zh: str, en: str, by: By, **more: Any) -> FieldRow:
    return FieldRow(path, Kind.ID, Mask.SHOWN, zh, en, by=by, **{"most": NAME_CHARS, **more})


def _word(path: str, zh: str, en: str, by: By, words: type[Term], **more: Any) -> FieldRow:
    return FieldRow(path, Kind.WORD, Mask.SHOWN, zh, en, by=by, words=words, **more)


def _flag(path: str, zh: str, en: str, by: By, **more: Any) -> FieldRow:
    return FieldRow(path, Kind.FLAG, Mask.SHOWN, zh, en, by=by, default=False, **more)


def _number(path: str, zh: str, en: str, by: By, **more: Any) -> FieldRow:
    return FieldRow(path, Kind.NUMBER, Mask.SHOWN, zh, en, by=by, **more)


def _object(path: str, zh: str, en: str, by: By = By.HOUSE, **more: Any) -> FieldRow:
    return FieldRow(path, Kind.OBJECT, Mask.SHOWN, zh, en, by=by, null=False, **more)


_CITIZEN = RequesterKind.CITIZEN.value
_USCC = {"private": True, "most": 18, "pattern": r"^[0-9A-Z]{18}$"}
_ABILITIES = {"private": True, "null": False, "many": True, "items": 20, "words": Ability, "form": 210}
_FROM_NOTE = "E.164 or national; what is no number stays in from_raw."
REQUESTER = (
    _object("requester", "诉求人", "Requester"),
    _id("requester.requester_id", "诉求人标识", "Requester id", By.HOUSE, null=False, hidden=Mask.WHOLLY),
    _word("requester.kind", "类别", "Kind", _ALL, RequesterKind, null=False, default=_CITIZEN, form=150),
    _line("requester.name", Mask.NAME, "姓名", "Name", _ALL, NAME_CHARS, form=130),
    _phone("requester.phone", "来电号码", "Caller number", _TOLD, note=_FROM_NOTE),
    _phone("requester.callback_phone", "回拨号码", "Callback number", _ALL, form=140),
    _word("requester.contact_by", "联系方式", "Reach by", _ALL, ContactBy, form=200),
    _word("requester.gender", "性别", "Gender", _TOLD, Gender, private=True, hidden=Mask.UNKNOWN),
    _line("requester.org_name", Mask.SAID, "单位名称", "Organisation", _ALL, LINE_CHARS, hidden=Mask.WHOLLY, form=160),
    _id("requester.uscc", "统一社会信用代码", "Credit code", _ALL, hidden=Mask.WHOLLY, form=170, **_USCC),
    _flag("requester.anonymous", "匿名", "Anonymous", _ALL, form=190),
    _flag("requester.secret", "要求保密", "Secret", _ALL, form=180),
    _id("requester.language", "语言", "Language", _TOLD),
    _line("requester.accessibility", Mask.SHOWN, "沟通需要", "Communication needs", _ALL, NAME_CHARS, **_ABILITIES),
    _flag("requester.returning", "再次来电", "Called before", By.HOUSE, null=False, hidden=Mask.UNKNOWN),
    FieldRow("requester.labels", Kind.TEXT, Mask.SAID, "标签", "Labels", null=False, many=True, hidden=Mask.UNKNOWN),
)
_CATEGORY = {"code": "code", "catalogue": "taxonomy", "offered": "category", "form": 30}
DEMAND = (
    _object("demand", "诉求", "Demand"),
    _word("demand.type", "类型", "Type", _DESK, DemandType, form=10),
    _line("demand.title", Mask.SAID, "标题", "Title", _DESK, LINE_CHARS, form=40),
    FieldRow("demand.content", Kind.PROSE, Mask.SAID, "内容", "Content", by=_ALL, most=CONTENT_CHARS, form=50),
    _object("demand.category", "分类", "Category", _DESK, **_CATEGORY),
    _id("demand.category.code", "代码", "Code", _DESK, needed=True),
    *(
        _line(f"demand.category.{name}", Mask.SHOWN, f"第{n}级", f"Level {n}", _DESK, NAME_CHARS)
        for n, name in enumerate(("l1", "l2", "l3", "l4"), 1)
    ),
    _id("demand.category.taxonomy_version", "分类表版本", "Taxonomy", _DESK),
    _object("demand.urgency", "紧急程度", "Urgency", _DESK, code="level", form=20),
    _word("demand.urgency.level", "程度", "Level", _DESK, UrgencyLevel, needed=True),
    _line("demand.urgency.reason", Mask.SAID, "紧急原因", "Reason", _DESK, LINE_CHARS),
    _word("demand.emergency", "人身危险", "Danger to life", _DESK, EmergencyNumber, note="The number to call."),
    _object("demand.complained_about", "被投诉方", "Complained about", _DESK),
    _line("demand.complained_about.name", Mask.SAID, "被投诉方", "Complained about", _DESK, LINE_CHARS, form=60),
    _line("demand.complained_about.phone", Mask.NUMBER, "被投诉方电话", "Their phone", _DESK, WORD_CHARS, form=70),
)


def _division(name: str, zh: str, en: str, form: int) -> tuple[FieldRow, ...]:
    path = f"place.{name}"
    return (
        _object(path, zh, en, _ALL, code="code", catalogue="divisions", offered=name, form=form),
        _id(f"{path}.code", "代码", "Code", _ALL),
        _line(f"{path}.name", Mask.SHOWN, "名称", "Name", _ALL, NAME_CHARS),
    )


PLACE = (
    _object("place", "地点", "Place"),
    _line("place.address", Mask.SAID, "详细地址", "Address", _ALL, LINE_CHARS, form=120),
    *_division("district", "区", "District", 90),
    *_division("street", "街道", "Street", 100),
    *_division("community", "社区", "Community", 110),
    _id("place.grid_id", "网格", "Grid", _TOLD),
    _number("place.lat", "纬度", "Latitude", _ALL, private=True, least=-90, greatest=90),
    _number("place.lon", "经度", "Longitude", _ALL, private=True, least=-180, greatest=180),
    _word("place.crs", "坐标系", "Coordinate system", _ALL, Crs, private=True),
)
MATTER = (*REQUESTER, *DEMAND, *PLACE)
