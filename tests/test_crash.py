"""The worst moments: a process killed at any time, a disk that is full."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import psutil
import pytest
import yaml

import mlmagic
from mlmagic._pickling import sweep
from mlmagic.run_directory import EVENTS, living, read_events

RUN = """
import sys
import mlmagic
from sklearn.datasets import load_breast_cancer
df = load_breast_cancer(as_frame=True).frame
report = mlmagic.submit({"action": "train", "framework": "sklearn", "data": "$df", "target": "target",
    "algorithm": "RandomForestClassifier", "hyperparameters": {"n_estimators": 80}, "crossValidation": {"folds": 5},
    "outputDir": "run"}, df=df)
print("submitted", flush=True)
report.wait()
"""


@pytest.fixture
def running(tmp_path):
    """A process that trains, killed at the end whatever happens."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def every_file_is_whole(run: Path) -> None:
    readers = {
        ".yaml": yaml.safe_load,
        ".json": json.loads,
        ".csv": lambda text: list(csv.reader(text.splitlines(), strict=True)),
    }
    for path in run.rglob("*"):
        if path.name.startswith(".") or path.is_dir():
            continue  # a temporary file is nobody's result
        if path.suffix == ".skops":
            assert zipfile.ZipFile(path).testzip() is None
        elif path.suffix == ".parquet":
            pd.read_parquet(path)
        elif path.suffix == ".png":
            assert path.read_bytes().endswith(b"IEND\xaeB`\x82")
        elif path.suffix in readers:
            assert readers[path.suffix](path.read_text(encoding="utf-8"))
    for line in (run / EVENTS).read_bytes().split(b"\n")[:-1]:
        json.loads(line)


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_process_leaves_whole_files_no_lie_and_no_orphan(tmp_path, running, seed):
    run = tmp_path / "run"
    assert running.stdout.readline() == "submitted\n", running.stderr.read()
    parent, children = psutil.Process(running.pid), []
    end = time.monotonic() + random.Random(seed).uniform(0.2, 4.5)
    while time.monotonic() < end and running.poll() is None:
        children = parent.children() or children
        time.sleep(0.005)
    running.kill()  # it may have ended just now
    running.wait()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == [], "the child ends with its parent"
    assert not living(run)
    if (run / EVENTS).exists() and (run / "config.yaml").exists():
        every_file_is_whole(run)
        report = mlmagic.attach(run)
        ended = (run / "report.json").exists()
        assert report.status == ("success" if ended else report.status)
        assert report.status in ("success", "interrupted")
        if report.status == "interrupted":
            assert not (run / "report.json").exists()
            assert report.to_dict()["error"]["type"] == "interrupted"
        else:
            assert report.metrics["test"]["accuracy"] > 0.8
        for path in report.artifacts.values():
            assert Path(path).exists()
    print(f"killed after seed {seed}: {len(children)} children")
    sweep()  # what the next process does
    own = {running.pid, *(child.pid for child in children)}  # other tests run at the same time
    left = [path for path in Path("/dev/shm").glob("mlmagic-*") if int(path.name.split("-")[1]) in own]
    assert left == [], "nothing is left in shared memory"


