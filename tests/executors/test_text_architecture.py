"""The text transformer is described once, and both libraries build what is described."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from mlmagic.executors._networks._architectures import TextTransformer, Transformer


def of_pytorch() -> Any:
    pytest.importorskip("torch")
    from mlmagic.executors.pytorch._text_transformer import TextTransformer as Built

    return Built


def of_keras() -> Any:
    pytest.importorskip("keras")
    from mlmagic.executors.keras._text_transformer import text_transformer

    return text_transformer


@pytest.mark.parametrize("builder", [of_pytorch, of_keras])
def test_what_is_built_takes_what_is_described(builder) -> None:
    built = builder()
    given = dict(inspect.signature(built).parameters)
    for name in ("vocab_size", "max_length", "num_classes"):
        assert given.pop(name).default is inspect.Parameter.empty
        assert name in inspect.getdoc(TextTransformer)
    assert {name: item.default for name, item in given.items()} == Transformer().model_dump()
    assert "_architectures.TextTransformer" in inspect.getdoc(built)
