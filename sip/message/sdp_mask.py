"""Session descriptions made anonymous (RFC 8866), for a B2BUA that leaves media alone.

What remains is what media needs. `o=` and `s=` are ours; `i= u= e= p= k= r= z=` go; of
the attributes only those of `KEPT_ATTRIBUTES` stay, because any other may carry a name:
`tool`, `cname` in `ssrc`, `msid`, `key-mgmt`, whatever a vendor invents. ICE goes too:
its candidates list a host's private addresses, and without it both sides use `c=`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sip.errors import PeerMistake

MAX_MEDIA = 16
"""Media descriptions in one body."""
MAX_MEDIA_LINES = 32
"""Lines kept of one media description, or before the first."""
MAX_LINES = 1024
"""Lines in all, dropped ones too."""
MAX_LINE = 1024
"""Bytes of a line that is kept."""
MAX_PAYLOAD_TYPE = 127
MAX_PORT = 65_535
MAX_FORMATS = 64
"""Formats in one `m=` line."""

KEPT_ATTRIBUTES = frozenset(
    name.encode()
    for name in (
        # Codecs and packets (RFC 8866 section 6).
        *("rtpmap", "fmtp", "ptime", "maxptime", "framerate", "imageattr"),
        *("silenceSupp", "rtcp-fb"),
        # Direction (RFC 3264 section 5.1).
        *("sendrecv", "sendonly", "recvonly", "inactive"),
        # RTCP's port (RFC 3605, 5761) and size (5506).
        *("rtcp", "rtcp-mux", "rtcp-rsize"),
        # SRTP keys (RFC 4568) and DTLS (RFC 4145, 8122).
        *("crypto", "setup", "connection", "fingerprint"),
        # Preconditions (RFC 3312).
        *("curr", "des", "conf"),
        # Fax (ITU-T T.38 annex D).
        *("T38FaxVersion", "T38MaxBitRate", "T38FaxFillBitRemoval"),
        *("T38FaxTranscodingMMR", "T38FaxTranscodingJBIG", "T38FaxRateManagement"),
        *("T38FaxMaxBuffer", "T38FaxMaxDatagram", "T38FaxUdpEC"),
    )
)

USUAL_LINES = frozenset(
    line.encode()
    for line in (
        *("a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive", "a=rtcp-mux"),
        *("a=ptime:20", "a=ptime:10", "a=ptime:30", "a=maxptime:20", "a=maxptime:150"),
        *("a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:9 G722/8000"),
        *("a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no", "a=rtpmap:3 GSM/8000"),
        *(f"a=rtpmap:{number} telephone-event/8000" for number in range(96, 128)),
        *(f"a=fmtp:{number} 0-15" for number in range(96, 128)),
        *(f"a=fmtp:{number} 0-16" for number in range(96, 128)),
    )
)
"""Attributes of nearly every call, good without a closer look: it is 0.6 µs a line."""

_BANDWIDTHS = (b"b=AS:", b"b=CT:", b"b=RR:", b"b=RS:", b"b=TIAS:")
_ADDRESS_KINDS = (b"IP4", b"IP6")
_ADDRESS_BYTES = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:-/%"
_PAYLOAD_TYPES = frozenset(b"%d" % number for number in range(MAX_PAYLOAD_TYPE + 1))
_CODEC_ATTRIBUTES = frozenset((b"rtpmap", b"fmtp", b"rtcp-fb"))
_SESSION_TIMES = b"t=0 0"


def masked(
    body: bytes, *, username: str, session_id: int, version: int, address: str
) -> bytes:
    """Return the description with nothing in it that tells whose it is.

    `o=` becomes `username session_id version` and `address`. Lines end in CRLF whatever
    they ended in. Raises `PeerMistake` (400) when `body` is no usable description.
    """
    if b"\0" in body:
        raise _mistake("a NUL")
    # A lone CR or LF ends a line too: whoever reads our lines reads what was checked.
    lines = body.splitlines()
    if not lines or lines[0] != b"v=0" or len(lines) > MAX_LINES:
        raise _mistake("the beginning")
    kind = "IP6" if ":" in address else "IP4"
    origin = f"o={username} {session_id} {version} IN {kind} {address}"
    kept = [b"v=0", origin.encode(), b"s=-"]
    rest = iter(lines[1:])
    _keep_session(kept, rest)
    kept.append(b"")
    return b"\r\n".join(kept)


def _keep_session(kept: list[bytes], rest: Iterator[bytes]) -> None:
    # v= o= s= [i=] [u=] [e=] [p=] [c=] [b=] 1*(t= *r=) [k=] *(a=)
    times = b""
    attributes = []
    for line in rest:
        letter = line[:2]
        if letter == b"m=":
            break
        if letter == b"c=":
            _check_connection(line)
            kept.append(line)
        elif letter == b"t=":
            times = times or _times(line)
        elif letter == b"b=":
            if _is_bandwidth(line):
                kept.append(line)
        elif letter == b"a=":
            if _is_kept(line):
                attributes.append(line)
        elif letter[1:] != b"=":
            raise _mistake("a line")
    else:
        raise _mistake("no media")
    kept.append(times or _SESSION_TIMES)
    kept += attributes
    if len(kept) > MAX_MEDIA_LINES:
        raise _mistake("too many lines")
    _keep_media(kept, line, rest)


def _keep_media(kept: list[bytes], first: bytes, rest: Iterator[bytes]) -> None:
    # 1*(m= [i=] *(c=) *(b=) [k=] *(a=))
    _check_media(first)
    kept.append(first)
    media = 1
    room = len(kept) - 1 + MAX_MEDIA_LINES
    for line in rest:
        if line in USUAL_LINES:
            kept.append(line)
            continue
        letter = line[:2]
        if letter == b"m=":
            _check_media(line)
            media += 1
            if len(kept) > room:
                break
            room = len(kept) + MAX_MEDIA_LINES
            kept.append(line)
        elif letter == b"a=":
            if _is_kept(line):
                kept.append(line)
        elif letter == b"c=":
            _check_connection(line)
            kept.append(line)
        elif letter == b"b=":
            if _is_bandwidth(line):
                kept.append(line)
        elif line and letter[1:] != b"=":
            raise _mistake("a line")
    if len(kept) > room or media > MAX_MEDIA:
        raise _mistake("too many lines")


def _is_kept(line: bytes) -> bool:
    name, _, value = line[2:].partition(b":")
    if name not in KEPT_ATTRIBUTES:
        return False
    if len(line) > MAX_LINE:
        raise _mistake("the length of a line")
    if name in _CODEC_ATTRIBUTES:
        _check_codec(name, value)
    return True


def _mistake(what: str) -> PeerMistake:
    return PeerMistake(400, f"Session description is not valid: {what}")


def _check_media(line: bytes) -> None:
    # m=<media> <port>["/"<ports>] <proto> <fmt> ...   (RFC 8866 section 5.14)
    parts = line.split(b" ")
    if not 4 <= len(parts) <= MAX_FORMATS + 3 or len(line) > MAX_LINE:
        raise _mistake("a media line")
    port = parts[1]
    if b"/" in port:
        port, _, ports = port.partition(b"/")
        if not _is_port(ports):
            raise _mistake("a number of ports")
    if not _is_port(port):
        raise _mistake("a port")
    if b"RTP/" in parts[2]:
        if not _PAYLOAD_TYPES.issuperset(parts[3:]):
            raise _mistake("a payload type")
    elif not all(parts):
        raise _mistake("a media line")


def _check_codec(name: bytes, value: bytes) -> None:
    # a=rtpmap:<payload type> ..., and the others that begin with a format.
    number, _, rest = value.partition(b" ")
    if number in _PAYLOAD_TYPES and rest:
        return
    # A format of fmtp may be a word; rtcp-fb allows "*" for all of them.
    if name == b"rtpmap" or not rest or not number or number[:1].isdigit():
        raise _mistake("a payload type")


def _check_connection(line: bytes) -> None:
    # c=IN <IP4 or IP6> <address>["/"<ttl>...]   (RFC 8866 section 5.7)
    parts = line[2:].split(b" ")
    if (
        len(parts) != 3
        or len(line) > MAX_LINE
        or parts[0] != b"IN"
        or parts[1] not in _ADDRESS_KINDS
        or not parts[2]
        or parts[2].translate(None, _ADDRESS_BYTES)
    ):
        raise _mistake("a connection address")


def _is_bandwidth(line: bytes) -> bool:
    # b=<bwtype>:<bandwidth>   (RFC 8866 section 5.8; 3556, 3890)
    return line.startswith(_BANDWIDTHS) and line[line.index(b":") + 1 :].isdigit()


def _times(line: bytes) -> bytes:
    # RFC 3264 section 6: an answer repeats the offer's times, so they must get through.
    start, _, stop = line[2:].partition(b" ")
    if start.isdigit() and stop.isdigit():
        return line
    return _SESSION_TIMES


def _is_port(text: bytes) -> bool:
    # bytes.isdigit knows ASCII digits only; the length is checked before int().
    return text.isdigit() and len(text) <= 5 and int(text) <= MAX_PORT
