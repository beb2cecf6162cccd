"""Session descriptions of the scenarios: what can tell the sender does."""

from __future__ import annotations

from types import MappingProxyType

_CODECS = {
    "8": "PCMA/8000",
    "0": "PCMU/8000",
    "101": "telephone-event/8000",
}


def _description(
    mark: str, payloads: str, *, version: int = 1, direction: str = "sendrecv"
) -> tuple[str, ...]:
    """Return the lines of one description; `payloads` are separated by blanks."""
    return (
        "v=0",
        f"o={mark} 53655765 {version} IN IP4 [local_ip]",
        f"s={mark}",
        f"i={mark}",
        f"u=http://[local_ip]/{mark}",
        f"e={mark}@[local_ip]",
        f"p=+1 {mark}",
        "c=IN IP4 [media_ip]",
        "t=0 0",
        f"a=tool:{mark}",
        f"m=audio [media_port] RTP/AVP {payloads}",
        f"i={mark}",
        *(f"a=rtpmap:{payload} {_CODECS[payload]}" for payload in payloads.split()),
        *(("a=fmtp:101 0-15",) if "101" in payloads else ()),
        f"a=label:{mark}",
        "a=ptime:20",
        f"a={direction}",
    )


BODIES = MappingProxyType(
    {
        "none": (),
        "offer": _description("[mark]", "8 0 101"),
        "answer": _description("[mark]", "8 101"),
        "hold": _description("[mark]", "8 101", version=2, direction="sendonly"),
        "held": _description("[mark]", "8 101", version=2, direction="recvonly"),
        "resume": _description("[mark]", "8 101", version=3),
        "other-codec": _description("[mark]", "0 101", version=2),
        "key": ("Signal=5", "Duration=160"),
    }
)
"""By name, as the `body` of a scenario's message says. `[mark]` is a SIPp key."""
