"""Rows of the record: who asks (``requester``), for what (``demand``) and where (``place``). A form fills these."""

from __future__ import annotations

from gateway.domain.coordinates import Crs
from gateway.domain.fields.field import By, Field, Kind, Mask
from gateway.domain.limits import CONTENT_CHARS, LINE_CHARS, NAME_CHARS, WORD_CHARS
from gateway.domain.words import Ability, ContactBy, DemandType, EmergencyNumber, Gender, RequesterKind, UrgencyLevel

_TOLD = By.SOURCE | By.PERSON
_ALL = By.SOURCE | By.PERSON | By.GUESS
_DESK = By.PERSON | By.GUESS

REQUESTER = (
    Field("requester", Kind.OBJECT, Mask.SHOWN, "诉求人", "Requester", null=False),
    Field("requester.requester_id", Kind.ID, Mask.SHOWN, "诉求人标识", "Requester id", null=False, hidden=Mask.WHOLLY),
    Field(
        "requester.kind",
        Kind.WORD,
        Mask.SHOWN,
        "类别",
        "Kind",
        by=_ALL,
        words=RequesterKind,
        null=False,
        default=RequesterKind.CITIZEN.value,
        form=150,
    ),
    Field("requester.name", Kind.TEXT, Mask.NAME, "姓名", "Name", by=_ALL, most=NAME_CHARS, form=130),
    Field(
        "requester.phone",
        Kind.PHONE,
        Mask.NUMBER,
        "来电号码",
        "Caller number",
        by=_TOLD,
        most=WORD_CHARS,
        note="E.164 or national; what is no number stays in from_raw.",
    ),
    Field(
        "requester.callback_phone",
        Kind.PHONE,
        Mask.NUMBER,
        "回拨号码",
        "Callback number",
        by=_ALL,
        most=WORD_CHARS,
        form=140,
    ),
    Field("requester.contact_by", Kind.WORD, Mask.SHOWN, "联系方式", "Reach by", by=_ALL, words=ContactBy, form=200),
    Field("requester.gender", Kind.WORD, Mask.SHOWN, "性别", "Gender", by=_TOLD, words=Gender, hidden=Mask.UNKNOWN),
    Field(
        "requester.org_name",
        Kind.TEXT,
        Mask.SAID,
        "单位名称",
        "Organisation",
        by=_ALL,
        most=LINE_CHARS,
        hidden=Mask.WHOLLY,
        form=160,
    ),
    Field(
        "requester.uscc",
        Kind.ID,
        Mask.SHOWN,
        "统一社会信用代码",
        "Credit code",
        by=_ALL,
        most=18,
        pattern=r"^[0-9A-Z]{18}$",
        hidden=Mask.WHOLLY,
        form=170,
    ),
    Field("requester.anonymous", Kind.FLAG, Mask.SHOWN, "匿名", "Anonymous", by=_ALL, default=False, form=190),
    Field("requester.secret", Kind.FLAG, Mask.SHOWN, "要求保密", "Secret", by=_ALL, default=False, form=180),
    Field("requester.language", Kind.ID, Mask.SHOWN, "语言", "Language", by=_TOLD, most=NAME_CHARS),
    Field(
        "requester.accessibility",
        Kind.TEXT,
        Mask.SHOWN,
        "沟通需要",
        "Communication needs",
        by=_ALL,
        null=False,
        many=True,
        items=20,
        most=NAME_CHARS,
        words=Ability,
        form=210,
    ),
    Field(
        "requester.returning",
        Kind.FLAG,
        Mask.SHOWN,
        "再次来电",
        "Called before",
        null=False,
        default=False,
        hidden=Mask.UNKNOWN,
    ),
    Field("requester.labels", Kind.TEXT, Mask.SAID, "标签", "Labels", null=False, many=True, hidden=Mask.UNKNOWN),
)
DEMAND = (
    Field("demand", Kind.OBJECT, Mask.SHOWN, "诉求", "Demand", null=False),
    Field("demand.type", Kind.WORD, Mask.SHOWN, "类型", "Type", by=_DESK, words=DemandType, form=10),
    Field("demand.title", Kind.TEXT, Mask.SAID, "标题", "Title", by=_DESK, most=LINE_CHARS, form=40),
    Field("demand.content", Kind.PROSE, Mask.SAID, "内容", "Content", by=_ALL, most=CONTENT_CHARS, form=50),
    Field(
        "demand.category",
        Kind.OBJECT,
        Mask.SHOWN,
        "分类",
        "Category",
        by=_DESK,
        null=False,
        code="code",
        catalogue="taxonomy",
        offered="category",
        form=30,
    ),
    Field("demand.category.code", Kind.ID, Mask.SHOWN, "代码", "Code", by=_DESK, most=NAME_CHARS, needed=True),
    *(
        Field(f"demand.category.{name}", Kind.TEXT, Mask.SHOWN, f"第{n}级", f"Level {n}", by=_DESK, most=NAME_CHARS)
        for n, name in enumerate(("l1", "l2", "l3", "l4"), 1)
    ),
    Field("demand.category.taxonomy_version", Kind.ID, Mask.SHOWN, "分类表版本", "Taxonomy", by=_DESK, most=NAME_CHARS),
    Field(
        "demand.urgency",
        Kind.OBJECT,
        Mask.SHOWN,
        "紧急程度",
        "Urgency",
        by=_DESK,
        null=False,
        code="level",
        form=20,
    ),
    Field("demand.urgency.level", Kind.WORD, Mask.SHOWN, "程度", "Level", by=_DESK, words=UrgencyLevel, needed=True),
    Field("demand.urgency.reason", Kind.TEXT, Mask.SAID, "紧急原因", "Reason", by=_DESK, most=LINE_CHARS),
    Field(
        "demand.emergency",
        Kind.WORD,
        Mask.SHOWN,
        "人身危险",
        "Danger to life",
        by=_DESK,
        words=EmergencyNumber,
        note="The number to call.",
    ),
    Field("demand.complained_about", Kind.OBJECT, Mask.SHOWN, "被投诉方", "Complained about", by=_DESK, null=False),
    Field(
        "demand.complained_about.name",
        Kind.TEXT,
        Mask.SAID,
        "被投诉方",
        "Complained about",
        by=_DESK,
        most=LINE_CHARS,
        form=60,
    ),
    Field(
        "demand.complained_about.phone",
        Kind.TEXT,
        Mask.NUMBER,
        "被投诉方电话",
        "Their phone",
        by=_DESK,
        most=WORD_CHARS,
        form=70,
    ),
)


