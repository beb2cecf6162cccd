"""TLS contexts for SIP: TLS 1.2 or later, peers verified unless told otherwise.

RFC 3261 section 26.2.1 and RFC 5922: what we connect to must prove its name or address;
whoever connects to us needs a certificate only where `authorities` are given.
"""

from __future__ import annotations

import ssl


def server_context(
    certificate: str, key: str, *, authorities: str | None = None
) -> ssl.SSLContext:
    """Return the context to listen with, from PEM files.

    With `authorities` clients must show a certificate one of them signed. Raises
    OSError (`ssl.SSLError` among them) when a file is missing or no such thing.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if authorities is not None:
        context.load_verify_locations(authorities)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(
    *,
    authorities: str | None = None,
    certificate: str | None = None,
    key: str | None = None,
    verify: bool = True,
) -> ssl.SSLContext:
    """Return the context to connect with, by default trusting the system's authorities.

    `certificate` and `key` are shown to servers that ask. `verify=False` talks to
    anyone: for laboratories. Raises OSError when a file is missing or no such thing.
    """
    context = ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
