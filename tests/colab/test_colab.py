"""Import, config, magics and a whole run at Colab's versions. Run by the Python of .venv-colab, which has no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec

import pytest

if version("ipython").split(".")[0] != "7":
    pytest.skip("this is not the environment with Colab's versions", allow_module_level=True)

from tests.kernel._kernel import Kernel

HEAD = (
    "framework: sklearn\nalgorithm: RandomForestClassifier\nhyperparameters: {n_estimators: 10}\n"
    "data: $df\ntarget: target\n"
)
TORCH = "framework: pytorch\narchitecture: mlp\ndata: $df\ntarget: target\n"
DATA = "from sklearn.datasets import load_iris; df = load_iris(as_frame=True).frame"


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    kernel = Kernel(tmp_path_factory.mktemp("notebook"))
    loaded = kernel.run(f"%load_ext mlmagic\n{DATA}")
    assert loaded.status == "ok", loaded.error
    yield kernel
    kernel.close()


def test_these_are_colabs_versions():
    assert sys.version_info[:2] == (3, 13)
    assert version("ipython") == "7.34.0"
    assert version("ipykernel") == "6.17.1"
    assert version("ipywidgets") == "7.7.1"
    assert version("traitlets") == "5.7.1"
    assert version("scikit-learn") == "1.6.1"
    assert find_spec("torch") is None


def test_import_loads_no_framework():
    script = (
        "import sys, mlmagic, mlmagic.magics; print([m for m in ('sklearn', 'torch', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_config_resolves():
    from mlmagic.config import parse, resolve
    from mlmagic.errors import InvalidConfiguration

    config = resolve(parse(HEAD), action="train")
    assert resolve(parse(config.to_yaml())) == config
    with pytest.raises(InvalidConfiguration, match="algorithm"):
        resolve(parse(HEAD.replace("algorithm", "algoritm")), action="train")


def test_a_cell_trains_and_its_model_is_saved(notebook):
    cell = notebook.run(f"%%mltrain report --wait\n{HEAD}", timeout=120)
    assert cell.status == "ok", cell.error
    assert cell.outputs[-1]["text/plain"].startswith("<Report report: train sklearn, success")
    told = notebook.run("print(report.to_json())").stdout
    body = json.loads(told)["executionReport"]
    assert body["metrics"]["test"]["accuracy"] > 0.8
    again = notebook.run(
        "import subprocess, sys, numpy as np\n"
        "df.drop(columns='target').to_parquet('X.parquet')\n"
        "script = 'import sys, mlmagic, pandas as pd; m = mlmagic.attach(sys.argv[1]).model; "
        'print(m.predict_proba(pd.read_parquet("X.parquet")).tolist())\'\n'
        "out = subprocess.run([sys.executable, '-c', script, str(report.output_dir)], capture_output=True, text=True)\n"
        "import json; assert out.returncode == 0, out.stderr\n"
        "print(np.array_equal(json.loads(out.stdout), report.model.predict_proba(df.drop(columns='target'))))",
        timeout=60,
    )
    assert again.stdout == "True\n", again.error


def test_a_cell_returns_at_once_and_a_touch_waits(notebook):
    assert notebook.run(f"%%mltrain report\n{HEAD}").status == "ok"
    assert notebook.run("print(report.metrics['test']['accuracy'] > 0.8)", timeout=60).stdout == "True\n"


def test_completion_does_not_wait(notebook):
    notebook.run("%%mltrain report\n" + HEAD.replace("{n_estimators: 10}", "{n_estimators: 100000}"))
    assert any(match.endswith("metrics") for match in notebook.complete("report.", timeout=20))
    notebook.inspect("report.metrics", timeout=20)
    assert notebook.run("print(report.run.wait(0))").stdout == "False\n"
    notebook.run("%mlstop")
    assert notebook.run("report.wait().status", timeout=60).text == "'stopped'"


def test_an_interrupt_stops_and_keeps(notebook):
    waiting = notebook.send("%%mltrain kept --wait\n" + HEAD.replace("{n_estimators: 10}", "{n_estimators: 100000}"))

    def grows() -> bool:
        return any(
            (m["content"]["data"].get("content") or {}).get("curves")
            for m in notebook.of(waiting)
            if m["header"]["msg_type"] == "comm_msg"
        )

    notebook.wait(grows, timeout=60)
    notebook.interrupt()
    cell = notebook.result(waiting, timeout=60)
    assert cell.status == "ok", cell.error
    assert notebook.run("(kept.status, 0 < kept.metadata['trees'] < 100000)").text == "('stopped', True)"


def test_as_in_colab_a_cell_waits_by_itself(fresh_kernel):
    colab = (
        "import sys, types\n"
        "google = types.ModuleType('google'); colab = types.ModuleType('google.colab'); google.colab = colab\n"
        "colab.output = types.SimpleNamespace(enable_custom_widget_manager=lambda: print('custom widgets'))\n"
        "sys.modules['google'] = google; sys.modules['google.colab'] = colab\n"
    )
    loaded = fresh_kernel.run(f"{colab}%load_ext mlmagic\n{DATA}")
    assert loaded.status == "ok", loaded.error
    cell = fresh_kernel.run(f"%%mltrain report\n{HEAD}", timeout=120)
    assert cell.status == "ok", cell.error
    assert "custom widgets" in cell.stdout
    assert fresh_kernel.run("report.status").text == "'success'"


def test_a_missing_framework_is_told_as_the_seed_document_words_it(notebook):
    cell = notebook.run(f"%%mltrain report --wait\n{TORCH}", timeout=60)
    assert cell.status == "error"
    assert "framework-not-found: PyTorch not found in Python environment" in cell.error
    assert "Traceback" not in cell.error
    body = json.loads(notebook.run("print(report.to_json())").stdout)["error"]
    assert body["type"] == "framework-not-found"
    assert body["message"] == "PyTorch not found in Python environment"
    assert body["exitCode"] == 127
    assert body["stderr"] == "ModuleNotFoundError: No module named 'torch'"
    assert body["solution"].startswith("Install PyTorch: pip install torch")
    assert notebook.run("1 + 1").text == "2"


def test_the_shell_gives_the_seeds_exit_code(tmp_path):
    from sklearn.datasets import load_iris

    load_iris(as_frame=True).frame.to_csv(tmp_path / "flowers.csv", index=False)
    (tmp_path / "run.yaml").write_text("action: train\n" + TORCH.replace("data: $df", "dataPath: flowers.csv"))
    command = [sys.executable, "-m", "mlmagic.cli", "run", "run.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 127
    assert "pip install torch" in done.stdout + done.stderr


def test_the_doctor_says_what_to_install(notebook):
    told = notebook.run("%mldoctor").stdout
    assert "1.6.1" in told
    assert "not installed: pip install torch" in told


def test_every_magic_explains_itself(notebook):
    for magic in ("%%ml", "%%mltrain", "%mljobs", "%mlstop", "%mlattach", "%mldoctor", "%mlhelp"):
        (page,) = [load["data"]["text/plain"] for load in notebook.run(f"{magic}?").reply["content"]["payload"]]
        assert "Docstring" in page
    assert "testSplit" in notebook.run("%mlhelp testSplit").stdout


def test_a_wrong_cell_is_one_clean_message(notebook):
    result = notebook.run("%%mltrain\nframework: sklearn\nalgoritm: SVC\ndata: $df\n")
    assert result.status == "error"
    assert "line 3, column 1" in result.error
    assert "Traceback" not in result.error
