"""Numbers as the dashboard writes them (``widgets/src/format.ts``), for the report that is saved beside it."""

from __future__ import annotations

import math

MISSING, MINUS = "\u2013", "\u2212"
THIN = "\u202f"  # narrow no-break space


def metric(value: float | None) -> str:
    """Four decimals near one, four significant digits above, an exponent below a thousandth."""
    if value is None:
        return MISSING
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else _minus(f"{value}".replace("inf", "∞"))
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e6 or size < 1e-3:
        return _minus(_exponent(value))
    if size >= 1000:
        return grouped(round(value))
    if size < 0.01:
        return _minus(f"{float(f'{value:.3g}'):g}")
    if size < 1.00005:
        return _minus(f"{value:.4f}")
    return _minus(f"{value:#.4g}".removesuffix("."))


def rate(value: float) -> str:
    """Three significant digits."""
    return metric(value) if abs(value) < 100 else grouped(round(float(f"{value:.3g}")))


def size(count: float) -> str:
    """Bytes with a unit: "0.27 GB", "24 kB"."""
    for least, unit, digits in _SIZES:
        if count >= least:
            return f"{grouped(round(count / unit[0]), 0) if digits == 0 else f'{count / unit[0]:.{digits}f}'} {unit[1]}"
    return f"{count:.0f} B"


def duration(seconds: float) -> str:
    """Such as "0.42 s", "4.2 s", "1 m 12 s", "2 h 05 m"."""
    if seconds < 10:
        return f"{seconds:.{2 if seconds < 1 else 1}f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, rest_minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} m {rest:02d} s"
    return f"{hours} h {rest_minutes:02d} m" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def grouped(value: float, decimals: int = 0) -> str:
    """Digits in threes, from five digits on."""
    text = f"{abs(value):.{decimals}f}"
    whole, _, fraction = text.partition(".")
    threes = f"{int(whole):,}".replace(",", THIN) if len(whole) > 4 else whole
    return (MINUS if value < 0 else "") + threes + (f".{fraction}" if fraction else "")


_GB, _MB, _KB = (1e9, "GB"), (1e6, "MB"), (1e3, "kB")
_SIZES = ((1e11, _GB, 0), (1e10, _GB, 1), (1e8, _GB, 2), (1e7, _MB, 0), (1e6, _MB, 1), (1e3, _KB, 0))


def _exponent(value: float) -> str:
    digits, power = f"{value:.2e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"


def _minus(text: str) -> str:
    return text.replace("-", MINUS, 1) if text.startswith("-") else text
