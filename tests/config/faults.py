"""What a config is refused for."""

from mlmagic.config import parse, resolve
from mlmagic.errors import Fault, InvalidConfiguration


def faults(source, action="train") -> list[Fault]:
    """The faults of a text or a mapping, which must have some."""
    try:
        resolve(parse(source) if isinstance(source, str) else source, action=action)
    except InvalidConfiguration as error:
        return error.faults
    raise AssertionError(f"not refused: {source!r}")


def fault(source, action="train") -> Fault:
    """The only fault."""
    (only,) = faults(source, action)
    return only


def places(source) -> list[tuple[int, int, str]]:
    """Line, column and path of each fault, in order."""
    return [(found.line, found.column, found.path) for found in faults(source)]
