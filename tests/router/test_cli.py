"""The command line: what each command prints, and the exit codes 0, 1 and 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router import cli
from router.settings import Settings

BAD = "trunks: []\nsipp: 1\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, list(arguments), env={"VEIL_CONFIG": None})


def test_version_names_the_product() -> None:
    result = run("version")
    assert result.exit_code == 0
    assert result.output.startswith("veil ")


def test_a_version_that_was_not_installed_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cli, "DISTRIBUTION", "no-such-distribution")
    assert "not installed" in run("version").output


def test_check_counts_what_it_found_good() -> None:
    result = run("check")
    assert result.exit_code == 0
    expected = "the embedded sample: good: 1 trunk, 2 apps, 2 numbers, 2 bindings\n"
    assert result.output == expected


def test_check_prints_every_mistake_with_its_line_and_exits_2(elsewhere: Path) -> None:
    (elsewhere / "bad.yaml").write_text(BAD)
    result = run("check", "--config", "bad.yaml")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "bad.yaml:1: trunks: must have at least 1 entry",
        "bad.yaml:2: sipp: unknown key; did you mean 'sip'?",
        "2 mistakes in the settings",
    ]
    assert result.stdout == ""


def test_veil_yaml_in_the_directory_is_read(elsewhere: Path) -> None:
    (elsewhere / "veil.yaml").write_text("sipp: 1")
    result = run("check")
    assert result.exit_code == 2
    assert "veil.yaml:1: sipp" in result.stderr


def test_a_missing_file_is_one_clear_line() -> None:
    result = run("serve", "--config", "missing.yaml")
    assert result.exit_code == 2
    assert "missing.yaml: cannot be read: No such file" in result.stderr
    assert "1 mistake in the settings" in result.stderr


def test_a_wrong_command_line_exits_2() -> None:
    assert run("serve", "--role", "cook").exit_code == 2
    assert run("dance").exit_code == 2
    assert run("explain").exit_code == 2


def test_explain_tells_a_call_step_by_step() -> None:
    result = run("explain", "--to", "17000000001", "--from", "+8613700000003")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].startswith("looked up in the seeds")
    assert lines[1] == "call to +8617000000001 from +86137****0003"
    assert lines[-1].startswith("=> put through to +86138****0001")


def test_explain_takes_a_caller_without_a_number_and_an_extension() -> None:
    result = run("explain", "--to", "+8617000000002", "--ext", "0001")
    assert result.exit_code == 0
    assert "=> refused: no_binding" in result.output
    assert "extension 0001: not asked for" in result.output


@pytest.mark.parametrize(
    "arguments", [("--to", "x"), ("--to", "+8617000000001", "--from", "x")]
)
def test_explain_wants_numbers(arguments: tuple[str, ...]) -> None:
    result = run("explain", *arguments)
    assert result.exit_code == 2
    assert "'x' is no number" in result.stderr


def test_explain_says_when_the_store_cannot_be_read(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "broken.db").write_bytes(b"no database" * 100)
    monkeypatch.setenv("VEIL_STORE", "sqlite:broken.db")
    result = run("explain", "--to", "+8617000000001")
    assert result.exit_code == 1
    assert "the store cannot be read" in result.stderr


def test_serve_hands_over_settings_role_and_how_to_read_them_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[object] = []

    def serve(settings: Settings, role: str, reload: object) -> int:
        seen.extend((settings, role, reload))
        return 1

    monkeypatch.setattr("router.app.run", serve)
    assert run("serve", "--role", "sip").exit_code == 1
    assert seen[1] == "sip"
    assert callable(seen[2])
    assert seen[2]() == seen[0]


def test_call_hands_every_argument_to_the_phone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[list[str]] = []

    def phone(arguments: list[str]) -> int:
        seen.append(arguments)
        return 3

    monkeypatch.setattr("router.phone.main", phone)
    assert run("call", "--to", "+8617000000001", "--help").exit_code == 3
    assert seen == [["--to", "+8617000000001", "--help"]]


def test_demo_ends_as_the_demonstration_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.demo.main", lambda: 4)
    assert run("demo").exit_code == 4
