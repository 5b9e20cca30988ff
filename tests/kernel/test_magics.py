"""The magics in a real kernel: what returns when, what waits, what an interrupt means, what belongs to which cell."""

from __future__ import annotations

import json
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from tests.kernel._kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = "%%mltrain {name}\nframework: sklearn\nalgorithm: GaussianNB\ndata: $df\ntarget: target\n"
LONG = (
    "%%mltrain {name}\nframework: sklearn\nalgorithm: RandomForestClassifier\ndata: $df\ntarget: target\n"
    "hyperparameters: {{n_estimators: 100000}}\n"
)
DATA = "from sklearn.datasets import load_iris; df = load_iris(as_frame=True).frame"


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the extension and a table."""
    kernel = Kernel(tmp_path_factory.mktemp("notebook"))
    assert kernel.run(f"%load_ext mlmagic\n{DATA}").status == "ok"
    yield kernel
    kernel.close()


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """No run of one test goes on in the next."""
    yield
    if "notebook" in request.fixturenames:
        kernel = request.getfixturevalue("notebook")
        kernel.run(
            "from mlmagic.jobs import QUEUE\nfor job in QUEUE.jobs: job.stop()\n"
            "for job in QUEUE.jobs: assert job.wait(30)"
        )


def until(kernel: Kernel, expression: str, timeout: float = 60) -> None:
    """Ask, cell after cell, until it is true."""
    end = time.monotonic() + timeout
    while kernel.run(f"print(bool({expression}))").stdout != "True\n":
        assert time.monotonic() < end, f"never {expression}"
        time.sleep(0.1)


def value(kernel: Kernel, expression: str) -> str:
    result = kernel.run(f"print({expression})")
    assert result.status == "ok", result.error
    return result.stdout.strip()


# -- loading


def test_neither_loading_nor_the_cell_imports_a_framework(fresh_kernel: Kernel) -> None:
    frameworks = "[m for m in ('torch', 'sklearn', 'skops', 'matplotlib') if m in __import__('sys').modules]"
    fresh_kernel.run("import pandas as pd; df = pd.DataFrame({'a': range(40), 'target': [0, 1] * 20})")
    assert value(fresh_kernel, frameworks) == "[]"
    fresh_kernel.run("%load_ext mlmagic")
    fresh_kernel.run("import threading\n[t.join() for t in threading.enumerate() if t.name == 'mlmagic import']")
    assert value(fresh_kernel, frameworks) == "[]", "what is imported ahead of the first cell is no framework"
    cell = fresh_kernel.run(QUICK.format(name="report"))
    assert cell.status == "ok", cell.error
    assert value(fresh_kernel, frameworks) == "[]", "the cell is back before any framework"
    assert fresh_kernel.run("report.wait()", timeout=60).status == "ok"


# -- the background


def test_a_cell_returns_while_its_run_goes_on_and_other_cells_run(notebook: Kernel) -> None:
    assert notebook.run(LONG.format(name="report")).status == "ok"
    assert value(notebook, "report.status") in ("queued", "running")
    assert notebook.run("1 + 1").text == "2"
    until(notebook, "len(report.history) > 1")
    assert value(notebook, "report.status") == "running"


def test_a_touch_waits_while_a_cell_runs(notebook: Kernel) -> None:
    notebook.run(QUICK.format(name="touched"))
    assert float(value(notebook, "touched.metrics['test']['accuracy']")) > 0.5
    assert value(notebook, "len(touched.predictions)") == "30"
    assert value(notebook, "type(touched.model.predict(df.drop(columns='target'))).__name__") == "ndarray"


def test_completion_and_hints_neither_wait_nor_hang(notebook: Kernel) -> None:
    notebook.run(LONG.format(name="report"))
    until(notebook, "report.status == 'running'")
    for text in ("report.", "report.met", "report.model.", "report.metrics['", "report.predictions."):
        began = time.monotonic()
        matches = notebook.complete(text, timeout=20)
        print(f"{text!r}: {time.monotonic() - began:.2f} s")
        if text == "report.":
            assert any(match.endswith("metrics") for match in matches)
    for text in ("report", "report.metrics", "report.model", "report.wait"):
        notebook.inspect(text, timeout=20)
        notebook.inspect(text, detail=1, timeout=20)
    assert "Wait for the end" in notebook.inspect("report.wait", timeout=20)
    assert value(notebook, "report.status") == "running"


def test_await_lets_the_kernel_answer_and_gives_the_report(notebook: Kernel) -> None:
    notebook.run(QUICK.format(name="report"))
    assert notebook.run("(await report) is report").text == "True"
    notebook.run(QUICK.format(name="broken").replace("target: target", "target: nothing"))
    result = notebook.run("await broken")
    assert result.status == "error"
    assert "Traceback" not in result.error
    assert "nothing" in result.error


def test_nothing_of_a_run_leaks_into_the_output_of_another_cell(notebook: Kernel) -> None:
    first = notebook.run(
        "import warnings\nfrom sklearn.naive_bayes import GaussianNB\nclass Loud(GaussianNB):\n"
        "    def fit(self, X, y):\n        print('LOUD'); warnings.warn('WARNED')\n        return super().fit(X, y)\n"
        "loud = Loud()"
    )
    assert first.status == "ok"
    cell = notebook.run("%%mltrain loud_report\nframework: sklearn\nmodel: $loud\ndata: $df\ntarget: target\n")
    others = [notebook.send(f"import time; time.sleep(0.3); print({number})") for number in range(6)]
    results = [notebook.result(other) for other in others]
    until(notebook, "loud_report.run.wait(0)")
    assert [result.stdout for result in results] == [f"{number}\n" for number in range(6)]
    assert all(result.stderr == "" and result.outputs == [] for result in results)
    assert "LOUD" in value(notebook, "loud_report.log")
    assert "WARNED" in value(notebook, "loud_report.log")
    shown = json.dumps(
        [message["content"] for message in notebook.of(cell.msg_id) if message["header"]["msg_type"] == "stream"]
    )
    assert "LOUD" not in shown
    # What the run shows belongs to its own cell: its comm and the updates of its saved report.
    strangers = {
        message["header"]["msg_type"]
        for message in notebook.messages
        if message["parent_header"].get("msg_id") in others
    }
    # ipykernel 6 knows no cell of a thread and names the one that runs; front ends find the output by its id.
    by_id = {"comm_msg", "update_display_data"} if version("ipykernel").startswith("6.") else set()
    assert strangers <= {"status", "execute_input", "stream"} | by_id


def test_the_saved_report_is_updated_in_place_at_the_end(notebook: Kernel) -> None:
    cell = notebook.run(QUICK.format(name="report"))
    (place,) = [
        data for data in cell.outputs if "text/html" in data and "application/vnd.jupyter.widget-view+json" not in data
    ]
    assert "<Report report: train sklearn" in place["text/plain"]
    until(notebook, "report.run.wait(0)")
    notebook.wait(lambda: [data for data in updates(notebook, cell.msg_id) if "success" in data["text/plain"]])
    assert "<script" not in updates(notebook, cell.msg_id)[-1]["text/html"]


def test_what_is_saved_while_a_run_goes_on_says_so_and_how_to_open_it(notebook: Kernel) -> None:
    cell = notebook.run(LONG.format(name="saved"))
    until(notebook, "len(saved.history) > 1")
    notebook.wait(lambda: updates(notebook, cell.msg_id))
    shown = updates(notebook, cell.msg_id)[0]
    assert shown["text/plain"] == "<Report saved: train sklearn, running>"
    assert "Running when this was saved" in shown["text/html"]
    assert f"%mlattach runs/{value(notebook, 'saved.id')}<" in shown["text/html"]
    until(notebook, "len(saved.history) > 4")
    assert len(updates(notebook, cell.msg_id)) == 1, "not with every tree"
    notebook.run("saved.stop(); saved.wait()")
    notebook.wait(lambda: len(updates(notebook, cell.msg_id)) == 2)
    assert "stopped" in updates(notebook, cell.msg_id)[1]["text/plain"]


def updates(kernel: Kernel, msg_id: str) -> list[dict[str, str]]:
    """What a cell's outputs were replaced by, in order."""
    here = {m["header"]["msg_id"] for m in kernel.of(msg_id) if m["header"]["msg_type"] == "display_data"}
    states = [states for states in kernel.displays().values() if states[0]["header"]["msg_id"] in here]
    return [message["content"]["data"] for first, *later in states for message in later]


