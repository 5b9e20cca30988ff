"""A script and every module of the user's own that it imports, as bytes: what a hash of the user's code is made of."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlmagic._code import DYNAMIC, IMPORTERS, Incomparable
from mlmagic._installed import is_installed


def sources(script: Path) -> Iterator[tuple[str, bytes]]:
    """A script and every module of the user's that it imports, with its place beside it and its bytes."""
    places = [script.parent, *(Path(entry) for entry in sys.path if not is_installed(Path(entry)))]
    todo, done = [script], set()
    while todo:
        file = todo.pop(0)
        if file.resolve() not in done:
            done.add(file.resolve())
            text = file.read_bytes()
            yield file.name, text
            if file.suffix == ".py" or file == script:
                for path in _imported(file.name, ast.parse(text)):
                    todo += _files(path, [file.parents[path[0] - 1]] if path[0] else places)


def _imported(name: str, tree: ast.AST) -> Iterator[tuple[Any, ...]]:
    """Each import as its level (0: absolute) and the names after it."""
    for node in ast.walk(tree):
        found: list[tuple[Any, ...]] = []
        if isinstance(node, ast.Import):
            found = [(0, *alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = (node.level, *(node.module.split(".") if node.module else ()))
            found = [(*base, alias.name) for alias in node.names]
        if _is_dynamic(node) or any(path[0] == 0 and path[1] in IMPORTERS for path in found):
            raise Incomparable(f"{name} may import what its text does not show: {ast.unparse(node)}")
        yield from found


def _is_dynamic(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "path" and isinstance(node.value, ast.Name) and node.value.id == "sys"
    return isinstance(node, ast.Name) and node.id in DYNAMIC


def _files(path: tuple[Any, ...], places: list[Path]) -> list[Path]:
    """The files that an import reads, from the first place that has them."""
    for place in places:
        found: list[Path] = []
        for part in path[1:]:
            found += place.glob("*.py") if part == "*" else (place / f"{part}.py", place / part / "__init__.py")
            found += place.glob(f"{part}.*.so") if part != "*" else ()
            place /= part
        if existing := sorted(file for file in found if file.is_file()):
            return existing
    return []