def _division(name: str, zh: str, en: str, form: int) -> tuple[Field, ...]:
    path = f"place.{name}"
    return (
        Field(
            path,
            Kind.OBJECT,
            Mask.SHOWN,
            zh,
            en,
            by=_ALL,
            null=False,
            code="code",
            catalogue="divisions",
            offered=name,
            form=form,
        ),
        Field(f"{path}.code", Kind.ID, Mask.SHOWN, "代码", "Code", by=_ALL, most=NAME_CHARS),
        Field(f"{path}.name", Kind.TEXT, Mask.SHOWN, "名称", "Name", by=_ALL, most=NAME_CHARS),
    )


PLACE = (
    Field("place", Kind.OBJECT, Mask.SHOWN, "地点", "Place", null=False),
    Field("place.address", Kind.TEXT, Mask.SAID, "详细地址", "Address", by=_ALL, most=LINE_CHARS, form=120),
    *_division("district", "区", "District", 90),
    *_division("street", "街道", "Street", 100),
    *_division("community", "社区", "Community", 110),
    Field("place.grid_id", Kind.ID, Mask.SHOWN, "网格", "Grid", by=_TOLD, most=NAME_CHARS),
    Field("place.lat", Kind.NUMBER, Mask.SHOWN, "纬度", "Latitude", by=_ALL, least=-90, greatest=90),
    Field("place.lon", Kind.NUMBER, Mask.SHOWN, "经度", "Longitude", by=_ALL, least=-180, greatest=180),
    Field("place.crs", Kind.WORD, Mask.SHOWN, "坐标系", "Coordinate system", by=_ALL, words=Crs),
)
MATTER = (*REQUESTER, *DEMAND, *PLACE)
