"""Who holds a run's directory, and what is in it after whatever may happen to the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mlmagic.errors import OutputError
from mlmagic.events import Artifact, Began, Log, Row, Steps, Table
from mlmagic.run_directory import (
    EVENTS,
    PREVIOUS,
    RunDirectory,
    ask_to_stop,
    living,
    read_events,
    shown,
    write_whole,
)


@pytest.fixture
def held_elsewhere(tmp_path):
    """A directory that another process holds for a run, and that process."""
    path = tmp_path / "held"
    script = (
        "import sys, time; from pathlib import Path; from mlmagic.run_directory import RunDirectory\n"
        "held = RunDirectory.claim(Path(sys.argv[1]), 'report'); print('held', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield path, process
    process.kill()
    process.wait()
    process.stdout.close()


def files(path: Path) -> set[str]:
    return {item.relative_to(path).as_posix() for item in path.rglob("*") if item.is_file() and item.name != ".lock"}


def test_unnamed_runs_get_the_next_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second = RunDirectory.claim(None, "report"), RunDirectory.claim(None, "report")
    other = RunDirectory.claim(None, "report.x")
    assert [shown(item.path) for item in (first, second, other)] == [
        "runs/report-1",
        "runs/report-2",
        "runs/report.x-1",
    ]
    assert all(item.path.is_absolute() for item in (first, second, other)), "the notebook may change its directory"
    monkeypatch.chdir(tmp_path.parent)
    assert shown(first.path) == f"{tmp_path.name}/runs/report-1"
    monkeypatch.chdir("/usr")
    assert shown(first.path) == str(tmp_path / "runs" / "report-1")
    monkeypatch.chdir(tmp_path)
    first.release()
    assert RunDirectory.claim(None, "report").path.name == "report-3", "a finished run keeps its directory"


def test_a_directory_that_this_process_holds_is_refused(tmp_path):
    held = RunDirectory.claim(tmp_path / "run", "report")
    assert living(tmp_path / "run")
    with pytest.raises(OutputError, match="still going"):
        RunDirectory.claim(tmp_path / "run", "report")
    held.release()
    held.release()
    assert not living(tmp_path / "run")
    RunDirectory.claim(tmp_path / "run", "report").release()


def test_a_directory_that_another_process_holds_is_free_once_that_is_killed(held_elsewhere):
    path, process = held_elsewhere
    assert living(path)
    with pytest.raises(OutputError, match="still going"):
        RunDirectory.claim(path, "report")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not living(path)
    RunDirectory.claim(path, "report").release()


@pytest.mark.parametrize("name", ["config.yaml", "report.json", "training.log"])
def test_files_of_the_users_own_are_not_written_over(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match=f"has {name} that no run of mlmagic wrote") as refused:
        RunDirectory.claim(tmp_path, "report")
    assert str(tmp_path / "run") in refused.value.solution
    assert files(tmp_path) == {name}
    assert not (tmp_path / ".lock").exists()
    RunDirectory.claim(tmp_path / "run", "report").release()


def test_a_run_that_never_left_the_queue_leaves_room_for_another(tmp_path):
    RunDirectory.claim(tmp_path, "report").release()
    (tmp_path / "config.yaml").write_text("announced")
    RunDirectory.claim(tmp_path, "report").release()


def test_who_may_only_read_sees_that_a_run_lives():
    with tempfile.TemporaryDirectory() as place:  # pytest's own directories are closed to others
        Path(place).chmod(0o755)
        held = RunDirectory.claim(Path(place) / "run", "report")
        (held.path / ".lock").chmod(0o444)
        script = (
            "import os; from pathlib import Path; from mlmagic.run_directory import living\n"
            "if os.geteuid() == 0: os.seteuid(65534)  # who may do everything may write, too\n"
            f"print(living(Path({str(held.path)!r})))"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        held.release()
    assert done.stdout.strip() == "True"


def test_asking_makes_no_file(tmp_path):
    assert not living(tmp_path)
    assert files(tmp_path) == set()
    assert not (tmp_path / ".lock").exists()


def test_asking_whether_a_run_lives_does_not_stand_in_its_way(tmp_path):
    # Those who ask hold the lock for a moment too.
    script = (
        "import sys; from pathlib import Path; from mlmagic.run_directory import living\n"
        "print('on', flush=True)\nwhile True: living(Path(sys.argv[1]))"
    )
    (tmp_path / "run").mkdir()
    command = [sys.executable, "-c", script, str(tmp_path / "run")]
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for process in asking:
            process.stdout.readline()
        for _ in range(100):
            RunDirectory.claim(tmp_path / "run", "report").release()
        assert not any(living(tmp_path / "run") for _ in range(300)), "those who ask are no run"
    finally:
        for process in asking:
            process.kill()
            process.wait()
            process.stdout.close()


def test_what_an_earlier_run_wrote_moves_aside_and_the_users_own_files_stay(tmp_path):
    path = tmp_path / "run"
    for number in (1, 2):
        run = RunDirectory.claim(path, "report")
        (path / "notes.md").write_text("mine")
        (path / "model.skops").write_text(f"model {number}")
        write_whole(path / "tables" / "predictions.parquet", b"table")
        run.append(Artifact("model", "model.skops", 7), 0.0)
        run.append(Table("predictions", "tables/predictions.parquet"), 0.0)
        write_whole(path / "report.json", b"{}")
        run.release()
    RunDirectory.claim(path, "report").release()
    ours = {"events.jsonl", "model.skops", "report.json", "tables/predictions.parquet"}
    assert files(path) == {"notes.md"} | {f"{PREVIOUS}/{number}/{name}" for number in (1, 2) for name in ours}
    assert (path / PREVIOUS / "2" / "model.skops").read_text() == "model 2"


def test_a_directory_without_a_run_is_left_as_it_is(tmp_path):
    (tmp_path / "model.skops").write_text("mine")
    RunDirectory.claim(tmp_path, "report").release()
    assert files(tmp_path) == {"model.skops"}


def test_an_artifact_outside_the_directory_is_never_moved(tmp_path):
    outside = tmp_path / "precious.txt"
    outside.write_text("mine")
    run = RunDirectory.claim(tmp_path / "run", "report")
    for path in ("../precious.txt", str(outside)):
        run.append(Artifact("model", path, 1), 0.0)
    run.release()
    RunDirectory.claim(tmp_path / "run", "report").release()
    assert outside.read_text() == "mine"


@pytest.mark.parametrize("place", ["a file/run", "a file"])
def test_a_file_in_the_way_is_one_clean_error(tmp_path, place):
    (tmp_path / "a file").write_text("")
    with pytest.raises(OutputError, match=r"Cannot write the run's directory .*a file.*(File exists|Not a directory)"):
        RunDirectory.claim(tmp_path / place, "report")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux'")
def test_a_directory_where_nobody_may_write_is_one_clean_error():
    with pytest.raises(OutputError) as caught:
        RunDirectory.claim(Path("/proc/self/run"), "report")
    assert caught.value.solution == "Choose an outputDir where you may write"


def test_a_torn_last_line_is_dropped(tmp_path):
    run = RunDirectory.claim(tmp_path / "run", "report")
    events = [Began(1.0, 2), Row(1, {"loss": 0.5}), Log("größer")]
    for event in events:
        run.append(event, 0.0)
    run.release()
    stream = tmp_path / "run" / EVENTS
    whole = stream.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for end in range(last, len(whole)):  # in the middle of a letter too
        stream.write_bytes(whole[:end])
        assert [event for _, event in read_events(tmp_path / "run")] == events[:-1]


def test_text_that_is_no_unicode_is_written_all_the_same(tmp_path):
    event = Log("caf\udce9.txt")  # what Python makes of a file name in Latin-1
    run = RunDirectory.claim(tmp_path / "run", "report")
    run.append(event, 0.0)
    run.release()
    assert [found for _, found in read_events(tmp_path / "run")] == [event]


def test_lines_of_a_later_version_are_skipped(tmp_path):
    run = RunDirectory.claim(tmp_path, "report")
    run.append(Row(1, {"loss": 0.5}), 0.0)
    run.release()
    with (tmp_path / EVENTS).open("a") as stream:
        stream.write('{"time":1.0,"event":"hologram","depth":3}\n')
    assert [event for _, event in read_events(tmp_path)] == [Row(1, {"loss": 0.5})]


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    target = write_whole(tmp_path / "deep" / "model.bin", b"old")

    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        assert path.suffix == ".bin", "some writers go by the suffix"
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        write_whole(target, fail)
    assert target.read_bytes() == b"old"
    assert files(tmp_path) == {"deep/model.bin"}
    assert write_whole(target, b"new").read_bytes() == b"new"
    plain = tmp_path / "plain"
    plain.touch()
    assert target.stat().st_mode == plain.stat().st_mode, "as readable as any file"


HALF = """
import sys, time
from pathlib import Path
from mlmagic.run_directory import write_whole
def half(path):
    path.write_bytes(b"half")
    print(path.name, flush=True)
    time.sleep(600)
