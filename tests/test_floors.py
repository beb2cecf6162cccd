"""Imports go down the floors only, and the pure floors import nothing that acts.

The order is the one the packages are described in: a module may import modules of its
own floor and of those below it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the ground up; the longest prefix that fits decides.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("sip.errors", "sip.flow", "sip.tokens", "sip.wheel", "sip"),
    ("sip.message",),
    ("sip.transaction",),
    ("sip.dialog", "sip.events"),
    ("sip.core",),
    ("sip.transport",),
    ("router.numbers", "router"),
    ("router.plan",),
    ("router.call",),
    ("router.settings",),
    ("router.records",),
    ("router.store",),
    ("router.media",),
    ("router.trunk",),
    ("router.engine",),
    ("router.api",),
    ("router.app",),
    ("router.phone",),
    ("router.demo",),
    ("router.explaining",),
    ("router.cli",),
)
PURE = (
    "sip.errors",
    "sip.flow",
    "sip.tokens",
    "sip.wheel",
    "sip.events",
    "sip.core",
    "sip.message",
    "sip.transaction",
    "sip.dialog",
    "router.numbers",
    "router.plan",
    "router.call",
    "router.records.events",
    "router.records.record",
)
ACTING = {
    "aiohttp",
    "asyncio",
    "logging",
    "random",
    "redis",
    "secrets",
    "selectors",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "ssl",
    "subprocess",
    "threading",
    "time",
    "uvloop",
}


def modules() -> list[str]:
    files = [*(ROOT / "sip").rglob("*.py"), *(ROOT / "router").rglob("*.py")]
    names = (f.relative_to(ROOT).with_suffix("").parts for f in sorted(files))
    return [".".join(n[:-1] if n[-1] == "__init__" else n) for n in names]


MODULES = modules()


def tree_of(module: str) -> ast.Module:
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(), str(file))


def is_typing_only(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield what a module imports when it runs; names for the type checker are free."""
    hidden = {
        id(inner)
        for node in ast.walk(tree)
        if is_typing_only(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            assert node.module is not None
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module


def within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


def floor_of(module: str) -> int:
    fitting = [
        (len(prefix), number)
        for number, floor in enumerate(FLOORS)
        for prefix in floor
        if within(module, prefix)
        and (prefix not in ("sip", "router") or module == prefix)
    ]
    assert fitting, f"{module} stands on no floor: name it in FLOORS"
    return max(fitting)[1]


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module: str) -> None:
    own = floor_of(module)
    for imported in imports(tree_of(module)):
        if imported.partition(".")[0] in ("sip", "router"):
            assert floor_of(imported) <= own, f"{module} imports {imported} above it"


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("sip")])
def test_sip_knows_nothing_of_the_router(module: str) -> None:
    assert not [i for i in imports(tree_of(module)) if within(i, "router")]


@pytest.mark.parametrize(
    "module", [m for m in MODULES if any(within(m, pure) for pure in PURE)]
)
def test_pure_floors_import_nothing_that_acts(module: str) -> None:
    found = {i.partition(".")[0] for i in imports(tree_of(module))} & ACTING
    assert not found


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_imported_inside_a_function(module: str) -> None:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [
                n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)
            ]
            assert not inner, f"{module}.{node.name}"


@pytest.mark.parametrize("module", MODULES)
def test_files_and_functions_stay_short(module: str) -> None:
    tree = tree_of(module)
    longest = 0
    for node in ast.walk(tree):
        end = getattr(node, "end_lineno", 0) or 0
        longest = max(longest, end)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert end - node.lineno < 60, f"{module}.{node.name}"
    assert longest <= 350


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_documented(module: str) -> None:
    tree = tree_of(module)
    assert ast.get_docstring(tree), f"{module} has no docstring"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
            assert ast.get_docstring(node), f"{module}.{node.name}"
