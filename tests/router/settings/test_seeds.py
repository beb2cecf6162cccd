"""Seeds as the store takes them."""

from __future__ import annotations

from pathlib import Path

from router.plan.model import AxbBinding, AxBinding, Mode, NumberRecord, TemporaryCallee
from router.settings import load
from router.settings.seeds import Seeds, seeds_of

NOW = 1_800_000_000.0
A = "+8613800000001"
B = "+8613900000002"
TEXT = """\
trunks: [{name: t, gateways: ["sip:h"], allow: [10.0.0.1]}]
apps:
  - {key: ax, secret: s, mode: AX, numbers: ["+8617000000001", "+8617000000003"],
     bindings: [
       {origNum: "+8613800000001", privateNum: "+8617000000001", userData: u,
        calleeNum: "+8613900000002", duration: 60, calleeNumDisplay: 1, maxDuration: 3,
        callDirection: 2, recordFlag: true, preVoice: {callerHintTone: a.wav}},
       {origNum: "+8613800000001", privateNum: "+8617000000003"}]}
  - {key: axb, secret: s, mode: AXB, numbers: ["+8617000000002"], bindings: [
       {callerNum: "+8613800000001", relationNum: "+8617000000002",
        calleeNum: "+8613900000002", duration: 10, callDirection: 1,
        lastMinVoice: ~}]}
  - {key: axe, secret: s, mode: AXE, numbers: ["+8617000000004"], bindings: [
       {virtualNum: "+8617000000004", bindNum: "+8613800000001", extendNum: "0001"}]}
"""


def seeds(tmp_path: Path, text: str = TEXT) -> Seeds:
    file = tmp_path / "veil.yaml"
    file.write_text(text)
    return seeds_of(load(file, environment={}), NOW)


def test_numbers_belong_to_their_app(tmp_path: Path) -> None:
    numbers = seeds(tmp_path).numbers
    assert numbers[0] == NumberRecord("+8617000000001", "ax", Mode.AX)
    assert [n.app for n in numbers] == ["ax", "ax", "axb", "axe"]


def test_an_ax_seed_keeps_every_member(tmp_path: Path) -> None:
    whole, plain = seeds(tmp_path).ax
    assert whole == AxBinding(
        whole.subscription_id,
        A,
        "+8617000000001",
        callee_num_display=1,
        call_direction=2,
        max_duration=3,
        user_data="u",
        extra=whole.extra,
    )
    assert dict(whole.extra) == {
        "recordFlag": "true",
        "preVoice": '{"callerHintTone": "a.wav"}',
    }
    assert plain.extra == ()


def test_a_temporary_callee_lasts_from_the_start(tmp_path: Path) -> None:
    expected = ("+8617000000001", TemporaryCallee(B, NOW + 60))
    assert seeds(tmp_path).temporary == (expected,)


def test_an_axb_seed_lasts_as_long_as_it_says(tmp_path: Path) -> None:
    (binding,) = seeds(tmp_path).axb
    assert binding == AxbBinding(
        binding.subscription_id,
        A,
        B,
        "+8617000000002",
        call_direction=1,
        expires_at=NOW + 10,
    )
    (lasting,) = seeds(tmp_path, TEXT.replace("duration: 10,", "")).axb
    assert lasting.expires_at is None


def test_subscription_ids_are_the_same_at_every_start(tmp_path: Path) -> None:
    first, second = seeds(tmp_path), seeds(tmp_path)
    assert first == second
    ids = [ax.subscription_id for ax in first.ax]
    ids += [axb.subscription_id for axb in first.axb]
    assert len(set(ids)) == 3
