"""PyYAML's complaints about syntax, in one sentence each that says what to change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlmagic.errors import Fault

if TYPE_CHECKING:
    import yaml

_SPACELESS = re.compile(r"""[\s{,-]*(['"]?[A-Za-z_]\w*['"]?):(?=[^\s/:,\]}])""")
_QUOTE = "put the value in quotes"

# What PyYAML says -> what we say. The first that is found decides.
_WORDING = {
    r"found character '\\t'": "a tab is not allowed here: indent with spaces",
    r"found character '(.+)' that cannot": "nothing can start with this character: " + _QUOTE,
    r"mapping values are not": "a colon is not allowed here: " + _QUOTE + " if the colon belongs to it",
    r"could not find expected ':'": "this line has no `: ` between a key and a value",
    r"sequence entries are|but found '-'": "a list item is not allowed here: put each `- ` on a line of its own, "
    "all in the same column",
    r"mapping keys are not": "a `? ` is not allowed here: " + _QUOTE,
    r"found '<block (mapping|sequence) start>'": "the indentation does not fit: keys of one mapping start in the same "
    "column",
    r"expected <block end>": "something follows a value that is already complete: put the whole value in quotes",
    r"unknown escape character": "a backslash in double quotes starts an escape: use single quotes, or write \\\\",
    r"expected escape sequence": "this escape is cut short: use single quotes to keep the backslash",
    r"while scanning an? (alias|anchor)": "a value that starts with * or & must be in quotes",
    r"while (scanning|parsing) a (tag|node)|undefined tag": "a value that starts with ! must be in quotes",
    r"while scanning a directive": "a line cannot start with %",
    r"while scanning a block scalar": "after | or > the text starts on the next line, indented",
    r"expected the node content": "a value is missing here, or starts with a character that needs quotes",
}
_OPENED = {
    r"while scanning a quoted scalar.*(end of stream|document separator)": "the quote opened here is never closed",
    r"while parsing a flow sequence": "the [ opened here is never closed, or a comma is missing in it",
    r"while parsing a flow mapping": "the { opened here is never closed, or a comma is missing in it",
}


def explain(error: yaml.MarkedYAMLError, text: str) -> Fault:
    """Return the fault that a syntax error of PyYAML stands for.

    Parameters
    ----------
    error
        As raised by the scanner or the parser.
    text
        What was parsed; it tells the common traps apart.
    """
    said = f"{error.context}; {error.problem}"
    lines = [*re.split(r"\r\n|\r|\n", text), ""]
    return _colon(error, said, lines) or _start(error, said, lines) or _opened(error, said) or _reworded(error, said)


def spaceless(line: str, number: int) -> Fault | None:
    """Return the fault of a line such as ``epochs:10``; None if it is none."""
    found = _SPACELESS.match(line)
    if not found:
        return None
    message = f"a space is missing after the colon: write `{found[1]}: `"
    return Fault("", message, number, found.end() + 1, value=line.strip())


def _colon(error: yaml.MarkedYAMLError, said: str, lines: list[str]) -> Fault | None:
    if not re.search("mapping values are not|could not find expected ':'", said) or error.problem_mark is None:
        return None
    last = error.problem_mark.line
    # What lacks its space is read as text that goes on until the next colon.
    first = error.context_mark.line if error.context_mark else max(last - 1, 0)
    fault = next((fault for at in range(first, last + 1) if (fault := spaceless(lines[at], at + 1))), None)
    if fault or not re.fullmatch(r"\s+[\w'\"]+", lines[last][: error.problem_mark.column]):
        return fault
    column = len(lines[last]) - len(lines[last].lstrip()) + 1
    message = "this line is indented too deep: the key above it has a value already, or starts further left"
    return Fault("", message, last + 1, column)


def _start(error: yaml.MarkedYAMLError, said: str, lines: list[str]) -> Fault | None:
    if "'<document start>'" not in said or error.problem_mark is None:
        return None
    line = error.problem_mark.line
    percent = next((at for at in range(line + 1) if lines[at].startswith("%")), None)
    if percent is not None:
        return Fault("", "a line cannot start with %", percent + 1, 1, value=lines[percent])
    message = "this is outside the config, which ended above: start all its keys in the same column"
    return Fault("", message, line + 1, error.problem_mark.column + 1)


def _opened(error: yaml.MarkedYAMLError, said: str) -> Fault | None:
    mark = error.context_mark
    found = next((message for pattern, message in _OPENED.items() if re.match(pattern, said)), None)
    return Fault("", found, mark.line + 1, mark.column + 1) if mark and found else None


def _reworded(error: yaml.MarkedYAMLError, said: str) -> Fault:
    # PyYAML notices a key without a colon only on the next line.
    early = error.context_mark if "could not find expected ':'" in said else None
    mark = early or error.problem_mark or error.context_mark
    message = next((ours for pattern, ours in _WORDING.items() if re.search(pattern, said)), None)
    place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Fault("", message or f"this is not YAML: {error.problem}", *place)
