"""Twins of ports in memory: mypy holds here that they are whole, the contract suites that they keep the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.ports.channel import Intake, PhoneBook
    from gateway.ports.feed import DeliveryStore, Feed
    from gateway.ports.message import ChannelHealth, ChannelState, Conversations, SharedCache
    from gateway.ports.recogniser import Recogniser, RecognitionStream
    from gateway.ports.speech import SpeechReader
    from tests.support.fakes.conversations import MemoryConversations
    from tests.support.fakes.deliveries import MemoryDeliveries, Receiver
    from tests.support.fakes.house import FakeHouse, MemoryCache, MemoryState, NoPhones, RecordedHealth
    from tests.support.fakes.reading import ReaderHere
    from tests.support.fakes.recogniser import ScriptedRecogniser

    def _seen_by_channels(
        house: FakeHouse,
        conversations: MemoryConversations,
        state: MemoryState,
        cache: MemoryCache,
        health: RecordedHealth,
        phones: NoPhones,
    ) -> tuple[Intake, Conversations, ChannelState, SharedCache, ChannelHealth, PhoneBook]:
        return house, conversations, state, cache, health, phones

    def _seen_by_the_house(
        deliveries: MemoryDeliveries, receiver: Receiver, reader: ReaderHere, recogniser: ScriptedRecogniser
    ) -> tuple[DeliveryStore, Feed, SpeechReader, Recogniser, RecognitionStream]:
        return deliveries, receiver, reader, recogniser, recogniser
