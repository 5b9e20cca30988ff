"""The second document's configs pasted under ``%%ml``, in a real kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import seed_data, seeds
from tests.kernel._kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kernel, Path]]:
    """A kernel beside the files that the configs name."""
    home = tmp_path_factory.mktemp("seeds")
    seed_data.irises(home / "data" / "train.csv")
    (home / "train_model.py").write_text(seed_data.PERCEPTRON)
    kernel = Kernel(home)
    assert kernel.run("%load_ext mlmagic").status == "ok"
    yield kernel, home
    kernel.close()


@pytest.mark.parametrize("name", ["SHORT", "SKLEARN"])
def test_a_config_pasted_as_it_stands_trains(notebook: tuple[Kernel, Path], name: str) -> None:
    kernel, home = notebook
    text = getattr(seeds, name)
    result = kernel.run(f"%%ml report --wait --quiet\n{text}", timeout=120)
    assert result.status == "ok", result.error
    shown = kernel.run("print(report.to_json())", timeout=30)
    body = json.loads(shown.stdout)["executionReport"]
    assert (body["status"], body["framework"]) == ("success", json.loads(text)["framework"])
    for file in body["artifacts"].values():
        assert (home / file).exists()


def test_an_action_that_is_not_there_yet_is_one_clean_message(notebook: tuple[Kernel, Path]) -> None:
    kernel, _ = notebook
    result = kernel.run(f"%%ml\n{seeds.GRID_SEARCH}")
    assert result.status == "error"
    assert "'grid-search' is not available yet" in result.error
    assert "Traceback" not in result.error