def test_a_new_run_may_have_the_directory_of_a_killed_one(tmp_path, running):
    assert running.stdout.readline() == "submitted\n"
    until_row(tmp_path / "run")
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    again = subprocess.run([sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert mlmagic.attach(tmp_path / "run").status == "success"
    assert mlmagic.attach(tmp_path / "run" / ".previous" / "1").status == "interrupted"


def test_an_attached_run_is_followed_and_turns_interrupted_when_it_is_killed(tmp_path, running):
    assert running.stdout.readline() == "submitted\n"
    until_row(tmp_path / "run")
    report = mlmagic.attach(tmp_path / "run")
    assert report.status == "running"
    before = len(report.history)
    end = time.monotonic() + 30
    while len(report.history) == before:
        assert time.monotonic() < end
        time.sleep(0.02)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert report.run.wait(10)
    assert report.status == "interrupted"


def until_row(run: Path) -> None:
    end = time.monotonic() + 30
    while not (run / EVENTS).exists() or b'"row"' not in (run / EVENTS).read_bytes():
        assert time.monotonic() < end
        time.sleep(0.01)


FULL = """
import json, os, resource, sys
import mlmagic
from sklearn.datasets import load_breast_cancer
df = load_breast_cancer(as_frame=True).frame
if sys.argv[1] == "quota":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
report = mlmagic.submit({"action": "train", "framework": "sklearn", "data": "$df", "target": "target",
    "algorithm": "RandomForestClassifier", "hyperparameters": {"n_estimators": 100}, "outputDir": sys.argv[2]}, df=df)
report.run.wait(120)
try:
    model = report.model
    model = len(getattr(model, "steps", [(None, model)])[-1][1].estimators_)
except mlmagic.MLError as error:
    model = str(error)
print(json.dumps({"status": report.status, "type": report.error and report.error.type,
    "text": str(report.error), "model": model, "report": report.to_dict()}))
"""


def run_full(*arguments: object) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", FULL, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def no_room(found: dict, run: Path) -> None:
    assert (found["status"], found["type"]) == ("error", "output-error"), found
    assert "Make room" in found["text"]
    assert not list(run.rglob(".model*")), "no half-written file stays"
    times = [seconds for seconds, _ in read_events(run)]
    assert times == sorted(times)
    assert (run / EVENTS).read_bytes()[-1:] in (b"\n", b"")
    every_file_is_whole(run)


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 250 kB; the forest takes more."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=250k,nr_inodes=2000", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("mounting a file system needs root; the test with a quota runs instead")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_ends_the_run_with_its_cause_and_the_model_stays(small_disk):
    found = run_full("disk", small_disk / "run")
    no_room(found, small_disk / "run")
    assert found["model"] == 100, "trained before the disk was full"
    assert "No space left" in found["text"]


def test_a_disk_that_is_full_from_the_start(small_disk):
    (small_disk / "run").mkdir()
    with (small_disk / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    found = run_full("disk", small_disk / "run")
    assert (found["status"], found["type"]) == ("error", "output-error")


@pytest.mark.parametrize("limit", [600, 3000, 40_000])
def test_a_quota_is_a_full_disk(tmp_path, limit):
    found = run_full("quota", tmp_path / "run", limit)
    no_room(found, tmp_path / "run")


# A file system of its own needs no privileges inside a user's own namespace.
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
MOUNTED = 'mount -t tmpfs -o size=400k tmpfs "$0" && exec "$@"'
LAST_WORDS = """
import json, subprocess, sys, time
from pathlib import Path
import mlmagic
from sklearn.datasets import load_breast_cancer
disk = Path(sys.argv[1])
df = load_breast_cancer(as_frame=True).frame
report = mlmagic.submit({"action": "train", "framework": "sklearn", "data": "$df", "target": "target",
    "algorithm": "RandomForestClassifier", "hyperparameters": {"n_estimators": 1000000},
    "outputDir": disk / "run"}, df=df)
while len(report.history) < 2:
    time.sleep(0.01)
with (disk / "ballast").open("wb", buffering=0) as file:
    for size in (4096, 1):
        try:
            while True:
                file.write(b"x" * size)
        except OSError:
            pass
assert report.run.wait(120)
look = "import mlmagic, sys; report = mlmagic.attach(sys.argv[1]); print(report.status, report.error.type)"
seen = subprocess.run([sys.executable, "-c", look, disk / "run"], capture_output=True, text=True, check=True)
print(json.dumps({"status": report.status, "error": report.to_dict(), "seen": seen.stdout.split(),
    "written": (disk / "run" / "report.json").read_text(), "left": [path.name for path in (disk / "run").iterdir()],
    "log": (disk / "run" / "training.log").read_text()}))
"""


def test_a_run_that_fills_the_disk_says_why_it_ended_to_those_who_open_it(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run([*NAMESPACE, MOUNTED, disk, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system gives nobody a namespace of their own")
    command = [*NAMESPACE, MOUNTED, disk, sys.executable, "-c", LAST_WORDS, disk]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["status"] == "error"
    assert found["seen"] == ["error", "output-error"]
    assert "No space left" in found["error"]["error"]["message"]
    assert json.loads(found["written"]) == found["error"]
    assert ".reserve" not in found["left"]
    assert found["log"].splitlines()[-1].endswith(found["error"]["error"]["message"])
