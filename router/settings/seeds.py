"""Seeds as the store takes them: number records and bindings."""

from __future__ import annotations

import json
from typing import NamedTuple
from uuid import UUID, uuid5

from pydantic import BaseModel

from router.plan.model import AxbBinding, AxBinding, NumberRecord, TemporaryCallee
from router.settings.apps import App, AxbSeed, AxSeed
from router.settings.model import Settings

_NAMESPACE = UUID("6f0f5a5c-0d0c-5b61-9f3b-5b1f6a1f8a17")
_CORE = frozenset(
    {
        "orig_num",
        "private_num",
        "callee_num",
        "caller_num",
        "relation_num",
        "callee_num_display",
        "call_direction",
        "duration",
        "max_duration",
        "user_data",
    }
)


class Seeds(NamedTuple):
    """What a store is given at the start; giving it twice changes nothing."""

    numbers: tuple[NumberRecord, ...]
    ax: tuple[AxBinding, ...]
    temporary: tuple[tuple[str, TemporaryCallee], ...]
    """X and its temporary callee."""
    axb: tuple[AxbBinding, ...]


def seeds_of(settings: Settings, now: float) -> Seeds:
    """Gather the apps' numbers and bindings; durations count from `now` (epoch).

    A seed's subscription id is made from what it binds: the same at every start.
    """
    numbers: list[NumberRecord] = []
    ax: list[AxBinding] = []
    temporary: list[tuple[str, TemporaryCallee]] = []
    axb: list[AxbBinding] = []
    for app in settings.apps:
        numbers += [NumberRecord(x, app.key, app.mode) for x in app.numbers]
        for seed in app.bindings:
            if isinstance(seed, AxSeed):
                ax.append(_ax(app, seed))
                if seed.callee_num is not None:
                    until = now + seed.duration
                    callee = TemporaryCallee(seed.callee_num, until)
                    temporary.append((seed.private_num, callee))
            elif isinstance(seed, AxbSeed):
                axb.append(_axb(app, seed, now))
    return Seeds(tuple(numbers), tuple(ax), tuple(temporary), tuple(axb))


def _ax(app: App, seed: AxSeed) -> AxBinding:
    return AxBinding(
        _subscription(app.key, seed.private_num, seed.orig_num),
        seed.orig_num,
        seed.private_num,
        callee_num_display=int(seed.callee_num_display),
        call_direction=seed.call_direction,
        max_duration=seed.max_duration,
        user_data=seed.user_data,
        extra=_extra(seed),
    )


def _axb(app: App, seed: AxbSeed, now: float) -> AxbBinding:
    x, a, b = seed.relation_num, seed.caller_num, seed.callee_num
    return AxbBinding(
        _subscription(app.key, x, a, b),
        a,
        b,
        x,
        call_direction=seed.call_direction,
        expires_at=now + seed.duration if seed.duration else None,
        max_duration=seed.max_duration,
        user_data=seed.user_data,
        extra=_extra(seed),
    )


def _subscription(*parts: str) -> str:
    return str(uuid5(_NAMESPACE, "\n".join(parts)))


def _extra(seed: BaseModel) -> tuple[tuple[str, str], ...]:
    """The members that were written and are no part of the record; objects as JSON."""
    names = seed.model_fields_set - _CORE
    members = seed.model_dump(include=names, by_alias=True, exclude_unset=True)
    return tuple(
        (key, value if isinstance(value, str) else json.dumps(value))
        for key, value in members.items()
        if value is not None
    )
