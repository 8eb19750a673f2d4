"""Which code a stage depends on: a digest of a module and of every module of this package that it imports.

The workflow puts the digest into each rule's parameters, so that a change of code runs again what depends on it, and
nothing else. Comments, docstrings and formatting do not count. Imports inside functions are choices (a source, a
trainer): the stage names the chosen one. The study's own modules act only through its keys, which are digested apart.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
APART = tuple(f"{PACKAGE.name}.{part}" for part in ("study", "layout", "progress"))  # progress shows, computes nothing


def code_digest(*modules: str) -> str:
    """sha256 (hex) over the normalised source of `modules` (such as "runs.train") and of all that they import."""
    closure: set[str] = set()
    waiting = [f"{PACKAGE.name}.{m}" for m in modules]
    while waiting:
        module = waiting.pop()
        if module not in closure:
            closure.add(module)
            waiting += _imports(module)
    text = "\0".join(f"{m}\0{_source(m)}" for m in sorted(closure))
    return hashlib.sha256(text.encode()).hexdigest()


def _file(module: str) -> Path | None:
    parts = module.split(".")[1:]
    base = PACKAGE.joinpath(*parts)
    if (base / "__init__.py").is_file():
        return base / "__init__.py"
    file = base.with_suffix(".py") if parts else base
    return file if file.is_file() else None


@cache
def _tree(module: str) -> ast.Module:
    file = _file(module)
    if file is None:
        raise ValueError(f"{module} is no module of this package")
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def _imports(module: str) -> tuple[str, ...]:
    found: list[str] = []
    for node in _tree(module).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    inside = [m for m in found if m.split(".")[0] == PACKAGE.name and not m.startswith(APART) and _file(m) is not None]
    # Importing a.b.c runs the packages a and a.b too.
    return tuple(sorted({".".join(m.split(".")[: i + 1]) for m in inside for i in range(m.count(".") + 1)}))


@cache
def _source(module: str) -> str:
    tree = _tree(module)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [inner for inner in body if not _is_text(inner)]
    return ast.unparse(tree)


def _is_text(node: ast.AST) -> bool:
    """A docstring: of a module, a class, a function, or below a field."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
