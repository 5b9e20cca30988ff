"""A column of text as a network's inputs: token ids."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlmagic._memory import limit
from mlmagic.data import Cancelled, Rows
from mlmagic.errors import InvalidConfiguration
from mlmagic.executors._base import batch_rows
from mlmagic.executors._networks._imported import imported
from mlmagic.executors._networks._need import ROWS
from mlmagic.executors._networks._streamed import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# What fills a short text up, and what stands for a text without any token.
PAD, UNKNOWN = 0, 1
# These two, and a token for each byte.
FEWEST = 258
# The most tokens that are learned where nobody says how many.
VOCABULARY = 4000
# Unset, a text is read as far as so many training texts go in percent, and no further than so many tokens.
PERCENT, LONGEST = 95, 256
# What a token is worth, in numbers of a table: a network keeps so many for each.
TOKEN_CELLS = 64
# Texts to a call.
BLOCK = 4096
# What people call how many tokens there are, and how many of them a text has.
VOCABULARIES = {"num_embeddings", "num_tokens", "n_tokens", "vocab", "vocab_size", "vocabulary", "vocabulary_size"}
LENGTHS = {"context_length", "maxLength", "max_len", "max_length", "max_seq_len", "seq_len", "sequence_length"}


@dataclass(frozen=True)
class TextInputs:
    """Cuts texts into tokens: int64, shape (n, length), 0 where a text has ended.

    Parameters
    ----------
    tokenizer
        A ``tokenizers.Tokenizer``, which cuts texts off and fills them up.
    column
        What the column is called.
    facts_of_fit
        What was seen when it was fitted.
    sampled
        What to say of the texts that it was fitted on, should they not be all.
    """

    tokenizer: Any
    column: str
    facts_of_fit: tuple[tuple[str, Any], ...] = ()
    sampled: str | None = None
    preparation: None = None
    scale: None = None
    work: tuple[str, str] = ("tokenizing", "text")

    def open(self, rows: Rows, going_on: Callable[[int], bool] = lambda done: True) -> np.ndarray | Table:
        """See :class:`Inputs`."""
        table = Table(rows, lambda some: self._ids(texts(some)), self._ids([""]))
        if table.nbytes > limit():
            return table
        found = np.empty(table.shape, dtype=np.int64)
        for number, ids in enumerate(self.batches(rows, BLOCK)):
            if not going_on(number * BLOCK):
                raise Cancelled
            found[number * BLOCK : number * BLOCK + len(ids)] = ids
        return found

    def first(self, rows: Rows) -> np.ndarray:
        """See :class:`Inputs`."""
        return self._ids(texts(Rows(rows.X.iloc[: 16 * ROWS])))

    def batches(self, rows: Rows, size: int) -> Iterator[np.ndarray]:
        """See :class:`Inputs`."""
        places = (rows.X.iloc[start : start + size] for start in range(0, len(rows), size))
        return (self._ids(texts(Rows(part))) for part in places)

    def together(self, rows: Rows) -> int:
        """See :class:`Inputs`."""
        return batch_rows(self.length * TOKEN_CELLS)

    def finished(self, batch: np.ndarray) -> np.ndarray:
        """See :class:`Inputs`."""
        return batch

    @property
    def length(self) -> int:
        """Tokens that are read of a text."""
        return int(self.tokenizer.truncation["max_length"])

    @property
    def sizes(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        found: dict[str, Any] = dict.fromkeys(VOCABULARIES, self.tokenizer.get_vocab_size())
        return found | dict.fromkeys(LENGTHS, self.length)

    def facts(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        body = {"column": self.column, "vocabulary": self.tokenizer.get_vocab_size(), "maxLength": self.length}
        return {"text": body | dict(self.facts_of_fit)}

    @property
    def remark(self) -> str:
        """See :class:`Inputs`."""
        known = dict(self.facts_of_fit)
        size, why = self.tokenizer.get_vocab_size(), known["maxLengthChosen"]
        said = f"Texts of {self.column!r} become at most {self.length} of {size} tokens learned from them: {why}"
        return ". ".join(filter(None, [said, self.sampled]))

    def to_plain(self) -> dict[str, Any]:
        """See :class:`Inputs`."""
        return {"kind": "text", "column": self.column, "tokenizer": self.tokenizer.to_str()}

    @classmethod
    def from_plain(cls, body: Mapping[str, Any]) -> TextInputs:
        """Undo :meth:`to_plain`."""
        return cls(_read(body["tokenizer"]), body["column"])

    def _ids(self, block: list[str]) -> np.ndarray:
        encoded = self.tokenizer.encode_batch_fast(block)
        ids = np.array([one.ids for one in encoded], dtype=np.int64).reshape(len(block), self.length)
        ids[(ids == PAD).all(axis=1), 0] = UNKNOWN  # a mean over no token is none
        return ids


def fit_text(
    rows: Rows,
    vocabulary: int | None,
    length: int | None,
    expected: tuple[int | None, int | None] = (None, None),
) -> TextInputs:
    """Learn tokens from these rows, by byte-pair encoding (Sennrich et al., 2016) of the lower-cased text's bytes.

    Parameters
    ----------
    vocabulary
        The most tokens that are learned.
    length
        Tokens of a text that are read; None for as many as most of these texts have.
    expected
        Tokens of a text that the network takes, and how many tokens it knows; None where it does not say.

    Raises
    ------
    InvalidConfiguration
        If the vocabulary has no room for every byte.
    FrameworkNotFound
        If the library that does it is not installed.
    """
    found = texts(rows)
    tokenizer = _learned(found, _enough(vocabulary or expected[1] or VOCABULARY))
    blocks = (found[start : start + BLOCK] for start in range(0, len(found), BLOCK))
    lengths = np.array([len(one.ids) for block in blocks for one in tokenizer.encode_batch_fast(block)])
    if length is None and expected[0] is not None:
        length, why = expected[0], "the network takes so many"
    elif length is None:
        length = int(max(1, min(LONGEST, np.percentile(lengths, PERCENT, method="higher"))))
        why = f"{PERCENT}% of the training texts are no longer" if length < LONGEST else "the texts are long"
    else:
        why = "named by maxLength"
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length, pad_id=PAD, pad_token="[PAD]")
    facts: dict[str, Any] = {"maxLengthChosen": why, "cutOff": float(np.mean(lengths > length))}
    return TextInputs(tokenizer, str(rows.X.columns[0]), tuple(facts.items()))


def texts(rows: Rows) -> list[str]:
    """Give the texts of the only column; a gap is an empty text."""
    column = rows.X.iloc[:, 0]
    return ["" if gap else str(text) for text, gap in zip(column.astype(object), pd.isna(column), strict=True)]


def text_in(about: Mapping[str, Any]) -> bool:
    """Whether a saved network says that it reads text."""
    reading: Mapping[str, Any] | None = about.get("reading")
    return reading is not None and reading["kind"] == "text"


def _enough(vocabulary: int) -> int:
    if vocabulary < FEWEST:
        raise InvalidConfiguration(
            f"Texts become at least {FEWEST} tokens, the 256 bytes and 2 marks, but the network knows {vocabulary}",
            solution="Give its embedding more rows, such as 4000",
        )
    return vocabulary


def _learned(found: list[str], vocabulary: int) -> Any:
    library = _library()
    tokenizer = library.Tokenizer(library.models.BPE(unk_token="[UNK]"))
    tokenizer.normalizer = library.normalizers.Sequence([library.normalizers.NFKC(), library.normalizers.Lowercase()])
    tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = library.decoders.ByteLevel()
    trainer = library.trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=["[PAD]", "[UNK]"],
        initial_alphabet=library.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(found, trainer, length=len(found))
    return tokenizer


@lru_cache(maxsize=4)
def _read(text: str) -> Any:
    return _library().Tokenizer.from_str(text)


def _library() -> Any:
    return imported(
        "tokenizers",
        "A column of text needs tokenizers, which is not found in Python environment",
        "Install tokenizers: pip install tokenizers; or leave the column out",
    )
