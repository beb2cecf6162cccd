"""A trunk at work: the settings of one, and what is counted while it runs."""

from __future__ import annotations

from router.call.state import Limits
from router.numbers import write
from router.plan.model import AppRules
from router.settings.model import Calls, Trunk as TrunkSettings
from router.trunk.gateway import Gateway, Rota
from router.trunk.identity import HEADERS, Profile
from router.trunk.limits import TokenBucket


class Trunk:
    """One carrier or softswitch. A reload makes a new one; calls keep theirs."""

    __slots__ = (
        "_bucket",
        "_most_calls",
        "app_rules",
        "caller_fields",
        "limits",
        "live",
        "name",
        "networks",
        "probe_every",
        "profile",
        "rota",
        "rules",
    )

    def __init__(self, settings: TrunkSettings, calls: Calls) -> None:
        self.name = settings.name
        self.networks = settings.allow
        self.rules = settings.rules
        self.app_rules = AppRules(show_caller=settings.show_caller)
        self.probe_every = settings.probe_every
        self.caller_fields = tuple(HEADERS[one.value] for one in settings.caller_from)
        identity = settings.identity
        self.profile = Profile(
            form=settings.number_form,
            rules=settings.rules,
            asserted=identity.asserted,
            remote_party=identity.remote_party,
            diversion=identity.diversion,
        )
        self.limits = Limits(
            gateway=settings.failover_after,
            setup=calls.connect,
            no_answer=calls.no_answer,
            backstop=calls.longest,
        )
        self.rota = Rota(
            [
                Gateway(
                    one.uri,
                    priority=place if one.priority is None else one.priority,
                    weight=one.weight,
                )
                for place, one in enumerate(settings.gateways)
            ]
        )
        rate = settings.calls_per_second
        self._bucket = TokenBucket(rate) if rate else None
        self._most_calls = settings.concurrent_calls
        self.live = 0
        """Calls that came by this trunk and are not over."""

    @property
    def gateways(self) -> tuple[Gateway, ...]:
        """Every gateway, up or not."""
        return self.rota.gateways

    def admits(self, now: float) -> bool:
        """Say whether one more call may come in at monotonic second `now`."""
        if self._most_calls and self.live >= self._most_calls:
            return False
        return self._bucket is None or self._bucket.take(now)

    def spelling(self, number: str) -> str:
        """Return `number` as the trunk wants numbers written."""
        return write(number, self.profile.form, self.rules)
