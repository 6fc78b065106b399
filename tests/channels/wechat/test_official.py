"""An official account's kinds of messages and events, and what becomes of each."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.parser import parse_message

from channels.wechat import official
from channels.wechat.envelope import fields
from channels.wechat.official import Origin
from channels.wechat.refusals import UnreadableCallback
from gateway.ports.message import InboundMessage, Location, MediaRef
from tests.channels.wechat.entrance import settings

pytestmark = pytest.mark.unit

SHORT, NONE = (3, 60), (0, 0)
ORIGIN = Origin("wechat", datetime(2026, 11, 23, tzinfo=UTC))


def body(kind: str, inside: str = "", *, message_id: str = "<MsgId>9</MsgId>") -> str:
    return (
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oA]]></FromUserName>"
        f"<CreateTime>1348831860</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{inside}{message_id}</xml>"
    )


def event(name: str, inside: str = "") -> str:
    return body("event", f"<Event><![CDATA[{name}]]></Event>{inside}", message_id="")


def translated(xml: str, **given: str) -> InboundMessage:
    return official.translate(fields(xml), ORIGIN, settings(**given))


def test_text_with_everything_around_it():
    message = translated(body("text", "<Content>你好</Content>"), line="enterprise", flow="biz")
    assert message.kind == "text"
    assert message.text == "你好"
    assert message.sent_at == datetime(2012, 9, 28, 11, 31, tzinfo=UTC)
    assert message.received_at == ORIGIN.received_at
    assert (message.from_raw, message.to_raw) == ("oA", "gh_1")
    assert (message.line, message.flow, message.opens) == ("enterprise", "biz", True)
    assert message.reply_context == {}


def test_tapped_choice():
    message = translated(body("text", "<Content>需要人工</Content><bizmsgmenuid>agent</bizmsgmenuid>"))
    assert (message.text, message.choice) == ("需要人工", "agent")


def test_picture():
    message = translated(body("image", "<PicUrl>http://x/y</PicUrl><MediaId>m1</MediaId>"))
    assert (message.kind, message.media) == ("image", MediaRef(ref="m1"))


def test_voice_with_both_recordings_and_a_transcript():
    message = translated(
        body(
            "voice",
            "<MediaId>m8</MediaId><Format>amr</Format><Recognition>路灯坏了</Recognition><MediaId16K>m16</MediaId16K>",
        )
    )
    assert message.kind == "voice"
    assert message.media == MediaRef(ref="m16 m8", media_type="audio/amr")
    assert message.text == "路灯坏了"
    speex = translated(body("voice", "<MediaId>m8</MediaId><Format>speex</Format>"))
    assert speex.media == MediaRef(ref="m8", media_type="audio/speex")


@pytest.mark.parametrize("kind", ["video", "shortvideo"])
def test_video(kind):
    message = translated(body(kind, "<MediaId>v</MediaId><ThumbMediaId>t</ThumbMediaId>"))
    assert (message.kind, message.media) == ("file", MediaRef(ref="v", media_type="video/mp4"))


def test_sent_place_is_gcj02():
    message = translated(
        body("location", "<Location_X>20.0442</Location_X><Location_Y>110.1999</Location_Y><Label>海口市</Label>")
    )
    assert message.kind == "location"
    assert message.location == Location(lat=20.0442, lon=110.1999, crs="gcj02", label="海口市")


@pytest.mark.parametrize("lat", ["", "north", "nan", "inf", "91", "1e309"])
def test_place_that_is_none(lat):
    message = translated(
        body("location", f"<Location_X>{lat}</Location_X><Location_Y>110</Location_Y><Label>a</Label>")
    )
    assert (message.kind, message.event, message.text) == ("event", "unsupported", "a")


def test_link():
    message = translated(body("link", "<Title>标题</Title><Description>标题</Description><Url>http://a</Url>"))
    assert (message.kind, message.text) == ("text", "标题\nhttp://a")


@pytest.mark.parametrize(
    ("xml", "shown"),
    [
        (body("miniprogrampage", "<Title>一页</Title>"), "一页"),
        (body("file", "<Title>报告.pdf</Title><FileTotalLen>3</FileTotalLen>"), "报告.pdf"),
        (body("hologram", "<Content>?</Content>"), None),
        (body("text", "<Content>【收到不支持的消息类型，暂无法显示】</Content>"), None),
    ],
)
def test_unsupported_kinds_are_events_that_get_an_answer(xml, shown):
    message = translated(xml)
    assert (message.kind, message.event, message.text, message.opens) == ("event", "unsupported", shown, True)


@pytest.mark.parametrize(
    ("xml", "name", "data", "window"),
    [
        (event("subscribe"), "subscribe", {"name": "subscribe"}, SHORT),
        (
            event("subscribe", "<EventKey>qrscene_42</EventKey>"),
            "subscribe",
            {"name": "subscribe", "scene": "42"},
            SHORT,
        ),
        (event("unsubscribe"), "unsubscribe", {"name": "unsubscribe"}, NONE),
        (event("SCAN", "<EventKey>42</EventKey>"), "scan", {"name": "scan", "scene": "42"}, SHORT),
        (event("CLICK", "<EventKey>agent</EventKey>"), "menu", {"name": "click", "key": "agent"}, SHORT),
        (event("VIEW", "<EventKey>http://a/?phone=1</EventKey>"), "menu", {"name": "view"}, SHORT),
        (event("pic_weixin", "<EventKey>k</EventKey>"), "menu", {"name": "pic_weixin", "key": "k"}, SHORT),
        (event("MASSSENDJOBFINISH"), "notice", {"name": "masssendjobfinish"}, NONE),
        (event("subscribe_msg_popup_event"), "notice", {"name": "subscribe_msg_popup_event"}, NONE),
        (event("user_enter_tempsession"), "notice", {"name": "user_enter_tempsession"}, (2, 60)),
        (event("made_up_in_2031"), "notice", {"name": "made_up_in_2031"}, NONE),
        (body("device_text", "<Content>MTIz</Content>"), "notice", {"name": "device_text"}, NONE),
    ],
)
def test_events_never_open_a_ticket(xml, name, data, window):
    message = translated(xml)
    assert (message.kind, message.event, message.event_data, message.opens) == ("event", name, data, False)
    assert message.reply_context == {"window": {"messages": window[0], "within_s": window[1]}}
    parse_message(xml)  # the library reads it too


def test_places_told_by_events():
    told = translated(event("LOCATION", "<Latitude>20.1</Latitude><Longitude>110.2</Longitude>"))
    assert (told.event, told.location) == ("notice", Location(lat=20.1, lon=110.2, crs="gcj02"))
    inside = "<Location_X>20</Location_X><Location_Y>110</Location_Y><Label>桥</Label>"
    chosen = translated(event("location_select", f"<SendLocationInfo>{inside}</SendLocationInfo>"))
    assert (chosen.event, chosen.location) == ("menu", Location(lat=20, lon=110, crs="gcj02", label="桥"))


def test_receipts_of_templates():
    found = fields(event("TEMPLATESENDJOBFINISH", "<MsgID>200163836</MsgID><Status>success</Status>"))
    (receipt,) = official.receipts(found, ORIGIN)
    assert (receipt.external_id, receipt.state, receipt.error) == ("200163836", "delivered", None)
    found = fields(event("TEMPLATESENDJOBFINISH", "<MsgID>1</MsgID><Status>failed:user block</Status>"))
    (receipt,) = official.receipts(found, ORIGIN)
    assert (receipt.state, receipt.error) == ("failed", "failed:user block")


def test_receipts_of_subscription_messages():
    def item(message_id: int, code: int, status: str) -> str:
        return (
            f"<List><MsgID>{message_id}</MsgID><ErrorCode>{code}</ErrorCode><ErrorStatus>{status}</ErrorStatus></List>"
        )

    inside = item(1, 0, "success") + item(2, 43101, "refused")
    xml = event("subscribe_msg_sent_event", f"<SubscribeMsgSentEvent>{inside}</SubscribeMsgSentEvent>")
    states = [(one.external_id, one.state, one.error) for one in official.receipts(fields(xml), ORIGIN)]
    assert states == [("1", "delivered", None), ("2", "failed", "refused")]


@pytest.mark.parametrize(
    "xml",
    [
        "<xml></xml>",
        "<xml><MsgType>text</MsgType></xml>",
        body("text", "<Content>a</Content><Content>b</Content>"),
        body("text").replace("</MsgType>", "</MsgType><MsgType>text</MsgType>"),
        body("text").replace("<ToUserName>", "<ToUserName><a>1</a>"),
        body("image"),
        "not xml",
        "<html/>",
        "<xml>" + "<a>" * 5000 + "</a>" * 5000 + "</xml>",
        "{",
        "[]",
        '{"a":' * 5000,
    ],
)
def test_malformed(xml):
    with pytest.raises(UnreadableCallback):
        translated(xml)


@pytest.mark.parametrize("entity", ['"c"', 'SYSTEM "file:///etc/passwd"'])
def test_entities_are_never_expanded(entity):
    xml = f"<!DOCTYPE a [<!ENTITY b {entity}>]>" + body("text", "<Content>&b;</Content>")
    assert translated(xml).text == "&b;"


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("路灯\x0b坏了\x00\x1f", "路灯坏了"),
        ("路灯\ufffe坏了\uffff", "路灯坏了"),
        ("结束]]>之后", "结束]]>之后"),
        ("a <b 路灯", "a <b 路灯"),
        ("\x08", None),
    ],
)
def test_what_xml_forbids_costs_no_message(content, kept):
    assert translated(body("text", f"<Content><![CDATA[{content}]]></Content>")).text == (kept or "")


@pytest.mark.parametrize("reference", ["&#0;", "&#x1F;", "&#xFFFE;", "&#xD800;", "&#11;", "&#x110000;"])
def test_references_to_what_xml_forbids_cost_no_message(reference):
    assert translated(body("text", f"<Content>路灯{reference}坏了</Content>")).text == "路灯坏了"


def test_octets_that_are_no_utf8_cost_no_message():
    xml = body("text", "<Content><![CDATA[路灯X坏了]]></Content>").encode()
    assert translated(xml.replace(b"X", b"\xff")).text == "路灯\ufffd坏了"
    assert translated(xml.replace(b"X", b"\xed\xa0\xbd\xed\xb8\x80")).text == "路灯😀坏了"


@given(st.text(st.characters(exclude_characters="\r"), min_size=1).filter(lambda text: text.strip() == text))
def test_any_content_keeps_all_that_can_be_stored(content):
    """Whatever a telephone writes between the brackets: the message is there, with every character that XML allows."""
    allowed = [
        one
        for one in content
        if one in "\t\n" or "\x20" <= one <= "\ud7ff" or "\ue000" <= one <= "\ufffd" or one > "\uffff"
    ]
    xml = body("text", f"<Content><![CDATA[{content}]]></Content>").encode("utf-8", "surrogatepass")
    kept = (translated(xml).text or "").replace("\ufffd", "")
    assert kept.strip() == "".join(allowed).replace("\ufffd", "").strip()


def test_old_ids_of_zero_are_not_ids():
    assert official.external_id(fields(body("text", message_id="<MsgId>0</MsgId>"))) == "gh_1:oA:1348831860:text"


@pytest.mark.parametrize("created", ["", "now", "99999999999999999999", "-1", "１２３"])
def test_time_that_is_none(created):
    assert translated(body("text").replace("1348831860", created)).sent_at is None
