"""`VEIL_<SECTION>__<KEY>`: environment variables over what the file says.

`VEIL_SIP__ADVERTISE=192.0.2.1`, `VEIL_STORE=redis://10.0.0.5/0`,
`VEIL_TRUNKS__0__CONCURRENT_CALLS=500`. Values are read as YAML, so a list is
`VEIL_SIP__LISTEN='["udp:10.0.0.1:5060"]'`.
"""

from __future__ import annotations

from collections.abc import Collection

from router.settings.mistakes import Mistake
from router.settings.source import Path, Source, did_you_mean, spell_path
from router.settings.yaml_file import read_value

PREFIX = "VEIL_"
_NESTING = "__"
_MAX_INDEX_DIGITS = 4


def read_environment(source: Source, sections: Collection[str]) -> None:
    """Put the variables' values over those in `source`; mistakes are noted there.

    `sections` are the top-level keys. Names without `__` that are none of them are not
    ours: container platforms set `VEIL_PORT` and the like for a service called veil.
    """
    for name in sorted(source.environment):
        if not name.startswith(PREFIX):
            continue
        path = _path(name)
        section = str(path[0])
        if section in sections:
            _override(source, path, name)
        elif len(path) > 1:
            text = f"no section {section!r}{did_you_mean(section, sections)}"
            source.mistakes.append(Mistake(None, spell_path(path), text, name))


def _path(name: str) -> Path:
    words = name.removeprefix(PREFIX).lower().split(_NESTING)
    return tuple(int(word) if _is_index(word) else word for word in words)


def _is_index(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= _MAX_INDEX_DIGITS


def _override(source: Source, path: Path, name: str) -> None:
    source.variables[path] = name
    value = read_value(source, source.environment[name], path)
    try:
        source.put(path, value)
    except IndexError as error:
        text = f"the list has {error} entries; the next would be number {error}"
        source.mistakes.append(Mistake(None, spell_path(path), text, name))
