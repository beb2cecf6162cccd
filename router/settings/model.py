"""The YAML contract as frozen values: listeners, trunks, stores, media and calls.

Units are seconds where nothing else is said. Every default stands here.
"""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from router.numbers import NumberForm, NumberRules
from router.settings.addresses import (
    ARCHIVE_SCHEMES,
    STORE_SCHEMES,
    ListenAddress,
    check_url,
    parse_advertise,
    parse_authority,
    parse_http_listen,
    parse_listen,
)
from router.settings.apps import App

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAX_USER_AGENT = 64


class Part(BaseModel):
    """A part of the settings: frozen, and no key but those it names."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PromptWay(StrEnum):
    """How announcements reach a caller that is not connected."""

    EARLY = "early"
    """In 183 early media."""
    ANSWER = "answer"
    """The call is answered first."""


class MediaEngine(StrEnum):
    """Who carries the voice."""

    BUILTIN = "builtin"
    RTPENGINE = "rtpengine"
    BYPASS = "bypass"
    """Nobody: signalling only, the SDP's address lines go across."""


class CallerHeader(StrEnum):
    """A header field a caller's number may be taken from."""

    PAI = "pai"
    RPID = "rpid"
    FROM = "from"


def _text(value: object, example: str) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f'must be text, as in "{example}"')


def _listen(value: object) -> object:
    return parse_listen(_text(value, "udp:127.0.0.1:5060"))


def _http_listen(value: object) -> object:
    return parse_http_listen(_text(value, "127.0.0.1:8080"))


def _network(value: object) -> object:
    value = _text(value, "10.0.0.0/8")
    try:
        return ipaddress.ip_network(value)
    except ValueError as error:
        try:
            hint = f"write {ipaddress.ip_network(value, strict=False)}"
        except ValueError:
            hint = "write for example 10.0.0.0/8"
        raise ValueError(f"{value!r} is no network ({error}); {hint}") from None


def _gateway(value: object) -> object:
    return {"uri": value} if isinstance(value, str) else value


def _advertise(value: str) -> str:
    parse_advertise(value)
    return value


def _store(value: str) -> str:
    return check_url(value, STORE_SCHEMES, "sqlite:var/veil.db")


def _archive(value: str) -> str:
    return check_url(value, ARCHIVE_SCHEMES, "sqlite:var/archive.db")


def _gateway_uri(value: str) -> str:
    scheme, _, rest = value.partition(":")
    if scheme not in ("sip", "sips"):
        raise ValueError(f'{value!r} is no SIP URI; write "sip:10.0.0.1:5060"')
    authority, *params = rest.split(";")
    if "@" in authority:
        raise ValueError(
            "a gateway has no user part: the number called is put there; "
            f'write "{scheme}:{authority.rpartition("@")[2]}"'
        )
    parse_authority(authority, default_port=5060)
    for param in params:
        name, _, transport = param.lower().partition("=")
        if name == "transport" and transport not in ("udp", "tcp", "tls"):
            raise ValueError(f"unknown transport {transport!r}; udp, tcp or tls")
    return value


ListenText = Annotated[ListenAddress, BeforeValidator(_listen)]
HttpListenText = Annotated[ListenAddress, BeforeValidator(_http_listen)]
NetworkText = Annotated[Network, BeforeValidator(_network)]
Seconds = Annotated[float, Field(gt=0, le=86400)]


class Timers(Part):
    """RFC 3261 section 17: what every SIP timer is a multiple of."""

    t1: Annotated[float, Field(ge=0.01, le=5)] = 0.5
    t2: Annotated[float, Field(ge=0.01, le=60)] = 4.0
    t4: Annotated[float, Field(ge=0.01, le=60)] = 5.0


class Tls(Part):
    """Certificate and key of the `tls:` listeners, and whom we trust as a client."""

    certificate: str
    key: str
    authorities: str | None = None
    """File of certificate authorities; None for the system's."""
    verify: bool = True
    """Whether a gateway's certificate must be valid."""


class Sip(Part):
    """The SIP listeners."""

    listen: Annotated[tuple[ListenText, ...], Field(min_length=1, strict=False)] = (
        ListenAddress("udp", "127.0.0.1", 5060),
        ListenAddress("tcp", "127.0.0.1", 5060),
    )
    advertise: Annotated[str, AfterValidator(_advertise)] | None = None
    """Public `host` or `host:port` when behind NAT, or when listening on all."""
    tls: Tls | None = None
    user_agent: Annotated[
        str, Field(max_length=_MAX_USER_AGENT, pattern=r"^[\x21-\x7e ]*$")
    ] = "veil"
    session_expires: Annotated[int, Field(ge=90, le=86400)] = 1800
    min_se: Annotated[int, Field(ge=90, le=86400)] = 90
    timers: Timers = Timers()


