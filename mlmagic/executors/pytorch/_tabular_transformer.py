"""``architecture: tabular_transformer``: the authors' own FT-Transformer, a token a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mlmagic.executors._networks._imported import imported

if TYPE_CHECKING:
    from collections.abc import Sequence


class TabularTransformer(nn.Module):
    """An FT-Transformer (Gorishniy et al., 2021) that takes one table of numbers and codes.

    Parameters
    ----------
    in_features, num_classes
        Columns in, outputs out.
    codes
        How many codes each column has, shape (in_features,), 0 for a column of numbers; None for numbers alone. A code
        of -1 is a gap, or a label never seen.
    width
        Numbers that stand for a column.
    layers, heads
        Layers of attention, heads in each.
    dropout
        The share left out in training, of attention and in between.
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        codes: Sequence[int] | None = None,
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        counts = list(codes or [0] * in_features)
        coded = [place for place, count in enumerate(counts) if count]
        numeric = [place for place, count in enumerate(counts) if not count]
        self.register_buffer("coded", torch.tensor(coded, dtype=torch.long), persistent=False)
        self.register_buffer("numeric", torch.tensor(numeric, dtype=torch.long), persistent=False)
        self.network = _library().FTTransformer(
            n_cont_features=len(numeric),
            cat_cardinalities=[counts[place] + 1 for place in coded],
            d_out=num_classes,
            n_blocks=layers,
            d_block=width,
            attention_n_heads=heads,
            attention_dropout=dropout,
            ffn_d_hidden_multiplier=4 / 3,  # the paper's, for the gated activation
            ffn_dropout=dropout,
            residual_dropout=0.0,
        )

    def forward(self, rows: Tensor) -> Tensor:
        """Outputs, shape (n, num_classes), of prepared rows, shape (n, in_features)."""
        numbers = rows[:, self.numeric] if len(self.numeric) else None
        labels = rows[:, self.coded].long() + 1 if len(self.coded) else None
        outputs: Tensor = self.network(numbers, labels)
        return outputs


def _library() -> Any:
    return imported(
        "rtdl_revisiting_models",
        "architecture: tabular_transformer needs rtdl_revisiting_models, which is not found in Python environment",
        "Install it: pip install rtdl_revisiting_models; or take architecture: mlp",
    )
