"""Real texts to learn from: what the functions of four libraries say of themselves."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings
from functools import cache

import pandas as pd

LIBRARIES = ("networkx", "pandas", "scipy", "sklearn")


@cache
def docstrings(libraries: tuple[str, ...] = LIBRARIES, each: int = 400) -> pd.DataFrame:
    """The first paragraphs of docstrings, and the library each is from; every text once, shuffled."""
    found = [(text, name) for name in libraries for text in _texts(name)[:each]]
    frame = pd.DataFrame(found, columns=["text", "library"]).drop_duplicates("text")
    return frame.sample(frac=1, random_state=0).reset_index(drop=True)


def _texts(library: str) -> list[str]:
    package = importlib.import_module(library)
    texts: dict[str, None] = {}
    for module in sorted(item.name for item in pkgutil.iter_modules(package.__path__)):
        if module.startswith("_") or module in {"tests", "conftest", "testing"}:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = importlib.import_module(f"{library}.{module}")
            for _, value in sorted(inspect.getmembers(loaded, callable), key=lambda item: item[0]):
                if str(getattr(value, "__module__", "")).startswith(library):
                    texts |= dict.fromkeys(_paragraphs(inspect.getdoc(value) or ""))
    return list(texts)


def _paragraphs(text: str) -> list[str]:
    """The first of them, without headings, code and the library's own name."""
    head = text.split("\nParameters\n")[0].split("\nExamples\n")[0].split(">>>")[0].strip()
    for name in LIBRARIES:
        head = head.replace(name, "it")
    return [head] if len(head.split()) >= 8 else []