class Gateway(Part):
    """Where a second leg may be sent. Written as its URI alone, or with a weight."""

    uri: Annotated[str, AfterValidator(_gateway_uri)]
    priority: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Lower is tried first; None: the gateway's place in the list."""
    weight: Annotated[int, Field(ge=0, le=65535)] = 1
    """Share of the calls among gateways of one priority."""


class Identity(Part):
    """How the shown number is told to the trunk, besides From."""

    asserted: bool = True
    """P-Asserted-Identity (RFC 3325)."""
    remote_party: bool = False
    """Remote-Party-ID."""
    diversion: bool = False
    """Diversion (RFC 5806), naming X."""


class Trunk(Part):
    """A carrier or a softswitch: who sends us calls, and where second legs go."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    gateways: Annotated[
        tuple[Annotated[Gateway, BeforeValidator(_gateway)], ...],
        Field(min_length=1, strict=False),
    ]
    allow: Annotated[tuple[NetworkText, ...], Field(strict=False)] = ()
    prompt: Annotated[PromptWay, Field(strict=False)] = PromptWay.EARLY
    caller_from: Annotated[
        tuple[Annotated[CallerHeader, Field(strict=False)], ...],
        Field(min_length=1, strict=False),
    ] = (CallerHeader.PAI, CallerHeader.RPID, CallerHeader.FROM)
    """Where the caller's number is looked for, in this order."""
    identity: Identity = Identity()
    number_form: Annotated[NumberForm, Field(strict=False)] = NumberForm.E164
    """How numbers are written towards the trunk."""
    country: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")] = "86"
    """Country code of numbers that come without one."""
    area: Annotated[str, Field(pattern=r"^([1-9][0-9]{1,3})?$")] = ""
    """Area code of fixed-line numbers that come without one."""
    show_caller: bool = False
    """Whether a binding may let A see the real caller."""
    calls_per_second: Annotated[int, Field(ge=0)] = 0
    """New calls a second taken from the trunk, 0 for no limit."""
    concurrent_calls: Annotated[int, Field(ge=0)] = 0
    """Calls at a time taken from the trunk, 0 for no limit."""
    failover_after: Seconds = 4.0
    """Without any reply for so long, the next gateway is tried."""
    probe_every: Annotated[float, Field(ge=0, le=86400)] = 30.0
    """OPTIONS to each gateway so often, 0 for never."""

    @property
    def rules(self) -> NumberRules:
        """How the trunk's numbers are to be read."""
        return NumberRules(country=self.country, area=self.area)


class Http(Part):
    """The HTTP listener."""

    listen: HttpListenText = ListenAddress("tcp", "127.0.0.1", 8080)


class Media(Part):
    """The voice."""

    engine: Annotated[MediaEngine, Field(strict=False)] = MediaEngine.BYPASS
    address: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    ports: Annotated[
        tuple[
            Annotated[int, Field(ge=1024, le=65535)],
            Annotated[int, Field(ge=1024, le=65535)],
        ],
        Field(strict=False),
    ] = (20000, 29999)
    """First and last RTP port."""


class Calls(Part):
    """How long a call may take at each stage."""

    no_answer: Seconds = 60.0
    """From ringing to the answer."""
    connect: Seconds = 90.0
    """From forwarding to the answer, rung or not."""
    longest: Seconds = 14400.0
    """The operator's backstop, from the answer."""
    drain: Annotated[float, Field(ge=0, le=86400)] = 300.0
    """Calls may go on for so long after SIGTERM."""


class Settings(Part):
    """Everything an operator sets; made by `load`, never changed."""

    sip: Sip = Sip()
    trunks: Annotated[tuple[Trunk, ...], Field(min_length=1, strict=False)]
    http: Http = Http()
    # Both may hold a password.
    store: Annotated[str, AfterValidator(_store), Field(repr=False)] = (
        "sqlite:var/veil.db"
    )
    archive: Annotated[str, AfterValidator(_archive), Field(repr=False)] = (
        "sqlite:var/archive.db"
    )
    media: Media = Media()
    calls: Calls = Calls()
    apps: Annotated[tuple[App, ...], Field(strict=False)] = ()
