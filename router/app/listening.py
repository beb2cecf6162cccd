"""From the settings to what the SIP stack listens on and calls itself."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence

from router.settings import Settings
from router.settings.addresses import ListenAddress as Wanted, parse_advertise
from router.settings.model import Sip
from sip.dialog.settings import CoreSettings
from sip.flow import Listener
from sip.transaction.timers import Timers
from sip.transport.port import ListenAddress
from sip.transport.tls import client_context, server_context


def listen_addresses(sip: Sip) -> list[ListenAddress]:
    """Return what to bind. Raises OSError for a certificate that cannot be read.

    Port 0 is made a port that is free now: our Via and Contact name it before the
    socket is bound.
    """
    return [
        ListenAddress(
            one.transport,
            one.host,
            one.port or _free_port(one),
            _server_tls(sip) if one.transport == "tls" else None,
        )
        for one in sip.listen
    ]


def core_settings(settings: Settings, listen: Sequence[ListenAddress]) -> CoreSettings:
    """Return the stack's settings, our addresses written as peers shall see them."""
    sip = settings.sip
    host: str | None = None
    port: int | None = None
    if sip.advertise is not None:
        host, port = parse_advertise(sip.advertise)
    listeners = tuple(
        Listener(one.transport, _bracketed(host or one.host), port or one.port)
        for one in listen
    )
    timers = sip.timers
    return CoreSettings(
        listeners,
        user_agent=sip.user_agent,
        timers=Timers(t1=timers.t1, t2=timers.t2, t4=timers.t4),
        session_expires=sip.session_expires,
        min_se=sip.min_se,
    )


def client_tls(settings: Settings) -> ssl.SSLContext:
    """Return our side of TLS towards gateways. Raises OSError as above."""
    tls = settings.sip.tls
    if tls is None:
        return client_context()
    return client_context(
        authorities=tls.authorities,
        certificate=tls.certificate,
        key=tls.key,
        verify=tls.verify,
    )


def _server_tls(sip: Sip) -> ssl.SSLContext:
    assert sip.tls is not None, "the settings' checks ask for it"
    return server_context(sip.tls.certificate, sip.tls.key)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _free_port(wanted: Wanted) -> int:
    family = socket.AF_INET6 if ":" in wanted.host else socket.AF_INET
    kind = socket.SOCK_DGRAM if wanted.transport == "udp" else socket.SOCK_STREAM
    with socket.socket(family, kind) as probe:
        probe.bind((wanted.host, 0))
        return int(probe.getsockname()[1])
