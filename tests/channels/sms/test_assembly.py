from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.sms.assembly import DOUBLE_S, GAP, LONG_DUMP, MOST_OPEN, REPEAT_S, Assembly, MessagePart, Whole
from channels.sms.codec.split import split
from channels.sms.codec.udh import Concat, parse
from gateway.errors import StoreUnavailable
from tests.support.clocks import SetClock
from tests.support.fakes.house import MemoryState

pytestmark = pytest.mark.unit


class House:
    """What outlives the process: its state, its clock, and what was stored (by id, as the real one does)."""

    def __init__(self) -> None:
        self.state = MemoryState()
        self.clock = SetClock()
        self.stored: dict[str, Whole] = {}
        self.down = False

    async def deliver(self, whole: Whole) -> None:
        if self.down:
            raise StoreUnavailable("down")
        self.stored.setdefault(whole.external_id, whole)

    async def process(self) -> Assembly:
        assembly = Assembly(self.state, self.clock, timeout_s=600, deliver=self.deliver)
        await assembly.load()
        return assembly

    @property
    def texts(self) -> list[tuple[str, str | None, bool]]:
        return [(whole.sender, whole.text, whole.incomplete) for whole in self.stored.values()]


def parts(sender: str, text: str, ref: int) -> list[MessagePart]:
    found = []
    for segment in split(text, ref=ref):
        data = parse(segment.data)
        found.append(MessagePart(sender, "12345", data.body, segment.alphabet, data.concat))
    return found


def part(
    text: str, number: int, total: int, *, ref: str = "u8:1", sender: str = "1", name: str = "ucs2"
) -> MessagePart:
    body = text.encode("utf-16-be" if name == "ucs2" else "ascii")
    return MessagePart(sender, "12345", body, name, Concat(ref, total, number))


@settings(max_examples=40)
@given(st.lists(st.integers(71, 300), min_size=1, max_size=4), st.integers(0, 2**32))
async def test_any_order_repeats_crashes_and_failures_give_each_text_once(lengths: list[int], seed: int) -> None:
    chance = random.Random(seed)
    texts = ["".join(chance.choices("路灯😀aé", k=length)) for length in lengths]
    house = House()
    assembly = await house.process()
    flying = [one for n, text in enumerate(texts) for one in parts(f"1380013800{n}", text, 7)]
    chance.shuffle(flying)
    while flying:
        one = flying.pop()
        house.down = chance.random() < 0.2
        try:
            await assembly.take(one)
        except StoreUnavailable:
            flying.insert(0, one)
        else:
            if chance.random() < 0.3:
                house.down = False
                await assembly.take(one)
        if chance.random() < 0.2:
            assembly = await house.process()
        house.clock.forward(1)
    house.down = False
    await assembly.sweep()
    assert sorted(house.texts) == sorted((f"1380013800{n}", text, False) for n, text in enumerate(texts))


async def test_every_order_of_four_parts() -> None:
    for order in itertools.permutations((1, 2, 3, 4)):
        house = House()
        assembly = await house.process()
        for number in order:
            await assembly.take(part(str(number), number, 4))
        assert house.texts == [("1", "1234", False)]


async def test_missing_parts_open_the_message_after_the_time_out_also_after_a_restart() -> None:
    house = House()
    assembly = await house.process()
    for number in (2, 4):
        await assembly.take(part(f"第{number}段", number, 5))
    house.clock.forward(599)
    await assembly.sweep()
    assert house.texts == []
    assembly = await house.process()
    house.clock.forward(2)
    house.down = True
    await assembly.sweep()
    house.down = False
    await assembly.sweep()
    await assembly.sweep()
    assert house.texts == [("1", f"{GAP}第2段{GAP}第4段{GAP}", True)]
    assert (await house.process())._buckets[0].open == []
    await assembly.take(part("第2段", 2, 5))
    house.clock.forward(601)
    await assembly.sweep()
    assert len(house.texts) == 1


