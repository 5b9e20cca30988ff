import pytest

from mlmagic.config import Reference, parse, resolve
from mlmagic.executors._networks._architectures import Mlp
from mlmagic.executors._networks.config import NetworkTrain
from mlmagic.executors.keras.config import KerasTrain
from mlmagic.executors.pytorch.config import TorchTrain
from tests.config.faults import fault, faults

HEAD = "framework: keras\ndata: $df\n"
MLP = HEAD + "architecture: mlp\n"


def config(text):
    return resolve(parse(text), action="train").config


def test_defaults():
    made = config(MLP)
    assert (made.compiled_model, made.callbacks, made.metrics, made.mixed_precision) == (None, [], None, False)
    assert made.hyperparameters == Mlp().model_dump()
    assert made.default_validation_split == 0.2


@pytest.mark.parametrize("name", ["keras", "tensorflow", "tf"])
def test_both_names_are_one_framework(name):
    run = resolve(parse(f"framework: {name}\ndata: $df\narchitecture: mlp"), action="train")
    assert (run.framework, run.executor) == (name, "keras")
    assert isinstance(run.config, KerasTrain)


def test_keys_of_networks_are_declared_once():
    shared = set(NetworkTrain.model_fields)
    assert set(TorchTrain.model_fields) >= shared
    for model in (TorchTrain, KerasTrain):
        own = vars(model).get("__annotations__", {})
        assert not shared & set(own), model


def test_seed_example():
    text = """{
      "action": "train",
      "framework": "tensorflow",
      "config": {
        "modelScript": "model.py",
        "compiledModel": "model.h5",
        "dataPath": "data/train.tfrecord",
        "epochs": 50,
        "batchSize": 32,
        "validationData": "data/val.tfrecord",
        "callbacks": ["tensorboard", "model_checkpoint", "early_stopping"],
        "metrics": ["accuracy", "precision", "recall"]
      },
      "outputDir": "models/keras_run1",
      "gpuEnabled": true
    }"""
    made = config(text)
    assert (made.model_script, made.compiled_model) == ("model.py", "model.h5")
    assert made.validation_data == "data/val.tfrecord"
    assert made.callbacks == ["tensorboard", "model_checkpoint", "early_stopping"]
    assert made.metrics == ["accuracy", "precision", "recall"]
    assert (made.epochs, made.batch_size) == (50, 32)


def test_objects_of_the_notebook():
    made = config(MLP + "callbacks: [csv_logger, $mine]\nmetrics: [$dice]\nvalidationData: $val")
    assert made.callbacks == ["csv_logger", Reference("mine")]
    assert made.metrics == [Reference("dice")]
    assert made.validation_data == Reference("val")
    run = resolve(parse(MLP + "callbacks: [$mine]\nvalidationData: $val"), action="train")
    assert {reference.name for reference in run.references()} == {"df", "mine", "val"}


def test_a_variable_may_be_a_list_of_callbacks():
    class Mine:
        pass

    made = resolve(parse(MLP + "callbacks: $several"), action="train")
    mine = Mine()
    name, own = made.bind(lambda reference: ["csv_logger", mine]).config.beside
    assert (name, own.value) == ("csv_logger", mine)
    assert config(MLP + "callbacks: csv_logger").callbacks == ["csv_logger"]


@pytest.mark.parametrize(
    ("line", "message", "suggestion"),
    [
        ("callbacks: [tensorbord]", "no callback is called 'tensorbord': it may be tensorboard, ", "tensorboard"),
        ("metrics: [acuracy]", "no metric is called 'acuracy': it may be any scorer of scikit-learn", "accuracy"),
        ("callbacks: 5", "callbacks must be text, a variable of the notebook ($name) or a list of texts or vari", None),
        ("mixedPrecision: 16", "mixedPrecision must be true or false, got 16", None),
        ("validationSplit: 0.1\nvalidationData: $val", "validationSplit and validationData exclude each other", None),
        ("lossFunction: crossentropy", "lossFunction must be one of cross_entropy, ", "cross_entropy"),
        ("model: $net", "architecture and model exclude each other", None),
        ("compiledModel: model.keras", "architecture and compiledModel exclude each other", None),
        ("momentum: 0.9", "momentum belongs to the optimizers sgd and rmsprop", None),
    ],
)
def test_rules(line, message, suggestion):
    found = fault(MLP + line)
    assert found.message.startswith(message)
    assert found.suggestion == suggestion


def test_a_file_is_one_of_keras():
    assert fault(HEAD + "compiledModel: model.pt").message.startswith("compiledModel must be a .keras or .h5 file")
    assert config(HEAD + "compiledModel: model.H5").compiled_model == "model.H5"


def test_a_script_beside_a_file_only_defines_its_classes():
    assert config(HEAD + "compiledModel: m.keras\nmodelScript: m.py").model_script == "m.py"
    messages = [found.message for found in faults(HEAD + "compiledModel: m.keras\nmodelScript: m.py\nmodelClass: N")]
    assert messages == ["modelClass and compiledModel exclude each other: the file says which class it holds"]
    assert fault(HEAD).message == (
        "modelScript is missing: give `modelScript: file.py`, `compiledModel: file.keras`, `model: $net` or "
        "`architecture: mlp`"
    )


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("sparse_categorical_crossentropy", "cross_entropy"),
        ("binary_crossentropy", "binary_cross_entropy"),
        ("mean_squared_error", "mse"),
        ("huber", "huber"),
    ],
)
def test_losses_have_keras_own_names_too(given, taken):
    assert config(MLP + f"lossFunction: {given}").loss_function == taken
    assert given == taken or fault(MLP.replace("keras", "pytorch") + f"lossFunction: {given}")


def test_what_was_left_out_is_known_after_binding():
    run = resolve(parse(MLP + "learningRate: 0.001"), action="train").bind(lambda reference: object())
    assert "learning_rate" in run.config.model_fields_set
    assert "optimizer" not in run.config.model_fields_set