write_whole(Path(sys.argv[1]), half)
"""


@pytest.mark.parametrize("name", ["model.skops", "tables/predictions.parquet", "checkpoints/last.pt", "noted", ".stop"])
def test_what_a_killed_process_had_half_written_goes_when_the_directory_is_opened_again(tmp_path, name):
    target = tmp_path / "run" / name
    process = subprocess.Popen([sys.executable, "-c", HALF, str(target)], stdout=subprocess.PIPE, text=True)
    left = target.parent / process.stdout.readline().rstrip("\n")
    process.kill()
    process.communicate()
    assert left.read_bytes() == b"half"
    assert left.name.startswith(".")
    mine = [".notes-abcdefgh.md", ".mlmagic-abcdefgh", ".a.mlmagic-short.md", "a.mlmagic-abcdefgh.md", ".git/.a-b.c"]
    for other in mine:
        (tmp_path / "run" / other).parent.mkdir(exist_ok=True)
        (tmp_path / "run" / other).write_text("mine")
    neighbour = tmp_path / "run" / "deeper" / left.name  # a run that is still going, for all we know
    neighbour.parent.mkdir()
    neighbour.touch()
    RunDirectory.claim(tmp_path / "run", "report").release()
    assert files(tmp_path / "run") == {*mine, f"deeper/{left.name}"}


FULL = """
import resource, sys
from pathlib import Path
from mlmagic.run_directory import RunDirectory, read_events
from mlmagic.events import Steps
run = RunDirectory.claim(Path(sys.argv[1]), "report")
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
block, written = Steps(0, {"loss": [0.5] * 100}), 0
try:
    while True:
        run.append(block, 0.0)
        written += 1
except OSError as error:
    print(written, error.errno)
"""


def test_a_stream_that_takes_no_more_ends_with_a_whole_line(tmp_path):
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    written = int(done.stdout.split()[0])
    assert written > 10
    text = (tmp_path / EVENTS).read_bytes()
    assert text.endswith(b"}\n")
    assert [event for _, event in read_events(tmp_path)] == [Steps(0, {"loss": [0.5] * 100})] * written


def test_a_stop_from_outside_is_seen_and_does_not_reach_the_next_run(tmp_path):
    run = RunDirectory.claim(tmp_path, "report")
    run.append(Began(1.0, 2), 0.0)
    assert not run.stop_asked()
    ask_to_stop(tmp_path, "another process")
    assert run.stop_asked()
    run.release()
    again = RunDirectory.claim(tmp_path, "report")
    assert not again.stop_asked()
    again.release()
