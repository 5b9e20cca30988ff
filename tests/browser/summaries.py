"""Reports to look at, with made-up numbers; imported by the notebooks under test too."""

from __future__ import annotations

import math
from dataclasses import replace

from mlmagic._html import Confusion, Curve, Failure, Preview, Series, Summary

EPOCHS = tuple(float(i) for i in range(1, 41))


def finished() -> Summary:
    """A network that was trained well."""
    train = tuple(0.62 * math.exp(-i / 5) + 0.12 + 0.012 * math.sin(i * 2.1) for i in EPOCHS)
    validation = tuple(0.58 * math.exp(-i / 4.4) + 0.165 + 0.016 * math.sin(i * 1.7) + i * 0.001 for i in EPOCHS)
    best = min(zip(validation, EPOCHS, strict=True))
    return Summary(
        name="report",
        action="train",
        framework="PyTorch",
        subject="PenguinNet",
        status="success",
        duration="12 s",
        numbers=(
            ("test accuracy", "0.967"),
            ("macro F1", "0.961"),
            ("val_loss", f"{best[0]:.3f}"),
            ("best epoch", f"{best[1]:.0f} of 40"),
            ("samples / s", "41 200"),
            ("peak memory", "0.64 GB"),
        ),
        facts=(
            ("rows", "344: 220 train, 55 validation, 69 test, stratified"),
            ("prepared", "island, sex encoded; 2 gaps in body_mass_g filled with the median"),
            ("seed", "7"),
        ),
        files=(("trainedModel", "model.pt"), ("checkpoint", "checkpoints/best.pt"), ("log", "training.log")),
        directory="runs/report-1",
        confusion=Confusion(("Adelie", "Chinstrap", "Gentoo"), ((41, 2, 0), (3, 17, 0), (0, 0, 37))),
        curve=Curve(
            "loss", (Series("train", EPOCHS, train), Series("validation", EPOCHS, validation)), best=best[::-1]
        ),
    )


def running() -> Summary:
    """The same before its end."""
    return Summary("report", "train", "PyTorch", "PenguinNet", "running", directory="runs/report-1")


def broken() -> Summary:
    """A run that the user's own code ended."""
    frames = (
        'File "net.py", line 14, in forward\n    return self.head(x)\n'
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x7 and 8x16)"
    )
    solution = "Give `head` 7 inputs, as many as the data has columns"
    error = Failure("training-failure", "PenguinNet.forward raised", solution, frames)
    return replace(running(), status="error", duration="0.4 s", error=error)


def many_classes() -> Summary:
    """More classes than a matrix can show."""
    labels = tuple(f"class {i:02d}" for i in range(30))
    counts = tuple(tuple(50 if i == j else (i * 7 + j) % 13 // 11 for j in range(30)) for i in range(30))
    return replace(finished(), status="stopped", confusion=Confusion(labels, counts), curve=None)


def everywhere(evil: str) -> Summary:
    """The same text in every place that text from data can reach."""
    pair = ((evil, evil),)
    curve = Curve(evil, (Series(evil, (1.0, 2.0, 3.0), (1.0, 0.5, 0.4)),), evil, (3.0, 0.4))
    failure = Failure(evil, evil, evil, evil)
    confusion = Confusion((evil, "b"), ((1, 2), (3, 4)))
    preview = Preview((evil, evil), pair, 1)
    return Summary(*[evil] * 6, pair, pair, pair, evil, confusion, curve, preview, failure)
