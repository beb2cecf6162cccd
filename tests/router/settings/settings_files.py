"""A settings file that is written and loaded, again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.settings import Mistake, Settings, SettingsError, load

GOOD = """\
trunks:
  - name: carrier
    gateways: ["sip:127.0.0.1:5090"]
    allow: ["127.0.0.0/8"]
"""


class Files:
    """A directory with one settings file, loaded again and again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = directory / "veil.yaml"

    def load(self, text: str, environment: dict[str, str] | None = None) -> Settings:
        self.file.write_text(text, encoding="utf-8")
        return load(self.file, environment=environment or {})

    def mistakes(
        self, text: str, environment: dict[str, str] | None = None
    ) -> list[Mistake]:
        with pytest.raises(SettingsError) as caught:
            self.load(text, environment)
        return caught.value.mistakes

    def mistake(self, text: str, environment: dict[str, str] | None = None) -> Mistake:
        mistakes = self.mistakes(text, environment)
        assert len(mistakes) == 1, mistakes
        return mistakes[0]
