import json
import math

import pytest

from mlmagic.config import parse
from mlmagic.errors import InvalidConfiguration


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 100000.0),
        ("2e-5", 0.00002),
        (".5", 0.5),
        ("-5.", -5.0),
        ("+7", 7),
        ("017", 17),
        ("0o17", 15),
        ("0xFF", 255),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("True", True),
        ("FALSE", False),
    ],
)
def test_core_schema(text, value):
    parsed = parse(f"key: {text}").value["key"]
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    "word",
    [
        "no",
        "yes",
        "on",
        "off",
        "y",
        "N",
        "1:30",
        "2024-01-31",
        "1_000",
        "0b11",
        "nan",
        "inf",
        "1e",
        "0o8",
        "tRue",
        "$df",
    ],
)
def test_words(word):
    assert parse(f"key: {word}").value == {"key": word}


def test_nan():
    assert math.isnan(parse("key: .NaN").value["key"])


@pytest.mark.parametrize("quoted", ["'1'", '"1"', "|-\n  1", ">-\n  1"])
def test_quoted_is_text(quoted):
    assert parse(f"key: {quoted}").value == {"key": "1"}


def test_blocks_lists_and_comments():
    text = "# first\na:  # second\n  - 1\n  - {b: [x, y]}\nc: >\n  two\n  lines\n"
    assert parse(text).value == {"a": [1, {"b": ["x", "y"]}], "c": "two lines\n"}


def test_json_as_it_is_pasted():
    text = '{\n\t"a":\t1,\n\t"b": {"c": [true, null, -1.5e3, "x\\ty\\/\\u00e9\\ud83d\\ude00"]},"d":"e: f # g"\n}\n'
    assert parse(text).value == json.loads(text)


def test_json_below_a_comment():
    assert parse('# nbval\n{\n\t"a": 1\n}').value == {"a": 1}


def test_byte_order_mark_and_windows_line_ends():
    document = parse("\ufeffa: 1\r\nb: x\r\n")
    assert document.value == {"a": 1, "b": "x"}
    assert document.position(("b",)) == (2, 4)


def test_one_document_marker_is_fine():
    assert parse("---\na: 1\n...\n").value == {"a": 1}


@pytest.mark.parametrize(
    ("text", "path", "key", "value"),
    [
        ("a: 1\nbb:   two\n", ("bb",), (2, 1), (2, 7)),
        ("a:\n  b:\n    - x\n    - y\n", ("a", "b", 1), (4, 7), (4, 7)),
        ("a:\n  b:\n    - x\n", ("a", "b"), (2, 3), (3, 5)),
        ("a: {b: 1, c: [2, 3]}", ("a", "c"), (1, 11), (1, 14)),
        ("a: {b: 1, c: [2, 3]}", ("a", "c", 1), (1, 18), (1, 18)),
        ('{\n  "a": {"b": 10}\n}', ("a", "b"), (2, 9), (2, 14)),
        ('{\n\t"a":\t1\n}', ("a",), (2, 2), (2, 7)),
        ("\n\n  a: |\n    text\n", ("a",), (3, 3), (3, 6)),
        ("é: 'ü'\nb: 1", ("é",), (1, 1), (1, 4)),
        ("a: 1", (), (1, 1), (1, 1)),
    ],
)
def test_positions(text, path, key, value):
    document = parse(text)
    assert document.position(path, key=True) == key
    assert document.position(path) == value


def test_position_of_nothing():
    with pytest.raises(KeyError):
        parse("a: 1").position(("b",))


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: &x 1", 1, 4, "anchors are not allowed, got &x"),
        ("b: 1\na: *x", 2, 4, "aliases are not allowed, got *x"),
        ("a:\n  <<: {b: 1}", 2, 3, "merge keys are not allowed"),
        ("a: !!python/object:os.system x", 1, 4, "tags are not allowed, got !!python/object:os.system"),
        ("a: ! x", 1, 4, "tags are not allowed, got !:"),
        ("a: 1\nb: 2\na: 3", 3, 1, "'a' is given twice, at line 1, column 1 and at line 3, column 1"),
        ('{"a": {"b": 1, "b": 2}}', 1, 16, "'b' is given twice, at line 1, column 8 and at line 1, column 16"),
        ("1: x", 1, 1, "a key must be text, got 1"),
        ("a: 1\ntrue: x", 2, 1, "a key must be text, got true"),
        ("? [a]\n: x", 1, 3, "a key must be text, got a list"),
        ("hyperparameters: {1: x}", 1, 19, "a key must be text, got 1"),
        ("hyperparameters: {class_weight: {0.5: x}}", 1, 34, "a key must be text, got 0.5"),
        ("a: 1\n---\nb: 2", 2, 1, "one document"),
        ("- a\n- b", 1, 1, "a config is a mapping, lines of `key: value`, got a list"),
        ("just words", 1, 1, "got 'just words'"),
        ("a: 'x\0'", 1, 6, "U+0000"),
        ("a: 1\nb: \x1b[0m", 2, 4, "U+001B"),
        ("a: \u2028", 1, 4, "U+2028"),
        ("a: \ud800", 1, 4, "U+D800"),
        (r'a: "\ud83d"', 1, 4, "half of a surrogate pair"),
        (r'a: "\UFFFFFFFF"', 1, 5, "Unicode ends at"),
        ("a: " + "9" * 500, 1, 4, "at most 400 digits, got 500"),
        ("a: 1\n" + "x" * 200 + ": 1", 2, 1, "a key may have at most 150 characters, got 200"),
    ],
)
def test_refusals(text, line, column, words):
    with pytest.raises(InvalidConfiguration) as caught:
        parse(text)
    (fault,) = caught.value.faults
    assert (fault.line, fault.column) == (line, column)
    assert words in fault.message


def test_depth():
    # The root mapping is the first level.
    assert parse("a: " + "[" * 19 + "]" * 19)
    with pytest.raises(InvalidConfiguration, match="at most 20 levels deep") as caught:
        parse("a: " + "[" * 20 + "]" * 20)
    assert (caught.value.faults[0].line, caught.value.faults[0].column) == (1, 23)


def test_depth_bomb_is_cheap():
    for bomb in ("a: " + "[" * 90_000, "a: " + "{a: " * 20_000, "- " * 40_000, "? " * 40_000):
        with pytest.raises(InvalidConfiguration):
            parse(bomb)


def test_length():
    assert parse("a: " + "x" * 99_997)
    with pytest.raises(InvalidConfiguration, match="at most 100,000 characters, got 100,001"):
        parse("a: " + "x" * 99_998)


@pytest.mark.parametrize("text", ["", "  \n", "# only a comment", "---", "\ufeff"])
def test_empty_cell_shows_an_example(text):
    with pytest.raises(InvalidConfiguration, match="the cell is empty") as caught:
        parse(text)
    example = caught.value.solution.split("\n", 1)[1]
    assert len(example.splitlines()) == 2
    assert parse(example).value["framework"] == "sklearn"


def test_whole_numbers_are_keys_inside_hyperparameters():
    text = "hyperparameters:\n  class_weight: {0: 1, 1: 5}"
    assert parse(text).value == {"hyperparameters": {"class_weight": {0: 1, 1: 5}}}


def test_all_faults_at_once():
    with pytest.raises(InvalidConfiguration) as caught:
        parse("a: &x 1\nb: *x\nc: !t 2\na: 3\nd: 'x")
    assert [fault.line for fault in caught.value.faults] == [1, 2, 3, 4, 5]
