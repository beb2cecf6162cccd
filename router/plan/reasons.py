"""The catalogue of endings: one entry for each way a call can end.

An entry ties together what each is told: the caller (SIP status, RFC 3261 section 21;
Q.850 cause in a Reason header, RFC 3326; paired as in RFC 3398 section 7.2.4.1), the
customer (`stateCode` in events, `ulFailReason` in records) and the ear (the prompt).
Slugs are stable: they stand in call records and metrics.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Result(StrEnum):
    """The five ways a call can have gone."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    """The far party or its network did not take it."""
    CANCELLED = "cancelled"
    """The caller gave up."""
    REFUSED = "refused"
    """Our rules did not let it through."""
    FAILED = "failed"
    """Something of ours, or between us and the networks, broke."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a call ended, in the words of everyone who has to be told."""

    slug: str
    sip_status: int
    """Final status for the caller; 200 for endings that follow the answer."""
    sip_phrase: str
    q850: int
    state_code: int
    prompt: str
    """Name of the announcement, "" for none."""
    result: Result
    header: str = field(init=False)
    """`Reason` header line, CRLF included; a cause and never a text."""

    def __post_init__(self) -> None:
        header = f"Reason: Q.850;cause={self.q850}\r\n"
        object.__setattr__(self, "header", header)

    def __str__(self) -> str:
        """Return the slug."""
        return self.slug


_PHRASES = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Timeout",
    410: "Gone",
    480: "Temporarily Unavailable",
    482: "Loop Detected",
    483: "Too Many Hops",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    603: "Decline",
}


def _reason(
    result: Result, slug: str, status: int, q850: int, code: int, prompt: str = ""
) -> Reason:
    return Reason(slug, status, _PHRASES[status], q850, code, prompt, result)


# Answered, and then ended by somebody or something.
NORMAL = _reason(Result.ANSWERED, "normal", 200, 16, 0)
MAX_DURATION = _reason(Result.ANSWERED, "max_duration", 200, 16, 8010)
CUSTOMER_STOP = _reason(Result.ANSWERED, "customer_stop", 200, 16, 8017)
BACKSTOP = _reason(Result.ANSWERED, "backstop", 200, 31, 8010)
MEDIA_TIMEOUT = _reason(Result.ANSWERED, "media_timeout", 200, 38, 7506)
SESSION_EXPIRED = _reason(Result.ANSWERED, "session_expired", 200, 102, 7506)
STOPPED = _reason(Result.ANSWERED, "stopped", 200, 41, 7102)
RECOVERED = _reason(Result.ANSWERED, "recovered", 200, 41, 7102)

# The caller gave up.
CANCELLED = _reason(Result.CANCELLED, "cancelled", 487, 16, 7501)
CANCELLED_RINGING = _reason(Result.CANCELLED, "cancelled_ringing", 487, 16, 7502)
CANCELLED_EARLY = _reason(Result.CANCELLED, "cancelled_early", 487, 16, 7516)

# The callee, or its network, did not take the call.
BUSY = _reason(Result.UNANSWERED, "busy", 486, 17, 8102, "busy")
NO_ANSWER = _reason(Result.UNANSWERED, "no_answer", 480, 19, 8101, "no_answer")
REJECTED = _reason(Result.UNANSWERED, "rejected", 603, 21, 7503, "rejected")
CALLEE_REFUSED = _reason(Result.UNANSWERED, "callee_refused", 403, 21, 7504, "rejected")
NOT_FOUND = _reason(Result.UNANSWERED, "not_found", 404, 1, 8100, "not_in_service")
NUMBER_CHANGED = _reason(
    Result.UNANSWERED, "number_changed", 410, 22, 8100, "not_in_service"
)
UNREACHABLE = _reason(Result.UNANSWERED, "unreachable", 480, 20, 8103, "unreachable")
POWER_OFF = _reason(Result.UNANSWERED, "power_off", 480, 20, 8104, "power_off")
CALLEE_SUSPENDED = _reason(
    Result.UNANSWERED, "callee_suspended", 480, 27, 8105, "not_in_service"
)
CONNECT_TIMEOUT = _reason(
    Result.UNANSWERED, "connect_timeout", 480, 18, 8035, "no_answer"
)
NOT_ACCEPTABLE = _reason(
    Result.UNANSWERED, "not_acceptable", 488, 88, 7506, "service_error"
)
CALLEE_NETWORK = _reason(
    Result.UNANSWERED, "callee_network", 502, 38, 7506, "service_error"
)

