"""Networks that learn from images: in a thread and in a child, in PyTorch and in Keras, in memory and streamed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")
keras = pytest.importorskip("keras")

from PIL import Image  # noqa: E402
from torch import nn  # noqa: E402

import mlmagic  # noqa: E402
from mlmagic import _memory  # noqa: E402
from mlmagic.config import resolve  # noqa: E402
from mlmagic.errors import DataLoadingError, InvalidConfiguration, MLError  # noqa: E402
from mlmagic.events import Log, Metadata, Metrics, Row  # noqa: E402
from mlmagic.executors import load  # noqa: E402
from tests.executors.contract.runs import Run  # noqa: E402
from tests.executors.image_data import X, Y, digits, photographs  # noqa: E402
from tests.runs import until  # noqa: E402

ROOT = Path(__file__).parents[2]
SMALL: dict[str, Any] = {"architecture": "cnn", "hyperparameters": {"channels": [8, 16]}, "gpuEnabled": False}
FRAMEWORKS = ("pytorch", "keras")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return digits(tmp_path_factory.mktemp("images") / "digits")


def run(
    framework: str, directory: Path, place: str = "thread", *, values: dict[str, Any] | None = None, **keys: Any
) -> Run:
    """Train; the keys are a cell's."""
    directory.mkdir(parents=True, exist_ok=True)
    body = {"action": "train", "framework": framework, "outputDir": str(directory), "seed": 3, "epochs": 3}
    config = resolve({**body, **SMALL, **keys}).bind(lambda reference: (values or {})[reference.name])
    return Run().through(place, config)


def history(done: Run) -> list[dict[str, float]]:
    return [dict(event.values) for event in done.of(Row)]


def told(done: Run) -> dict[str, Any]:
    return {key: value for event in done.of(Metadata) for key, value in event.values.items()}


def probabilities(framework: str, done: Run, frame: pd.DataFrame) -> np.ndarray:
    from mlmagic.data import Rows

    found = load(framework).predict(done.outcome, Rows(frame)).probabilities
    assert found is not None
    return found


def frame(path: Path) -> pd.DataFrame:
    from mlmagic.data._source import read_table

    return read_table(str(path))[["image"]]