def test_a_name_that_is_bound_anew_lets_its_model_and_data_go_and_its_dashboard_works_on(notebook: Kernel) -> None:
    notebook.run(
        "import gc, weakref, numpy, pandas\narray = numpy.ascontiguousarray(df)\nvalues = weakref.ref(array)\n"
        "own = pandas.DataFrame(array, columns=df.columns, copy=False)\ndel array"
    )
    cell = notebook.run(QUICK.format(name="bound").replace("$df", "$own"))
    assert value(notebook, "type(values()).__name__") == "ndarray"
    notebook.run("bound.wait(); first = weakref.ref(bound.model); expected = bound.metrics; del own")
    assert value(notebook, "first() is bound.model") == "True"
    until(notebook, "(gc.collect(), values())[1] is None")
    assert notebook.run(QUICK.format(name="bound")).status == "ok"
    until(notebook, "(gc.collect(), first())[1] is None")
    assert "bound-1" in notebook.run("%mljobs").text
    (opened,) = [m for m in notebook.of(cell.msg_id) if m["header"]["msg_type"] == "comm_open"][-1:]
    asked = notebook.comm(opened["content"]["comm_id"], {"method": "custom", "content": {"type": "ready"}})
    notebook.wait(lambda: notebook.of(asked))
    notebook.wait(
        lambda: any("snapshot" in str(m["content"]) for m in notebook.messages if m["header"]["msg_type"] == "comm_msg")
    )
    assert notebook.run("%mlattach runs/bound-1 again").status == "ok"
    assert value(notebook, "again.metrics == expected") == "True"
    assert value(notebook, "len(again.model.predict(df.drop(columns='target')))") == "150"


