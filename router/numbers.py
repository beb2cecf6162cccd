"""Telephone numbers: every spelling read into one, E.164 with its plus.

    +8613800000001   86138…   0086138…   0138…   138…   tel:…   sip:…;user=phone

Short codes and 400/95 numbers have no E.164 form and stay as they are dialled. Numbers
of the 700 range have 15 digits after the country code, which is more than E.164 allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

import phonenumbers

MIN_DIGITS = 7
MAX_DIGITS = 18
"""Country code included: +86 and the 15 digits of the 700 range."""

_CHINA = "86"
_MOBILE_DIGITS = 11
_LONG_X_DIGITS = 15
_LONG_X = "700"
_SERVICE = ("400", "800")
_SERVICE_DIGITS = 10
_MAX_SHORT = 8
_MOBILE_E164 = len("+8613800000001")
_MAX_TEXT = 64
_SEPARATORS = str.maketrans("", "", " -.()")


class NumberForm(StrEnum):
    """How a trunk wants numbers written."""

    E164 = "e164"
    """`+8613800000001`"""
    DIGITS = "digits"
    """`8613800000001`"""
    NATIONAL = "national"
    """`013800000001`; numbers of other countries as `00…`."""


@dataclass(frozen=True, slots=True)
class NumberRules:
    """What a number that says no country means on one trunk."""

    country: str = _CHINA
    area: str = ""
    """Area code, without its 0, of fixed-line numbers that come without one."""


CHINA = NumberRules()


def normalise(text: str, rules: NumberRules = CHINA) -> str:
    """Return the one spelling of `text`, or "" when it is no number.

    Takes a bare number or the user part of a URI; what follows a `,` or `;` there (an
    extension, parameters) is not part of the number.
    """
    # Nearly every number is a Chinese mobile in full; isdigit() alone takes "²".
    if (
        len(text) == _MOBILE_E164
        and text.startswith("+861")
        and text.isascii()
        and text[1:].isdigit()
    ):
        return text
    return _normalise_slowly(text, rules)


def _normalise_slowly(text: str, rules: NumberRules) -> str:
    if len(text) > _MAX_TEXT:
        return ""
    if "%" in text:
        text = unquote(text)
    for mark in ";,":
        end = text.find(mark)
        if end >= 0:
            text = text[:end]
    text = text.translate(_SEPARATORS)
    plus = text.startswith("+")
    digits = text[1:] if plus else text
    if not (digits.isascii() and digits.isdigit()):
        return ""
    if plus:
        return _international(digits)
    if digits.startswith("00"):
        return _international(digits[2:])
    return _without_plus(digits, rules)


def _international(digits: str) -> str:
    national = digits.removeprefix(_CHINA)
    if national is not digits and _is_dialled_as_is(national):
        return national
    if digits.startswith("0") or not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        return ""
    return "+" + digits


def _without_plus(digits: str, rules: NumberRules) -> str:
    country = rules.country
    if _is_dialled_as_is(digits):
        return digits
    if digits.startswith("0"):
        national = digits[1:]
        if _is_national(national, country):
            return _international(country + national)
        return ""
    if _is_mobile_or_long(digits, country):
        return f"+{country}{digits}"
    if digits.startswith(country):
        national = digits[len(country) :]
        if country == _CHINA and _is_dialled_as_is(national):
            return national
        if _is_national(national, country):
            return "+" + digits
    if rules.area and len(digits) in (7, 8):
        return f"+{country}{rules.area}{digits}"
    return ""


def _is_dialled_as_is(digits: str) -> bool:
    """Short codes (110, 10086, 95588, 96…) and 400/800 numbers."""
    if digits.startswith(_SERVICE):
        return len(digits) == _SERVICE_DIGITS
    if digits.startswith("1"):
        return 3 <= len(digits) <= _MAX_SHORT
    return digits.startswith(("95", "96")) and 5 <= len(digits) <= _MAX_SHORT


def _is_mobile_or_long(national: str, country: str) -> bool:
    if country != _CHINA:
        return False
    if len(national) == _LONG_X_DIGITS:
        return national.startswith(_LONG_X)
    return len(national) == _MOBILE_DIGITS and national[0] == "1" and national[1] >= "3"


def _is_national(national: str, country: str) -> bool:
    if country != _CHINA:
        return MIN_DIGITS - 1 <= len(national) <= 12 and national[0] != "0"
    if _is_mobile_or_long(national, country):
        return True
    # Area code of two digits (10, 2x) or three, then seven or eight.
    return 9 <= len(national) <= 11 and (
        national.startswith("10") or national[0] in "23456789"
    )


def from_uri(uri: str, rules: NumberRules = CHINA) -> str:
    """Return the number a `sip:`, `sips:` or `tel:` URI names, "" when it names none.

    Takes the URI without angle brackets. A `phone-context` (RFC 3966 section
    5.1.5) that is a country code overrides the trunk's.
    """
    scheme, _, rest = uri.partition(":")
    lowered = scheme.lower()
    if lowered in ("sip", "sips"):
        at = rest.find("@")
        if at < 0:
            return ""
        user = rest[:at]
        colon = user.find(":")
        return normalise(user if colon < 0 else user[:colon], rules)
    if lowered != "tel":
        return ""
    subscriber, _, params = rest.partition(";")
    if params and not subscriber.startswith("+"):
        rules = _in_context(params, rules)
    return normalise(subscriber, rules)


def _in_context(params: str, rules: NumberRules) -> NumberRules:
    for param in params.split(";"):
        name, _, value = param.partition("=")
        if name.lower() == "phone-context":
            country = value.removeprefix("+")
            if country is not value and country.isdigit() and len(country) <= 3:
                return NumberRules(country=country)
    return rules


def write(number: str, form: NumberForm, rules: NumberRules = CHINA) -> str:
    """Write a normalised number as a trunk wants it; short codes stay as they are."""
    if form is NumberForm.E164 or not number.startswith("+"):
        return number
    if form is NumberForm.DIGITS:
        return number[1:]
    if number.startswith(rules.country, 1):
        return "0" + number[1 + len(rules.country) :]
    return "00" + number[1:]


def spellings(number: str) -> set[str]:
    """Return every way a normalised number may stand in a message, for leak scans."""
    if not number.startswith("+"):
        return {number}
    digits = number[1:]
    found = {number, digits, "00" + digits, "%2B" + digits, "%2b" + digits}
    if digits.startswith(_CHINA):
        national = digits[len(_CHINA) :]
        found |= {national, "0" + national}
        for parts in _groups(national):
            for separator in "- .":
                found.add(separator.join(parts))
    return found


def _groups(national: str) -> list[tuple[str, ...]]:
    """Ways people break a number up: 3-4-4 for mobiles, area code and line."""
    if _is_mobile_or_long(national, _CHINA):
        return [(national[:3], national[3:7], national[7:])]
    area = 2 if national[:1] in ("1", "2") else 3
    line = national[area:]
    return [(national[:area], line), (national[:area], line[:4], line[4:])]


def mask(number: str) -> str:
    """Return a number as logs may show it: `+86138****0001`."""
    if len(number) >= 12:
        return f"{number[:-8]}****{number[-4:]}"
    if len(number) >= 8:
        return f"{number[:2]}****{number[-2:]}"
    return "****" if number else "(none)"


def check_x_number(text: str) -> str:
    """Return `text` if it is an X number in full; ValueError says what would be right.

    For cold paths: a number is looked up in the numbering plans.
    """
    number = _check_spelling(text)
    if not number.startswith("+"):
        raise ValueError(f"{mask(text)} is a short code; an X number starts with +")
    return number


def check_party(text: str) -> str:
    """Return `text` if a call can be put through to it; ValueError says what is wrong.

    A number in full, a short code, or a 400/95 number. For cold paths, as above.
    """
    return _check_spelling(text)


def _check_spelling(text: str) -> str:
    number = normalise(text)
    if not number:
        raise ValueError(
            f"{_shown(text)} is no telephone number; write + and the country code "
            'first, as in "+8613800000001"'
        )
    if number != text:
        raise ValueError(
            f'{_shown(text)} is not how we write it; write "{mask(number)}", '
            "with every digit"
        )
    if number.startswith("+") and not _is_possible(number):
        raise ValueError(
            f"{_shown(text)} does not have the digits a number of its country has; "
            "a Chinese mobile is +86 and 11 digits"
        )
    return number


def _shown(text: str) -> str:
    """Quote a wrong number; mistakes are logged too, and logs hold no numbers."""
    digits = sum(character.isdigit() for character in text)
    return repr(mask(text) if digits >= MIN_DIGITS else text)


def _is_possible(number: str) -> bool:
    # Of China we know more: phonenumbers counts digits, and has no 700 range of 15.
    if number.startswith(_CHINA, 1):
        return _is_national(number[1 + len(_CHINA) :], _CHINA)
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(parsed)