@pytest.fixture(scope="module", params=FRAMEWORKS)
def both(request: pytest.FixtureRequest, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same run in a thread and in a child."""
    place = tmp_path_factory.mktemp(request.param)
    runs = {name: run(request.param, place / name, name, dataPath=str(home)) for name in ("thread", "child")}
    return request.param, place, runs


def test_a_thread_and_a_child_give_the_same(both: Any, home: Path) -> None:
    framework, _, runs = both
    assert history(runs["thread"]) == history(runs["child"])
    one, two = (probabilities(framework, done, frame(home)) for done in runs.values())
    assert np.array_equal(one, two)


def test_what_is_told_of_images(both: Any) -> None:
    _, _, runs = both
    facts = told(runs["thread"])
    assert facts["data"]["schema"]["columns"] == {"image": "image", "label": "str"}
    assert facts["images"]["size"] == [8, 8]
    assert facts["images"]["channels"] == 1
    assert facts["images"]["sizeChosen"] == "all images have it"
    assert facts["streamed"] is False
    log = [event.text for event in runs["thread"].of(Log)]
    scaled = "Pixels are scaled to mean 0 and variance 1 in each channel"
    assert f"Images are brought to 8 x 8 pixels of 1 channel: all images have it. {scaled}" in log
    assert "featureImportances" not in runs["thread"].state.artifacts


def test_a_new_process_predicts_exactly_the_same(both: Any, home: Path, tmp_path: Path) -> None:
    framework, place, runs = both
    code = (
        "import mlmagic\n"
        f"report = mlmagic.run({{'action': 'predict', 'framework': {framework!r}, 'inputData': {str(home)!r}, "
        f"'modelPath': {str(place / 'thread')!r}, 'outputDir': {str(tmp_path / 'out')!r}, 'gpuEnabled': False}})\n"
        f"report.predictions.to_pickle({str(tmp_path / 'table')!r})\n"
    )
    # As a run's directory the report is needed, which a run without a job does not write: the model's file has it all.
    code = code.replace(str(place / "thread"), str(place / "thread" / _best(framework)))
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    table = pd.read_pickle(tmp_path / "table")
    expected = probabilities(framework, runs["thread"], frame(home))
    assert np.array_equal(table[[str(label) for label in range(10)]].to_numpy(), expected)
    assert list(table.index) == list(frame(home).index)
    first = (tmp_path / "out" / "predictions.csv").read_text().splitlines()[:2]
    assert first[0].startswith('"file","predicted"')
    assert first[1].startswith('"0/0.png",')


def _best(framework: str) -> str:
    return "best_model.pt" if framework == "pytorch" else "best_model.keras"


def test_the_saved_weights_predict_by_hand_what_the_model_predicts(home: Path, tmp_path: Path) -> None:
    done = run("pytorch", tmp_path, dataPath=str(home), epochs=12)
    body = torch.load(tmp_path / "best_model.pt", weights_only=True)

    def block(before: int, after: int) -> list[nn.Module]:
        return [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]

    layers = [*block(1, 8), *block(8, 8), nn.MaxPool2d(2), *block(8, 16), *block(16, 16)]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))
    network.load_state_dict(body["state_dict"])
    table = frame(home)
    grey = np.stack([np.asarray(Image.open(path)) for path in table["image"]])[:, None] / 255
    reading = body["reading"]
    inputs = torch.tensor((grey - reading["mean"][0]) / reading["spread"][0], dtype=torch.float32)
    with torch.no_grad():
        expected = network.eval()(inputs).softmax(dim=1).numpy()
    assert np.allclose(probabilities("pytorch", done, table), expected, atol=1e-5)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_it_learns_digits(framework: str, tmp_path: Path) -> None:
    done = run(
        framework, tmp_path, values={"X": X, "y": Y}, data="$X", target="$y", epochs=5,
        hyperparameters={"channels": [32, 64]},
    )  # fmt: skip
    assert done.of(Metrics)[-1].values["finalModel"]["testAccuracy"] > 0.95


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_colours_are_learned_from_photographs_of_any_size(framework: str, tmp_path: Path) -> None:
    home = photographs(tmp_path / "data")
    Image.open(home / "flower" / "000.jpg").resize((90, 50)).save(home / "flower" / "000.jpg")
    done = run(framework, tmp_path / "run", dataPath=str(home), imageSize=[16, 24], batchSize=8, epochs=12)
    assert told(done)["images"]["size"] == [16, 24]
    assert told(done)["images"]["channels"] == 3
    assert done.of(Metrics)[-1].values["finalModel"]["testAccuracy"] > 0.85


@pytest.mark.parametrize("keys", [{}, {"augmentation": ["random_flip"]}], ids=["plain", "augmented"])
def test_images_that_memory_has_no_room_for_train_as_the_others(
    both: Any, keys: dict[str, Any], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    framework, _, runs = both
    held = run(framework, tmp_path / "held", dataPath=str(home), **keys) if keys else runs["thread"]
    monkeypatch.setattr(_memory, "SHARE", 1e-12)
    streamed = run(framework, tmp_path / "streamed", dataPath=str(home), **keys)
    assert [told(done)["streamed"] for done in (held, streamed)] == [False, True]
    for one, two in zip(history(held), history(streamed), strict=True):
        assert one == (two if framework == "pytorch" else pytest.approx(two, rel=1e-3, abs=1e-3))
    one, two = (probabilities(framework, done, frame(home)) for done in (held, streamed))
    assert np.allclose(one, two, atol=0 if framework == "pytorch" else 1e-3)


EVERY = ["random_flip", "random_vertical_flip", "random_crop", "random_rotation", "color_jitter", "random_erasing"]


def test_augmentation_repeats_and_changes_training_only(both: Any, home: Path, tmp_path: Path) -> None:
    framework, _, runs = both
    plain = runs["thread"]
    one, two = (run(framework, tmp_path / name, dataPath=str(home), augmentation=EVERY) for name in "ab")
    off = {"enabled": False, "transforms": EVERY}
    none = run(framework, tmp_path / "none", dataPath=str(home), augmentation=off)
    assert history(one) == history(two)
    assert history(one) != history(plain) == history(none)
    assert told(one)["images"] == told(plain)["images"]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_each_transform_changes_pixels_and_keeps_their_shape_and_range(framework: str, name: str) -> None:
    from mlmagic.executors._networks._augmentation import Augmentation
    from mlmagic.executors._networks._images import ImageInputs
    from mlmagic.executors._networks._pixels import Pixels

    batch = np.random.default_rng(0).integers(0, 256, (32, 3, 12, 16), dtype=np.uint8)
    if framework == "pytorch":
        from mlmagic.executors.pytorch._augmentation import augmented

        made = augmented(Augmentation(transforms=[name]), Pixels(12, 16, 3), torch.float32, torch.device("cpu"), seed=1)
        assert made is not None
        found = made(torch.from_numpy(batch)).numpy()
    else:
        from mlmagic.executors.keras._finish import augmented as of_keras

        changed = of_keras(Augmentation(transforms=[name]), ImageInputs(Pixels(12, 16, 3), last=True), seed=1)
        assert changed is not None
        found = np.asarray(changed(batch.transpose(0, 2, 3, 1))).transpose(0, 3, 1, 2)
    assert found.shape == batch.shape
    assert found.min() >= -1e-5
    assert found.max() <= 1 + 1e-5
    touched = [not np.allclose(new, old / 255, atol=1e-3) for new, old in zip(found, batch, strict=True)]
    assert sum(touched) >= 4
    if name in ("random_flip", "random_vertical_flip"):
        axis = 2 if name == "random_flip" else 1
        flipped = [np.allclose(new, np.flip(old, axis) / 255, atol=1e-5) for new, old in zip(found, batch, strict=True)]
        assert flipped == touched
        assert 8 <= sum(touched) <= 24


class Net(nn.Module):
    """A person's own network."""

    def __init__(self, in_channels: int, num_classes: int, image_size: int, width: int = 4) -> None:
        super().__init__()
        self.body = nn.Conv2d(in_channels, width, 3, padding=1)
        self.head = nn.Linear(width * image_size**2, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x).relu().flatten(1))


