"""The command line: `veil serve | check | explain | call | demo | version`.

Exit codes: 0 good, 1 could not be done, 2 command line or settings are wrong.
"""

from __future__ import annotations

import functools
import importlib.metadata
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from router import app as application, demo as demonstration, phone
from router.explaining import find
from router.numbers import normalise
from router.plan.decide import decide
from router.plan.explain import explain as tell
from router.plan.model import AppRules
from router.settings import Settings, SettingsError, load
from router.store.port import StoreUnavailable

DISTRIBUTION = "veilcall"
DEFAULT_FILE = "veil.yaml"
ROLES = ("all", "sip", "api", "deliver")
UNUSABLE = 2

_config = click.option(
    "--config",
    "config",
    metavar="FILE",
    envvar="VEIL_CONFIG",
    type=click.Path(path_type=Path),
    help=f"Settings, YAML. Default: {DEFAULT_FILE} here, else the embedded sample.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Privacy-number call routing: calls to X numbers, bridged, both sides unseen."""


@main.command()
@_config
@click.option("--role", type=click.Choice(ROLES), default="all", show_default=True)
def serve(config: Path | None, role: str) -> None:
    """Run. SIGTERM drains and stops, SIGHUP reads the settings again."""
    file = _file(config)
    settings = _load(file)
    sys.exit(application.run(settings, role, functools.partial(load, file)))


@main.command()
@_config
def check(config: Path | None) -> None:
    """Validate the settings; print every mistake with its line and exit 2."""
    file = _file(config)
    settings = _load(file)
    counts = (
        (len(settings.trunks), "trunk"),
        (len(settings.apps), "app"),
        (sum(len(app.numbers) for app in settings.apps), "number"),
        (sum(len(app.bindings) for app in settings.apps), "binding"),
    )
    held = ", ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in counts)
    click.echo(f"{file or 'the embedded sample'}: good: {held}")


@main.command()
@_config
@click.option("--to", "to", required=True, metavar="X", help="The number called.")
@click.option("--from", "from_", default="", metavar="A", help="The caller's number.")
@click.option("--ext", default="", metavar="E", help="The extension typed (AXE).")
def explain(config: Path | None, to: str, from_: str, ext: str) -> None:
    """Say what a call would do now, step by step, without placing it."""
    settings = _load(_file(config))
    rules = settings.trunks[0].rules
    x = normalise(to, rules)
    if not x:
        raise click.BadParameter(f"{to!r} is no number", param_hint="--to")
    caller = normalise(from_, rules)
    if from_ and not caller:
        raise click.BadParameter(f"{from_!r} is no number", param_hint="--from")
    now = datetime.now(UTC).timestamp()
    try:
        found, where = find(settings, x, caller, now=now)
    except StoreUnavailable as error:
        click.echo(f"the store cannot be read: {error}", err=True)
        sys.exit(1)
    decision = decide(found, caller, now=now, app=_rules(settings))
    click.echo(f"looked up in {where}")
    for step in tell(found, caller, decision, now):
        click.echo(step)
    if ext:
        click.echo(f"extension {ext}: not asked for by what this call does")


@main.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def call(arguments: tuple[str, ...]) -> None:
    """A small phone: place a call, send digits, print the ladder."""
    sys.exit(phone.main(list(arguments)))


@main.command()
def demo() -> None:
    """Start everything in one process and place a call in each mode."""
    sys.exit(demonstration.main())


@main.command()
def version() -> None:
    """Print the version."""
    try:
        number = importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        number = "(run from its source, not installed)"
    click.echo(f"veil {number}")


def _file(config: Path | None) -> Path | None:
    if config is None and Path(DEFAULT_FILE).is_file():
        return Path(DEFAULT_FILE)
    return config


def _load(file: Path | None) -> Settings:
    try:
        return load(file)
    except SettingsError as error:
        for mistake in error.mistakes:
            click.echo(str(mistake), err=True)
        count = len(error.mistakes)
        click.echo(f"{count} mistake{'s' * (count != 1)} in the settings", err=True)
        sys.exit(UNUSABLE)


def _rules(settings: Settings) -> AppRules:
    return AppRules(show_caller=settings.trunks[0].show_caller)
