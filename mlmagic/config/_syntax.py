"""Text -> :class:`Document`: YAML's syntax by PyYAML, its values by the 1.2 core schema, JSON as it is."""

from __future__ import annotations

import re

import yaml

from mlmagic.config._composer import Composer
from mlmagic.config._document import Document, locate
from mlmagic.config._hints import explain
from mlmagic.config._values import MAX_LENGTH
from mlmagic.errors import Fault, InvalidConfiguration

# What YAML calls printable, less the three line breaks that neither JSON nor YAML 1.2 knows as such.
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_JSON = re.compile(r"(?:\s|#[^\n]*\n)*\{")
# JSON may be indented with tabs; inside quotes and comments they stay.
_TAB = re.compile(r""""(?:\\.|[^"\\])*"|'(?:''|[^'])*'|(?<!\S)\#[^\n]*|(\t)""", re.DOTALL)
_BEYOND = re.compile(r"\\U(?!000|0010)[0-9a-fA-F]{8}")


def parse(text: str) -> Document:
    """Read a config, as YAML or JSON.

    Raises
    ------
    InvalidConfiguration
        With line and column, if it is not one mapping of plain data. Anchors, aliases, merge keys, tags, duplicate
        keys and several documents are refused.
    """
    source = text.removeprefix("\ufeff")
    _check_characters(source)
    if _JSON.match(source):
        source = _TAB.sub(lambda found: " " if found[1] else found[0], source)
    composer = Composer(source)
    faults = composer.faults
    try:
        value = composer.document()
    except yaml.MarkedYAMLError as error:
        faults.append(explain(error, source))
    except (ValueError, OverflowError) as error:
        faults.append(_beyond_unicode(source, error))
    if faults:
        raise InvalidConfiguration(sorted(faults, key=lambda fault: (fault.line, fault.column)))
    return Document(value, text, composer.marks)


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        message = f"a config may have at most {MAX_LENGTH:,} characters, got {len(text):,}"
        raise InvalidConfiguration([Fault("", message, *locate(text, MAX_LENGTH))])
    found = _CONTROL.search(text)
    if found:
        code = f"U+{ord(found[0]):04X}"
        message = f"the control character {code} is not allowed: write it as an escape in double quotes"
        raise InvalidConfiguration([Fault("", message, *locate(text, found.start()), value=code)])


def _beyond_unicode(text: str, error: Exception) -> Fault:
    # PyYAML hands an eight-digit escape to chr(), whatever it says.
    found = _BEYOND.search(text)
    if found:
        message = f"the escape {found[0]} is no character: Unicode ends at \\U0010FFFF"
        return Fault("", message, *locate(text, found.start()), value=found[0])
    return Fault("", f"this is not YAML: {error}", 1, 1)
