import pytest

from mlmagic.config import Reference, parse, resolve
from mlmagic.config._early_stopping import EarlyStopping
from mlmagic.executors._networks._architectures import Mlp
from mlmagic.executors.pytorch.config import Scheduler
from tests.config.faults import fault, places

HEAD = "framework: pytorch\ndata: $df\n"
MLP = HEAD + "architecture: mlp\n"


def config(text):
    return resolve(parse(text), action="train").config


def test_defaults():
    made = config(MLP)
    assert (made.epochs, made.batch_size, made.learning_rate, made.optimizer) == (20, 64, 0.001, "adam")
    assert (made.momentum, made.weight_decay, made.loss_function, made.early_stopping) == (None, 0, None, None)
    assert (made.checkpoint, made.checkpoint_interval) == (True, None)
    assert made.default_validation_split == 0.2
    assert made.hyperparameters == {"hidden": [64, 64], "dropout": 0, "activation": "relu"}
    assert Mlp(**made.hyperparameters) == Mlp()


def test_mlp_keeps_what_is_given():
    made = config(MLP + "hyperparameters: {hidden: [8], activation: gelu}")
    assert made.hyperparameters == {"hidden": [8], "dropout": 0, "activation": "gelu"}


def test_arguments_of_a_class_are_its_own():
    assert config(HEAD + "model: $Net\nhyperparameters: {hiden: 1}").hyperparameters == {"hiden": 1}


def test_faults_of_mlp():
    text = MLP + "hyperparameters:\n  hidden: [8, 0]\n  hiden: 3\n  dropout: 1\n  activation: rleu\n"
    assert places(text) == [
        (5, 15, "hyperparameters.hidden[1]"),
        (6, 3, "hyperparameters.hiden"),
        (7, 12, "hyperparameters.dropout"),
        (8, 15, "hyperparameters.activation"),
    ]


@pytest.mark.parametrize(
    ("line", "column", "message", "suggestion"),
    [
        ("epochs: ten", 9, "epochs must be a whole number of at least 1, got 'ten'", None),
        ("epochs: '50'", 9, "epochs must be a whole number of at least 1, got '50'", "epochs: 50"),
        ("epochs: 1e2", 9, "epochs must be a whole number of at least 1, got 100.0", "epochs: 100"),
        ("epochs: 0", 9, "epochs must be a whole number of at least 1, got 0", None),
        ("epochs: $n", 9, "epochs must be a whole number of at least 1, got $n", None),
        ("batch_size: 1_000", 13, "batch_size must be a whole number of at least 1, got '1_000'", "batch_size: 1000"),
        ("learningRate: 0", 15, "learningRate must be a number above 0, got 0", None),
        ("learningRate: fast", 15, "learningRate must be a number above 0, got 'fast'", None),
        ("optimizer: Adam", 12, "optimizer must be one of adam, adamw, sgd or rmsprop, got 'Adam'", "adam"),
        ("weightDecay: -1", 14, "weightDecay must be a number of at least 0, got -1", None),
        ("momentum: 0.9", 1, "momentum belongs to the optimizers sgd and rmsprop; this one is adam", None),
        ("checkpoint: off", 13, "checkpoint must be true or false, got 'off'", "checkpoint: false"),
        ("checkpointInterval: 0", 21, "checkpointInterval must be a whole number of at least 1, got 0", None),
        (
            "earlyStopping: 5",
            16,
            "earlyStopping must be true or false or a mapping with the keys patience, metric, mode and minDelta, got 5",
            "earlyStopping: {patience: 5}",
        ),
        (
            "earlyStopping: {patience: 0}",
            27,
            "earlyStopping.patience must be a whole number of at least 1, got 0",
            None,
        ),
        ("validationSplit: 0.8", 18, "testSplit and validationSplit must together be below 1", None),
        ("testSplit: 0.8", 12, "testSplit and validationSplit must together be below 1", None),
        (
            "algorithm: SVC",
            1,
            "algorithm is not a key of PyTorch; it belongs to scikit-learn, XGBoost, LightGBM or CatBoost",
            None,
        ),
        ("architecture_: x", 1, "'architecture_' is not a key", "architecture"),
    ],
)
def test_rules(line, column, message, suggestion):
    found = fault(MLP + line)
    assert found.message.startswith(message)
    assert (found.line, found.column) == (4, column)
    assert found.suggestion == suggestion


def test_loss():
    assert config(MLP + "lossFunction: huber").loss_function == "huber"
    assert config(MLP + "lossFunction: $focal").loss_function == Reference("focal")
    found = fault(MLP + "lossFunction: crossentropy")
    assert found.suggestion == "cross_entropy"


def test_momentum_of_sgd():
    assert config(MLP + "optimizer: sgd\nmomentum: 0.9").momentum == 0.9


@pytest.mark.parametrize(("text", "value"), [("true", EarlyStopping()), ("false", None), ("{}", EarlyStopping())])
def test_early_stopping_switch(text, value):
    assert config(f"{MLP}earlyStopping: {text}").early_stopping == value


def test_one_source_of_the_model():
    missing = fault(HEAD)
    assert missing.message == (
        "modelScript is missing: give `modelScript: file.py` with its modelClass, `model: $Net` or `architecture: mlp`"
    )
    assert config(HEAD + "modelScript: net.py").model_class is None
    assert config(HEAD + "modelScript: net.py\nmodelClass: Net").model_class == "Net"
    assert fault(HEAD + "modelClass: Net").message.startswith("modelClass names a class of modelScript: add")
    assert fault(MLP + "model: $Net").message.startswith("architecture and model exclude each other")
    assert fault(HEAD + "model: net").message.startswith("model must be a variable of the notebook ($name)")


def test_seed_example():
    text = """{
      "action": "train",
      "framework": "pytorch",
      "config": {
        "modelScript": "model.py",
        "modelClass": "ResNet50",
        "dataPath": "data/",
        "epochs": 100,
        "batchSize": 64,
        "learningRate": 0.001,
        "optimizer": "adam",
        "lossFunction": "cross_entropy",
        "scheduler": "cosine_annealing",
        "checkpoint": true,
        "checkpointInterval": 10,
        "validationSplit": 0.2,
        "earlyStopping": {"patience": 10, "metric": "val_loss"}
      },
      "outputDir": "models/resnet50_run1",
      "gpuEnabled": true
    }"""
    made = config(text)
    assert made.early_stopping == EarlyStopping()
    assert made.scheduler == Scheduler(kind="cosine")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("cosine", "cosine"),
        ("step_lr", "step"),
        ("{kind: reduce_lr_on_plateau}", "plateau"),
        ("one_cycle", "one_cycle"),
    ],
)
def test_schedules(text, kind):
    assert config(f"{MLP}scheduler: {text}").scheduler.kind == kind


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [("scheduler: cosin", "cosine"), ("scheduler: {kind: stepp}", "step"), ("scheduler: {patince: 3}", "patience")],
)
def test_schedules_that_are_none(text, suggestion):
    assert fault(MLP + text).suggestion == suggestion


def test_one_cycle_warms_up_by_itself():
    found = fault(MLP + "scheduler: {kind: one_cycle_lr, warmupEpochs: 2}")
    assert found.message == "one_cycle warms up by itself: leave warmupEpochs out"
