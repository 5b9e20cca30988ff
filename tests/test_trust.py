"""A run directory does not decide about its own trust: a person does, or has run the script before."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from IPython.core.error import UsageError

import mlmagic
from mlmagic import _known_scripts
from mlmagic.errors import ModelLoadingError
from mlmagic.magics import MLMagic
from tests.runs import config, flowers

pytestmark = pytest.mark.usefixtures("here")

SCRIPT = """
from os import system
from pathlib import Path

from torch import nn

with Path("ran").open("a") as file:
    file.write("x")


class Net(nn.Linear):
    def __init__(self):
        super().__init__(4, 3)
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the scripts that ran, of this test alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "mlmagic" / "scripts"


def script_run(here: Path, place: str = "net.py") -> Path:
    """The directory of a finished run of a script, which left one mark."""
    pytest.importorskip("torch")
    (here / place).write_text(SCRIPT)
    keys = {"framework": "pytorch", "modelScript": place, "epochs": 1}
    report = mlmagic.run(config(None, **keys), df=flowers())
    (here / "ran").unlink()
    return report.output_dir


def copied(run: Path, *, script: str = "net.py") -> Path:
    """The run as somebody else gives it, who wants its code to run."""
    copy = Path(shutil.copytree(run, run.parent / "copy"))
    text = (copy / "config.yaml").read_text()
    assert "trust: false" in text
    (copy / "config.yaml").write_text(text.replace("trust: false", "trust: true").replace("net.py", script))
    return copy


def test_a_copied_directory_cannot_trust_itself(here: Path) -> None:
    run = script_run(here)
    (here / "evil").mkdir()
    (here / "evil" / "net.py").write_text(SCRIPT + "\n# another\n")
    copy = copied(run, script="evil/net.py")
    report = mlmagic.attach(copy)
    assert report.config["trust"] is False
    with pytest.raises(ModelLoadingError, match="runs only if you trust it") as caught:
        _ = report.model
    assert "trust=True" in caught.value.solution
    assert not (here / "ran").exists()
    assert mlmagic.attach(copy, trust=True).model is not None
    assert (here / "ran").exists()


def test_one_persons_trust_in_a_run_makes_no_script_known(here: Path) -> None:
    run = script_run(here)
    (here / "evil.py").write_text(SCRIPT)
    copy = copied(run, script="evil.py")
    assert mlmagic.attach(copy, trust=True).model is not None
    with pytest.raises(ModelLoadingError, match="runs only if you trust it"):
        _ = mlmagic.attach(copy).model


def test_a_script_that_ran_here_runs_again(here: Path, state: Path) -> None:
    copy = copied(script_run(here))
    assert mlmagic.attach(copy).model is not None
    state.unlink()
    (here / "ran").unlink()
    with pytest.raises(ModelLoadingError, match="runs only if you trust it"):
        _ = mlmagic.attach(copy).model
    assert not (here / "ran").exists()


def test_a_config_cannot_name_another_callable_of_a_known_script(here: Path) -> None:
    copy = copied(script_run(here))
    text = (copy / "config.yaml").read_text()
    (copy / "config.yaml").write_text(text.replace("modelClass: null", "modelClass: system"))
    assert "modelClass: system" in (copy / "config.yaml").read_text()
    with pytest.raises(ModelLoadingError, match="runs only if you trust it"):
        _ = mlmagic.attach(copy).model
    assert not (here / "ran").exists()


def test_a_known_script_is_known_in_its_place_and_as_it_was(here: Path, state: Path) -> None:
    script = here / "net.py"
    _known_scripts.note(script, None, b"1")
    _known_scripts.note(script, "Net", b"1")
    assert _known_scripts.known(Path("net.py"), None, b"1")
    assert not _known_scripts.known(script, None, b"2")
    assert not _known_scripts.known(script, "Other", b"1")
    assert not _known_scripts.known(here / "other.py", None, b"1")
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert len(state.read_text().split()) == 2
    assert [item.name for item in state.parent.iterdir()] == ["scripts"]


def test_a_home_that_cannot_be_written_knows_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "file"))
    _known_scripts.note(here / "net.py", None, b"1")
    assert not _known_scripts.known(here / "net.py", None, b"1")


def test_the_magic_hands_on_what_the_person_says(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlmagic.magics._show", lambda *given, **options: None)
    run = mlmagic.run(config(), df=flowers()).output_dir
    copy = copied(run)
    magics = MLMagic()
    magics.shell = SimpleNamespace(user_ns={})
    magics.mlattach(f"{copy} without")
    magics.mlattach(f"{copy} with_it --trust")
    assert [magics.shell.user_ns[name].run.config.trust for name in ("without", "with_it")] == [False, True]
    with pytest.raises(UsageError, match="--trust"):
        magics.mlattach("--trust")
