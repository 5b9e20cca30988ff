"""What an object is, as a hash: code, parameters and values, never its place in memory or in a file."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Hashable, Iterable, Iterator
from hashlib import blake2b
from typing import Any

from mlmagic._code import IMPORTERS, Incomparable, code_objects, names_read
from mlmagic._installed import library_of
from mlmagic.report import Report

_CONSTANTS = (type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented), range)
_CODE = (
    "co_name",
    "co_flags",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_varnames",
    "co_names",
    "co_cellvars",
    "co_freevars",
    "co_code",
    "co_exceptiontable",
    "co_consts",
)
# Where a class was written, what it only says, and what Python notes in it while it is used.
_UNSAID = frozenset(
    {
        "__annotations__",
        "__dataclass_fields__",
        "__dataclass_params__",
        "__dict__",
        "__doc__",
        "__firstlineno__",
        "__module__",
        "__orig_bases__",
        "__parameters__",
        "__slotnames__",
        "__static_attributes__",
        "__weakref__",
        "_abc_impl",
    }
)


class Identity:
    """A digest of what objects are: code, parameters and values, never their place in memory or in a file."""

    def __init__(self) -> None:
        self._digest = blake2b(digest_size=16)
        self._seen: dict[Hashable, int] = {}
        self._alive: list[Any] = []  # an id belongs to one object only while that object lives

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

    def add(self, name: str, value: Any) -> None:
        """Take one object in; ``name`` is what the user calls it."""
        kind = type(value)
        self._tell(kind.__name__)
        if kind in _CONSTANTS:
            self._tell(repr(value))
        elif kind is tuple:  # equal tuples may be one object or two, as Python likes
            self._each(name, value)
        elif kind in (set, frozenset):
            self._each(name, sorted(_alone(name, item) for item in value))
        elif kind is types.CodeType:
            self._each(name, (getattr(value, part) for part in _CODE))
        elif self._is_new(id(value), value):
            self._object(name, value)

    def _tell(self, text: str) -> None:
        said = text.encode(errors="surrogatepass")
        self._digest.update(b"%d:" % len(said) + said)

    def _each(self, name: str, values: Iterable[Any]) -> None:
        for value in values:
            self.add(name, value)
        self._tell("end")

    def _is_new(self, key: Hashable, value: Any) -> bool:
        """Whether this is met for the first time; else the digest gets which one it was."""
        if key in self._seen:
            self._tell(f"again {self._seen[key]}")
            return False
        self._seen[key] = len(self._seen)
        self._alive.append(value)
        return True

    def _object(self, name: str, value: Any) -> None:
        if isinstance(value, type):
            self._class(name, value)
        elif type(value) in (list, dict):
            self._each(name, value.items() if type(value) is dict else value)
        elif isinstance(value, types.ModuleType):
            self._module(name, value, ())
        elif isinstance(value, Report):
            raise Incomparable(f"{name} is what another run gives")
        elif (parts := _PARTS.get(type(value))) is not None:
            self._each(name, parts(value))
        elif isinstance(value, types.FunctionType):
            self._function(name, value)
        else:
            self._instance(name, value)

    def _function(self, name: str, value: types.FunctionType) -> None:
        self._each(name, map(_content, value.__closure__ or ()))
        library = library_of(value.__globals__.get("__name__"))
        if library is not None:
            self._tell(f"{library} {value.__code__.co_qualname}")
            return
        self._each(name, (value.__code__, value.__defaults__, value.__kwdefaults__, vars(value)))
        codes = list(code_objects(value.__code__))
        attributes = tuple(dict.fromkeys(attribute for code in codes for attribute in code.co_names))
        for found in dict.fromkeys(used for code in codes for used in names_read(name, code)):
            self._tell(found)
            if found in value.__globals__:
                self._global(f"{found} (used in {name})", value.__globals__[found], attributes)

    def _global(self, name: str, value: Any, attributes: tuple[str, ...]) -> None:
        if isinstance(value, types.ModuleType):
            self._module(name, value, attributes)
        else:
            self.add(name, value)

    def _module(self, name: str, module: types.ModuleType, attributes: tuple[str, ...]) -> None:
        """A library is its version; a module of the user's own is those of its members that the code names."""
        if module.__name__.partition(".")[0] in IMPORTERS:
            raise Incomparable(f"{name} imports what its code does not show")
        library = library_of(module.__name__)
        self._tell(library or module.__name__)
        if library is None and not attributes:
            raise Incomparable(f"{name} is a module")
        if library is None and self._is_new((id(module), attributes), module):
            for attribute in attributes:
                if attribute in vars(module):
                    self._tell(attribute)
                    self._global(f"{attribute} (used in {name})", vars(module)[attribute], attributes)

    def _class(self, name: str, value: type) -> None:
        library = library_of(value.__module__)
        self._tell(f"{library or ''} {value.__qualname__}")
        if library is None:
            self._each(name, (type(value), *value.__bases__))
            for key, member in vars(value).items():
                if key not in _UNSAID:
                    self._tell(key)
                    self.add(f"{name}.{key}", member)

    def _instance(self, name: str, value: Any) -> None:
        self.add(name, type(value))
        if hasattr(value, "iloc"):
            self._tell(_table_hash(value))
        elif _is_plain_array(value):
            self._buffer(value.dtype, value.shape, value)
        elif _is(value, "torch", "Tensor"):
            flat = value.detach().cpu().contiguous().reshape(-1).view(sys.modules["torch"].uint8)
            self._buffer(value.dtype, value.shape, flat.numpy())
            self._tell(f"{value.device.type} {value.requires_grad}")
        else:
            self._reduced(name, value)

    def _buffer(self, kind: Any, shape: Iterable[int], array: Any) -> None:
        numpy = sys.modules["numpy"]
        self._tell(f"{kind} {tuple(shape)}")
        self._digest.update(numpy.ascontiguousarray(array).reshape(-1).view(numpy.uint8).data)

    def _reduced(self, name: str, value: Any) -> None:
        """Any other object is what pickle would make it from again."""
        try:
            made = value.__reduce_ex__(4)
        except Exception as error:
            raise Incomparable(f"{name} cannot be compared: {error}") from None
        if not isinstance(made, str):
            self._each(name, [list(part) if isinstance(part, Iterator) else part for part in made])
        elif hasattr(value, "__wrapped__"):
            self.add(name, value.__wrapped__)
        elif library := library_of(getattr(value, "__module__", None)):
            self._tell(f"{library} {made}")
        else:
            raise Incomparable(f"{name} is only known by its name, {made}")


