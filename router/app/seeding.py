"""Putting the settings' numbers and bindings into the store."""

from __future__ import annotations

import logging

from router.numbers import mask
from router.settings import Settings
from router.settings.seeds import seeds_of
from router.store.port import BindingConflict, Store

_logger = logging.getLogger(__name__)


async def seed(store: Store, settings: Settings, now: float) -> None:
    """Add what the apps of `settings` name; `now` is epoch seconds.

    Doing it again changes nothing. What cannot stand beside a binding that is already
    there is left out with a warning: the store has the last word. Raises
    `StoreUnavailable`.
    """
    seeds = seeds_of(settings, now)
    for number in seeds.numbers:
        await store.put_number(number)
    for ax in seeds.ax:
        try:
            await store.bind_ax(ax)
        except BindingConflict as conflict:
            _warn(ax.x, conflict)
    for x, temporary in seeds.temporary:
        try:
            await store.set_temporary_callee(x, temporary.callee, temporary.expires_at)
        except BindingConflict as conflict:
            _warn(x, conflict)
    for axb in seeds.axb:
        try:
            await store.bind_axb(axb, now)
        except BindingConflict as conflict:
            _warn(axb.x, conflict)


def _warn(x: str, conflict: BindingConflict) -> None:
    _logger.warning("a seed binding of %s is left out: %s", mask(x), conflict)
