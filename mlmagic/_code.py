"""What the code of a function reads and can bring in, found without running it."""

from __future__ import annotations

import builtins
import dis
import types
from collections.abc import Iterator

from mlmagic._installed import library_of

# What can bring in code that reading the code does not show.
DYNAMIC = frozenset({"__import__", "eval", "exec", "globals"})
IMPORTERS = frozenset({"imp", "importlib", "pkgutil", "runpy"})
_LOADS = frozenset({"LOAD_FROM_DICT_OR_GLOBALS", "LOAD_GLOBAL", "LOAD_NAME"})


class Incomparable(Exception):
    """An input of which nobody can say whether it is the same as another run's."""


def code_objects(code: types.CodeType) -> Iterator[types.CodeType]:
    """A code object and those of the functions and classes defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from code_objects(constant)


def names_read(name: str, code: types.CodeType) -> Iterator[str]:
    """The globals that a code object reads. Attributes of the same name are not among them."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in _LOADS:
            if instruction.argval in DYNAMIC and hasattr(builtins, instruction.argval):
                raise Incomparable(f"{name} uses {instruction.argval}")
            yield instruction.argval
        elif instruction.opname == "IMPORT_NAME":
            module = str(instruction.argval)
            if module.partition(".")[0] in IMPORTERS or library_of(module) is None:
                raise Incomparable(f"{name} imports {module} while it runs")
