"""Values that are not as the file has them: bare words, `${...}`, the environment."""

from __future__ import annotations

import pytest

from router.settings.addresses import ListenAddress
from tests.router.settings.settings_files import GOOD, Files


def test_text_without_quotes_is_taken_as_it_was_written(files: Files) -> None:
    settings = files.load(
        GOOD
        + "apps:\n"
        + "  - {key: 7, secret: 010, mode: AX, numbers: [+8617000000001], bindings: [\n"
        + "      {origNum: +8613800000001, privateNum: +8617000000001,\n"
        + "       turnFlag: off, privateSms: false, calleeNumDisplay: 1}]}\n"
    )
    app = settings.apps[0]
    assert (app.key, app.secret, app.numbers) == ("7", "010", ("+8617000000001",))
    seed = app.bindings[0].model_dump()
    assert seed["orig_num"] == "+8613800000001"
    assert [seed[k] for k in ("turn_flag", "private_sms", "callee_num_display")] == [
        "off",
        "false",
        "1",
    ]


def test_text_taken_as_written_may_still_be_wrong(files: Files) -> None:
    app = "apps: [{key: k, secret: s, mode: AX, numbers: [+123]}]"
    assert files.mistake(GOOD + app).path == "apps[0].numbers[0]"


def test_numbers_are_decimal_only(files: Files) -> None:
    assert files.load(GOOD + "calls: {drain: 1.5}").calls.drain == 1.5
    for text in ("0x99", "1:30", "0o17", "0200", "1_0_0"):
        mistake = files.mistake(GOOD + f"sip: {{min_se: {text}}}")
        assert "whole number" in mistake.text


def test_null_is_no_value(files: Files) -> None:
    assert files.load(GOOD + "sip: {advertise: ~}").sip.advertise is None


def test_variables_expand(files: Files) -> None:
    text = GOOD + (
        'store: "redis://${REDIS_HOST:-localhost}:6379/0"\n'
        "sip:\n  session_expires: ${EXPIRES:-600}\n  user_agent: '$${A}'\n"
        "  advertise: ${PUBLIC:-}\n"
    )
    settings = files.load(text)
    assert settings.store == "redis://localhost:6379/0"
    assert settings.sip.session_expires == 600
    assert settings.sip.user_agent == "${A}"
    assert settings.sip.advertise is None
    changed = files.load(text, {"REDIS_HOST": "db", "EXPIRES": "90", "PUBLIC": "a.io"})
    assert changed.store == "redis://db:6379/0"
    assert changed.sip.session_expires == 90
    assert changed.sip.advertise == "a.io"


def test_an_expanded_value_that_is_no_yaml_is_text(files: Files) -> None:
    text = GOOD + "apps:\n  - key: k\n    mode: X\n    secret: '${S}'\n"
    assert files.load(text, {"S": "[["}).apps[0].secret == "[["
    plain = text.replace("'${S}'", "${S}")
    assert files.load(plain, {"S": "[["}).apps[0].secret == "[["
    assert (
        files.load(plain, {"S": "# not a comment"}).apps[0].secret == "# not a comment"
    )


def test_a_variable_that_is_not_set_is_a_mistake(files: Files) -> None:
    mistakes = files.mistakes(GOOD + "sip:\n  user_agent: 'x${NOBODY}'\n")
    assert [(m.line, m.path) for m in mistakes] == [(6, "sip.user_agent")]
    assert "${NOBODY:-default}" in mistakes[0].text
    assert "write ${NAME}" in files.mistakes(GOOD + "store: '${1x}'")[0].text


def test_secrets_come_from_files(files: Files) -> None:
    (files.directory / "secret").write_text("s3cret\n")
    app = "apps: [{key: k, mode: X, secret: '${file:%s}'}]"
    good = files.load(GOOD + app % (files.directory / "secret"))
    assert good.apps[0].secret == "s3cret"
    mistakes = files.mistakes(GOOD + app % "/nowhere/secret")
    assert "cannot read /nowhere/secret: No such file" in mistakes[0].text
    (files.directory / "secret").write_bytes(b"\xff")
    mistakes = files.mistakes(GOOD + app % (files.directory / "secret"))
    assert "not text" in mistakes[0].text


def test_the_environment_stands_over_the_file(files: Files) -> None:
    settings = files.load(
        GOOD + "store: sqlite:a.db\n",
        {
            "VEIL_STORE": "sqlite:b.db",
            "VEIL_SIP__LISTEN": '["udp:127.0.0.1:5070"]',
            "VEIL_TRUNKS__0__CONCURRENT_CALLS": "500",
            "VEIL_TRUNKS__0__GATEWAYS__1": "sip:10.0.0.2",
            "VEIL_CALLS__DRAIN": "1",
            "VEIL_APPS": "[{key: k, secret: 12, mode: X}]",
            "VEIL_APPS__0__NUMBERS__0": "+8617000000001",
            "VEIL_APPS__0__SECRET": "34",
        },
    )
    assert settings.store == "sqlite:b.db"
    assert settings.sip.listen == (ListenAddress("udp", "127.0.0.1", 5070),)
    assert settings.trunks[0].concurrent_calls == 500
    assert [g.uri for g in settings.trunks[0].gateways] == [
        "sip:127.0.0.1:5090",
        "sip:10.0.0.2",
    ]
    assert settings.calls.drain == 1
    assert settings.apps[0].numbers == ("+8617000000001",)
    assert settings.apps[0].secret == "34"


@pytest.mark.parametrize(
    ("name", "value", "path", "part"),
    [
        ("VEIL_SIPP__LISTEN", "x", "sipp.listen", "did you mean 'sip'?"),
        ("VEIL_SIP__LISTNE", "x", "sip.listne", "did you mean 'listen'?"),
        ("VEIL_STORE", "what", "store", "unknown scheme"),
        ("VEIL_STORE__X", "1", "store", "must be text; it is a mapping"),
        ("VEIL_TRUNKS__5__NAME", "x", "trunks[5].name", "has 1 entries"),
        ("VEIL_CALLS__DRAIN", "${NO}", "calls.drain", "NO is not set"),
        ("VEIL_CALLS__DRAIN", "", "calls.drain", "it is empty"),
    ],
)
def test_a_mistake_in_the_environment_names_its_variable(
    files: Files, name: str, value: str, path: str, part: str
) -> None:
    mistake = files.mistakes(GOOD, {name: value})[0]
    assert part in mistake.text
    assert mistake.path == path
    assert mistake.line is None or name == "VEIL_STORE__X"


def test_variables_that_are_not_ours_are_let_be(files: Files) -> None:
    files.load(
        GOOD, {"VEIL_PORT": "tcp://10.0.0.1:80", "VEIL_CONFIG": "x", "A__B": "c"}
    )
