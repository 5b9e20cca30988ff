"""Cells that the notebooks under test run: real data, real training."""

from __future__ import annotations

PENGUINS = """
%load_ext mlmagic
import palmerpenguins
penguins = palmerpenguins.load_penguins()
"""

# So many rows that a support vector machine takes minutes for them.
BLOBS = """
import pandas as pd
from sklearn.datasets import make_classification
X, y = make_classification(60_000, 20, n_informative=10, n_classes=3, flip_y=.1, random_state=0)
blobs = pd.DataFrame(X, columns=[f"x{i}" for i in range(20)]).assign(y=y)
"""

FOREST = """%%mltrain
framework: sklearn
algorithm: RandomForestClassifier
data: $penguins
target: species
hyperparameters: {n_estimators: 60}
crossValidation: {folds: 5}
"""

NETWORK = """%%mltrain
framework: pytorch
architecture: mlp
data: $penguins
target: species
epochs: EPOCHS
"""


def network(epochs: int = 100_000, options: str = "") -> str:
    """A network that trains for as long as a test needs."""
    return NETWORK.replace("EPOCHS", str(epochs)).replace("%%mltrain", f"%%mltrain {options}".rstrip())


def forest(options: str = "") -> str:
    """A forest on the penguins."""
    return FOREST.replace("%%mltrain", f"%%mltrain {options}".rstrip())
