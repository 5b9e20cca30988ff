"""Text of a cell -> :class:`RunConfig`: safe YAML with positions, ``$names``, checked models, JSON Schema.

Nothing here imports a framework, pandas or numpy.
"""

from mlmagic.config._describe import describe
from mlmagic.config._document import Document
from mlmagic.config._reference import UNBOUND, Reference
from mlmagic.config._resolve import resolve
from mlmagic.config._run import RunConfig
from mlmagic.config._schema import json_schema
from mlmagic.config._syntax import parse
from mlmagic.config._train import CrossValidation, TrainConfig

__all__ = [
    "UNBOUND",
    "CrossValidation",
    "Document",
    "Reference",
    "RunConfig",
    "TrainConfig",
    "describe",
    "json_schema",
    "parse",
    "resolve",
]
