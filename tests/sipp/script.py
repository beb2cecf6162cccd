"""From a call written as two columns to the two scenario files SIPp wants.

A scenario file (`scenarios/*.xml`) holds what the `caller` and the `callee` do, in
SIPp's own elements and two of ours, which stand for a `<send>` with all its headers:

    <request method="INVITE" body="offer">further header lines</request>
    <response status="180 Ringing" for="first">further header lines</response>

* `body` is the name of a session description in `bodies.py`; none: no body.
* A `<recv request=...>` with a `name` can be answered later with `for`, also after
  other messages arrived; without `for` the answer is to the last message.
* `cseq` counts by itself. ACK and CANCEL take their INVITE's number; CANCEL takes its
  branch, too, and so does the ACK of a final response over 299 (`refused="true"`).
* `of="INVITE"`: a received response is the INVITE's, though CANCEL was sent since.
* `allow`: methods a column's side takes besides the usual ones.
* `tag`: a callee that answers as several (forking) says as which.
* `uri`, `target`, `max-forwards`, `branch` replace what a request would have there.

All other attributes are SIPp's and go to its `<send>`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tests.leak import Party
from tests.sipp.bodies import BODIES

_ALLOW = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO"
_DIALOG_METHODS = ("INVITE", "CANCEL")
_OURS = frozenset(
    {"method", "status", "body", "content-type", "for", "name", "of", "cseq", "refused"}
    | {"tag", "uri", "target", "max-forwards", "branch"}
)


@dataclass(frozen=True, slots=True)
class Side:
    """Who plays a column, and where."""

    role: str
    """`caller` or `callee`."""
    party: Party
    x: str
    """The X number the caller dials."""
    contact: str
    """Host, port and parameters others reach it by, in its Contact."""


@dataclass(slots=True)
class _State:
    """What was said so far, going down a column."""

    side: Side
    allow: str
    cseq: int = 0
    invite_cseq: int = 0
    sent: int = 0
    last_request: str = ""
    in_dialog: bool = False
    initial: dict[str, bool] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)


def expand(column: Element, side: Side) -> str:
    """Return the SIPp scenario of one column of a scenario file."""
    state = _State(side, _ALLOW + column.get("allow", ""))
    scenario = Element("scenario", name=side.role)
    for element in column:
        if element.tag == "request":
            scenario.append(_request(element, state))
        elif element.tag == "response":
            scenario.append(_response(element, state))
        elif element.tag == "recv":
            scenario.append(_recv(element, state))
        else:
            scenario.append(element)
    variables = _variables(scenario)
    if variables:
        ElementTree.SubElement(scenario, "Reference", variables=variables)
    ElementTree.indent(scenario)
    text = ElementTree.tostring(scenario, encoding="unicode")
    for number, message in enumerate(state.messages):
        text = text.replace(f"@message-{number}@", f"<![CDATA[\n{message}\n]]>")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _variables(scenario: Element) -> str:
    # SIPp takes a variable that is assigned and never read for a slip of the pen.
    return ",".join(sorted({e.attrib["assign_to"] for e in scenario.iter("ereg")}))


def _sip_attributes(element: Element) -> dict[str, str]:
    return {name: value for name, value in element.attrib.items() if name not in _OURS}


def _send(
    element: Element, lines: list[str], state: _State, **defaults: str
) -> Element:
    """Wrap a message in SIPp's element, the body and further header lines added.

    SIPp wants the text as CDATA, which ElementTree cannot write: it is put in last.
    """
    lines += [
        line.strip() for line in (element.text or "").splitlines() if line.strip()
    ]
    body = BODIES[element.get("body", "none")]
    content_type = element.get("content-type", "application/sdp")
    lines += [f"Content-Type: {content_type}"] if body else []
    lines += ["Content-Length: [len]", "", *body, ""]
    send = Element("send", {**defaults, **_sip_attributes(element)})
    send.text = f"@message-{len(state.messages)}@"
    state.messages.append("\n".join(lines))
    for child in element:
        send.append(child)
    return send


def _own_lines(side: Side) -> list[str]:
    """Return all that a message may carry of its sender: nothing of it may cross."""
    number, host, mark = side.party.number, side.party.host, side.party.mark
    identity = f'"{mark}" <sip:{number}@{host}>'
    lines = [
        f"P-Asserted-Identity: {identity}",
        f"Remote-Party-ID: {identity};party=calling;screen=yes",
        f"Reply-To: {identity}",
        f"Call-Info: <http://{host}/{mark}.png>;purpose=icon",
        f"Organization: {mark}",
        f"User-to-User: {number.encode().hex()}{mark};encoding=hex",
        f"X-{mark}: {number}",
    ]
    if side.role == "callee":
        return [*lines, f"Server: {mark}", f'Warning: 399 {host} "{mark} {number}"']
    return [
        *lines,
        f"User-Agent: {mark}",
        f"Subject: {mark} {number}",
        f"P-Preferred-Identity: {identity}",
        f"Diversion: <sip:{number}@{host}>;reason=unconditional",
        f"History-Info: <sip:{number}@{host}>;index=1",
        f"Referred-By: <sip:{number}@{host}>",
    ]


def _contact(side: Side) -> str:
    # No display name: SIPp would take it for a part of the URI.
    uri = f"<sip:{side.party.number}@{side.contact}>"
    return f'Contact: {uri};+sip.instance="{side.party.mark}"'


def _number(element: Element, state: _State) -> int:
    """Return the CSeq number of a request, counting on where it is a new one."""
    method = element.attrib["method"]
    given = element.get("cseq")
    if method in ("ACK", "CANCEL"):
        return int(given or state.invite_cseq)
    number = int(given) if given else state.cseq + 1
    state.cseq = max(state.cseq, number)
    if method == "INVITE":
        state.invite_cseq = number
    return number


def _branch(element: Element, number: int, state: _State) -> str:
    method = element.attrib["method"]
    of_invite = method in _DIALOG_METHODS or element.get("refused") == "true"
    name = f"i{number}" if of_invite else f"m{state.sent}"
    name = element.get("branch", name)
    return f"z9hG4bK-{state.side.party.mark}-{name}-[call_number]-[pid]"


def _request(element: Element, state: _State) -> Element:
    side, method = state.side, element.attrib["method"]
    state.sent += 1
    number = _number(element, state)
    mark, host = side.party.mark, side.party.host
    first = not state.in_dialog
    if method != "ACK":
        state.last_request = method
    target = element.get("target", side.x)
    own_uri = f"sip:{target}@[remote_ip]:[remote_port]"
    of_invite = method == "CANCEL" or element.get("refused") == "true"
    uri = element.get("uri", own_uri if first or of_invite else "[next_url]")
    if side.role == "callee":
        from_, to = f"[$local];tag={mark}-tag-[call_number]", "[$remote]"
    else:
        from_ = (
            f'"{mark}" <sip:{side.party.number}@{host}>;tag={mark}-tag-[call_number]'
        )
        to = f"<{own_uri}>" if method == "CANCEL" or first else "[$remote]"
    if element.get("refused") == "true":
        to = "[$remote]"
    lines = [
        f"{method} {uri} SIP/2.0",
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;"
        f"branch={_branch(element, number, state)}",
        f"Max-Forwards: {element.get('max-forwards', '70')}",
        f"From: {from_}",
        f"To: {to}",
        "Call-ID: [call_id]",
        f"CSeq: {number} {method}",
        _contact(side),
        state.allow,
        *_own_lines(side),
    ]
    defaults = {} if method == "ACK" else {"retrans": "500"}
    return _send(element, lines, state, **defaults)


def _response(element: Element, state: _State) -> Element:
    side = state.side
    mark = side.party.mark
    name = element.get("for", "")
    lines = [f"SIP/2.0 {element.attrib['status']}"]
    if name:
        lines += [f"{key}: [${name}_{key.lower().replace('-', '')}]" for key in _COPIED]
        lines.append("Call-ID: [call_id]")
    else:
        lines += [f"[last_{key}:]" for key in (*_COPIED, "Call-ID")]
    to = next(i for i, line in enumerate(lines) if "to" in line[:9].lower())
    if state.initial[name]:
        lines[to] += f";tag={mark}-tag{element.get('tag', '')}-[call_number]"
    lines += [_contact(side), *_own_lines(side)]
    if element.attrib["status"][0] == "2":
        lines.append(state.allow)
    return _send(element, lines, state)


_COPIED = ("Via", "From", "To", "CSeq")


def _keep(header: str, variable: str) -> Element:
    attributes = {"regexp": ".*", "search_in": "hdr", "header": f"{header}:"}
    return Element("ereg", {**attributes, "check_it": "true", "assign_to": variable})


def _recv(element: Element, state: _State) -> Element:
    """Complete a `<recv>`: keep far tag, far target and, if named, the request."""
    recv = Element("recv", _sip_attributes(element))
    action = Element("action")
    response = element.get("response")
    if response is None:
        _note_request(element, recv, action, state)
    elif response != "100" and "INVITE" in (state.last_request, element.get("of")):
        action.append(_keep("To", "remote"))
        if response < "300":
            recv.set("rrs", recv.get("rrs", "true"))
            state.in_dialog = True
    for given in element.findall("action"):
        action.extend(given)
    if len(action):
        recv.append(action)
    return recv


def _note_request(
    element: Element, recv: Element, action: Element, state: _State
) -> None:
    """Keep of a received request what answers and later requests need."""
    method, name = element.attrib["request"], element.get("name", "")
    is_callee = state.side.role == "callee"
    first = is_callee and not state.in_dialog
    if first:
        recv.set("rrs", recv.get("rrs", "true"))
        action.append(_keep("To", "local"))
        action.append(_keep("From", "remote"))
    # A request without a tag of ours gets one with our answer.
    state.initial[""] = first or (is_callee and method == "CANCEL")
    if name:
        state.initial[name] = state.initial[""]
        for key in _COPIED:
            action.append(_keep(key, f"{name}_{key.lower()}"))
    state.in_dialog = True
