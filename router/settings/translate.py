"""What the validator found, in our words: what is wrong and what would be right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.settings.apps import AxbSeed, AxeSeed, AxSeed
from router.settings.model import Settings
from router.settings.source import Path, Source, did_you_mean

_SEEDS: Mapping[str, type[BaseModel]] = {
    "<AX>": AxSeed,
    "<AXB>": AxbSeed,
    "<AXE>": AxeSeed,
}
_TEXT_WANTED = frozenset({"string_type", "literal_error", "enum"})


def take_as_written(error: ValidationError, source: Source) -> bool:
    """Put text where text was wanted and YAML made something else of it.

    `+8613800000001` without quotes is an integer to YAML, `on` a truth value. Returns
    whether anything was changed.
    """
    changed = False
    for each in error.errors():
        path = _path(each)
        if each["type"] in _TEXT_WANTED and path in source.written:
            source.put(path, source.written.pop(path))
            changed = True
    return changed


def note_errors(error: ValidationError, source: Source) -> None:
    """Note every error of the validator as a mistake in `source`."""
    errors = error.errors()
    paths = [_path(each) for each in errors]
    for each, path in zip(errors, paths, strict=True):
        kind = each["type"]
        # A list whose only entry is wrong counts as empty: one mistake, not two.
        if kind == "too_short" and any(_within(other, path) for other in paths):
            continue
        if kind == "extra_forbidden":
            known = _known_keys(each["loc"][:-1])
            text = f"unknown key{did_you_mean(str(path[-1]), known)}"
        else:
            text = _TEXTS.get(kind, _anything)(each)
        source.complain(path, text)


def _within(inner: Path, outer: Path) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _path(error: ErrorDetails) -> Path:
    """The key path: without the tags that tell the kinds of bindings apart."""
    return tuple(
        step for step in error["loc"] if isinstance(step, int) or step[0] != "<"
    )


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    """List the keys of the part of the settings at `location`."""
    part: type[BaseModel] = Settings
    for step in location:
        if isinstance(step, str):
            part = _SEEDS.get(step) or _keys(part)[step]
    return list(_keys(part))


def _keys(part: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The keys of a part as they are written, each with the part it leads to."""
    return {
        field.alias or name: next(_models_in(field.annotation), part)
        for name, field in part.model_fields.items()
    }


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """Find what a field holds: a model, `X | None`, or a tuple of X."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)


def _anything(error: ErrorDetails) -> str:
    return error["msg"]


def _own(error: ErrorDetails) -> str:
    return str(error["ctx"]["error"])


def _choice(error: ErrorDetails) -> str:
    return f"must be {error['ctx']['expected']}; it is {error['input']!r}"


def _bound(words: str, key: str) -> Callable[[ErrorDetails], str]:
    def text(error: ErrorDetails) -> str:
        return f"must be {words} {error['ctx'][key]}; it is {error['input']}"

    return text


def _wanted(text: str) -> Callable[[ErrorDetails], str]:
    def say(error: ErrorDetails) -> str:
        return f"{text}; it is {_kind(error['input'])}"

    return say


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    kinds = {bool: "true or false", str: "text", list: "a list", dict: "a mapping"}
    return kinds.get(type(value), "a number")


_TEXTS: Mapping[str, Callable[[ErrorDetails], str]] = {
    "value_error": _own,
    "missing": lambda _: "missing; this key must be there",
    "string_type": _wanted("must be text"),
    "int_type": _wanted("must be a whole number"),
    "float_type": _wanted("must be a number"),
    "bool_type": _wanted("must be true or false"),
    "tuple_type": _wanted("must be a list, as in [a, b]"),
    "model_type": _wanted("must be a mapping of keys"),
    "model_attributes_type": _wanted("must be a mapping of keys"),
    "enum": _choice,
    "literal_error": _choice,
    "union_tag_not_found": lambda _: (
        "no binding of a mode: AX names origNum and privateNum, AXB callerNum, "
        "relationNum and calleeNum, AXE virtualNum, bindNum and extendNum"
    ),
    "greater_than": _bound("more than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than_equal": _bound("at most", "le"),
    "string_too_short": lambda _: "must not be empty",
    "string_too_long": lambda e: f"longer than {e['ctx']['max_length']} characters",
    "too_short": lambda e: f"must have at least {e['ctx']['min_length']} entry",
    "too_long": lambda e: f"must have no more than {e['ctx']['max_length']} entries",
    "string_pattern_mismatch": lambda e: f"must match {e['ctx']['pattern']}",
}
