"""Durations and sizes as people read them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Seconds as in "1h 23m 45s"; below a minute with one digit: "4.2s"."""
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes}m {rest}s" if hours else f"{minutes}m {rest}s"


def size(count: float) -> str:
    """Bytes as in "98.2MB" (decimal, one digit; whole bytes below 1 kB)."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f}B" if unit == "B" else f"{count:.1f}{unit}"
        count /= 1000
    return f"{count:.1f}TB"


def brief(seconds: float) -> str:
    """A time that may be short: "31.8ms", "4.2µs"; from a second on as :func:`duration`."""
    if seconds >= 1:
        return duration(seconds)
    return f"{seconds * 1e3:.3g}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g}µs"
