"""YAML with lines: PyYAML's nodes turned into plain values, each with its place.

`${VAR}`, `${VAR:-default}` and `${file:/path}` are expanded in every value; `$${`
stands for `${`. A value that is not in quotes is read as YAML once it is expanded, so
`${PORT:-5060}` may be a number.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import yaml

from router.settings.mistakes import Mistake
from router.settings.source import Path, Source, Value, spell_path

_EXPANSION = re.compile(r"\$?\$\{([^}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_Above: TypeAlias = frozenset[int]


def read_document(source: Source, text: str) -> None:
    """Take a file's values into `source`; mistakes are noted there, none is raised."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        line = None if mark is None else mark.line + 1
        source.mistakes.append(Mistake(line, "", f"not YAML: {problem}", source.name))
        return
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        source.mistakes.append(Mistake(None, "", f"not YAML: {problem}", source.name))
        return
    if node is None:
        return
    value = _value(source, node, (), frozenset())
    if isinstance(value, dict):
        source.values = value
    else:
        source.complain((), "not a mapping; a file starts with sip:, trunks: or so")


def read_value(source: Source, text: str, path: Path) -> Value:
    """Read a value that is not in the file: a variable's, or an expanded one."""
    expanded = expand(source, text, path)
    try:
        node = yaml.compose(expanded, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return expanded
    if node is None:
        return None if not expanded.strip() else expanded
    before = dict(source.lines)
    value = _value(source, node, path, frozenset(), expanding=False)
    # The lines of `text` are not lines of the file.
    source.lines = before
    return value


def expand(source: Source, text: str, path: Path) -> str:
    """Put in what `${...}` stands for; what cannot be found is noted as a mistake."""

    def replace(match: re.Match[str]) -> str:
        if match[0].startswith("$$"):
            return match[0][1:]
        return _look_up(source, match[1], path)

    return _EXPANSION.sub(replace, text)


def _look_up(source: Source, inside: str, path: Path) -> str:
    if inside.startswith("file:"):
        name = inside.removeprefix("file:")
        try:
            return source.read_file(name).rstrip("\r\n")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "not text"
            source.complain(path, f"cannot read {name}: {why}")
            return ""
    name, has_default, default = inside.partition(":-")
    if not _VARIABLE.fullmatch(name):
        right = "write ${NAME}, ${NAME:-default} or ${file:/path}"
        source.complain(path, f"${{{inside}}} cannot be expanded; {right}")
        return ""
    value = source.environment.get(name, "")
    if not value and not has_default:
        right = f"set it, or write ${{{name}:-default}}"
        source.complain(path, f"the variable {name} is not set; {right}")
    return value or default


def _value(
    source: Source,
    node: yaml.Node,
    path: Path,
    above: _Above,
    *,
    expanding: bool = True,
) -> Value:
    source.lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in above:
        source.complain(path, "an alias for what it stands in itself; leave it out")
        return None
    above |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        return _mapping(source, node, path, above, expanding=expanding)
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(source, item, (*path, index), above, expanding=expanding)
            for index, item in enumerate(node.value)
        ]
    assert isinstance(node, yaml.ScalarNode)
    if expanding and "${" in node.value:
        if node.style is None:
            return read_value(source, node.value, path)
        return expand(source, node.value, path)
    return _scalar(source, node, path)


def _mapping(
    source: Source,
    node: yaml.MappingNode,
    path: Path,
    above: _Above,
    *,
    expanding: bool,
) -> dict[str, Value]:
    mapping: dict[str, Value] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            text = "a key must be a word; put the value after a colon"
            source.mistakes.append(Mistake(line, spell_path(path), text, source.name))
            continue
        key = key_node.value
        here = (*path, key)
        if key in mapping:
            text = (
                f"this key is on line {source.lines[here]} already; leave one of them"
            )
            source.mistakes.append(Mistake(line, spell_path(here), text, source.name))
            continue
        # The key's own line: what it holds may start on a later one.
        source.lines[here] = line
        mapping[key] = _value(source, value_node, here, above, expanding=expanding)
    return mapping


def _scalar(source: Source, node: yaml.ScalarNode, path: Path) -> Value:
    text: str = node.value
    value: Value = text
    kind = node.tag.rpartition(":")[2]
    try:
        if kind == "int":
            value = _integer(text)
        elif kind == "float":
            value = float(text)
        elif kind == "bool":
            value = yaml.SafeLoader.bool_values[text.lower()]
        elif kind == "null":
            return None
    except ValueError:
        return text
    if not isinstance(value, str):
        source.written[path] = text
    return value


def _integer(text: str) -> int:
    # Decimal only: to YAML 1.1, 010 is eight and 1:30 is ninety.
    digits = text.lstrip("+-")
    if not digits.isdigit() or (digits.startswith("0") and digits != "0"):
        raise ValueError(text)
    return int(text)
