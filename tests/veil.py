"""A real `veil serve` on free ports, driven and looked at from outside only."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.peers import ROOT, Missing, stop, wait_until

COMMAND = (sys.executable, "-c", "from router.cli import main; main()")
"""What the console script `veil` does; needs no installation, only `ROOT` as cwd."""

CALL_GAUGES = ("veil_calls", "veil_sessions", "veil_records_waiting")
"""All are 0 when no call is up and every record is written."""

LIVE_GAUGES = (*CALL_GAUGES, "veil_transactions", "veil_connections")
"""All are 0 when, on top of that, no peer is connected and no repeat is waited for."""

_SAMPLE = re.compile(r"^(\w+)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)
_TROUBLE = re.compile(
    r"Traceback|Task exception|never retrieved|CRITICAL", re.IGNORECASE
)


class Veil(NamedTuple):
    """A running veil."""

    process: subprocess.Popen[bytes]
    directory: Path
    http: str
    """`host:port` of the HTTP listener."""
    archive: Path

    def get(self, path: str) -> tuple[int, str]:
        """GET a path of the HTTP listener; status 0 when nobody listens."""
        try:
            with urllib.request.urlopen(
                f"http://{self.http}{path}", timeout=5
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self) -> dict[str, float]:
        """Return the sum over all labels of each metric."""
        totals: dict[str, float] = {}
        for name, value in _SAMPLE.findall(self.get("/metrics")[1]):
            totals[name] = totals.get(name, 0.0) + float(value)
        return totals

    def busy(self, gauges: tuple[str, ...] = LIVE_GAUGES) -> dict[str, float]:
        """Return those of `gauges` that are not 0; -1 for one that is not there."""
        metrics = self.metrics()
        values = {name: metrics.get(name, -1.0) for name in gauges}
        return {name: value for name, value in values.items() if value}

    def records(self) -> list[dict[str, object]]:
        """Return all call records of the archive file, oldest first."""
        if not self.archive.exists():
            return []
        with closing(
            sqlite3.connect(f"file:{self.archive}?mode=ro", uri=True)
        ) as archive:
            archive.row_factory = sqlite3.Row
            rows = archive.execute("SELECT * FROM call_records ORDER BY call_in_at")
            return [dict(row) for row in rows]

    def trouble(self) -> list[str]:
        """Return the lines of its log that no run should have."""
        text = self.log.read_text("utf-8", "replace")
        return [line for line in text.splitlines() if _TROUBLE.search(line)]

    @property
    def log(self) -> Path:
        """What it wrote to its standard output and error."""
        return self.directory / "veil.log"


@contextmanager
def veil_serve(
    config: Mapping[str, object], directory: Path, *, seconds: float = 60
) -> Iterator[Veil]:
    """Run `veil serve` on `config` until the block ends; ready when it begins.

    Raise Missing when it is not ready within `seconds`.
    Relative paths of the configuration are the caller's affair: give absolute ones.
    """
    file = directory / "veil.yaml"
    file.write_text(yaml.safe_dump(dict(config), sort_keys=False))
    with (directory / "veil.log").open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--config", str(file)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    http, archive = config["http"], str(config["archive"])
    assert isinstance(http, Mapping)
    path = Path(archive.removeprefix("sqlite:"))
    veil = Veil(process, directory, str(http["listen"]), path)
    try:
        if not wait_until(
            lambda: veil.get("/readyz")[0] == 200, seconds=seconds, alive=process
        ):
            text = veil.log.read_text("utf-8", "replace")[-2000:]
            raise Missing(f"veil serve is not ready: {veil.get('/readyz')} {text}")
        yield veil
    finally:
        stop(process)
