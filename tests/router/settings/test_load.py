"""Loading: the embedded sample, files, and every mistake.

Each kind of mistake is shown to name its line, its key and what would be right.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from router.plan.model import Mode
from router.settings import Mistake, SettingsError, load
from router.settings.source import Source
from router.settings.translate import note_errors
from tests.router.settings.settings_files import GOOD, Files


def test_without_a_file_the_embedded_sample_is_used() -> None:
    settings = load(environment={})
    assert [str(address) for address in settings.sip.listen] == [
        "udp:127.0.0.1:5060",
        "tcp:127.0.0.1:5060",
    ]
    assert [(app.key, app.mode) for app in settings.apps] == [
        ("demo-ax", Mode.AX),
        ("demo-axb", Mode.AXB),
    ]
    assert settings.trunks[0].gateways[0].uri == "sip:127.0.0.1:5090"


def test_the_embedded_sample_says_what_the_defaults_are(files: Files) -> None:
    sample, bare = load(environment={}), files.load(GOOD)
    for part in ("sip", "http", "store", "archive", "media", "calls", "trunks"):
        assert getattr(sample, part) == getattr(bare, part)


def test_settings_do_not_change(files: Files) -> None:
    settings = files.load(GOOD)
    with pytest.raises(ValueError, match="frozen"):
        settings.store = "sqlite:other.db"


def test_secrets_stay_out_of_logs(files: Files) -> None:
    text = (
        GOOD + "store: redis://:hidden1@h/0\napps: [{key: k, mode: X, secret: hidden2}]"
    )
    shown = repr(files.load(text))
    assert "hidden1" not in shown
    assert "hidden2" not in shown


@pytest.mark.parametrize(
    ("text", "line", "path", "part"),
    [
        ("sipp: {}", 5, "sipp", "unknown key; did you mean 'sip'?"),
        ("sip: {advertize: a}", 5, "sip.advertize", "did you mean 'advertise'?"),
        ("media:\n  engin: x", 6, "media.engin", "did you mean 'engine'?"),
        ("http: {zzz: 1}", 5, "http.zzz", "unknown key; known here: listen"),
        ("apps: 7", 5, "apps", "must be a list"),
        ("sip: 7", 5, "sip", "must be a mapping"),
        ("sip: {listen: []}", 5, "sip.listen", "at least 1 entry"),
        ("sip: {listen: [5060]}", 5, "sip.listen[0]", "must be text"),
        ("http: {listen: 80}", 5, "http.listen", 'text, as in "127.0.0.1:8080"'),
        ("sip: {listen: ['x:1']}", 5, "sip.listen[0]", "udp:, tcp: or tls:"),
        ("sip: {listen: ['udp:h:1']}", 5, "sip.listen[0]", "is a name"),
        ("sip: {listen: ['udp:1.2.3.4:99999']}", 5, "sip.listen[0]", "end at 65535"),
        ("sip: {session_expires: 5}", 5, "sip.session_expires", "at least 90; it is 5"),
        ("sip: {session_expires: x}", 5, "sip.session_expires", "a whole number"),
        ("sip: {session_expires: 1.5}", 5, "sip.session_expires", "whole number"),
        (
            "sip: {user_agent: 'é'}",
            5,
            "sip.user_agent",
            "match",
        ),
        (f"sip: {{user_agent: {'a' * 65}}}", 5, "sip.user_agent", "longer than 64"),
        ("calls: {no_answer: 0}", 5, "calls.no_answer", "more than 0"),
        ("calls: {no_answer: 90000}", 5, "calls.no_answer", "at most 86400"),
        ("calls: {no_answer: soon}", 5, "calls.no_answer", "a number; it is text"),
        ("http: {listen: '127.0.0.1'}", 5, "http.listen", "has no port"),
        ("store: mysql://h/x", 5, "store", "unknown scheme 'mysql'; one of sqlite"),
        ("archive: redis://h/0", 5, "archive", "sqlite, postgresql"),
        ("media: {engine: asterisk}", 5, "media.engine", "'builtin', 'rtpengine'"),
        ("media: {ports: [1, 2, 3]}", 5, "media.ports", "no more than 2"),
        ("media: {ports: [20000]}", 5, "media.ports[1]", "missing"),
        ("media: {address: ''}", 5, "media.address", "must not be empty"),
        ("apps: [{key: k, secret: s}]", 5, "apps[0].mode", "missing"),
        ("apps: [{key: k, mode: AZ, secret: s}]", 5, "apps[0].mode", "it is 'AZ'"),
        ("apps: [{key: null, mode: X, secret: s}]", 5, "apps[0].key", "it is empty"),
        ("apps: [{key: [k], mode: X, secret: s}]", 5, "apps[0].key", "it is a list"),
        (
            "sip: {tls: {certificate: c, key: k, verify: 1}}",
            5,
            "sip.tls.verify",
            "true",
        ),
    ],
)
def test_a_mistake_names_its_line_its_key_and_what_is_right(
    files: Files, text: str, line: int, path: str, part: str
) -> None:
    mistake = files.mistake(GOOD + text)
    assert (mistake.line, mistake.path) == (line, path)
    assert mistake.source == str(files.file)
    assert part in mistake.text


def test_every_mistake_is_reported_in_the_order_of_the_file(files: Files) -> None:
    text = (
        "sip:\n  listen: ['udp:h:1']\n  advertise: '0.0.0.0'\ntrunks: []\nstorre: x\n"
    )
    assert [(m.line, m.path) for m in files.mistakes(text)] == [
        (2, "sip.listen[0]"),
        (3, "sip.advertise"),
        (4, "trunks"),
        (5, "storre"),
    ]


def test_a_mistake_reads_as_compilers_write_them(files: Files) -> None:
    with pytest.raises(SettingsError) as caught:
        files.load(GOOD + "storre: x")
    assert str(caught.value) == (
        f"{files.file}:5: storre: unknown key; did you mean 'store'?"
    )
    assert str(Mistake(7, "", "odd")) == "line 7: odd"
    assert str(Mistake(None, "a", "odd", "VEIL_A")) == "VEIL_A: a: odd"


def test_a_missing_key_is_put_where_it_should_have_been(files: Files) -> None:
    mistake = files.mistake("sip: {}\ntrunks:\n  - name: carrier\n")
    assert (mistake.line, mistake.path) == (3, "trunks[0].gateways")
    assert files.mistake("sip: {}").path == "trunks"


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("sip: [", 1, "not YAML"),
        ("a: 1\n\tb: 2", 2, "not YAML"),
        ("- a\n- b", 1, "not a mapping"),
        ("just words", 1, "not a mapping"),
        ("a: \x00", None, "not YAML"),
    ],
)
def test_what_is_no_settings_file_says_so(
    files: Files, text: str, line: int | None, part: str
) -> None:
    mistake = files.mistake(text)
    assert mistake.line == line
    assert part in mistake.text


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name, part in (("missing.yaml", "No such file"), (".", "directory")):
        with pytest.raises(SettingsError, match=part):
            load(tmp_path / name, environment={})
    (tmp_path / "latin").write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(SettingsError, match="line 2 is not UTF-8"):
        load(tmp_path / "latin", environment={})
    (tmp_path / "huge").write_bytes(b"#" * (8 * 1024 * 1024 + 1))
    with pytest.raises(SettingsError, match="larger than"):
        load(tmp_path / "huge", environment={})


def test_an_empty_file_lacks_what_has_no_default(files: Files) -> None:
    assert files.mistake("# nothing\n").path == "trunks"


def test_a_key_that_stands_twice(files: Files) -> None:
    mistake = files.mistake(GOOD + "store: 'sqlite:a'\nstore: 'sqlite:b'\n")
    assert (mistake.line, mistake.path) == (6, "store")
    assert "on line 5 already" in mistake.text


def test_a_key_that_is_no_word(files: Files) -> None:
    assert files.mistake(GOOD + "? [a]\n: b\n").line == 5


def test_aliases_may_be_used_but_not_within_themselves(files: Files) -> None:
    text = (
        GOOD.replace("- name", "- &t\n    name") + "    identity: &i {asserted: true}\n"
    )
    assert files.load(text).trunks[0].identity.asserted
    mistakes = files.mistakes(GOOD + "apps: &a [*a]\n")
    assert any("alias" in mistake.text for mistake in mistakes)


def test_an_error_we_have_no_words_for_is_told_in_the_validators() -> None:
    error = ValidationError.from_exception_data(
        "Settings", [{"type": "bytes_type", "loc": ("sip",), "input": 1}]
    )
    source = Source("f", {}, str)
    note_errors(error, source)
    assert [mistake.text for mistake in source.mistakes] == [
        "Input should be a valid bytes"
    ]
