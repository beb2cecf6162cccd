"""What does not go together within an app, and between apps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from router.plan.model import Mode
from router.settings.apps import AnySeed, App, AxbSeed, AxeSeed, AxSeed
from router.settings.source import Path, Source

MAX_X_OF_ONE_A = 5
"""AX: numbers one A may be bound to at a time."""

_KINDS: dict[Mode, type[AxSeed] | type[AxbSeed] | type[AxeSeed]] = {
    Mode.AX: AxSeed,
    Mode.AXB: AxbSeed,
    Mode.AXE: AxeSeed,
}
_X_KEYS = {AxSeed: "privateNum", AxbSeed: "relationNum", AxeSeed: "virtualNum"}
_MODES = {AxSeed: Mode.AX, AxbSeed: Mode.AXB, AxeSeed: Mode.AXE}


def check_apps(apps: Sequence[App], source: Source) -> None:
    """Note in `source` what is wrong between apps and in each one's bindings."""
    keys: dict[str, int] = {}
    owners: dict[str, str] = {}
    for index, app in enumerate(apps):
        first = keys.setdefault(app.key, index)
        if first != index:
            text = f"apps[{first}] has this key too; give each its own"
            source.complain(("apps", index, "key"), text)
        for place, number in enumerate(app.numbers):
            if number in owners:
                text = f"the number is in {owners[number]} already; it has one owner"
                source.complain(("apps", index, "numbers", place), text)
            owners.setdefault(number, f"apps[{index}].numbers")
        _check_bindings(app, ("apps", index, "bindings"), source)


def _check_bindings(app: App, path: Path, source: Source) -> None:
    kind = _KINDS.get(app.mode)
    if kind is None and app.bindings:
        text = "an app of mode X has no bindings: its customer is asked at each call"
        source.complain(path, text)
        return
    taken: dict[tuple[str, str], int] = {}
    numbers_of: Counter[str] = Counter()
    for index, seed in enumerate(app.bindings):
        here = (*path, index)
        if type(seed) is not kind:
            text = f"an {_MODES[type(seed)]} binding in an app of mode {app.mode}"
            source.complain(here, f"{text}; move it to an app of its mode")
            continue
        _check_number(app, seed, here, source)
        _check_options(seed, here, source)
        for claim, member, text in _claims(seed):
            if taken.setdefault(claim, index) != index:
                where = f"bindings[{taken[claim]}]"
                source.complain((*here, member), f"{text} by {where}")
        if isinstance(seed, AxSeed):
            numbers_of[seed.orig_num] += 1
            if numbers_of[seed.orig_num] == MAX_X_OF_ONE_A + 1:
                text = f"bound to more than {MAX_X_OF_ONE_A} X numbers"
                source.complain((*here, "origNum"), text)
        if isinstance(seed, AxeSeed) and len(seed.extend_num) != app.extension_digits:
            text = f"must have {app.extension_digits} digits, as extension_digits says"
            source.complain((*here, "extendNum"), text)


def _check_number(app: App, seed: AnySeed, path: Path, source: Source) -> None:
    member = _X_KEYS[type(seed)]
    if _x_of(seed) not in app.numbers:
        text = "not one of the app's numbers; add it there, or bind one of them"
        source.complain((*path, member), text)


def _check_options(seed: AnySeed, path: Path, source: Source) -> None:
    for member, party in _parties(seed):
        if party == _x_of(seed):
            text = "this is the X number itself: such a call would go in a circle"
            source.complain((*path, member), text)
    if isinstance(seed, AxSeed) and seed.callee_num == seed.orig_num:
        source.complain(
            (*path, "calleeNum"), "must not be origNum: A would call itself"
        )
    if isinstance(seed, AxbSeed) and seed.caller_num == seed.callee_num:
        source.complain((*path, "calleeNum"), "must not be callerNum")
    if isinstance(seed, AxeSeed) and seed.callback_tone and seed.callback_num:
        source.complain((*path, "callbackNum"), "set this or callbackTone, not both")
    if not isinstance(seed, AxeSeed) and seed.last_min_voice and not seed.max_duration:
        source.complain((*path, "lastMinVoice"), "has no use without maxDuration")


def _x_of(seed: AnySeed) -> str:
    if isinstance(seed, AxSeed):
        return seed.private_num
    if isinstance(seed, AxbSeed):
        return seed.relation_num
    return seed.virtual_num


def _parties(seed: AnySeed) -> list[tuple[str, str]]:
    parties: list[tuple[str, str | None]]
    if isinstance(seed, AxSeed):
        parties = [("origNum", seed.orig_num), ("calleeNum", seed.callee_num)]
    elif isinstance(seed, AxbSeed):
        parties = [("callerNum", seed.caller_num), ("calleeNum", seed.callee_num)]
    else:
        parties = [("bindNum", seed.bind_num), ("callbackNum", seed.callback_num)]
    return [(member, party) for member, party in parties if party is not None]


def _claims(seed: AnySeed) -> list[tuple[tuple[str, str], str, str]]:
    """What a binding takes for itself alone: the place, its member, who has it."""
    x = _x_of(seed)
    if isinstance(seed, AxSeed):
        return [((x, ""), "privateNum", "the number is bound already")]
    if isinstance(seed, AxeSeed):
        return [((x, seed.extend_num), "extendNum", "the extension is taken")]
    text = "this party is on the X number already"
    return [
        ((x, seed.caller_num), "callerNum", text),
        ((x, seed.callee_num), "calleeNum", text),
    ]
