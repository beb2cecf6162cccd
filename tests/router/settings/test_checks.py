"""Keys that do not go together: in listeners, trunks, media and apps."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.settings import Mistake, SettingsError, load

TRUNK = "trunks: [{name: carrier, gateways: ['sip:10.0.0.1'], allow: [10.0.0.0/8]}]\n"
X = '"+8617000000001"'
A = '"+8613800000001"'
B = '"+8613900000002"'


def mistakes_of(directory: Path, text: str) -> list[Mistake]:
    file = directory / "veil.yaml"
    file.write_text(text)
    try:
        load(file, environment={})
    except SettingsError as error:
        return error.mistakes
    return []


@pytest.mark.parametrize(
    ("text", "path", "part"),
    [
        (TRUNK + "sip: {listen: ['udp:1.2.3.4:5', 'udp:1.2.3.4:5']}", "sip.listen[1]",
         "taken by sip.listen[0]"),
        (TRUNK + "sip: {listen: ['tls:1.2.3.4:5061']}", "sip.listen[0]", "sip.tls"),
        (TRUNK + "sip: {listen: ['udp:0.0.0.0:5060']}", "sip.listen[0]",
         "set sip.advertise"),
        (TRUNK + "sip: {listen: ['udp:[::]:5060']}", "sip.listen[0]", "advertise"),
        (TRUNK + "http: {listen: '127.0.0.1:5060'}", "http.listen", "sip.listen[1]"),
        (TRUNK + "sip: {min_se: 2000}", "sip.min_se", "at most session_expires"),
        (TRUNK + "sip: {timers: {t1: 5, t2: 4}}", "sip.timers.t2", "at least t1"),
        (TRUNK + "media: {ports: [30000, 20000]}", "media.ports", "[20000, 30000]"),
        (TRUNK + "media: {ports: [20000, 20002]}", "media.ports", "3 ports are too"),
        (TRUNK.replace("sip:10", "http:10"), "trunks[0].gateways[0].uri", "no SIP URI"),
        (TRUNK.replace("sip:10", "sip:bob@10"), "trunks[0].gateways[0].uri",
         'write "sip:10.0.0.1"'),
        (TRUNK.replace("0.0.1", "0.0.1;transport=ws"), "trunks[0].gateways[0].uri",
         "unknown transport 'ws'"),
        (TRUNK.replace("sip:10.0.0.1", "sip:10.0.0.1', 'sip:10.0.0.1"),
         "trunks[0].gateways[1]", "twice"),
        (TRUNK.replace("10.0.0.0/8", "10.0.0.1/8"), "trunks[0].allow[0]",
         "write 10.0.0.0/8"),
        (TRUNK.replace("10.0.0.0/8", "10"), "trunks[0].allow[0]", "must be text"),
        (TRUNK.replace("sip:10.0.0.1", "sip:10.0.0.1;lr;transport=ws"),
         "trunks[0].gateways[0].uri", "transport 'ws'"),
        (TRUNK.replace("['sip:10.0.0.1']", "[{uri: 'sip:h', weight: 70000}]"),
         "trunks[0].gateways[0].weight", "at most 65535"),
        (TRUNK.replace("10.0.0.0/8", "all"), "trunks[0].allow[0]", "for example"),
        (TRUNK.replace("10.0.0.0/8", "10.0.0.1, 10.0.0.1"), "trunks[0].allow[1]",
         "in trunks[0].allow[0] already"),
        (TRUNK.replace("10.0.0.0/8", ""), "trunks", "no trunk allows anybody"),
        (TRUNK.replace("}]", "}, {name: carrier, gateways: ['sip:h']}]"),
         "trunks[1].name", "trunks[0] has this name"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(
    tmp_path: Path, text: str, path: str, part: str
) -> None:
    mistakes = mistakes_of(tmp_path, text)
    assert [mistake.path for mistake in mistakes] == [path]
    assert part in mistakes[0].text


def test_tls_files_must_be_there(tmp_path: Path) -> None:
    tls = "sip: {tls: {certificate: %s, key: /nowhere/k, authorities: /nowhere/a}}"
    there = tmp_path / "cert"
    there.write_text("")
    mistakes = mistakes_of(tmp_path, TRUNK + tls % there)
    assert [(m.path, m.text) for m in mistakes] == [
        ("sip.tls.authorities", "there is no file /nowhere/a"),
        ("sip.tls.key", "there is no file /nowhere/k"),
    ]


def test_what_goes_together(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("")
    good = (
        TRUNK
        + "sip:\n  listen: ['udp:0.0.0.0:5060', 'tcp:0.0.0.0:5060', 'tls:[::1]:0',"
        + " 'tls:[::1]:0', 'udp:localhost:5062']\n"
        + f"  advertise: 192.0.2.1\n  tls: {{certificate: {key}, key: {key}}}\n"
        + "http: {listen: '127.0.0.1:0'}\nmedia: {ports: [20000, 20003]}\n"
    )
    assert mistakes_of(tmp_path, good) == []


def app(mode: str, bindings: str, numbers: str = X, more: str = "") -> str:
    return (
        f"{TRUNK}apps:\n  - {{key: k, secret: s, mode: {mode}, numbers: [{numbers}], "
        f"{more} bindings: [{bindings}]}}\n"
    )


AX = f"origNum: {A}, privateNum: {X}"
AXB = f"callerNum: {A}, relationNum: {X}, calleeNum: {B}"
AXE = f'virtualNum: {X}, bindNum: {A}, extendNum: "0001"'
AT = "apps[0].bindings[0]"


@pytest.mark.parametrize(
    ("text", "path", "part"),
    [
        (app("AX", f"{{{AXB}}}"), AT, "an AXB binding in an app of mode AX"),
        (app("X", f"{{{AX}}}"), "apps[0].bindings", "is asked at each call"),
        (app("AX", "{}"), AT, "AX names origNum and privateNum"),
        (app("AX", "7"), AT, "AX names origNum"),
        (app("AX", f"{{{AX}, calleNum: {B}}}"), f"{AT}.calleNum", "'calleeNum'?"),
        (app("AX", f"{{origNum: {A}}}"), f"{AT}.privateNum", "missing"),
        (app("AX", f"{{{AX}, maxDuration: 1441}}"), f"{AT}.maxDuration", "most 1440"),
        (app("AX", f"{{{AX}, preVoice: {{a: b}}}}"), f"{AT}.preVoice.a", "unknown key"),
        (app("AX", f"{{{AX}, userData: 'a{{b'}}"), f"{AT}.userData", "must match"),
        (app("AX", f"{{{AX}}}", B), f"{AT}.privateNum", "not one of the app's numbers"),
        (app("AX", f"{{{AX}, calleeNum: {A}}}"), f"{AT}.calleeNum", "call itself"),
        (app("AX", f"{{{AX}, calleeNum: {X}}}"), f"{AT}.calleeNum", "in a circle"),
        (app("AX", f"{{{AX}, lastMinVoice: a.wav}}"), f"{AT}.lastMinVoice",
         "maxDuration"),
        (app("AX", f"{{{AX}}}, {{origNum: {B}, privateNum: {X}}}"),
         "apps[0].bindings[1].privateNum", "bound already by bindings[0]"),
        (app("AXB", f"{{{AXB.replace(B, A)}}}"), f"{AT}.calleeNum", "not be callerNum"),
        (app("AXB", f"{{{AXB}}}, {{{AXB.replace(B, A.replace('01', '09'))}}}"),
         "apps[0].bindings[1].callerNum", "on the X number already by bindings[0]"),
        (app("AXE", f"{{{AXE}}}, {{{AXE}}}"), "apps[0].bindings[1].extendNum", "taken"),
        (app("AXE", f"{{{AXE}}}", more="extension_digits: 3,"), f"{AT}.extendNum",
         "3 digits"),
        (app("AXE", f"{{{AXE}, callbackTone: a, callbackNum: {B}}}"),
         f"{AT}.callbackNum", "not both"),
        (app("X", "", f"{X}, {X}"), "apps[0].numbers[1]", "in apps[0].numbers already"),
        (app("X", "") + f"  - {{key: k, secret: s, mode: X, numbers: [{B}]}}\n",
         "apps[1].key", "apps[0] has this key"),
        (app("X", "") + f"  - {{key: l, secret: s, mode: X, numbers: [{X}]}}\n",
         "apps[1].numbers[0]", "one owner"),
        (app("X", "", more="fee_url: 'ftp://h/',"), "apps[0].fee_url", "https://host"),
        (app("X", "", more="fee_url: 'http://u:p@h/',"), "apps[0].fee_url", "password"),
        (app("X", "", more="fee_url: 'http://h:99999/',"), "apps[0].fee_url", "65535"),
    ],
)  # fmt: skip
def test_apps_that_do_not_go_together(
    tmp_path: Path, text: str, path: str, part: str
) -> None:
    mistakes = mistakes_of(tmp_path, text)
    assert path in [mistake.path for mistake in mistakes]
    assert part in next(m.text for m in mistakes if m.path == path)
    assert all(mistake.line for mistake in mistakes)


def test_an_a_has_five_x_numbers_at_most(tmp_path: Path) -> None:
    numbers = [f'"+861700000000{digit}"' for digit in range(7)]
    bindings = ", ".join(f"{{origNum: {A}, privateNum: {x}}}" for x in numbers)
    mistakes = mistakes_of(tmp_path, app("AX", bindings, ", ".join(numbers)))
    assert [m.path for m in mistakes] == ["apps[0].bindings[5].origNum"]


def test_apps_that_go_together(tmp_path: Path) -> None:
    for mode, binding in (("AX", AX), ("AXB", AXB), ("AXE", AXE)):
        more = "fee_url: 'https://h.example:8443/fee',"
        assert mistakes_of(tmp_path, app(mode, f"{{{binding}}}", more=more)) == []
    assert mistakes_of(tmp_path, app("X", "")) == []


def test_members_may_be_written_as_the_documents_or_as_the_samples_do(
    tmp_path: Path,
) -> None:
    for flag, digit, turn in (("true", "1", "on"), ('"true"', '"1"', '"off"')):
        options = f"privateSms: {flag}, calleeNumDisplay: {digit}, turnFlag: {turn}"
        assert mistakes_of(tmp_path, app("AX", f"{{{AX}, {options}}}")) == []