def test_quiet_shows_nothing(notebook: Kernel) -> None:
    assert notebook.run(QUICK.format(name="report --quiet")).outputs == []
    assert notebook.run("report.wait()").status == "ok"


# -- cells that wait


def test_a_headless_cell_waits_by_itself_and_shows_the_finished_report(notebook: Kernel) -> None:
    cell = notebook.run(QUICK.format(name="report"), allow_stdin=False)
    assert cell.status == "ok"
    assert cell.outputs[-1]["text/plain"].startswith("<Report report: train sklearn, success")
    assert value(notebook, "report.status") == "success"


def test_a_headless_run_that_fails_makes_the_cell_fail(notebook: Kernel) -> None:
    cell = notebook.run(QUICK.format(name="report").replace("target: target", "target: spices"), allow_stdin=False)
    assert cell.status == "error"
    assert "spices" in cell.error
    assert "Traceback" not in cell.error
    assert cell.error.count("→") == 1


def test_no_wait_and_wait_win_over_the_default(notebook: Kernel) -> None:
    cell = notebook.run(LONG.format(name="report --no-wait"), allow_stdin=False)
    assert cell.status == "ok"
    assert value(notebook, "report.run.wait(0)") == "False"
    notebook.run("report.stop()")
    assert notebook.run(QUICK.format(name="report --wait")).status == "ok"
    assert value(notebook, "report.status") == "success"


# -- interrupts


