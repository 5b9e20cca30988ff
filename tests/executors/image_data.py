"""Real images to train on: scikit-learn's digits and two photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

DIGITS = load_digits()
X = (DIGITS.images * 15).astype(np.uint8)
Y = DIGITS.target


def digits(root: Path, count: int = 400, start: int = 0) -> Path:
    """Scikit-learn's digits, a folder each."""
    some = slice(start, start + count)
    for number, (image, label) in enumerate(zip(X[some], Y[some], strict=True)):
        path = root / str(label) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return root


def photographs(root: Path, count: int = 40, side: int = 40) -> Path:
    """Pieces of a temple and of a flower, as JPEG files."""
    random = np.random.default_rng(0)
    for label, photograph in zip(("temple", "flower"), load_sample_images().images, strict=True):
        for number in range(count):
            top, left = (int(random.integers(0, length - side)) for length in photograph.shape[:2])
            path = root / label / f"{number:03}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(photograph[top : top + side, left : left + side]).save(path, quality=90)
    return root
