"""A mistake in the settings: where it is, what is wrong, what would be right."""

from __future__ import annotations

from typing import NamedTuple


class Mistake(NamedTuple):
    """One thing that is wrong."""

    line: int | None
    """Line in the file, from 1; None for what does not come from the file."""
    path: str
    """Key path, as `trunks[0].gateways[1]`; "" for the file as a whole."""
    text: str
    """What is wrong and what would be right."""
    source: str = ""
    """The file or the environment variable it comes from, "" when neither."""

    def __str__(self) -> str:
        """Return `file:line: path: text`, as compilers do."""
        where = self.source
        if self.line is not None:
            where = f"{where}:{self.line}" if where else f"line {self.line}"
        return ": ".join(part for part in (where, self.path, self.text) if part)


class SettingsError(Exception):
    """The settings cannot be used; `mistakes` says why, all of it, in file order."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes
