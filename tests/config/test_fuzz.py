import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlmagic.config import json_schema, parse, resolve
from mlmagic.config._scalars import scalar
from mlmagic.config._write import dump
from mlmagic.errors import InvalidConfiguration
from mlmagic.executors.sklearn._estimators import ESTIMATORS

quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# What YAML gives a meaning to, so that random text reaches its corners.
MARKS = (
    "b: |:|- |\n|\n  |\n\t|{|}|[|]|,|\"|'|>|#| #|&x |*x|!t |%|@|`|---|...|? |<<: |\\|\\u12|\\ud83d|0x1|1e9|$df|~|null"
)
ODD = [
    "|",
    "\\UFFFFFFFF",
    "framework: sklearn\n",
    "config:\n",
    "$a.__b__",
    "\x00",
    "\ud800",
    "\x85",
    "\u2028",
    "\ufeff",
    "\r",
]
tokens = st.sampled_from([*MARKS.split("|"), *ODD])
texts = st.one_of(st.text(st.characters()), st.lists(tokens).map("".join))

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.one_of(st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False))
leaves = st.one_of(st.none(), st.booleans(), numbers, words)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4), max_leaves=12
)


def refusal(call, *args, **kwargs):
    """What a call gives, and the error that it is refused with."""
    try:
        return call(*args, **kwargs), None
    except InvalidConfiguration as error:
        return None, error


@settings(quick, max_examples=500)
@given(texts)
def test_any_text_parses_or_is_refused(text):
    document, error = refusal(parse, text)
    if document:
        assert isinstance(document.value, dict)
        _, error = refusal(resolve, document, action="train")
    for fault in error.faults if error else ():
        assert fault.line >= 1
        assert fault.column >= 1
        assert "\n" not in fault.message


@quick
@given(st.dictionaries(words, values, max_size=5), st.sampled_from([None, 2, "\t"]), st.booleans())
def test_json_reads_as_json(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    document, error = refusal(parse, text)
    # Raw DEL, U+2028 and the like are JSON, but not printable.
    assert not error or (not ascii_only and "control character" in error.message)
    assert not document or document.value == json.loads(text)


@quick
@given(st.dictionaries(words, values | st.sampled_from([float("inf"), -float("inf")]), min_size=1, max_size=5))
def test_what_is_written_reads_back(value):
    assert parse(dump(value)).value == value


@quick
@given(words)
def test_a_scalar_is_text_or_what_json_says(text):
    read = scalar(text)
    assert isinstance(read, (str, int, float, bool, type(None)))
    assert not isinstance(read, str) or read == text


@st.composite
def runs(draw):
    """Configs that are valid, in one spelling or the other, flat or nested."""
    share = st.floats(0, 0.49)
    keys = {
        "target": words.filter(bool).filter(lambda word: "\0" not in word and not word.startswith("$")),
        "featureColumns": st.lists(words.filter(lambda word: word and "\0" not in word and word[0] != "$"), min_size=1),
        "task": st.sampled_from(["classification", "regression", None]),
        "testSplit": share,
        "validation_split": share | st.none(),
        "prepare": st.sampled_from(["auto", "none"]),
        "feature_scaling": st.sampled_from(["none", "standard", "minmax", "robust", None]),
        "crossValidation": st.fixed_dictionaries({"folds": st.integers(2, 50)}, optional={"stratified": st.booleans()}),
        "hyperparameters": st.dictionaries(words, values, max_size=4),
        "seed": st.integers(0, 2**32 - 1),
        "timeout": st.floats(0.001, 1e9) | st.integers(1, 10**6),
        "gpuEnabled": st.booleans() | st.none(),
        "output_dir": st.sampled_from(["runs/a", "/tmp/x y", "é"]),
    }
    chosen = draw(st.fixed_dictionaries({}, optional=keys))
    chosen |= draw(st.sampled_from([{"data": "$df"}, {"data": "$report.data"}, {"dataPath": "a b.csv"}]))
    chosen |= draw(st.sampled_from([{"model": "$net"}, {"algorithm": draw(st.sampled_from(sorted(ESTIMATORS)))}]))
    nested = {key: chosen.pop(key) for key in list(chosen) if draw(st.booleans())}
    return {"framework": "sklearn"} | chosen | ({"config": nested} if nested else {})


@quick
@given(runs())
def test_to_yaml_and_to_plain_read_back(source):
    run = resolve(source, action="train")
    assert resolve(parse(run.to_yaml())) == run
    assert resolve(run.to_plain()) == run
    assert resolve(parse(json.dumps(run.to_plain()))) == run
    assert run.to_yaml() == resolve(parse(run.to_yaml())).to_yaml()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runs())
def test_what_resolves_fits_the_schema(source):
    from jsonschema import Draft202012Validator

    resolve(source, action="train")
    Draft202012Validator(SCHEMA).validate(source)


SCHEMA = json_schema()
