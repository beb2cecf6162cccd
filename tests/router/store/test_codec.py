"""Values survive the way into the store and back; foreign ones are refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, strategies

from router.plan.model import (
    AxbBinding,
    AxBinding,
    Found,
    Mode,
    NumberRecord,
    NumberState,
    TemporaryCallee,
)
from router.store import codec
from tests.router.store.asking import AX, AXB, NUMBER, OTHER_X, A, B, C, X

TEXT = strategies.text(max_size=12)
WHOLE = strategies.integers(0, 10_000)
EXTRA = strategies.lists(strategies.tuples(TEXT, TEXT), max_size=3).map(tuple)


@given(
    strategies.builds(
        NumberRecord,
        TEXT,
        TEXT,
        strategies.sampled_from(Mode),
        strategies.sampled_from(NumberState),
    )
)
def test_number_records_survive(record: NumberRecord) -> None:
    assert codec.decode_number(codec.encode(record)) == record


@given(
    strategies.builds(AxBinding, TEXT, TEXT, TEXT, WHOLE, WHOLE, WHOLE, TEXT, EXTRA)
    | strategies.builds(
        AxbBinding,
        *[TEXT] * 4,
        WHOLE,
        strategies.none() | strategies.floats(0, 1e10),
        WHOLE,
        TEXT,
        EXTRA,
    )
)
def test_bindings_survive(binding: AxBinding | AxbBinding) -> None:
    decoded = codec.decode_binding(codec.encode(binding))
    assert decoded == binding
    assert hash(decoded) == hash(binding)


def test_members_at_their_default_are_left_out() -> None:
    text = codec.encode(AxBinding("s", A, X))
    assert text == f'{{"subscription_id":"s","a":"{A}","x":"{X}"}}'


def test_a_binding_says_which_fields_it_stands_under() -> None:
    assert codec.fields_of(AX) == ("b",)
    assert codec.fields_of(AXB) == (f"p:{A}", f"p:{B}")
    assert codec.fields_of(replace(AXB, b=A)) == (f"p:{A}",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '"x"',
        '{"x":"1"}',
        '{"x":"1","app":"a","mode":"AY"}',
        '{"x":"1","app":"a","mode":"AX","state":6}',
        '{"x":"1","app":"a","mode":"AX","state":"normal"}',
    ],
)
def test_what_is_no_number_record_is_misplaced(text: str) -> None:
    with pytest.raises(codec.Misplaced):
        codec.decode_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "7",
        "{}",
        '{"subscription_id":"s","a":"1"}',
        '{"subscription_id":"s","a":"1","x":"2","surprise":3}',
        '{"subscription_id":"s","a":"1","x":"2","extra":7}',
        '{"subscription_id":"s","a":"1","x":"2","extra":[["one"]]}',
        '{"subscription_id":"s","a":"1","x":"2","extra":[7]}',
    ],
)
def test_what_is_no_binding_is_misplaced(text: str) -> None:
    with pytest.raises(codec.Misplaced):
        codec.decode_binding(text)


def test_one_look_up_is_put_together() -> None:
    temporary = TemporaryCallee(C, 7.5)
    values = (
        codec.encode(NUMBER),
        codec.encode(AX),
        codec.encode_temporary(X, temporary),
        codec.encode(replace(AXB, x=X)),
    )
    assert codec.found(X, A, *values) == Found(
        X, NUMBER, AX, temporary, replace(AXB, x=X)
    )
    assert codec.found(X, A, None, None, None, None) == Found(X, None)


FOREIGN = [
    (codec.encode(replace(NUMBER, x=OTHER_X)), None, None, None),
    (None, codec.encode(replace(AX, x=OTHER_X)), None, None),
    (None, codec.encode(AXB), None, None),
    (None, None, codec.encode_temporary(OTHER_X, TemporaryCallee(C, 1)), None),
    (None, None, json.dumps({"x": X, "callee": 1, "expires_at": 1}), None),
    (None, None, json.dumps({"x": X, "callee": C, "expires_at": "soon"}), None),
    (None, None, None, codec.encode(AXB)),
    (None, None, None, codec.encode(replace(AXB, x=X, a=C))),
    (None, None, None, codec.encode(AX)),
]


@pytest.mark.parametrize("values", FOREIGN, ids=range(len(FOREIGN)))
def test_cve_2023_28858_values_of_another_key_are_misplaced_every_time(
    values: tuple[str | None, str | None, str | None, str | None],
) -> None:
    for _ in range(2):  # an error is not remembered as an answer
        with pytest.raises(codec.Misplaced):
            codec.found(X, A, *values)


def test_a_remembered_answer_is_never_given_to_another_party() -> None:
    text = codec.encode(replace(AXB, x=X))
    for party in (A, B):
        assert codec.found(X, party, None, None, None, text).axb is not None
    with pytest.raises(codec.Misplaced):
        codec.found(X, C, None, None, None, text)