def test_an_interrupt_of_a_waiting_cell_stops_and_keeps(notebook: Kernel) -> None:
    waiting = notebook.send(LONG.format(name="kept --wait"))
    wait_for_rows(notebook)
    notebook.interrupt()
    began = time.monotonic()
    cell = notebook.result(waiting, timeout=60)
    print(f"interrupt to reply: {time.monotonic() - began:.2f} s")
    assert cell.status == "ok", cell.error
    assert value(notebook, "kept.status") == "stopped"
    body = json.loads(value(notebook, "kept.to_json()"))["executionReport"]
    assert (body["status"], body["exitCode"]) == ("stopped", 0)
    assert body["metrics"]["test"]["accuracy"] > 0.5
    assert value(notebook, "0 < kept.metadata['trees'] < 100000") == "True"
    assert value(notebook, "len(kept.model.predict(df.drop(columns='target')))") == "150"


def test_an_interrupt_in_wait_stops_and_keeps(notebook: Kernel) -> None:
    notebook.run(LONG.format(name="kept"))
    until(notebook, "len(kept.history) > 1")
    waiting = notebook.send("print('on', flush=True); kept.wait()")
    started(notebook, waiting)
    notebook.interrupt()
    assert notebook.result(waiting, timeout=60).status == "ok"
    assert value(notebook, "kept.status") == "stopped"


def test_a_second_interrupt_is_raised_and_the_run_goes_on_stopping(notebook: Kernel) -> None:
    notebook.run(
        "import time\nfrom sklearn.naive_bayes import GaussianNB\nclass Stubborn(GaussianNB):\n"
        "    def fit(self, X, y):\n        time.sleep(120)\nstubborn = Stubborn()"
    )
    waiting = notebook.send("%%mltrain hard --wait\nframework: sklearn\nmodel: $stubborn\ndata: $df\ntarget: target\n")
    until_phase(notebook, waiting)
    notebook.interrupt()
    time.sleep(0.3)  # two interrupts at once are one
    notebook.interrupt()
    cell = notebook.result(waiting, timeout=30)
    assert cell.status == "error"
    assert "KeyboardInterrupt" in cell.error
    until(notebook, "hard.status == 'stopped'", timeout=30)


def test_an_interrupt_of_a_touch_ends_only_the_waiting(notebook: Kernel) -> None:
    notebook.run(LONG.format(name="report"))
    until(notebook, "report.status == 'running'")
    touching = notebook.send("print('on', flush=True); report.metrics")
    started(notebook, touching)
    notebook.interrupt()
    said = notebook.result(touching).error
    assert "you stopped waiting for report-" in said
    assert "Traceback" not in said
    assert value(notebook, "(report.status, report.run.state.stopping)") == "('running', None)"


def test_an_interrupt_while_queued_cancels_that_run_and_no_other(notebook: Kernel) -> None:
    notebook.run(LONG.format(name="first"))
    until(notebook, "first.status == 'running'")
    waiting = notebook.send(QUICK.format(name="second --wait"))
    started(notebook, waiting, "comm_open")
    time.sleep(0.5)
    notebook.interrupt()
    assert notebook.result(waiting, timeout=30).status == "ok"
    assert value(notebook, "(second.status, first.status)") == "('stopped', 'running')"


def started(kernel: Kernel, msg_id: str, kind: str = "stream") -> None:
    kernel.wait(lambda: any(m["header"]["msg_type"] == kind for m in kernel.of(msg_id)))
    time.sleep(0.2)


def wait_for_rows(kernel: Kernel) -> None:
    """Until the dashboard of a cell that blocks has told of a curve."""

    def told() -> bool:
        return any(
            m["header"]["msg_type"] == "comm_msg" and (m["content"]["data"].get("content") or {}).get("curves")
            for m in kernel.messages[before:]
        )

    before = max(0, len(kernel.messages) - 5)
    kernel.wait(told, timeout=60)


def until_phase(kernel: Kernel, msg_id: str) -> None:
    def training() -> bool:
        return any(
            (m["content"].get("data", {}).get("content") or {}).get("state", {}).get("phase") == "training"
            for m in kernel.of(msg_id)
            if m["header"]["msg_type"] == "comm_msg"
        )

    kernel.wait(training, timeout=60)


