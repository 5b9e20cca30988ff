"""Model files of Keras that hold code, or name it: refused, and nothing of it ran."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")

import h5py  # noqa: E402
from keras.src.saving import serialization_lib  # noqa: E402

from mlmagic.errors import ModelLoadingError  # noqa: E402
from mlmagic.executors.keras import _files  # noqa: E402

SUFFIXES = (".keras", ".h5")


def read(path: Path, *, trust: bool = False) -> Any:
    return _files.read(path, {}, way_to_trust=_files.BY_KEY, trust=trust, compiled=True)


def refusal(path: Path) -> ModelLoadingError:
    with pytest.raises(ModelLoadingError) as caught:
        read(path)
    return caught.value


def functional() -> Any:
    given = keras.Input((4,))
    return keras.Model(given, keras.layers.Dense(3)(given))


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The file with the config of its network changed, as somebody who means ill would."""
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            change(config["config"])
            file.attrs["model_config"] = json.dumps(config)
        return path
    members = members_of(path)
    config = json.loads(members["config.json"])
    change(config["config"])
    return write_members(path, members | {"config.json": json.dumps(config).encode()})


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_members(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_lambda_is_not_run(suffix: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    touch = f"__import__('pathlib').Path({str(trace)!r}).touch()"
    net = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(eval(f"lambda x: ({touch}, x)[1]"))])
    path = tmp_path / f"model{suffix}"
    net.save(path)
    trace.unlink()  # it was built here
    error = refusal(path)
    assert error.message == f"model{suffix} is refused: reading it would run code that it holds"
    assert "trust: true" in error.solution
    assert not trace.exists()
    read(path, trust=True)
    assert trace.exists()  # it would have run


def called(tmp_path: Path) -> dict[str, tuple[str, str, list[Any], dict[str, Any]]]:
    """A function that the config names as if it were a layer, and what that layer is called on."""
    trace, secret = tmp_path / "trace", tmp_path / "secret"
    fetched = {"fname": "trace", "origin": secret.as_uri(), "cache_dir": str(tmp_path), "cache_subdir": ""}
    return {
        "os": ("os", "system", [f"touch {trace}"], {}),
        "builtins": ("builtins", "exec", [f"open({str(trace)!r}, 'w')"], {}),
        "subprocess": ("subprocess", "call", [["touch", str(trace)]], {}),
        "get_file": ("keras.utils", "get_file", [], fetched),
        "get_file, by its own module": ("keras.src.utils.file_utils", "get_file", [], fetched),
        "save_img": ("keras.utils", "save_img", [f"{trace}.png", np.zeros((2, 2, 3)).tolist()], {}),
        "unsafe": ("keras.config", "enable_unsafe_deserialization", [], {}),
    }


CALLED = tuple(called(Path("/")))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", CALLED)
def test_a_function_that_a_file_names_is_not_called(kind: str, suffix: str, tmp_path: Path) -> None:
    module, name, arguments, named = called(tmp_path)[kind]
    (tmp_path / "secret").write_text("secret")
    path = tmp_path / f"model{suffix}"
    functional().save(path)

    def change(config: dict[str, Any]) -> None:
        layer = {"module": module, "class_name": "function", "config": name, "registered_name": name, "name": "evil"}
        config["layers"].insert(1, {**layer, "inbound_nodes": [{"args": arguments, "kwargs": named}]})

    refusal(rewritten(path, change))
    assert not list(tmp_path.glob("trace*"))
    assert serialization_lib.in_safe_mode() is None  # nobody turned it off


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("module", "name"), [("os", "system"), ("builtins", "exec"), ("subprocess", "Popen")])
def test_a_class_that_is_none_of_keras_is_not_made(module: str, name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    functional().save(path)

    def change(config: dict[str, Any]) -> None:
        config["layers"][1] |= {"module": module, "class_name": name, "config": {"args": ["touch", "trace"]}}

    assert name in str(refusal(rewritten(path, change)))


def test_a_saved_model_within_a_file_is_not_loaded(tmp_path: Path) -> None:
    functional().export(str(tmp_path / "other"), verbose=False)
    layer = keras.layers.TFSMLayer(str(tmp_path / "other"), call_endpoint="serve")
    given = keras.Input((4,))
    path = tmp_path / "model.keras"
    keras.Model(given, layer(given)).save(path)
    error = refusal(path)
    assert "is refused: reading it would run code that it holds" in error.message
    assert read(path, trust=True).output_shape == (None, 3)


def linked(group: Any, secret: Path) -> None:
    group["0"] = h5py.ExternalLink(str(secret), "0")


def stored(group: Any, secret: Path) -> None:
    group.create_dataset("0", (4, 3), np.float32, external=[(str(secret), 0, 4 * 4 * 3)])


def held(group: Any, secret: Path) -> None:
    group["0"] = np.full((4, 3), 7.0, np.float32)


@pytest.mark.parametrize("how", [held, linked, stored])
def test_weights_that_lie_in_another_file_are_not_read(how: Callable[[Any, Path], None], tmp_path: Path) -> None:
    secret, path, weights = tmp_path / "secret", tmp_path / "model.keras", tmp_path / "model.weights.h5"
    with h5py.File(secret, "w") as file:
        held(file, secret)
    functional().save(path)
    members = members_of(path)
    weights.write_bytes(members["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        group = file["layers/dense/vars"]
        del group["0"]
        how(group, secret)
    write_members(path, members | {"model.weights.h5": weights.read_bytes()})
    if how is held:
        assert (read(path).get_weights()[0] == 7).all()
    else:
        assert "could not be loaded" in (refusal(path).stderr or "")