def test_a_network_of_the_notebook_is_told_what_images_have(home: Path, tmp_path: Path) -> None:
    keys = {"architecture": None, "hyperparameters": {"width": 6}, "model": "$Net", "imageSize": 12}
    done = run("pytorch", tmp_path, values={"Net": Net}, dataPath=str(home), **keys)
    model = done.outcome.model
    assert model.body.weight.shape == (6, 1, 3, 3)
    assert model.head.weight.shape == (10, 6 * 144)


def test_a_keras_model_says_its_size_itself(home: Path, tmp_path: Path) -> None:
    layers = keras.layers
    net = keras.Sequential([layers.Input((10, 14, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(10)])
    net.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer="adam")
    net.save(tmp_path / "net.keras")
    keys = {"architecture": None, "hyperparameters": {}, "compiledModel": str(tmp_path / "net.keras")}
    done = run("keras", tmp_path / "run", dataPath=str(home), **keys)
    assert told(done)["images"]["size"] == [10, 14]
    assert told(done)["images"]["channels"] == 3
    with pytest.raises(InvalidConfiguration, match="the network takes"):
        run("keras", tmp_path / "other", dataPath=str(home), imageSize=8, **keys)


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_a_resnet_is_the_librarys_and_gives_logits(name: str) -> None:
    transformers = pytest.importorskip("transformers")
    from mlmagic.executors.pytorch._module import ARCHITECTURES

    made = ARCHITECTURES[name](in_channels=3, num_classes=7).eval()
    kind, depths, widths = {
        "resnet18": ("basic", [2, 2, 2, 2], [64, 128, 256, 512]),
        "resnet50": ("bottleneck", [3, 4, 6, 3], [256, 512, 1024, 2048]),
    }[name]
    config = transformers.ResNetConfig(layer_type=kind, depths=depths, hidden_sizes=widths, num_labels=7)
    whole = transformers.ResNetForImageClassification(config).eval()
    for own, other in zip(made.state_dict().values(), whole.state_dict().values(), strict=True):
        other.copy_(own)
    inputs = torch.randn(2, 3, 32, 40)
    with torch.no_grad():
        assert torch.equal(made(inputs), whole(inputs).logits)


def test_a_resnet_trains_is_saved_and_comes_back(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    keys = {"architecture": "resnet18", "hyperparameters": {"dropout": 0.1}, "imageSize": 16, "epochs": 1}
    config = {"action": "train", "framework": "pytorch", "dataPath": str(home), "outputDir": str(tmp_path), **keys}
    report = mlmagic.run({**config, "gpuEnabled": False})
    given = {"action": "predict", "framework": "pytorch", "inputData": str(home), "gpuEnabled": False}
    again = mlmagic.run({**given, "modelPath": str(tmp_path), "outputDir": str(tmp_path / "again")})
    test = report.predictions
    assert np.array_equal(again.predictions.loc[test.index, "confidence"], test["confidence"])


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_mlp_takes_images_as_rows_of_numbers(framework: str, home: Path, tmp_path: Path) -> None:
    keys = {"architecture": "mlp", "hyperparameters": {"hidden": [32]}}
    done = run(framework, tmp_path, dataPath=str(home), **keys)
    assert told(done)["modelParameters"] == 64 * 32 + 32 + 32 * 10 + 10


def test_numbers_are_learned_from_images_in_their_own_units(tmp_path: Path) -> None:
    brightness = X.mean(axis=(1, 2)) * 100.0 + 5000
    done = run(
        "pytorch", tmp_path, values={"X": X, "y": brightness}, data="$X", target="$y", task="regression", epochs=8
    )
    assert done.of(Metrics)[-1].values["finalModel"]["testR2"] > 0.9


def test_the_images_of_a_tfrecord(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    from tests.data.test_tfrecord import example, written

    paths = sorted(digits(tmp_path / "data", 60).rglob("*.png"))
    records = [example(image=[path.read_bytes()], label=[int(path.parent.name)], height=[8]) for path in paths]
    file = written(tmp_path / "train.tfrecord", records)
    done = run("pytorch", tmp_path / "run", dataPath=str(file), target="label")
    assert told(done)["images"]["size"] == [8, 8]
    records[4] = example(image=[b"\x00 no image"], label=[1], height=[8])
    with pytest.raises(DataLoadingError, match="image 4: it is no image"):
        run("pytorch", tmp_path / "bad", dataPath=str(written(tmp_path / "bad.tfrecord", records)), target="label")
    assert tf is not None


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_validation_rows_from_a_folder_of_their_own(framework: str, home: Path, tmp_path: Path) -> None:
    digits(tmp_path / "val", 30)
    done = run(framework, tmp_path / "run", dataPath=str(home), validationData=str(tmp_path / "val"), testSplit=0.0)
    assert told(done)["validationSamples"] == 30
    assert told(done)["trainSamples"] == 400


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_damaged_file_is_named_before_training(framework: str, home: Path, tmp_path: Path) -> None:
    folder = digits(tmp_path / "data", 40)
    victim = folder / "3" / "3.png"
    victim.write_bytes(victim.read_bytes()[:60])
    with pytest.raises(DataLoadingError) as caught:
        run(framework, tmp_path / "run", dataPath=str(folder))
    assert str(victim) in caught.value.message


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_file_among_the_test_rows_is_named_before_training_too(framework: str, tmp_path: Path) -> None:
    folder = digits(tmp_path / "data", 40)
    keys = {"action": "train", "framework": framework, "dataPath": str(folder), "seed": 3, "epochs": 1, **SMALL}
    tested = mlmagic.run({**keys, "outputDir": str(tmp_path / "first")}).predictions
    victim = folder / tested.index[0]
    victim.write_bytes(b"no image")
    report = mlmagic.submit({**keys, "outputDir": str(tmp_path / "second")})
    with pytest.raises(DataLoadingError, match="it is no image") as caught:
        _ = report.model
    assert str(victim) in caught.value.message
    assert report.history.empty


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"imageSize": 8}, "imageSize is for images, but the data is a table"),
        ({"augmentation": ["random_flip"]}, "augmentation is for images, but the data is a table"),
        ({"architecture": "cnn"}, "cnn is for images, but the data is a table: take mlp"),
    ],
)
def test_keys_of_images_on_a_table(keys: dict[str, Any], message: str, tmp_path: Path) -> None:
    table = pd.DataFrame({"a": range(20), "b": range(20), "target": [0, 1] * 10})
    mlp = {"architecture": "mlp", "hyperparameters": {}}
    with pytest.raises(InvalidConfiguration) as caught:
        run("pytorch", tmp_path, values={"df": table}, data="$df", **{**mlp, **keys})
    assert [fault.message for fault in caught.value.faults] == [message]