async def test_one_reference_for_two_totals_and_for_two_texts() -> None:
    house = House()
    assembly = await house.process()
    for one in (part("a", 1, 3), part("b", 2, 3), part("Y", 2, 2), part("c", 3, 3), part("X", 1, 2)):
        await assembly.take(one)
    assert sorted(house.texts) == [("1", "XY", False), ("1", "abc", False)]
    await assembly.take(part("old", 1, 2, ref="u8:9"))
    await assembly.take(part("new", 1, 2, ref="u8:9"))
    await assembly.take(part("end", 2, 2, ref="u8:9"))
    house.clock.forward(601)
    await assembly.sweep()
    assert house.texts[2:] == [("1", "newend", False), ("1", f"old{GAP}", True)]


async def test_references_of_two_kinds_do_not_meet() -> None:
    house = House()
    assembly = await house.process()
    for kind in ("u8:1", "u16:1", "sar:1"):
        await assembly.take(part("x", 1, 2, ref=kind))
    assert house.texts == []


async def test_parts_in_two_alphabets() -> None:
    house = House()
    assembly = await house.process()
    await assembly.take(part("路灯", 1, 2))
    await assembly.take(part("No.5", 2, 2, name="ascii"))
    assert house.texts == [("1", "路灯No.5", False)]


async def test_octets_that_are_no_text_are_kept() -> None:
    house = House()
    assembly = await house.process()
    await assembly.take(MessagePart("1", "12345", bytes(range(9)), "binary"))
    (whole,) = house.stored.values()
    assert (whole.text, whole.raw) == (None, bytes(range(9)))


async def test_the_same_words_are_one_message_when_repeated_by_the_network_and_two_when_by_the_person() -> None:
    house = House()
    assembly = await house.process()
    yes = MessagePart("1", "12345", b"1", "ascii")
    await assembly.take(yes, link=1)
    assembly.answered(yes, link=1, after_s=0.1)
    await assembly.take(yes, link=1)
    assert len(house.stored) == 1  # at once: the network
    house.clock.forward(DOUBLE_S + 1)
    await assembly.take(yes, link=2)
    assert len(house.stored) == 1  # over a new connection: our answer may have been lost
    await assembly.take(yes, link=1)
    assert len(house.stored) == 2  # later, over the connection that carried our answer: the person
    house.clock.forward(REPEAT_S - 1)
    assembly = await house.process()
    await assembly.take(yes, link=1)
    assert len(house.stored) == 2  # after a crash
    house.clock.forward(REPEAT_S)
    await assembly.take(yes, link=1)
    assert len(house.stored) == 3


async def test_a_message_whose_first_try_died_is_one_also_when_it_is_repeated_after_our_answer() -> None:
    house = House()
    yes = MessagePart("1", "12345", b"1", "ascii")
    house.down = True
    with pytest.raises(StoreUnavailable):
        await (await house.process()).take(yes, link=1)
    house.down = False
    house.clock.forward(DOUBLE_S + 3)
    assembly = await house.process()
    await assembly.take(yes, link=1)
    assembly.answered(yes, link=1, after_s=0.1)
    await assembly.take(yes, link=1)
    assert len(house.stored) == 1


async def test_what_is_done_leaves_nothing_personal_and_little_behind() -> None:
    house = House()
    assembly = await house.process()
    for one in parts("13800138000", "身份证460100" * 20, 3):
        await assembly.take(one)
    kept = "".join(house.state.values.values())
    assert "13800138000" not in kept
    assert len(kept) < 300


async def test_parts_that_are_never_followed_take_no_more_room_than_a_person_may_have() -> None:
    house = House()
    assembly = await house.process()
    for n in range(MOST_OPEN + 3):
        house.clock.forward(1)
        await assembly.take(part(f"第{n}条", 1, 2, ref=f"u8:{n}"))
    assert house.texts == [("1", f"第{n}条{GAP}", True) for n in range(3)]
    await assembly.take(part("完", 2, 2, ref="u8:5"))
    assert house.texts[-1] == ("1", "第5条完", False)


async def test_a_long_list_of_parts_is_written_down_whole() -> None:
    house = House()
    assembly = await house.process()
    for n in range(LONG_DUMP + 20):
        await assembly.take(part("路", n + 1, 2 * LONG_DUMP))
    again = await house.process()
    for n in range(LONG_DUMP + 20, 2 * LONG_DUMP):
        await again.take(part("灯", n + 1, 2 * LONG_DUMP))
    assert house.texts == [("1", "路" * (LONG_DUMP + 20) + "灯" * (LONG_DUMP - 20), False)]
