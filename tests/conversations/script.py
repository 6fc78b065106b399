"""The dialogues of ``dialogues/``: their schema (README.md says what each key means) and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

Channel = Literal["webchat", "sms", "wechat", "voice"]
Subject = Literal["place", "phone", "demand", "nothing"]
DIALOGUES = Path(__file__).parent / "dialogues"
ACTS = ("say", "picture", "sticker", "location", "voice", "key", "silence", "pause")


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) or value is None else (value,)


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Turn(_Closed):
    """What somebody does, and what the answers to it must be."""

    by: Literal["me", "other"] = "me"
    say: str | None = None
    picture: str | None = None
    sticker: str | None = None
    location: tuple[float, float, str] | None = None
    voice: str | None = None
    key: Annotated[str, Field(pattern=r"^[0-9*#]$")] | None = None
    silence: Annotated[float, Field(gt=0, le=60)] | None = None
    pause: Literal["next_day"] | None = None
    says_any: tuple[str, ...] = ()
    says_first: tuple[str, ...] = ()
    says_none: tuple[str, ...] = ()
    asks: Annotated[tuple[Subject, ...], BeforeValidator(_listed)] = ()
    silent: Literal["either"] | bool = False
    repeats: bool = False

    @model_validator(mode="after")
    def _one_act(self) -> Self:
        if sum(getattr(self, act) is not None for act in ACTS) != 1:
            raise ValueError(f"a turn has exactly one of {', '.join(ACTS)}")
        return self

    def __str__(self) -> str:
        act = next(act for act in ACTS if getattr(self, act) is not None)
        return f"{self.by}: {'' if act == 'say' else f'[{act}] '}{getattr(self, act)}"


class Facts(_Closed):
    """What is true of a ticket; what is left out is not looked at."""

    empty: bool | None = None
    anonymous: bool | None = None
    secret: bool | None = None
    emergency: tuple[Literal["110", "119", "120", "122"], ...] | None = None
    urgency: Literal["normal", "urgent"] | None = None
    type: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    district: str | None = None
    address: bool | str | None = None
    address_none: tuple[str, ...] = ()
    phone: str | None = None
    content: tuple[str, ...] = ()
    content_none: tuple[str, ...] = ()
    callback: bool | None = None
    disposition: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    attachments: int | None = None
    told: bool | None = None


class Expected(_Closed):
    """The state of the tickets of ``me`` at the end."""

    demands: Annotated[tuple[int, ...], BeforeValidator(_listed)] = ()
    tickets: tuple[Facts, ...] = ()


class Dialogue(_Closed):
    """One scripted dialogue."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    language: Literal["zh", "en"] = "zh"
    caller: Literal["anonymous"] | None = None
    turns: tuple[Turn, ...]
    expect: Expected = Expected()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        spoken = self.channels == ("voice",)
        if self.caller and not spoken:
            raise ValueError("only a caller can withhold the number")
        for turn in self.turns:
            if turn.silence and not spoken:
                raise ValueError("silence is something on the telephone")
            if "voice" in self.channels and (
                turn.pause or turn.by == "other" or not (turn.say or turn.key or turn.silence)
            ):
                raise ValueError(f"not on the telephone: {turn}")
            if (turn.voice is not None or turn.location) and set(self.channels) != {"wechat"}:
                raise ValueError("voice messages and positions come by WeChat")
            if turn.picture and "sms" in self.channels:
                raise ValueError("a short message holds no picture")
        return self

    @property
    def days(self) -> list[list[Turn]]:
        """The turns of each day."""
        days: list[list[Turn]] = [[]]
        for turn in self.turns:
            if turn.pause:
                days.append([])
            else:
                days[-1].append(turn)
        return days


@dataclass(frozen=True, slots=True)
class Play:
    """A dialogue on one of its channels."""

    theme: str
    dialogue: Dialogue
    channel: Channel

    @property
    def name(self) -> str:
        """Unique, and short enough for a report."""
        return f"{self.theme}-{self.dialogue.id}-{self.channel}"


_FILE: TypeAdapter[list[Dialogue]] = TypeAdapter(list[Dialogue])


def plays(folder: Path = DIALOGUES) -> list[Play]:
    """Every dialogue on each of its channels, in the order of the files."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        dialogues = _FILE.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
        names = [dialogue.id for dialogue in dialogues]
        assert len(names) == len(set(names)), f"{path.name} has an id twice"
        found += [Play(path.stem, dialogue, channel) for dialogue in dialogues for channel in dialogue.channels]
    return found
