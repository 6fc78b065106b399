"""Whoever changes what is searched also raises ``masking.RULES``: texts that were made before are made anew then."""

from __future__ import annotations

import hashlib
import itertools
import json

import pytest

from gateway.domain import masking
from gateway.domain.bigrams import normal, tokens

pytestmark = pytest.mark.unit
WHO = ("王芳", "欧阳三丰", "阿强", "张先生", "艾力·买买提", "John Smith")
NUMBERS = ("13912345678", "139 1234 5678", "幺三九一二三四五六七八", "460100199001011234", "20261123-0000002", "12345")
PLACES = ("龙华区国贸路10号", "人民大道８号２０３房", "张家村")
WORDS = ("停水三天了", "ＬＥＤ灯坏了，100%", "找王芳家的狗🐕", "zhang.san@mail.com 没回信")
RULES, DIGEST = 1, "900896b61fd8e4851f731bd7179911f993861f9219bcc281650f413cebd67ab7"


def records() -> list[dict[str, object]]:
    found = []
    for who, number, place, words in itertools.product(WHO, NUMBERS, PLACES, WORDS):
        content = f"我叫{who}，电话{number}，{place}{words}"
        found.append(
            {
                "requester": {"name": who, "phone": "+8613800138000", "secret": len(found) % 3 == 0},
                "demand": {"title": words, "content": content, "complained_about": {"name": "张先生"}},
                "place": {"address": place},
                "prefill": {"mentions": [{"kind": "person", "value": who, "span": [2, 2 + len(who)]}]},
            }
        )
    return found


def test_what_is_searched_changes_with_its_rules_alone() -> None:
    texts = [normal(masking.searchable(one)) for one in records()]
    made = json.dumps([[text, sorted(tokens(text))] for text in texts], ensure_ascii=False)
    assert (masking.RULES, hashlib.sha256(made.encode()).hexdigest()) == (RULES, DIGEST)
