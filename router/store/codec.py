"""Field values as compact JSON, and one look-up's values as a `Found`.

Members at their default are left out. Every value holds the X it belongs to (and an
AXB binding its parties), so an answer that was meant for another question is found out
here: `Misplaced` is raised and nobody is connected (CVE-2023-28858).
"""

from __future__ import annotations

import json
from dataclasses import fields
from functools import lru_cache

from router.plan.model import (
    AxbBinding,
    AxBinding,
    Found,
    Mode,
    NumberRecord,
    NumberState,
    TemporaryCallee,
)
from router.store.port import Binding, StoreError

NUMBER = "n"
AX = "b"
TEMPORARY = "t"

REMEMBERED = 16_384
"""Distinct answers kept decoded; about 1.5 kB each."""


class Misplaced(StoreError):
    """A value that is not its key's, or no value of ours."""


def party_field(party: str) -> str:
    """Return the name of the field that holds the AXB binding of `party`."""
    return "p:" + party


def fields_of(binding: Binding) -> tuple[str, ...]:
    """Return the names of the fields a binding stands under, each once."""
    match binding:
        case AxBinding():
            return (AX,)
        case AxbBinding(a=a, b=b):
            return tuple(dict.fromkeys((party_field(a), party_field(b))))


def encode(value: NumberRecord | Binding) -> str:
    """Return the JSON text a record or binding is kept as."""
    members = {
        field.name: member
        for field in fields(value)
        if (member := getattr(value, field.name)) != field.default
    }
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def encode_temporary(x: str, temporary: TemporaryCallee) -> str:
    """Return the JSON text of X's temporary callee."""
    members = {
        "x": x,
        "callee": temporary.callee,
        "expires_at": temporary.expires_at,
    }
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def _members(text: str) -> dict[str, object]:
    try:
        members = json.loads(text)
    except ValueError as mistake:
        raise Misplaced("a value is not JSON") from mistake
    if not isinstance(members, dict):
        raise Misplaced("a value is not a JSON object")
    return members


def _extra(members: dict[str, object]) -> tuple[tuple[str, str], ...]:
    pairs = members.pop("extra", ())
    if not isinstance(pairs, (list, tuple)):
        raise Misplaced("extra is not a list")
    return tuple((str(name), str(value)) for name, value in pairs)


def decode_number(text: str) -> NumberRecord:
    """Build a number record from its text, or raise `Misplaced`."""
    members = _members(text)
    try:
        return NumberRecord(
            str(members["x"]),
            str(members["app"]),
            Mode(str(members["mode"])),
            NumberState(int(str(members.get("state", NumberState.NORMAL.value)))),
        )
    except (KeyError, ValueError) as mistake:
        raise Misplaced("a number record does not hold together") from mistake


def decode_binding(text: str) -> Binding:
    """Build an AX or AXB binding from its text, or raise `Misplaced`."""
    members = _members(text)
    kind: type[AxBinding] | type[AxbBinding]
    kind = AxbBinding if "b" in members else AxBinding
    try:
        extra = _extra(members)
        return kind(**members, extra=extra)  # type: ignore[arg-type]
    except (TypeError, ValueError) as mistake:
        raise Misplaced("a binding does not hold together") from mistake


def _temporary(x: str, text: str) -> TemporaryCallee:
    members = _members(text)
    callee, expires_at = members.get("callee"), members.get("expires_at")
    if members.get("x") != x:
        raise Misplaced("a temporary callee of another X")
    if not isinstance(callee, str) or not isinstance(expires_at, (int, float)):
        raise Misplaced("a temporary callee does not hold together")
    return TemporaryCallee(callee, expires_at)


@lru_cache(maxsize=REMEMBERED)
def _found(
    x: str,
    caller: str,
    number: str | None,
    ax: str | None,
    temporary: str | None,
    axb: str | None,
) -> Found:
    record = decode_number(number) if number is not None else None
    first = decode_binding(ax) if ax is not None else None
    second = decode_binding(axb) if axb is not None else None
    if record is not None and record.x != x:
        raise Misplaced("a number record of another X")
    if first is not None and (not isinstance(first, AxBinding) or first.x != x):
        raise Misplaced("an AX binding of another X")
    if second is not None and (
        not isinstance(second, AxbBinding)
        or second.x != x
        or caller not in (second.a, second.b)
    ):
        raise Misplaced("an AXB binding of another X or party")
    callee = _temporary(x, temporary) if temporary is not None else None
    return Found(x, record, first, callee, second)


def found(
    x: str,
    caller: str,
    number: str | None,
    ax: str | None,
    temporary: str | None,
    axb: str | None,
) -> Found:
    """Build the answer to one look-up from its raw values, or raise `Misplaced`.

    Remembered by the raw text of every value, so what is remembered is never out of
    date. The caller matters only to an AXB binding; without one it is left out of the
    key, or every caller of a busy AX number would be decoded anew.
    """
    return _found(x, caller if axb is not None else "", number, ax, temporary, axb)
