"""Read the settings: file, environment, secrets; then every mistake at once."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path as FilePath

from pydantic import ValidationError

from router.settings.checks import cross_check
from router.settings.environment import read_environment
from router.settings.mistakes import Mistake, SettingsError
from router.settings.model import Settings
from router.settings.source import Source
from router.settings.translate import note_errors, take_as_written
from router.settings.yaml_file import read_document

MAX_FILE_BYTES = 8 * 1024 * 1024
EMBEDDED = "defaults.yaml"


def load(
    path: str | os.PathLike[str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings from a file, or from the embedded sample when `path` is None.

    Raises SettingsError with every mistake that was found, in the order of the file.
    """
    name = EMBEDDED if path is None else os.fspath(path)
    source = Source(name, os.environ if environment is None else environment, _read)
    try:
        text = _sample() if path is None else _read(name)
    except OSError as error:
        text = f"cannot be read: {error.strerror}"
        raise SettingsError([Mistake(None, "", text, name)]) from None
    except ValueError as error:
        raise SettingsError([Mistake(None, "", str(error), name)]) from None
    read_document(source, text)
    if source.mistakes and not source.values:
        raise SettingsError(source.mistakes)
    read_environment(source, Settings.model_fields)
    settings = _validate(source)
    if settings is not None:
        cross_check(settings, source)
    if settings is None or source.mistakes:
        raise SettingsError(sorted(source.mistakes, key=_by_line))
    return settings


def _validate(source: Source) -> Settings | None:
    try:
        return Settings.model_validate(source.values)
    except ValidationError as error:
        first = error
    # What YAML took for a number or a truth value where text was wanted is that text.
    if take_as_written(first, source):
        try:
            return Settings.model_validate(source.values)
        except ValidationError as error:
            first = error
    note_errors(first, source)
    return None


def _sample() -> str:
    return resources.files("router").joinpath(EMBEDDED).read_text("utf-8")


def _read(name: str) -> str:
    file = FilePath(name)
    with file.open("rb") as stream:
        data = stream.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(
            f"larger than {MAX_FILE_BYTES} bytes; this is no settings file"
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(f"line {line} is not UTF-8; save the file as UTF-8") from None


def _by_line(mistake: Mistake) -> tuple[float, str]:
    return (math.inf if mistake.line is None else mistake.line, mistake.path)
