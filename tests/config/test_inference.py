"""The keys of evaluate and predict."""

from __future__ import annotations

import pytest

from mlmagic.config import Reference, parse, resolve
from mlmagic.config._inference import EvaluateConfig, PredictConfig
from mlmagic.config._metrics import asked
from tests.config.faults import fault, faults

MODEL = "framework: sklearn\nmodel: $report\ndata: $df\n"


def run(text, action):
    return resolve(parse(text), action=action)


def test_defaults():
    made = run(MODEL, "evaluate")
    assert isinstance(made.config, EvaluateConfig)
    assert made.config.model == made.config.fitted == Reference("report")
    assert (made.config.metrics, made.config.target, made.config.batch_size, made.config.task) == (None,) * 4
    made = run(MODEL, "predict")
    assert isinstance(made.config, PredictConfig)
    assert made.config.output_format == "probabilities"


def test_a_training_run_uses_no_model_as_it_is():
    assert run("framework: sklearn\nmodel: $m\ndata: $df", "train").config.fitted is None


def test_the_seed_of_evaluate_to_the_letter():
    text = """{
      "action": "evaluate",
      "framework": "pytorch",
      "config": {
        "modelPath": "models/resnet50_run1/best_model.pt",
        "dataPath": "data/test/",
        "batchSize": 64,
        "metrics": ["accuracy", "precision", "recall", "f1", "confusion_matrix"]
      },
      "gpuEnabled": true
    }"""
    made = run(text, None)
    assert (made.action, made.framework, made.gpu_enabled) == ("evaluate", "pytorch", True)
    assert made.config.model_path == "models/resnet50_run1/best_model.pt"
    assert made.config.metrics == ["accuracy", "precision", "recall", "f1", "confusion_matrix"]
    assert made.config.batch_size == 64
    assert resolve(made.to_plain()) == made


def test_the_seed_of_predict_to_the_letter():
    text = """{
      "action": "predict",
      "framework": "pytorch",
      "config": {
        "modelPath": "models/keras_run1/saved_model",
        "inputData": "data/new_samples.csv",
        "batchSize": 32,
        "outputFormat": "probabilities"
      },
      "outputDir": "predictions/",
      "gpuEnabled": true
    }"""
    made = run(text, None)
    assert made.config.data_path == "data/new_samples.csv"
    assert made.config.output_format == "probabilities"
    assert str(made.output_dir) == "predictions"


@pytest.mark.parametrize("spelling", ["f1", "f1Score", "rocAuc", "f1_macro", "neg_log_loss", "confusion_matrix"])
def test_metrics_are_known_by_name(spelling):
    assert run(f"{MODEL}metrics: [{spelling}]", "evaluate").config.metrics == [spelling]


def test_one_metric_is_a_list_of_one():
    assert run(MODEL + "metrics: f1", "evaluate").config.metrics == ["f1"]
    assert run(MODEL + "metrics: $cost", "evaluate").config.metrics == [Reference("cost")]


def test_a_variable_may_be_a_list_of_metrics():
    def cost(y_true, y_pred):
        return 1.0

    made = run(MODEL + "metrics: $several", "evaluate")
    bound = made.bind(lambda reference: ["f1Score", cost, lambda y_true, y_pred: 2.0])
    f1, own, nameless = asked(bound.config.metrics)
    assert (f1, own, nameless[0]) == ("f1", ("cost", cost), "several_2")
    assert made.to_plain()["config"]["metrics"] == bound.to_plain()["config"]["metrics"] == ["$several"]
    (unknown,) = made.bind(lambda reference: ("acuracy",)).config.unknown_names()
    assert (unknown.path, unknown.suggestion) == ("$several", "accuracy")


def test_a_metric_may_be_a_function():
    assert run(MODEL + "metrics: [accuracy, $cost]", "evaluate").config.metrics == ["accuracy", Reference("cost")]


@pytest.mark.parametrize(
    ("line", "column", "message", "suggestion"),
    [
        ("metrics: [accuracy, acuracy]", 21, "no metric is called 'acuracy'", "accuracy"),
        ("metrics: [roc-auc]", 11, "no metric is called 'roc-auc'", "roc_auc"),
        ("metrics: [mape]", 11, "no metric is called 'mape'", "neg_mean_absolute_percentage_error"),
        ("metrics: [f1score]", 11, "no metric is called 'f1score'", "f1"),
        ("metrics: [xyz]", 11, "no metric is called 'xyz'", None),
        ("metrics: acuracy", 10, "no metric is called 'acuracy'", "accuracy"),
        ("metrics: []", 10, "metrics must be text, a variable of the notebook ($name) or a list of texts", None),
        ("metrics: [5]", 11, "metrics[0] must be text or a variable of the notebook ($name), got 5", None),
        ("batchSize: 0", 12, "batchSize must be a whole number of at least 1, got 0", None),
        ("task: clasification", 7, "task must be classification or regression", "classification"),
        ("epochs: 3", 1, "epochs is a key of training, not of this action", None),
        ("testSplit: 0.2", 1, "testSplit is a key of training, not of this action", None),
        ("outputFormat: classes", 1, "outputFormat is a key of predict, not of this action", None),
        ("modelClass: Net", 1, "modelClass belongs to modelScript, which is missing", None),
        ("modelScript: net.py", 1, "modelScript belongs to modelPath, which is missing", None),
        ("modelPath: $x", 12, "modelPath must be the name of a file, got the variable $x", "model: $x"),
    ],
)
def test_rules(line, column, message, suggestion):
    found = faults(MODEL + line, "evaluate")[-1]
    assert found.message.startswith(message)
    assert (found.line, found.column, found.suggestion) == (4, column, suggestion)


def test_a_model_is_asked_for_with_the_data():
    assert [found.message for found in faults("framework: sklearn", "predict")] == [
        "model is missing: give `model: $report` or `modelPath: runs/report-1`",
        "data is missing: give `data: $frame` or `dataPath: file.csv`",
    ]


def test_one_model_only():
    found = fault(MODEL + "modelPath: runs/a", "predict")
    assert found.message.startswith("model and modelPath exclude each other")


@pytest.mark.parametrize(
    ("value", "suggestion"), [("report", "model: $report"), ("runs/report-1", "modelPath: runs/report-1")]
)
def test_a_model_that_is_no_variable(value, suggestion):
    found = fault(f"framework: sklearn\nmodel: {value}\ndata: $df", "predict")
    assert found.suggestion == suggestion


def test_input_data_is_data_path():
    made = run("framework: sklearn\nmodel: $report\ninputData: new.csv", "predict")
    assert made == run("framework: sklearn\nmodel: $report\ndataPath: new.csv", "predict")
    found = faults(MODEL.replace("data: $df", "inputData: $df"), "predict")[0]
    assert found.suggestion == "data: $df"


def test_output_format():
    found = fault(MODEL + "outputFormat: labels", "predict")
    assert found.message == "outputFormat must be probabilities or classes, got 'labels'"