# -- the other magics


def test_every_magic_explains_itself(notebook: Kernel) -> None:
    for magic in ("%%ml", "%%mltrain", "%mljobs", "%mlstop", "%mlattach", "%mldoctor", "%mlhelp"):
        reply = notebook.run(f"{magic}?")
        pages = [load["data"]["text/plain"] for load in reply.reply["content"]["payload"]]
        assert pages, magic
        name = magic.strip("%")
        assert "Docstring" in pages[0], magic
        assert name in pages[0]
        if magic.startswith("%%"):
            assert "--dry-run" in pages[0]
            assert "--no-wait" in pages[0]


def test_runs_are_listed_stopped_and_opened_again(notebook: Kernel) -> None:
    notebook.run(LONG.format(name="listed"))
    until(notebook, "len(listed.history) > 1")
    listing = notebook.run("%mljobs")
    assert value(notebook, "listed.id") in listing.text
    assert notebook.run("%mlstop listed").status == "ok"
    until(notebook, "listed.status == 'stopped'")
    assert "no run called 'listed'" in notebook.run("%mlstop listed").stderr
    assert "no run is going" in notebook.run("%mlstop").stderr
    assert notebook.run(f"%mlattach {value(notebook, 'listed.output_dir')} again").status == "ok"
    assert value(notebook, "(again.status, again.metrics == listed.metrics)") == "('stopped', True)"
    assert "must be a Python name" in notebook.run(f"%mlattach {value(notebook, 'listed.output_dir')} my-name").stderr
    assert "cannot be read: No closing quotation" in notebook.run('%mlattach "half').stderr
    lost = notebook.run("%mlattach nowhere")
    assert lost.status == "error"
    assert "Traceback" not in lost.error


def test_a_run_of_another_process_is_stopped_by_name(notebook: Kernel) -> None:
    keys = "action: train\\nframework: sklearn\\nalgorithm: RandomForestClassifier\\noutputDir: elsewhere\\n"
    keys += "dataPath: flowers.csv\\nhyperparameters: {n_estimators: 100000}\\n"
    cell = (
        "import subprocess, sys, time\nfrom pathlib import Path\nfrom sklearn.datasets import load_iris\n"
        "load_iris(as_frame=True).frame.to_csv('flowers.csv', index=False)\n"
        f"Path('long.yaml').write_text('{keys}')\n"
        "command = [sys.executable, '-m', 'mlmagic.cli', 'run', 'long.yaml']\n"
        "other = subprocess.Popen(command, stdout=subprocess.DEVNULL)\n"
        "while not Path('elsewhere/config.yaml').exists(): time.sleep(0.1)"
    )
    assert notebook.run(cell, timeout=60).status == "ok"
    opened = notebook.run("%mlattach elsewhere far")
    assert opened.status == "ok", opened.error
    assert "no run is going" in notebook.run("%mlstop").stderr, "without its name only one's own runs are stopped"
    assert notebook.run("%mlstop far").status == "ok"
    assert value(notebook, "far.wait().status") == "stopped"
    assert value(notebook, "other.wait(30)") == "0"


def test_doctor_and_help(notebook: Kernel) -> None:
    doctor = notebook.run("%mldoctor").stdout
    assert "scikit-learn" in doctor
    assert "GPU" in doctor
    assert "testSplit" in notebook.run("%mlhelp").stdout
    assert "0.2" in notebook.run("%mlhelp testSplit").stdout
    wrong = notebook.run("%mlhelp tetsSplit")
    assert "testSplit" in wrong.stdout + wrong.stderr + wrong.error


