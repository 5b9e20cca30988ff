"""``architecture: resnet18`` and ``resnet50``: transformers' own layers, with new weights."""

from __future__ import annotations

from typing import Any

from torch import nn

from mlmagic.executors._networks._imported import imported


def resnet18(in_channels: int, num_classes: int, dropout: float = 0.0) -> nn.Sequential:
    """Build ResNet-18 (He et al., 2016)."""
    return _resnet(in_channels, num_classes, dropout, "basic", [2, 2, 2, 2], [64, 128, 256, 512])


def resnet50(in_channels: int, num_classes: int, dropout: float = 0.0) -> nn.Sequential:
    """Build ResNet-50 (He et al., 2016)."""
    return _resnet(in_channels, num_classes, dropout, "bottleneck", [3, 4, 6, 3], [256, 512, 1024, 2048])


def start_trained(module: nn.Module, name: str) -> tuple[bool, str]:
    """Fill a network with trained weights, but for its last layer, which is of other classes.

    Gives whether they were there, and what was done in words.

    Parameters
    ----------
    name
        Whose weights they are on the hub. They come from the cache on this machine; nothing is downloaded.
    """
    library = _transformers()
    try:
        made = library.ResNetForImageClassification.from_pretrained(name, local_files_only=True)
    except OSError:
        return False, (
            f"pretrained: the weights of {name} are not on this machine, so it starts from random ones. "
            f"Where there is a network, `hf download {name}` brings them"
        )
    trained = nn.Sequential(made.resnet.embedder, *made.resnet.encoder.stages).state_dict()
    own = module.state_dict()
    fitting = {key: value for key, value in trained.items() if key in own and own[key].shape == value.shape}
    module.load_state_dict(fitting, strict=False)
    left = "" if len(fitting) == len(trained) else f"; {len(trained) - len(fitting)} tensors of another shape are new"
    return True, f"Training starts from the weights of {name}{left}"


def _resnet(
    in_channels: int, num_classes: int, dropout: float, kind: str, depths: list[int], widths: list[int]
) -> nn.Sequential:
    """The layers in a plain ``torch.nn.Sequential``, which gives logits where the library's model gives a record."""
    library = _transformers()
    config = library.ResNetConfig(
        num_channels=in_channels, layer_type=kind, depths=depths, hidden_sizes=widths, num_labels=num_classes
    )
    made = library.ResNetForImageClassification(config)
    *flatten, last = made.classifier
    if not isinstance(last, nn.Linear):  # the library gives none for no label
        last = nn.Linear(widths[-1], num_classes)
    body = [made.resnet.embedder, *made.resnet.encoder.stages, made.resnet.pooler, *flatten]
    return nn.Sequential(*body, *([nn.Dropout(dropout)] if dropout else []), last)


def _transformers() -> Any:
    return imported(
        "transformers",
        "architecture: resnet18 and resnet50 need transformers, which is not found in Python environment",
        "Install transformers: pip install transformers; or take architecture: cnn",
    )
