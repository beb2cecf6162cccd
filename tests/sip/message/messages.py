"""Hypothesis strategies for SIP messages within the grammar (RFC 3261 section 25.1)."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from sip.message.message import Fields, Request, Response
from sip.message.names import LISTS, LONG_NAMES, METHODS, SINGLE

ALPHANUMERIC = string.ascii_letters + string.digits
tokens = st.text(ALPHANUMERIC + "-.!%*_+`'~", min_size=1, max_size=20)
labels = st.text(ALPHANUMERIC, min_size=1, max_size=10)
names = st.lists(labels, min_size=1, max_size=3).map(".".join)
ipv4 = st.ip_addresses(v=4).map(str)
ipv6 = st.ip_addresses(v=6).map(lambda address: f"[{address}]")
hosts = st.one_of(names, ipv4, ipv6)
ports = st.integers(0, 65535)
escapes = st.integers(0, 255).map(lambda byte: f"%{byte:02X}")
users = st.lists(
    st.one_of(st.sampled_from(ALPHANUMERIC + "-_.!~*'()&=+$,;?/"), escapes),
    min_size=1,
    max_size=12,
).map("".join)
quoted = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=12
).map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')


@st.composite
def params(draw: st.DrawFn, values: st.SearchStrategy[str] = tokens) -> str:
    """Draw a tail of parameters, each name once."""
    drawn = draw(st.dictionaries(tokens.map(str.lower), st.none() | values, max_size=4))
    return "".join(f";{k}" if v is None else f";{k}={v}" for k, v in drawn.items())


@st.composite
def uris(draw: st.DrawFn) -> str:
    """Draw a sip or sips URI."""
    user = draw(st.none() | users)
    port = draw(st.none() | ports)
    return (
        draw(st.sampled_from(["sip:", "sips:"]))
        + ("" if user is None else f"{user}@")
        + draw(hosts)
        + ("" if port is None else f":{port}")
        + draw(params())
    )


@st.composite
def addresses(draw: st.DrawFn, *, tag: str = "") -> str:
    """Draw a name-addr, with a tag when one is given."""
    display = draw(st.one_of(st.just(""), tokens.map(lambda t: f"{t} "), quoted))
    return f"{display}<{draw(uris())}>" + (f";tag={tag}" if tag else "")


@st.composite
def vias(draw: st.DrawFn) -> str:
    """Draw one Via value."""
    port = draw(st.none() | ports)
    return (
        f"SIP/2.0/{draw(st.sampled_from(['UDP', 'TCP', 'TLS', 'X-y']))} {draw(hosts)}"
        + ("" if port is None else f":{port}")
        + f";branch=z9hG4bK{draw(tokens)}"
        + draw(st.sampled_from(["", ";rport", ";rport=1", ";received=192.0.2.1"]))
    )


values = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=30
).map(lambda text: text.strip(" \t"))
unlisted = tokens.map(str.lower).filter(lambda name: name not in LONG_NAMES)
FREE_TEXT = sorted(
    set(LONG_NAMES.values()) - SINGLE - LISTS - {"authorization", "proxy-authorization"}
)
others = st.one_of(unlisted, st.sampled_from(FREE_TEXT))


@st.composite
def fields(draw: st.DrawFn, method: str) -> Fields:
    """Draw the header fields of a message."""
    drawn: Fields = {
        "via": draw(st.lists(vias(), min_size=1, max_size=3)),
        "from": [draw(addresses(tag=draw(tokens)))],
        "to": [draw(addresses(tag=draw(st.just("") | tokens)))],
        "call-id": [draw(tokens)],
        "cseq": [f"{draw(st.integers(0, 2**31 - 1))} {method}"],
    }
    for name, texts in draw(
        st.dictionaries(others, st.lists(values, min_size=1, max_size=2), max_size=5)
    ).items():
        drawn[name] = texts
    drawn["contact"] = draw(st.lists(addresses(), min_size=1, max_size=2))
    return drawn


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Draw a request that `check` lets pass."""
    method = draw(st.one_of(st.sampled_from(sorted(METHODS)), tokens))
    uri = draw(uris().filter(lambda text: len(text) <= 256))
    return Request(method, uri, draw(fields(method)), draw(st.binary(max_size=50)))


@st.composite
def responses(draw: st.DrawFn) -> Response:
    """Draw a response that `check_response` lets pass."""
    return Response(
        draw(st.integers(100, 699)),
        draw(values),
        draw(fields(draw(st.sampled_from(sorted(METHODS))))),
        draw(st.binary(max_size=50)),
    )


plain_hosts = st.one_of(ipv4, names.map(lambda name: f"{name}.example"))
plain_users = st.text(ALPHANUMERIC + "-_.!~*'()&=+$", min_size=1, max_size=12)


@st.composite
def plain_uris(draw: st.DrawFn) -> str:
    """Draw a URI that `sipmessage` reads too: its hosts are a subset of ours."""
    port = draw(st.none() | ports.filter(bool))
    user = draw(plain_users)
    return f"sip:{user}@{draw(plain_hosts)}" + ("" if port is None else f":{port}")


@st.composite
def plain_requests(draw: st.DrawFn) -> Request:
    """Draw a request without what `sipmessage` is known to read otherwise.

    Left out: quotes in display names, host names that begin or end in digits, short
    IPv6 forms, escapes, and blanks other than single spaces in what it parses.
    """
    display = draw(st.sampled_from(["", "Bob ", '"A, B; <c>" ', "two words "]))
    port = draw(st.none() | ports.filter(bool))
    sent_by = draw(plain_hosts) + ("" if port is None else f":{port}")
    tag = draw(st.just("") | labels)
    drawn: Fields = {
        "via": [f"SIP/2.0/UDP {sent_by};branch=z9hG4bK{draw(labels)}"],
        "from": [f"{display}<{draw(plain_uris())}>;tag={draw(labels)}"],
        "to": [f"<{draw(plain_uris())}>" + (f";tag={tag}" if tag else "")],
        "call-id": [draw(tokens)],
        "cseq": [f"{draw(st.integers(0, 2**31 - 1))} INVITE"],
        "contact": [f"<{draw(plain_uris())}>, {draw(plain_uris())}"],
        "subject": [" ".join(draw(st.lists(labels, max_size=4)))],
    }
    return Request("INVITE", draw(plain_uris()), drawn, draw(st.binary(max_size=50)))