def test_names_of_files_as_text_are_told_how_to_be_images(home: Path, tmp_path: Path) -> None:
    files = sorted(home.glob("*/*.png"))
    named = pd.DataFrame({"image": list(map(str, files)), "label": [file.parent.name for file in files]})
    with pytest.raises(InvalidConfiguration) as caught:
        run("pytorch", tmp_path, values={"df": named}, data="$df", target="label")
    way = "'image' names image files as text: make them paths, df['image'] = df['image'].map(pathlib.Path)"
    assert caught.value.solution == way
    done = run("pytorch", tmp_path, values={"df": named.assign(image=named["image"].map(Path))}, data="$df")
    assert done.of(Row)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_arrays_that_do_not_fit_are_no_files(framework: str, tmp_path: Path) -> None:
    images = [np.stack([image] * 3, axis=2).astype(np.float32) for image in X[:20]]
    images[3] = np.zeros((8, 8, 5), np.float32)
    table = pd.DataFrame({"image": images, "label": [0, 1] * 10})
    with pytest.raises(DataLoadingError, match="image 3: it has 5 channels where the others have 3") as caught:
        run(framework, tmp_path, values={"df": table}, data="$df", target="label", testSplit=0.0, validationSplit=0.0)
    assert caught.value.solution == "Give the array that shape and dtype, or take it out of the data"


