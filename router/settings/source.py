"""The settings as they were written: values, where each stands, what is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from router.settings.mistakes import Mistake

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"
Path: TypeAlias = tuple[str | int, ...]


def spell_path(path: Path) -> str:
    """Write a path as `trunks[0].gateways[1]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` when a known word is near, else the known words."""
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known here: {', '.join(words)}"


@dataclass(slots=True)
class Source:
    """Values from a file and from the environment, on their way to become settings."""

    name: str
    """The file, as it is shown in mistakes."""
    environment: Mapping[str, str]
    read_file: Callable[[str], str]
    """Reads a secret's file; raises OSError or ValueError."""
    values: dict[str, Value] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    variables: dict[Path, str] = field(default_factory=dict)
    """Which environment variable a value comes from."""
    written: dict[Path, str] = field(default_factory=dict)
    """What stood in the file for a value YAML took for something else than text."""
    mistakes: list[Mistake] = field(default_factory=list)

    def complain(self, path: Path, text: str) -> None:
        """Note a mistake about the value at `path`, there or where it should be."""
        shown = spell_path(path)
        at = path
        while at not in self.lines and at not in self.variables and at:
            at = at[:-1]
        if at in self.variables:
            self.mistakes.append(Mistake(None, shown, text, self.variables[at]))
        else:
            self.mistakes.append(Mistake(self.lines.get(at), shown, text, self.name))

    def put(self, path: Path, value: Value) -> None:
        """Set one value, making what holds it; IndexError beyond the end of a list."""
        changed = _put(self.values, path, value)
        assert isinstance(changed, dict)
        self.values = changed


def _put(holder: Value, path: Path, value: Value) -> Value:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = list(holder) if isinstance(holder, list) else []
        if step > len(items):
            raise IndexError(len(items))
        if step == len(items):
            items.append(None)
        items[step] = _put(items[step], rest, value)
        return items
    mapping = dict(holder) if isinstance(holder, dict) else {}
    mapping[step] = _put(mapping.get(step), rest, value)
    return mapping