# Our rules did not let it through.
UNKNOWN_X = _reason(Result.REFUSED, "unknown_x", 404, 1, 8025)
NO_BINDING = _reason(Result.REFUSED, "no_binding", 480, 20, 8014, "not_bound")
NOT_BOUND = _reason(Result.REFUSED, "not_bound", 480, 20, 8018, "not_bound")
NO_TEMPORARY_CALLEE = _reason(
    Result.REFUSED, "no_temporary_callee", 480, 20, 8013, "no_temporary_callee"
)
NO_CALLBACK_RECORD = _reason(
    Result.REFUSED, "no_callback_record", 480, 20, 8019, "no_callback_record"
)
DIRECTION_NOT_ALLOWED = _reason(
    Result.REFUSED, "direction_not_allowed", 403, 21, 8016, "no_permission"
)
X_SUSPENDED = _reason(Result.REFUSED, "x_suspended", 403, 21, 8051, "no_permission")
X_UNAVAILABLE = _reason(Result.REFUSED, "x_unavailable", 403, 21, 8055, "no_permission")
SELF_CALL = _reason(Result.REFUSED, "self_call", 403, 21, 8032, "no_permission")
NOT_ALLOWED = _reason(Result.REFUSED, "not_allowed", 403, 21, 8018, "no_permission")
LOOP = _reason(Result.REFUSED, "loop", 482, 25, 7508)
TOO_MANY_HOPS = _reason(Result.REFUSED, "too_many_hops", 483, 25, 7508)
TRUNK_LIMIT = _reason(Result.REFUSED, "trunk_limit", 503, 42, 7002)
OVERLOAD = _reason(Result.REFUSED, "overload", 503, 42, 7002)
DRAINING = _reason(Result.REFUSED, "draining", 503, 41, 7102)
BAD_OFFER = _reason(Result.REFUSED, "bad_offer", 488, 88, 7505)
# By the SIP stack, with whatever status says what was wrong; 400 stands for all.
BAD_INVITE = _reason(Result.REFUSED, "bad_invite", 400, 127, 7505)

# Something broke.
NO_ACK = _reason(Result.FAILED, "no_ack", 200, 102, 7505)
CALLER_NETWORK = _reason(Result.FAILED, "caller_network", 408, 38, 7505)
GATEWAY_FAILURE = _reason(
    Result.FAILED, "gateway_failure", 503, 41, 7508, "service_error"
)
STORE_UNAVAILABLE = _reason(
    Result.FAILED, "store_unavailable", 503, 41, 7102, "service_error"
)
SERVICE_ERROR = _reason(Result.FAILED, "service_error", 500, 41, 7102, "service_error")

CATALOGUE = MappingProxyType(
    {
        reason.slug: reason
        for reason in list(globals().values())
        if type(reason) is Reason
    }
)
"""Every reason by its slug."""

_BY_STATUS = {
    403: CALLEE_REFUSED,
    404: NOT_FOUND,
    408: UNREACHABLE,
    410: NUMBER_CHANGED,
    480: UNREACHABLE,
    484: NOT_FOUND,
    485: NOT_FOUND,
    486: BUSY,
    488: NOT_ACCEPTABLE,
    503: GATEWAY_FAILURE,
    600: BUSY,
    603: REJECTED,
    604: NOT_FOUND,
    606: NOT_ACCEPTABLE,
    607: REJECTED,
    608: CALLEE_REFUSED,
}

# These statuses stand for several causes each (RFC 3398 section 8.2.6.1), so the cause
# decides where it is one we know.
_VAGUE = frozenset({408, 480, 487, 500, 502, 503, 504})
_BY_CAUSE = {
    1: NOT_FOUND,
    2: CALLEE_NETWORK,
    3: CALLEE_NETWORK,
    17: BUSY,
    18: UNREACHABLE,
    19: NO_ANSWER,
    20: UNREACHABLE,
    21: REJECTED,
    22: NUMBER_CHANGED,
    27: UNREACHABLE,
    28: NOT_FOUND,
}


def from_callee_status(status: int, q850: int | None = None) -> Reason:
    """Say what the callee leg's final `status` (300 to 699) means for the caller.

    `q850` is the cause of the response's Reason header, if it had one. Nothing else of
    the response is looked at, so nothing of it can reach the caller.
    """
    if q850 is not None and status in _VAGUE:
        reason = _BY_CAUSE.get(q850)
        if reason is not None:
            return reason
    return _BY_STATUS.get(status, CALLEE_NETWORK)
