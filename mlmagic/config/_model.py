"""What every config model has in common, and how the keys of one are spelt."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from mlmagic.config._reference import Reference


class Model(BaseModel):
    """A frozen model that refuses unknown keys and converts nothing: ``"10"`` is no number."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        loc_by_alias=False,
        allow_inf_nan=False,
        # `modelScript` and `modelClass` are the seeds' own keys.
        protected_namespaces=(),
    )


def refuse(message: str, suggestion: str | None = None) -> PydanticCustomError:
    """Return an error for validators whose wording is our own."""
    # pydantic fills braces in the template; a message that quotes the user's text must not be one.
    return PydanticCustomError("refused", "{message}", {"message": message, "suggestion": suggestion})


def alias(model: type[BaseModel], name: str) -> str:
    """Return a field's key on the wire."""
    return model.model_fields[name].alias or name


def spellings(model: type[BaseModel]) -> dict[str, str]:
    """Each accepted spelling of a model's keys, and the field's name."""
    found = {spelling: name for name in model.model_fields for spelling in (alias(model, name), name)}
    for name, field in model.model_fields.items():
        for synonym in synonyms(field):
            found |= {to_camel(synonym): name, synonym: name}
    return found


def synonyms(field: FieldInfo) -> list[str]:
    """Other snake_case names of a field."""
    return [mark.name for mark in field.metadata if isinstance(mark, Synonym)]


def nested(field: FieldInfo) -> type[Model] | None:
    """Return the model that a field holds, if it holds one."""
    return next((kind for kind in _kinds(field.annotation) if isinstance(kind, type) and issubclass(kind, Model)), None)


def _kinds(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _kinds(inner)


class Synonym:
    """Marks a field as having another name, in snake_case."""

    def __init__(self, name: str) -> None:
        self.name = name


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise refuse("the character U+0000 is not allowed in names and paths")
    return text


Text = Annotated[str, Field(min_length=1), AfterValidator(_no_nul)]


def one_or_more(given: Any) -> BeforeValidator:
    """Marks a list as one that a single text or variable may stand for: a list of one, or a variable that is a list.

    Parameters
    ----------
    given
        The type of what may be written, for the schema.
    """
    return BeforeValidator(
        lambda value: [value] if isinstance(value, (str, Reference)) else value, json_schema_input_type=given
    )


def references(value: Any) -> Iterator[Reference]:
    """Every reference inside a value, in order."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from references(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from references(item)