def _alone(name: str, value: Any) -> str:
    identity = Identity()
    identity.add(name, value)
    return identity.hexdigest()


_PARTS: dict[type, Callable[[Any], Iterable[Any]]] = {
    classmethod: lambda value: (value.__func__,),
    staticmethod: lambda value: (value.__func__,),
    property: lambda value: (value.fget, value.fset, value.fdel),
    functools.cached_property: lambda value: (value.func,),
    types.MethodType: lambda value: (value.__func__, value.__self__),
    types.GetSetDescriptorType: lambda value: (value.__qualname__,),
    types.MemberDescriptorType: lambda value: (value.__qualname__,),
    types.MappingProxyType: lambda value: value.items(),
}


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return "an empty cell"


def _is(value: Any, module: str, name: str) -> bool:
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, getattr(loaded, name))


def _is_plain_array(value: Any) -> bool:
    # A masked array is not: it is more than its numbers.
    return _is(value, "numpy", "ndarray") and type(value).__module__ == "numpy" and not value.dtype.hasobject


def _table_hash(value: Any) -> str:
    import pandas as pd

    from mlmagic.data import data_hash as hash_of

    frame = value if isinstance(value, pd.DataFrame) else pd.DataFrame(value)
    return hash_of(frame.rename(columns=str))
