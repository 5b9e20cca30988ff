"""The types that a model's file may hold without anybody's word, each by its exact name.

Never a module as a whole: whatever a module imports has a name in it too, down to ``builtins.exec``.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from mlmagic.data import TRUSTED_FUNCTIONS


def _within(module: str, names: str) -> frozenset[str]:
    return frozenset(f"sklearn.{module}.{name}" for name in names.split())


# Parts of fitted estimators that skops itself does not know, in scikit-learn 1.6 to 1.9.
CLASSES = frozenset().union(
    _within("_loss.loss", "HalfTweedieLoss HalfTweedieLossIdentity"),
    _within("calibration", "_CalibratedClassifier _SigmoidCalibration"),
    _within("ensemble._hist_gradient_boosting.predictor", "TreePredictor"),
    _within("gaussian_process._gpc", "_BinaryGaussianProcessClassifierLaplace"),
    _within(
        "gaussian_process.kernels",
        "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Matern PairwiseKernel "
        "Product RBF RationalQuadratic Sum WhiteKernel",
    ),
    _within(
        "metrics._dist_metrics",
        "BrayCurtisDistance64 CanberraDistance64 ChebyshevDistance64 DiceDistance64 EuclideanDistance64 "
        "HammingDistance64 HaversineDistance64 JaccardDistance64 MahalanobisDistance64 ManhattanDistance64 "
        "MinkowskiDistance64 RogersTanimotoDistance64 RussellRaoDistance64 SEuclideanDistance64 "
        "SokalMichenerDistance64 SokalSneathDistance64",
    ),
    _within("metrics._scorer", "_CurveScorer _Scorer"),
    _within("multiclass", "_ConstantPredictor"),
    _within("neighbors._ball_tree", "BallTree"),
    _within("neighbors._kd_tree", "KDTree"),
    _within("neural_network._stochastic_optimizers", "AdamOptimizer SGDOptimizer"),
    _within("tree._tree", "Tree"),
    _within("utils._bunch", "Bunch"),
    _within("utils._metadata_requests", "MetadataRequest MethodMetadataRequest"),
)
# What a threshold is tuned by, and what a preparation calls.
FUNCTIONS = frozenset(TRUSTED_FUNCTIONS) | _within(
    "metrics._classification",
    "accuracy_score balanced_accuracy_score brier_score_loss f1_score jaccard_score log_loss matthews_corrcoef "
    "precision_score recall_score",
)


def trusted(names: Iterable[str]) -> list[str]:
    """Those of the names that are listed, and name what they say."""
    return [name for name in names if name in CLASSES | FUNCTIONS and _is_itself(name)]


def _is_itself(name: str) -> bool:
    """Whether the name leads to an object that is at home there, a class unless it is a listed function."""
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError):  # of another version of scikit-learn
        return False
    home = f"{getattr(found, '__module__', None)}.{getattr(found, '__qualname__', None)}"
    return home == name and (isinstance(found, type) or name in FUNCTIONS)
