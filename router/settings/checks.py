"""What no single key can be wrong about: keys that do not go together."""

from __future__ import annotations

import ipaddress
from pathlib import Path as FilePath

from router.settings.app_checks import check_apps
from router.settings.model import Settings, Tls
from router.settings.source import Path, Source

PORTS_OF_A_CALL = 4
"""Two legs, each with a port for RTP and one for RTCP."""


def cross_check(settings: Settings, source: Source) -> None:
    """Note in `source` what does not go together in `settings`."""
    _check_listeners(settings, source)
    _check_sip(settings, source)
    _check_trunks(settings, source)
    _check_media(settings, source)
    check_apps(settings.apps, source)


def _check_listeners(settings: Settings, source: Source) -> None:
    sip = settings.sip
    taken: dict[tuple[bool, str, int], str] = {}
    for index, address in enumerate(sip.listen):
        path: Path = ("sip", "listen", index)
        # TCP and TLS are both TCP to the system.
        place = (address.transport == "udp", address.host, address.port)
        if address.port and place in taken:
            source.complain(path, f"{address} is taken by {taken[place]}; leave one")
        taken[place] = f"sip.listen[{index}]"
        if address.transport == "tls" and sip.tls is None:
            text = "a tls listener needs sip.tls with certificate and key"
            source.complain(path, text)
        if sip.advertise is None and _is_wildcard(address.host):
            text = (
                f"peers cannot answer to {address.host}; set sip.advertise to the "
                "address they reach us at, or listen on that address"
            )
            source.complain(path, text)
    http = settings.http.listen
    if http.port and (False, http.host, http.port) in taken:
        where = taken[False, http.host, http.port]
        source.complain(("http", "listen"), f"{http.authority} is taken by {where}")


def _is_wildcard(host: str) -> bool:
    return host != "localhost" and ipaddress.ip_address(host).is_unspecified


def _check_sip(settings: Settings, source: Source) -> None:
    sip = settings.sip
    if sip.tls is not None:
        _check_files(sip.tls, source)
    if sip.min_se > sip.session_expires:
        text = f"must be at most session_expires, {sip.session_expires}"
        source.complain(("sip", "min_se"), text)
    if sip.timers.t1 > sip.timers.t2:
        source.complain(("sip", "timers", "t2"), "must be at least t1")


def _check_files(tls: Tls, source: Source) -> None:
    files = {"certificate": tls.certificate, "key": tls.key}
    if tls.authorities is not None:
        files["authorities"] = tls.authorities
    for key, name in files.items():
        if not FilePath(name).is_file():
            source.complain(("sip", "tls", key), f"there is no file {name}")


def _check_trunks(settings: Settings, source: Source) -> None:
    names: dict[str, int] = {}
    allowed: dict[object, str] = {}
    for index, trunk in enumerate(settings.trunks):
        first = names.setdefault(trunk.name, index)
        if first != index:
            text = f"trunks[{first}] has this name too; give each its own"
            source.complain(("trunks", index, "name"), text)
        for number, network in enumerate(trunk.allow):
            path: Path = ("trunks", index, "allow", number)
            if network in allowed:
                text = f"{network} is in {allowed[network]} already; leave one"
                source.complain(path, text)
            allowed.setdefault(network, f"trunks[{index}].allow[{number}]")
        seen: set[str] = set()
        for number, gateway in enumerate(trunk.gateways):
            if gateway.uri in seen:
                path = ("trunks", index, "gateways", number)
                source.complain(path, f"{gateway.uri} is there twice; leave one")
            seen.add(gateway.uri)
    if not allowed:
        text = (
            "no trunk allows anybody, so no call could arrive; "
            'write for example allow: ["10.0.0.0/8"]'
        )
        source.complain(("trunks",), text)


def _check_media(settings: Settings, source: Source) -> None:
    first, last = settings.media.ports
    path: Path = ("media", "ports")
    if first > last:
        source.complain(path, f"the first port comes first: [{last}, {first}]")
    elif last - first + 1 < PORTS_OF_A_CALL:
        text = (
            f"{last - first + 1} ports are too few: one call takes {PORTS_OF_A_CALL}; "
            "the usual range is [20000, 29999]"
        )
        source.complain(path, text)
