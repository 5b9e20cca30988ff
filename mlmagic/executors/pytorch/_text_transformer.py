"""``architecture: text_transformer``: attention over the tokens of a text."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class TextTransformer(nn.Module):
    """A text transformer of torch's own layers alone.

    The parameters are told in :class:`mlmagic.executors._networks._architectures.TextTransformer`.
    """

    def __init__(
        self,
        vocab_size: int,
        max_length: int,
        num_classes: int,
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, width, padding_idx=0)
        self.positions = nn.Parameter(torch.zeros(max_length, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        # Weights of attention are not left out: torch's fast kernels, and memory that grows with the length only.
        layer.self_attn.dropout = 0.0
        self.encoder = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(width, num_classes)
        self._draw()

    def forward(self, ids: Tensor) -> Tensor:
        """Outputs, shape (n, num_classes), of token ids, shape (n, at most max_length)."""
        real = ids != 0
        hidden = self.dropout(self.tokens(ids) + self.positions[: ids.shape[1]])
        hidden = self.encoder(hidden, src_key_padding_mask=~real)
        count = real.sum(dim=1, keepdim=True).clamp(min=1)
        mean = hidden.masked_fill(~real.unsqueeze(-1), 0.0).sum(dim=1) / count
        outputs: Tensor = self.last(self.dropout(mean))
        return outputs

    def _draw(self) -> None:
        """Start each layer from weights of its own: the encoder's layers are copies of one."""
        for parameter in self.encoder.parameters():
            if parameter.ndim > 1:
                nn.init.xavier_uniform_(parameter)
        nn.init.normal_(self.positions, std=0.02)
        with torch.no_grad():
            self.tokens.weight.mul_(0.02)
