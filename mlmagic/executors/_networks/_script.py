"""Run a user's script to get at the networks it defines, without leaving traces in the process."""

from __future__ import annotations

import sys
import threading
import traceback
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mlmagic._failure import user_frames
from mlmagic._suggest import closest, closest_file, listed
from mlmagic.errors import ModelLoadingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

MODULE = "mlmagic_model_script"
Admit: TypeAlias = "Callable[[Path, str | None, bytes], None]"
_lock = threading.Lock()


def run_script(path: Path, name: str | None, admit: Admit) -> ModuleType:
    """Run a script and give what it defines.

    Parameters
    ----------
    path
        The script.
    name
        What shall be taken from it; None for what it has.
    admit
        Called with the script, the name and the code that is to run, before it runs; raises where it must not.

    Raises
    ------
    ModelLoadingError
        If the script is not there or raises.
    """
    if not path.is_file():
        near = closest_file(path, "*.py")
        hint = f". Did you mean {str(near)!r}?" if near else ""
        raise ModelLoadingError(
            f"modelScript {str(path)!r} is not there{hint}",
            stderr=f"FileNotFoundError: {path.absolute()}",
            solution="Correct the path; it starts at the notebook's directory",
            metadata={"modelScript": str(path)},
        )
    code = path.read_bytes()
    admit(path, name, code)
    loader = SourceFileLoader(MODULE, str(path))
    spec = spec_from_loader(MODULE, loader)
    assert spec is not None
    script = module_from_spec(spec)
    try:
        with _importable(path.parent):
            sys.modules[MODULE] = script  # dataclasses look their module up while it runs
            # Compiled here, so that no __pycache__ is written beside the script and no stale one is read.
            exec(compile(code, str(path), "exec"), vars(script))
    except (Exception, SystemExit) as error:
        raise ModelLoadingError(
            f"{path} failed: {type(error).__name__}: {error}",
            stderr=user_frames(error) or "".join(traceback.format_exception_only(error)),
            solution="Mend the line shown above and run the cell again",
        ) from None
    return script


def choose(path: Path, script: ModuleType, name: str | None, defined: Mapping[str, Any], what: str) -> Any:
    """Take a network from a script: the one of that name, else the only one.

    Parameters
    ----------
    defined
        The networks that the script defines, by name.
    what
        What they are, as a person writes it: "torch.nn.Module".

    Raises
    ------
    ModelLoadingError
        If it has none of that name, or not exactly one.
    """
    if name is None:
        return _only(path, defined, what)
    found = getattr(script, name, None)
    if found is None or not (callable(found) or name in defined):
        near = closest(name, defined)
        raise ModelLoadingError(
            f"{path} has no class {name!r}" + (f". Did you mean `{near}`?" if near else ""),
            solution=f"Write modelClass: {listed(defined)}" if defined else f"Define a {what} in {path}",
            metadata={"modelClass": name},
        )
    return found


def _only(path: Path, defined: Mapping[str, Any], what: str) -> Any:
    if not defined:
        where = {"modelScript": str(path)}
        raise ModelLoadingError(
            f"{path} defines no {what}", solution="Define the network's class in it", metadata=where
        )
    if len(defined) > 1:
        raise ModelLoadingError(
            f"{path} defines {len(defined)} networks: {', '.join(defined)}",
            solution=f"Name the one to train: modelClass: {list(defined)[-1]}",
            metadata={"modelScript": str(path)},
        )
    return next(iter(defined.values()))


@contextmanager
def _importable(directory: Path) -> Iterator[None]:
    """Let the script import what lies beside it, and forget it all afterwards.

    Two scripts of two directories may each have a ``layers.py``. Classes whose module is not in ``sys.modules`` are
    also pickled by value, which is what lets a network of a script leave the child process.
    """
    place = directory.resolve()
    beside = {item.stem for item in place.iterdir() if item.suffix == ".py" or (item / "__init__.py").exists()}
    with _lock:
        kept = {name for name in sys.modules if not _hides(name, place, beside)}
        hidden = {name: sys.modules.pop(name) for name in set(sys.modules) - kept}
        sys.path.insert(0, str(place))
        try:
            yield
        finally:
            if str(place) in sys.path:
                sys.path.remove(str(place))
            for name in set(sys.modules) - kept:
                if name == MODULE or name.partition(".")[0] in beside:
                    del sys.modules[name]
            sys.modules.update(hidden)


def _hides(name: str, place: Path, beside: set[str]) -> bool:
    """Whether a loaded module stands in the way of one beside the script: from elsewhere, or an old state of it.

    A package of this very directory stays: one that is compiled cannot be loaded twice, and mlmagic may be one.
    """
    top = name.partition(".")[0]
    if top not in beside or top in sys.stdlib_module_names:
        return False
    file = getattr(sys.modules.get(top), "__file__", None)
    return file is None or not Path(file).is_relative_to(place / top)
