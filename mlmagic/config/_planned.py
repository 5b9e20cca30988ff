"""Words of the seed documents that this version does not act on yet, so that it can say so honestly."""

from __future__ import annotations

ACTIONS = (
    "fine-tune",
    "resume",
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
KEYS = (
    "freezeLayers",
    "operations",
    "outputPath",
    "paramGrid",
    "pretrainedModel",
    "saveTransformers",
    "scoring",
)
