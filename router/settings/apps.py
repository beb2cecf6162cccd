"""Apps and their seeds: the numbers and bindings a fresh store starts with.

A seed is written with the members of the bind request of its mode, and nothing else.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
)
from pydantic.alias_generators import to_camel

from router.numbers import check_party, check_x_number
from router.plan.model import Mode
from router.settings.addresses import check_push_url

TEMPORARY_CALLEE_SECONDS = 259200
"""How long a seeded temporary callee lasts: the longest the bind interface allows."""

XNumber = Annotated[str, AfterValidator(check_x_number)]
Party = Annotated[str, AfterValidator(check_party)]
PushUrl = Annotated[str, AfterValidator(check_push_url)]


def _flag(value: object) -> object:
    # The documents say "true", the vendor's own samples send true.
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def _on_off(value: object) -> object:
    # `on` without quotes is a truth value to YAML.
    if isinstance(value, bool):
        return "on" if value else "off"
    return value


def _digit(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


Flag = Annotated[Literal["true", "false"], BeforeValidator(_flag)]
Digit = Annotated[Literal["0", "1"], BeforeValidator(_digit)]
Direction = Annotated[int, Field(ge=0, le=2)]
Minutes = Annotated[int, Field(ge=0, le=1440)]
UserData = Annotated[str, Field(max_length=256, pattern=r"^[^{}\u4e00-\u9fff]*$")]


class Seed(BaseModel):
    """What the bind bodies of all modes have in common."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel
    )

    record_flag: Flag = "false"
    record_hint_tone: Annotated[str, Field(max_length=128)] | None = None
    user_data: UserData = ""


class PreVoice(BaseModel):
    """Tones played before the call is put through."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel
    )

    caller_hint_tone: Annotated[str, Field(max_length=128)] = ""
    callee_hint_tone: Annotated[str, Field(max_length=128)] = ""


class AxSeed(Seed):
    """An AX binding, with its temporary callee when it has one."""

    orig_num: Party
    private_num: XNumber
    callee_num: Party | None = None
    duration: Annotated[int, Field(ge=1, le=TEMPORARY_CALLEE_SECONDS)] = (
        TEMPORARY_CALLEE_SECONDS
    )
    """Seconds the temporary callee lasts, from the start."""
    callee_num_display: Digit = "0"
    private_sms: Flag = "true"
    pre_voice: PreVoice | None = None
    max_duration: Minutes = 0
    last_min_voice: Annotated[str, Field(max_length=128)] | None = None
    turn_flag: Annotated[Literal["on", "off"], BeforeValidator(_on_off)] = "on"
    call_direction: Direction = 0


class AxbSeed(Seed):
    """An AXB binding."""

    caller_num: Party
    relation_num: XNumber
    callee_num: Party
    call_direction: Direction = 0
    duration: Annotated[int, Field(ge=0, le=7776000)] = 0
    """Seconds the binding lasts from the start, 0 for ever."""
    private_sms: Flag = "true"
    pre_voice: PreVoice | None = None
    max_duration: Minutes = 0
    last_min_voice: Annotated[str, Field(max_length=128)] | None = None


class AxeSeed(Seed):
    """An AXE binding."""

    virtual_num: XNumber
    bind_num: Party
    extend_num: Annotated[str, Field(pattern=r"^[0-9]{1,4}$")]
    display_num_mode: Digit = "0"
    callback_tone: Annotated[str, Field(max_length=128)] | None = None
    callback_num: Party | None = None
    time_unit: Digit = "0"
    bind_expired_time: Annotated[int, Field(ge=0, le=43200)] = 0
    callback_expired_time: Annotated[int, Field(ge=0, le=43200)] = 0


_OWN_KEYS = (
    ("<AX>", ("origNum", "privateNum")),
    ("<AXB>", ("callerNum", "relationNum")),
    ("<AXE>", ("virtualNum", "bindNum", "extendNum")),
)


def _kind_of_seed(value: object) -> str | None:
    if isinstance(value, dict):
        for tag, keys in _OWN_KEYS:
            if any(key in value for key in keys):
                return tag
    return None


AnySeed = Annotated[
    Annotated[AxSeed, Tag("<AX>")]
    | Annotated[AxbSeed, Tag("<AXB>")]
    | Annotated[AxeSeed, Tag("<AXE>")],
    Discriminator(_kind_of_seed),
]


class App(BaseModel):
    """A customer's application: its key, its mode, its numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    key: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")]
    secret: Annotated[str, Field(min_length=1, max_length=256, repr=False)]
    mode: Annotated[Mode, Field(strict=False)]
    numbers: Annotated[tuple[XNumber, ...], Field(strict=False)] = ()
    status_url: PushUrl | None = None
    fee_url: PushUrl | None = None
    number_status_url: PushUrl | None = None
    extension_digits: Annotated[int, Field(ge=1, le=4)] = 4
    bindings: Annotated[tuple[AnySeed, ...], Field(strict=False)] = ()
