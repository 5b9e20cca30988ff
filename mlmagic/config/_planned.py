"""Words of the seed documents that this version does not act on yet, so that it can say so honestly."""

from __future__ import annotations

ACTIONS = (
    "fine-tune",
    "resume",
    "evaluate",
    "predict",
    "benchmark",
    "preprocess",
    "split",
    "augment",
    "save",
    "load",
    "convert",
    "grid-search",
    "random-search",
    "bayesian-optimize",
)
FRAMEWORKS = ("tensorflow", "keras", "xgboost", "lightgbm", "auto")
KEYS = (
    "augmentation",
    "callbacks",
    "compiledModel",
    "freezeLayers",
    "inputData",
    "logging",
    "metrics",
    "modelPath",
    "operations",
    "outputFormat",
    "outputPath",
    "paramGrid",
    "pretrainedModel",
    "saveTransformers",
    "scheduler",
    "scoring",
    "training",
    "validationData",
)
