"""Names: header fields with their compact forms, methods, reason phrases.

RFC 3261 sections 7.3.1, 20 and 21, and the IANA registry "SIP Parameters".
"""

from __future__ import annotations

from typing import Final

_HEADER_NAMES: Final = (
    "Accept Accept-Contact Accept-Encoding Accept-Language Alert-Info Allow "
    "Allow-Events Authentication-Info Authorization Call-ID Call-Info Contact "
    "Content-Disposition Content-Encoding Content-Language Content-Length "
    "Content-Transfer-Encoding Content-Type CSeq Date Diversion Error-Info Event "
    "Expires From Geolocation History-Info Identity In-Reply-To Info-Package Join "
    "Max-Breadth Max-Forwards MIME-Version Min-Expires Min-SE Organization "
    "P-Access-Network-Info P-Asserted-Identity P-Asserted-Service "
    "P-Called-Party-ID P-Charging-Function-Addresses P-Charging-Vector "
    "P-Early-Media P-Preferred-Identity P-Preferred-Service P-Visited-Network-ID "
    "Path Priority Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require "
    "RAck Reason Record-Route Recv-Info Refer-To Referred-By Reject-Contact "
    "Remote-Party-ID Replaces Reply-To Request-Disposition Require Retry-After "
    "Route RSeq Server Service-Route Session-Expires SIP-ETag SIP-If-Match Subject "
    "Subscription-State Supported Target-Dialog Timestamp To Unsupported User-Agent "
    "User-to-User Via Warning WWW-Authenticate"
)

COMPACT: Final[dict[str, str]] = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}
"""Compact form to long name, both lower case (RFC 3261 section 7.3.3)."""

_HEADERS: Final = _HEADER_NAMES.split()
_CANONICAL: Final[dict[str, str]] = {name.lower(): name for name in _HEADERS}

LONG_NAMES: Final[dict[str, str]] = (
    {name: name.lower() for name in _HEADERS}
    | {name.lower(): name.lower() for name in _HEADERS}
    | {name.upper(): name.lower() for name in _HEADERS}
    | {"-".join(p.capitalize() for p in n.split("-")): n.lower() for n in _HEADERS}
    | COMPACT
    | {short.upper(): long for short, long in COMPACT.items()}
)
"""Every usual spelling of a header name to its lower-case long name."""

_LIST_NAMES: Final = (
    "accept accept-contact accept-encoding accept-language alert-info allow "
    "allow-events call-info contact content-encoding content-language diversion "
    "error-info history-info in-reply-to p-asserted-identity p-preferred-identity "
    "path privacy proxy-require reason record-route recv-info reject-contact "
    "remote-party-id request-disposition require route service-route supported "
    "unsupported via warning"
)
LISTS: Final = frozenset(_LIST_NAMES.split())
"""Header fields whose value is a comma-separated list, lower case."""

_SINGLE_NAMES: Final = (
    "call-id content-length content-type cseq expires from max-forwards min-se rack "
    "retry-after rseq session-expires to"
)
SINGLE: Final = frozenset(_SINGLE_NAMES.split())
"""Header fields we act on that may stand in a message only once, lower case."""

_METHOD_NAMES: Final = (
    "ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER "
    "SUBSCRIBE UPDATE"
)
METHODS: Final = frozenset(_METHOD_NAMES.split())
"""Methods some RFC defines; any other token is legal but unknown."""

REASONS: Final[dict[int, str]] = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    199: "Early Dialog Terminated",
    200: "OK",
    202: "Accepted",
    204: "No Notification",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    305: "Use Proxy",
    380: "Alternative Service",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    412: "Conditional Request Failed",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    417: "Unknown Resource-Priority",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    428: "Use Identity Header",
    430: "Flow Failed",
    433: "Anonymity Disallowed",
    436: "Bad Identity Info",
    437: "Unsupported Credential",
    438: "Invalid Identity Header",
    439: "First Hop Lacks Outbound Support",
    440: "Max-Breadth Exceeded",
    469: "Bad Info Package",
    470: "Consent Needed",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    493: "Undecipherable",
    494: "Security Agreement Required",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    555: "Push Notification Service Not Supported",
    580: "Precondition Failure",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
    607: "Unwanted",
    608: "Rejected",
}
"""Standard reason phrase of each registered status."""

_CLASS_REASONS: Final = {
    1: "Session Progress",
    2: "OK",
    3: "Multiple Choices",
    4: "Bad Request",
    5: "Server Internal Error",
    6: "Decline",
}


def reason_of(status: int) -> str:
    """Return the phrase of `status`, or that of its class when it has none."""
    return REASONS.get(status) or _CLASS_REASONS[status // 100]


def canonical(name: str) -> str:
    """Return the usual spelling of the lower-case header `name`."""
    known = _CANONICAL.get(name)
    if known is not None:
        return known
    return "-".join(part.capitalize() for part in name.split("-"))