def test_a_dry_run_shows_the_plan_and_writes_nothing(fresh_kernel: Kernel, tmp_path) -> None:
    fresh_kernel.run(f"%load_ext mlmagic\n{DATA}")
    before = sorted(tmp_path.rglob("*"))
    cell = fresh_kernel.run(QUICK.format(name="planned --dry-run"))
    assert cell.status == "ok", cell.error
    assert "120 train" in cell.stdout
    assert "GaussianNB" in cell.stdout
    assert sorted(tmp_path.rglob("*")) == before
    assert value(fresh_kernel, "'planned' in globals()") == "False"
    wrong = fresh_kernel.run(QUICK.format(name="planned --dry-run").replace("target: target", "target: nothing"))
    assert wrong.status == "error"
    assert "nothing" in wrong.error


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%mltrain\nframework: sklearn\nalgoritm: GaussianNB\ndata: $df\n", ["line 3, column 1", "`algorithm`"]),
        ("%%mltrain\nframework: sklearn\nalgorithm: [unclosed\n", ["line "]),
        ("%%mltrain\nframework: sklearn\nalgorithm: GaussianNB\ndata: $dff\n", ["line 4, column 7", "`$df`"]),
        ("%%ml\naction: trian\nframework: sklearn\nalgorithm: SVC\ndata: $df\n", ["line 2, column 9", "`train`"]),
        ("%%mltrain\nframework: sklearn\nalgorithm: SVC\nalgorithm: SVR\ndata: $df\n", ["line 4"]),
    ],
)
def test_a_wrong_cell_is_one_clean_message_with_its_own_lines(notebook: Kernel, cell, expected) -> None:
    result = notebook.run(cell)
    assert result.status == "error"
    assert all(text in result.error for text in expected), result.error
    assert "Traceback" not in result.error
    assert "mlmagic/" not in result.error
    assert result.error.startswith("invalid-configuration")


def test_how_many_jobs_run_is_a_setting(notebook: Kernel) -> None:
    for name in ("one", "two"):
        notebook.run(LONG.format(name=name))
    until(notebook, "one.status == 'running'")
    assert value(notebook, "two.status") == "queued"
    assert notebook.run("%config MLMagic.max_jobs = 2").status == "ok"
    until(notebook, "two.status == 'running'")
    refused = notebook.run("%config MLMagic.max_jobs = 0")
    assert "max_jobs" in refused.stderr + refused.stdout + refused.error
    assert value(notebook, "__import__('mlmagic.jobs').jobs.QUEUE.max_jobs") == "2"
    assert notebook.run("%config MLMagic.max_jobs = 1").status == "ok"


def test_a_json_body_from_the_seed_documents_runs(notebook: Kernel) -> None:
    body = {
        "action": "train",
        "framework": "sklearn",
        "config": {
            "algorithm": "RandomForestClassifier",
            "dataPath": "data/train.csv",
            "targetColumn": "label",
            "featureColumns": ["feature1", "feature2", "feature3"],
            "hyperparameters": {"n_estimators": 10, "max_depth": 10, "min_samples_split": 2},
            "crossValidation": {"folds": 5, "stratified": True},
            "featureScaling": "standard",
        },
        "outputDir": "models/rf_run1",
    }
    notebook.run(
        "import pathlib; pathlib.Path('data').mkdir()\n"
        "seed = df.iloc[:, :3].copy(); seed.columns = ['feature1', 'feature2', 'feature3']\n"
        "seed['label'] = df['target']; seed.to_csv('data/train.csv', index=False)"
    )
    cell = notebook.run("%%ml seeded --wait\n" + json.dumps(body, indent=2), timeout=60)
    assert cell.status == "ok", cell.error
    assert value(notebook, "seeded.artifacts['model'].startswith('models/rf_run1/')") == "True"


def test_unloading_takes_the_magics_away(fresh_kernel: Kernel) -> None:
    fresh_kernel.run("%load_ext mlmagic")
    fresh_kernel.run("%unload_ext mlmagic")
    assert "not found" in fresh_kernel.run("%mljobs").stderr
    assert fresh_kernel.run("%load_ext mlmagic\n%mljobs").text == "no runs yet"
