"""Where a request came from, written into its Via, and where its responses go.

RFC 3261 sections 18.2.1 and 18.2.2, RFC 3581 section 4.
"""

from __future__ import annotations

from sip.flow import Flow
from sip.message.message import Request
from sip.message.values import Via
from sip.transaction.timers import UNRELIABLE

_DEFAULT_PORTS = {"tls": 5061}
_DEFAULT_PORT = 5060


def stamp(request: Request, flow: Flow) -> Flow:
    """Write the source of `request` into its top Via; return the flow for responses.

    Over UDP that is the source itself when the peer asked for it with `rport`, else the
    source address with the port of sent-by. Over streams it is the same connection; its
    host and port are where to connect when that one has closed. To be called before any
    response is rendered, for the text is what they copy; `request.via`, a value that
    would cost 1 us to make anew, keeps saying what the peer said.

    Two parts of section 18.2.2 are left out on purpose: responses never go to `maddr`
    nor to a name in sent-by, since either lets one datagram aim us at somebody else.
    Raises `PeerMistake` when there is no readable Via.
    """
    via = request.via
    host = flow.host
    asked = via.rport is not None
    # "the server MUST insert a "received" parameter containing the source IP address
    # that the request came from, even if it is identical" (RFC 3581 section 4)
    if asked or via.host.strip("[]") != host or "received" in via.params:
        _write(request, via, flow, asked=asked)
    transport = flow.transport
    if asked and transport == UNRELIABLE:
        return flow
    port = via.port or _DEFAULT_PORTS.get(transport, _DEFAULT_PORT)
    if port == flow.port:
        return flow
    return Flow(transport, host, port, flow.listener, flow.connection)


def _write(request: Request, via: Via, flow: Flow, *, asked: bool) -> None:
    values = request.fields["via"]
    text = values[0]
    # What a peer claims of itself, a list, quotes, odd spelling: written anew from the
    # values. All the rest keeps the peer's own text.
    if "," not in text and '"' not in text and "received" not in via.params:
        if not asked:
            values[0] = f"{text};received={flow.host}"
            return
        before, rport, after = text.partition(";rport")
        if rport and after[:1] in ("", ";"):
            values[0] = f"{before};received={flow.host};rport={flow.port}{after}"
            return
    params = {**via.params, "received": flow.host}
    if asked:
        params["rport"] = str(flow.port)
    request.replace_via(str(Via(via.transport, via.host, via.port, params)))
    request.via = via