def test_a_forest_says_that_networks_take_images(home: Path, tmp_path: Path) -> None:
    config = {"action": "train", "framework": "sklearn", "algorithm": "RandomForestClassifier"}
    with pytest.raises(MLError, match="only networks learn from them"):
        mlmagic.run({**config, "dataPath": str(home), "outputDir": str(tmp_path)})


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_evaluate_and_predict_folders_and_arrays(framework: str, home: Path, tmp_path: Path) -> None:
    config = {"action": "train", "framework": framework, "dataPath": str(home), **SMALL, "epochs": 6}
    report = mlmagic.run({**config, "outputDir": str(tmp_path / "run")})
    measured = mlmagic.run(
        "action: evaluate\nmodel: $report\ngpuEnabled: false\n"
        f"dataPath: {digits(tmp_path / 'test', 100)}\noutputDir: {tmp_path / 'evaluated'}",
        report=report,
    )
    table = measured.predictions
    assert measured.metrics["accuracy"] == (table["actual"] == table["predicted"]).mean()
    assert measured.metadata["samplesEvaluated"] == 100
    flat = mlmagic.run(
        f"action: predict\nmodel: $report\ninputData: {home / '3'}\noutputDir: {tmp_path / 'flat'}", report=report
    )
    assert set(flat.predictions.index) == {path.name for path in (home / "3").iterdir()}
    places = [int(Path(name).stem) for name in table.index]
    arrays = mlmagic.run(
        f"action: predict\nmodel: $report\ndata: $images\noutputDir: {tmp_path / 'arrays'}",
        report=report, images=X[places],
    )  # fmt: skip
    assert np.allclose(arrays.predictions["confidence"], table["confidence"], atol=1e-5)
    with pytest.raises(DataLoadingError, match="it holds float64"):
        mlmagic.run(
            f"action: predict\nmodel: $report\ndata: $images\noutputDir: {tmp_path / 'floats'}",
            report=report, images=X / 255,
        )  # fmt: skip


