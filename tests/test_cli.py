"""The shell's side, in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sklearn.datasets import load_iris

MLMAGIC = [sys.executable, "-m", "mlmagic.cli"]


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A directory with data in it."""
    load_iris(as_frame=True).frame.to_csv(tmp_path / "flowers.csv", index=False)
    return tmp_path


def write(there: Path, **changed: str | None) -> None:
    keys = {
        "action": "train",
        "framework": "sklearn",
        "algorithm": "GaussianNB",
        "dataPath": "flowers.csv",
        "target": "target",
        "outputDir": "out",
        **changed,
    }
    (there / "run.yaml").write_text("".join(f"{key}: {value}\n" for key, value in keys.items() if value is not None))


def mlmagic(there: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*MLMAGIC, *arguments], cwd=there, capture_output=True, text=True, check=False, timeout=120)


def test_a_run_tells_how_it_goes_and_what_it_gave(there):
    write(there)
    done = mlmagic(there, "run", "run.yaml")
    assert done.returncode == 0, done.stderr
    assert "flowers.csv: 150 rows" in done.stdout
    assert "success" in done.stdout
    assert "out" in done.stdout
    body = json.loads((there / "out" / "report.json").read_text())["executionReport"]
    assert f"{body['metrics']['test']['accuracy']:.4g}" in done.stdout
    assert done.stderr == ""


def test_progress_is_told_while_it_goes_on(there):
    write(there, algorithm="RandomForestClassifier", hyperparameters="{n_estimators: 1000000}")
    process = subprocess.Popen([*MLMAGIC, "run", "run.yaml"], cwd=there, stdout=subprocess.PIPE, text=True)
    try:
        line = next(line for line in process.stdout if "train_accuracy" in line)
        assert " of 1000000" in line
    finally:
        process.kill()
        process.communicate()


def listen():
    """Interrupts are ignored by all that a shell starts in the background: these tests, and who they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupt_stops_and_keeps(there):
    write(there, algorithm="RandomForestClassifier", hyperparameters="{n_estimators: 1000000}")
    process = subprocess.Popen(
        [*MLMAGIC, "run", "run.yaml"],
        cwd=there,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen,
    )
    try:
        next(line for line in process.stdout if " of 1000000" in line)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        print(f"interrupt to exit: {time.monotonic() - began:.2f} s")
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert "stopped" in out
    assert "Traceback" not in err
    body = json.loads((there / "out" / "report.json").read_text())["executionReport"]
    assert (body["status"], body["exitCode"]) == ("stopped", 0)
    assert (there / body["artifacts"]["model"]).exists()


@pytest.mark.parametrize(
    ("changed", "code", "told"),
    [
        ({"algorithm": "GausianNB"}, 2, ["line 3", "GaussianNB"]),
        ({"framework": None}, 2, ["framework"]),
        ({"dataPath": "flower.csv"}, 1, ["flower.csv"]),
        ({"target": "petals"}, None, ["petals"]),
    ],
)
def test_a_failure_has_its_exit_code_and_one_clean_message(there, changed, code, told):
    write(there, **changed)
    done = mlmagic(there, "run", "run.yaml")
    assert done.returncode == code if code is not None else done.returncode in (1, 2)
    said = done.stdout + done.stderr
    assert all(text in said for text in told), said
    assert "Traceback" not in said


def test_a_config_that_is_not_there(there):
    done = mlmagic(there, "run", "nowhere.yaml")
    assert done.returncode == 1
    assert "nowhere.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_names_what_is_installed(there):
    import sklearn

    done = mlmagic(there, "doctor")
    assert done.returncode == 0
    assert sklearn.__version__ in done.stdout
    assert "GPU" in done.stdout
    assert "Python 3" in done.stdout


def test_a_command_that_does_not_exist(there):
    done = mlmagic(there, "dance")
    assert done.returncode == 2
    assert "usage: mlmagic" in done.stderr


def test_the_command_is_installed(there):
    command = Path(sys.executable).parent / "mlmagic"
    done = subprocess.run([command, "doctor"], cwd=there, capture_output=True, text=True, check=False)
    assert done.returncode == 0
