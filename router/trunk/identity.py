"""Who calls, as a trunk tells us; and what number we show, as a trunk wants it.

Only a trusted trunk's word is taken (RFC 3325 section 5); nothing of the caller's own
headers ever goes on, whatever they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.numbers import CHINA, NumberForm, NumberRules, from_uri, write
from sip.errors import PeerMistake
from sip.message.address import Address
from sip.message.message import Request

HEADERS = {"pai": "p-asserted-identity", "rpid": "remote-party-id", "from": "from"}
"""The settings' words for the header fields a caller's number may stand in."""


def caller_of(request: Request, fields: Sequence[str], rules: NumberRules) -> str:
    """Return the caller's number from the first of `fields` that has one, else "".

    `fields` are lower-case header names in order of trust. Text that is no address
    counts as no number.
    """
    for name in fields:
        if name not in request.fields:
            continue
        try:
            # P-Asserted-Identity may bring a SIP and a tel URI (RFC 3325 section 9.1).
            values = request.all(name)
        except PeerMistake:
            continue
        for value in values:
            number = _number_in(value, rules)
            if number:
                return number
    return ""


def _number_in(value: str, rules: NumberRules) -> str:
    if value.startswith("<"):
        return from_uri(value[1 : value.find(">")], rules)
    # A display name may hold anything, a false <sip:…> in quotes included.
    try:
        return from_uri(Address.parse(value).uri_text, rules)
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Profile:
    """How the number shown to a callee is written on one trunk."""

    form: NumberForm = NumberForm.E164
    rules: NumberRules = CHINA
    asserted: bool = True
    remote_party: bool = False
    diversion: bool = False

    def from_value(self, display: str, host: str) -> str:
        """Return the From value, without a tag, that shows `display`."""
        return f"<sip:{write(display, self.form, self.rules)}@{host}>"

    def lines(self, shown: str, x: str, host: str) -> str:
        """Return the identity header lines for the From value `shown`.

        Diversion (RFC 5806) names X at `host`, which is ours to name.
        """
        lines = f"P-Asserted-Identity: {shown}\r\n" if self.asserted else ""
        if self.remote_party:
            lines += f"Remote-Party-ID: {shown};party=calling;screen=yes\r\n"
        if self.diversion:
            value = self.from_value(x, host)
            lines += f"Diversion: {value};reason=unconditional\r\n"
        return lines
