"""The key ``augmentation``: what changes images at random while they are trained on."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, field_validator

from mlmagic._suggest import closest, closest_of
from mlmagic.config._model import Model, Text, refuse
from mlmagic.config._rules import field_schema, rule, schema_of
from mlmagic.config._values import show

Share = Annotated[float, Field(ge=0, le=1)]


class Flip(Model):
    """Mirror an image."""

    probability: Share = Field(0.5, description="How often.", examples=[0.5])


class Crop(Model):
    """Shift an image: its sides are padded, and its own size is cut out anywhere."""

    padding: Annotated[float, Field(gt=0, le=0.5)] = Field(
        0.125, description="The share of height and width that is padded.", examples=[0.1]
    )


class Rotation(Model):
    """Turn an image."""

    degrees: Annotated[float, Field(gt=0, le=180)] = Field(15.0, description="The most, to either side.", examples=[10])


class Jitter(Model):
    """Change light and colours; images of one channel have no colours."""

    brightness: Share = Field(
        0.2, description="The most that is added or taken away, as a share from black to white.", examples=[0.1]
    )
    contrast: Share = Field(0.2, description="The share that it is raised or lowered by at most.", examples=[0.1])
    saturation: Share = Field(0.2, description="The share that it is raised or lowered by at most.", examples=[0.1])
    hue: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.02, description="The most that it is turned by, as a share of the circle of colours.", examples=[0.05]
    )


class Erasing(Model):
    """Blank out a rectangle."""

    probability: Share = Field(0.5, description="How often.", examples=[0.25])
    area: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="The largest share of the image.", examples=[0.1]
    )


TRANSFORMS: dict[str, type[Model]] = {
    "random_flip": Flip,
    "random_vertical_flip": Flip,
    "random_crop": Crop,
    "random_rotation": Rotation,
    "color_jitter": Jitter,
    "random_erasing": Erasing,
}


# What people call them besides: without the first word, and as torchvision does.
_CALLED = {name: name for name in TRANSFORMS} | {name.partition("_")[2]: name for name in TRANSFORMS}
_CALLED |= {"horizontal_flip": "random_flip", "random_horizontal_flip": "random_flip"}
_EACH = "each transform of augmentation must be"


class Augmentation(Model):
    """What changes training images at random, a whole batch at a time."""

    enabled: bool = Field(True, description="Whether it is done.", examples=[False])
    transforms: list[Text | dict[str, Any]] = Field(
        ["random_flip", "random_crop"],
        description=f"In this order: {', '.join(TRANSFORMS)}; each a name, or a mapping of it alone to its parameters.",
        examples=[["random_flip", {"random_rotation": {"degrees": 10}}]],
    )

    @field_validator("transforms")
    @classmethod
    def _are_known(cls, value: list[str | dict[str, Any]]) -> list[str | dict[str, Any]]:
        for item in value:
            _made(item)
        return value

    @property
    def asked(self) -> list[str | dict[str, Any]]:
        """The transforms as they are written; none where it is switched off."""
        return self.transforms if self.enabled else []

    @property
    def steps(self) -> list[tuple[str, Any]]:
        """The transforms by name, with their parameters; none where it is switched off."""
        return [_made(item) for item in self.asked]


def _made(item: str | dict[str, Any]) -> tuple[str, Model]:
    given = {item: {}} if isinstance(item, str) else item
    if len(given) != 1:
        raise refuse(f"{_EACH} a name, or a mapping of one name to its parameters, got {show(item)}")
    name, parameters = next(iter(given.items()))
    if name not in TRANSFORMS:
        raise refuse(f"{_EACH} one of {', '.join(TRANSFORMS)}, got {show(name)}", closest_of(name, _CALLED))
    return name, _checked(name, {} if parameters is None else parameters)


def _checked(name: str, parameters: Any) -> Model:
    model = TRANSFORMS[name]
    known = list(model.model_fields)
    if not isinstance(parameters, Mapping):
        raise refuse(f"{name} must be {rule(schema_of(model))}, got {show(parameters)}")
    for key in parameters:
        if key not in known:
            raise refuse(f"{show(key)} is not a key of {name}; it has {', '.join(known)}", closest(str(key), known))
    try:
        return model(**parameters)
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        what = rule(field_schema(model, key))
        raise refuse(f"{name}.{key} must be {what}, got {show(parameters[key])}") from None


def _listed(value: Any) -> Any:
    if isinstance(value, bool):
        return {} if value else None
    return {"transforms": [value] if isinstance(value, str) else value} if isinstance(value, (list, str)) else value


# A list, a name, a switch (`true` takes the defaults), or a mapping.
AugmentationOrList = Annotated[
    Augmentation | None,
    BeforeValidator(_listed, json_schema_input_type=bool | Text | list[Text | dict[str, Any]] | Augmentation | None),
]