def test_many_images_are_predicted_in_bounded_memory(home: Path, tmp_path: Path) -> None:
    import tracemalloc

    done = run("pytorch", tmp_path, dataPath=str(home), imageSize=64, epochs=1)
    table = pd.concat([frame(home)] * 5)
    whole = len(table) * 64 * 64
    tracemalloc.start()
    probabilities("pytorch", done, table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < whole / 4


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_stop_while_images_are_decoded(framework: str, home: Path, tmp_path: Path) -> None:
    done = Run()
    done.stop.set()
    from mlmagic.data import Rows, TrainingData

    given = frame(home)
    labels = pd.Series([name.split("/")[0] for name in given.index], index=given.index)
    data = TrainingData(Rows(given, labels), None, None, "classification", "label", np.unique(labels))
    body = {"action": "train", "framework": framework, "dataPath": str(home), **SMALL}
    config = resolve(body).model_copy(update={"output_dir": tmp_path})
    assert load(framework).run(config, data, done.emit, done.stop).model is None


def test_a_network_of_somebody_else_predicts_images_of_one_size(home: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).eval()
    head = f"action: predict\nmodel: $net\ngpuEnabled: false\ninputData: {home}\noutputDir: {tmp_path}"
    table = mlmagic.run(head, net=net).predictions
    inputs = np.stack([np.asarray(Image.open(path)) for path in frame(home)["image"]])
    with torch.no_grad():
        expected = net(torch.tensor(inputs / 255, dtype=torch.float32)[:, None]).softmax(dim=1).numpy()
    assert np.allclose(table[[str(label) for label in range(10)]].to_numpy(), expected, atol=1e-5)
    digits(tmp_path / "mixed", 10)
    Image.fromarray(X[11]).resize((20, 20)).save(tmp_path / "mixed" / "1" / "11.png")
    with pytest.raises(DataLoadingError, match="The images have several sizes"):
        mlmagic.run(head.replace(str(home), str(tmp_path / "mixed")), net=net)


def test_cross_validation_of_images(home: Path, tmp_path: Path) -> None:
    done = run("pytorch", tmp_path, dataPath=str(home), crossValidation={"folds": 2}, epochs=2)
    assert done.of(Metrics)[-1].values["crossValidation"]
    assert len(history(done)) == 2 + 2  # of the folds, and of the final model's epochs


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_stop_ends_the_threads_that_decode(
    framework: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_memory, "SHARE", 1e-12)
    body = {"action": "train", "framework": framework, "dataPath": str(home), "outputDir": str(tmp_path)}
    done = Run(stop_at="row").through("thread", resolve({**body, **SMALL, "epochs": 1000}))
    assert len(history(done)) == 1
    assert done.outcome.model is not None
    until(lambda: not any(thread.name.startswith("mlmagic images") for thread in threading.enumerate()), 10)
