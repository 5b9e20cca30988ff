import pytest

from mlmagic.config import parse
from mlmagic.errors import InvalidConfiguration


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("config:\n\tepochs: 1", 2, 1, "a tab is not allowed here: indent with spaces"),
        ("epochs:10", 1, 8, "a space is missing after the colon: write `epochs: `"),
        ("framework:sklearn\nepochs: 10", 1, 11, "write `framework: `"),
        ("framework: sklearn\nepochs:10\ndata: $df", 2, 8, "write `epochs: `"),
        ("framework: sklearn\nepochs:10", 2, 8, "write `epochs: `"),
        ("target: a: b", 1, 10, "a colon is not allowed here: put the value in quotes"),
        ("target: %x", 1, 9, "put the value in quotes"),
        ("target: @x", 1, 9, "put the value in quotes"),
        ("target: `x`", 1, 9, "put the value in quotes"),
        ("%timeit x\na: 1", 1, 1, "a line cannot start with %"),
        ("a: *", 1, 5, "a value that starts with * or & must be in quotes"),
        ("a: 1\n  b: 2", 2, 3, "indented too deep"),
        ("a:\n b: 1\n  c: 2", 3, 3, "indented too deep"),
        ("  a: 1\nb: 2", 2, 1, "outside the config"),
        ("{a: 1} x", 1, 8, "outside the config"),
        ("a: 1\nb: 'x\nc: 2", 2, 4, "the quote opened here is never closed"),
        ('a: "x', 1, 4, "the quote opened here is never closed"),
        ("a: [1, 2\nb: 3", 1, 4, "the [ opened here is never closed"),
        ('{"a": 1', 1, 1, "the { opened here is never closed"),
        ('{"a": 1 "b": 2}', 1, 1, "a comma is missing in it"),
        (r'a: "C:\data"', 1, 8, "a backslash in double quotes starts an escape"),
        ("a: - b", 1, 4, "a list item is not allowed here"),
        ("a: 'x' y", 1, 8, "something follows a value that is already complete"),
        ("a: 1\nfoo\nb: 2", 2, 1, "this line has no `: `"),
        ("a: |x\n y", 1, 5, "after | or >"),
        ("a: ]", 1, 4, "a value is missing here"),
    ],
)
def test_common_traps(text, line, column, words):
    with pytest.raises(InvalidConfiguration) as caught:
        parse(text)
    (fault,) = caught.value.faults
    assert words in fault.message
    assert (fault.line, fault.column) == (line, column)


@pytest.mark.parametrize("text", ["url: http://x.org/a:b", "a: x:y", "a: 12:30:45", "{a: 'b:c', d: e:f}"])
def test_colons_that_are_fine(text):
    assert parse(text)
