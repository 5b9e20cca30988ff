"""One module or package a framework. The table is of strings: nothing is imported before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlmagic.executors.catboost._estimators import ESTIMATORS as OF_CATBOOST
from mlmagic.executors.lightgbm._estimators import ESTIMATORS as OF_LIGHTGBM
from mlmagic.executors.sklearn._estimators import NAMED
from mlmagic.executors.xgboost._estimators import ESTIMATORS as OF_XGBOOST

if TYPE_CHECKING:
    from mlmagic.executors._base import Executor


@dataclass(frozen=True)
class Entry:
    """One framework.

    Attributes
    ----------
    title
        Its name as people write it.
    executor, train
        Where the executor and its config model live, as "module:name".
    install
        The command that installs it.
    module
        What is imported; a model of the notebook whose type comes from there is this framework's.
    aliases
        Other spellings of its name in a config.
    algorithms
        Estimators that only this framework has. Named under another framework they are routed here.
    suffixes
        Of model files that only this framework writes.
    snapshot
        The function that copies a model of the notebook before a run has it, as "module:name"; empty where models are
        copied as Python copies any object.
    """

    title: str
    executor: str
    train: str
    install: str
    module: str
    aliases: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    snapshot: str = ""


EXECUTORS: dict[str, Entry] = {
    "sklearn": Entry(
        title="scikit-learn",
        executor="mlmagic.executors.sklearn.executor:SklearnExecutor",
        train="mlmagic.executors.sklearn.config:SklearnTrain",
        install="pip install scikit-learn",
        module="sklearn",
        aliases=("scikit-learn", "scikit_learn"),
        algorithms=tuple(NAMED),
        suffixes=(".skops", ".pkl", ".pickle", ".joblib"),
        snapshot="mlmagic.executors.sklearn._copy:snapshot",
    ),
    "pytorch": Entry(
        title="PyTorch",
        executor="mlmagic.executors.pytorch.executor:TorchExecutor",
        train="mlmagic.executors.pytorch.config:TorchTrain",
        install="pip install torch",
        module="torch",
        aliases=("torch",),
        suffixes=(".pt", ".pth", ".safetensors"),
        snapshot="mlmagic.executors.pytorch._copy:snapshot",
    ),
    "keras": Entry(
        title="Keras",
        executor="mlmagic.executors.keras.executor:KerasExecutor",
        train="mlmagic.executors.keras.config:KerasTrain",
        install="pip install tensorflow keras",
        module="keras",
        aliases=("tensorflow", "tf"),
        suffixes=(".keras", ".h5"),
        snapshot="mlmagic.executors.keras._copy:snapshot",
    ),
    "xgboost": Entry(
        title="XGBoost",
        executor="mlmagic.executors.xgboost.executor:XGBoostExecutor",
        train="mlmagic.executors.xgboost.config:XGBoostTrain",
        install="pip install xgboost",
        module="xgboost",
        aliases=("xgb",),
        algorithms=tuple(OF_XGBOOST),
        suffixes=(".ubj", ".json"),
    ),
    "lightgbm": Entry(
        title="LightGBM",
        executor="mlmagic.executors.lightgbm.executor:LightGBMExecutor",
        train="mlmagic.executors.lightgbm.config:LightGBMTrain",
        install="pip install lightgbm",
        module="lightgbm",
        aliases=("lgbm", "lgb"),
        algorithms=tuple(OF_LIGHTGBM),
        suffixes=(".txt",),
    ),
    "catboost": Entry(
        title="CatBoost",
        executor="mlmagic.executors.catboost.executor:CatBoostExecutor",
        train="mlmagic.executors.catboost.config:CatBoostTrain",
        install="pip install catboost",
        module="catboost",
        aliases=("cb",),
        algorithms=tuple(OF_CATBOOST),
        suffixes=(".cbm",),
    ),
}


def load(framework: str) -> Executor:
    """The executor of a framework, by its name in the table."""
    executor: Executor = resolve(EXECUTORS[framework].executor)()
    return executor


def resolve(reference: str) -> Any:
    """The object that a "module:name" string names."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
