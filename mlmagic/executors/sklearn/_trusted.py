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
    _within("metrics._scorer", "_CurveScorer _PassthroughScorer _Scorer"),
    # How a search splits: numbers, and a class of these for the ones that repeat.
    _within(
        "model_selection._split",
        "GroupKFold GroupShuffleSplit KFold LeaveOneGroupOut LeaveOneOut LeavePGroupsOut LeavePOut PredefinedSplit "
        "RepeatedKFold RepeatedStratifiedKFold ShuffleSplit StratifiedGroupKFold StratifiedKFold "
        "StratifiedShuffleSplit TimeSeriesSplit _CVIterableWrapper",
    ),
    # Public once somebody imports sklearn.experimental, and skops looks before.
    _within("model_selection._search_successive_halving", "HalvingGridSearchCV HalvingRandomSearchCV"),
    _within("impute._iterative", "IterativeImputer _ImputerTriplet"),
    _within("multiclass", "_ConstantPredictor"),
    _within("neighbors._ball_tree", "BallTree"),
    _within("neighbors._kd_tree", "KDTree"),
    _within("neural_network._stochastic_optimizers", "AdamOptimizer SGDOptimizer"),
    _within("tree._tree", "Tree"),
    _within("utils._bunch", "Bunch"),
    _within("utils._metadata_requests", "MetadataRequest MethodMetadataRequest"),
)
# What a search or a threshold is judged by, what columns are chosen by, and what a preparation calls. They take arrays
# and give numbers: none calls what it is given, names a file, or reads code.
FUNCTIONS = frozenset(TRUSTED_FUNCTIONS).union(
    _within("feature_selection._mutual_info", "mutual_info_classif mutual_info_regression"),
    _within("feature_selection._univariate_selection", "chi2 f_classif f_oneway f_regression r_regression"),
    _within(
        "metrics._classification",
        "accuracy_score balanced_accuracy_score brier_score_loss cohen_kappa_score d2_brier_score d2_log_loss_score "
        "f1_score fbeta_score hamming_loss hinge_loss jaccard_score log_loss matthews_corrcoef precision_score "
        "recall_score zero_one_loss",
    ),
    _within(
        "metrics._ranking",
        "average_precision_score coverage_error dcg_score label_ranking_average_precision_score label_ranking_loss "
        "ndcg_score roc_auc_score top_k_accuracy_score",
    ),
    _within(
        "metrics._regression",
        "d2_absolute_error_score d2_pinball_score d2_tweedie_score explained_variance_score max_error "
        "mean_absolute_error mean_absolute_percentage_error mean_gamma_deviance mean_pinball_loss "
        "mean_poisson_deviance mean_squared_error mean_squared_log_error mean_tweedie_deviance median_absolute_error "
        "r2_score root_mean_squared_error root_mean_squared_log_error",
    ),
    _within("metrics._scorer", "negative_likelihood_ratio positive_likelihood_ratio"),
    _within(
        "metrics.cluster._supervised",
        "adjusted_mutual_info_score adjusted_rand_score completeness_score fowlkes_mallows_score homogeneity_score "
        "mutual_info_score normalized_mutual_info_score rand_score v_measure_score",
    ),
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
