"""`make bench`: whole calls under SIPp. What a call costs, and what the router adds.

    python -m tests.bench.bench                     everything, some 6 minutes
    python -m tests.bench.bench --stores redis --rates 1000 --seconds 20
    python -m tests.bench.bench --held 0 --no-kamailio

Prints the table of README.md. Nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from tests.bench.load import (
    DIGITS,
    Outcome,
    Router,
    answering,
    place_calls,
    retransmissions,
    write_numbers,
)
from tests.bench.subjects import kamailio, veil
from tests.bench.tap import Delay, Tap
from tests.peers import free_port

Start = Callable[[int, Path], AbstractContextManager[Router]]

_HEAD = (
    "| router | calls/s | calls | failed | repeats | CPU ms a call "
    "| added p50 ms | p99 ms | kB a held call |"
)
_HELD_RATE = 250
_HELD_EXTRA_SECONDS = 16


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rates", default="200,500,1000")
    parser.add_argument("--stores", default="redis,sqlite")
    parser.add_argument("--seconds", type=int, default=10, help="of load at each rate")
    parser.add_argument("--held", type=int, default=5000, help="calls held; 0: none")
    parser.add_argument("--beside", default="400,1000", help="rates beside Kamailio")
    parser.add_argument("--no-kamailio", action="store_true")
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def _tap(port: int) -> Iterator[Tap | None]:
    """Watch a router's INVITEs, if we may."""
    try:
        tap = Tap(port, digits=DIGITS)
    except PermissionError:
        yield None
        return
    with tap:
        yield tap


def _line(name: str, rate: int, outcome: Outcome, delay: Delay | None) -> str:
    added = (f"{delay.p50:.2f}", f"{delay.p99:.2f}") if delay else ("", "")
    # Most of the time calls are held nothing happens: no CPU figure.
    held = f"{outcome.kilobytes:.1f}" if outcome.kilobytes else ""
    cpu = "" if held else f"{outcome.cpu_ms:.3f}"
    cells = [name, str(rate), str(outcome.calls), str(outcome.failed)]
    cells += [str(outcome.retransmissions), cpu, *added, held]
    return f"| {' | '.join(cells)} |"


def _measure(
    start: Start, rates: list[int], seconds: int, *, held: int = 0
) -> list[tuple[int, Outcome]]:
    """Run one router through its rates, or hold calls; print a line for each."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="veil-bench-") as name:
        directory = Path(name)
        numbers, gateway = write_numbers(directory), free_port()
        with (
            answering(gateway, directory) as callee,
            start(gateway, directory) as router,
        ):
            run = partial(place_calls, router, numbers, directory)
            run(rate=100, calls=200, name="warm-up")
            for rate in rates:
                before = retransmissions(callee)
                with _tap(router.port) as tap:
                    outcome = run(rate=rate, calls=rate * seconds)
                repeats = outcome.retransmissions + retransmissions(callee) - before
                outcome = outcome._replace(retransmissions=repeats)
                figures.append((rate, outcome))
                delay = tap.delay() if tap else None
                _say(_line(router.name, rate, outcome, delay))
            if held:
                talk = 1000 * (held // _HELD_RATE + _HELD_EXTRA_SECONDS)
                outcome = run(rate=_HELD_RATE, calls=held, talk_ms=talk, name="held")
                figures.append((_HELD_RATE, outcome))
                _say(_line(f"{router.name}, held", _HELD_RATE, outcome, None))
    return figures


def main(arguments: list[str]) -> int:
    """Measure and print; 1 when a call failed."""
    options = _options(arguments)
    rates = [int(rate) for rate in options.rates.split(",") if rate]
    beside = [int(rate) for rate in options.beside.split(",") if rate]
    failed = 0
    _say(_HEAD)
    _say("|---" * (_HEAD.count("|") - 1) + "|")
    for store in filter(None, options.stores.split(",")):
        start = partial(veil, store)
        figures = _measure(start, rates, options.seconds) if rates else []
        if options.held:
            # In a process of its own: one that was busy has memory to give.
            figures += _measure(start, [], 0, held=options.held)
        failed += sum(outcome.failed for _, outcome in figures)
    if not options.no_kamailio:
        ours = dict(_measure(partial(veil, "redis"), beside, options.seconds))
        theirs = dict(_measure(kamailio, beside, options.seconds))
        failed += sum(outcome.failed for outcome in ours.values())
        for rate in beside:
            ratio = ours[rate].cpu_ms / theirs[rate].cpu_ms
            _say(f"{rate} calls/s: veil's CPU a call is {ratio:.2f} of Kamailio's")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
