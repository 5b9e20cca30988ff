"""Plain scalars as YAML 1.2's core schema reads them: ``no`` is a word, ``1e-3`` is a number."""

from __future__ import annotations

import re
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{sign + dot: float(sign + "inf") for sign in ("", "+", "-") for dot in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# Python refuses to read longer ones, and no key of ours needs them.
MAX_DIGITS = 400


def scalar(text: str) -> Scalar:
    """Return what an unquoted scalar stands for.

    Raises
    ------
    ValueError
        If it is a whole number of more than 400 digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) or _BASED.fullmatch(text):
        if len(text) > MAX_DIGITS:
            raise ValueError(f"a whole number may have at most {MAX_DIGITS} digits, got {len(text)}")
        # int(text, 0) refuses leading zeros, which the core schema allows.
        return int(text, 0) if _BASED.fullmatch(text) else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
