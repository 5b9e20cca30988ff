"""The arrows of the house: who may import whom, read from the source of every module."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mlmagic"

# From a room to the rooms that it may know. What stands alone in a line knows nobody but the ground floor.
GROUND = {"errors", "events", "_capture", "_memory", "_units", "_failure", "_suggest", "_tensorflow"}
ROOMS = {
    "config": {"config", "executors.tables", "actions.tables", "evaluation.tables"},
    "data": {"data"},
    "evaluation": {"evaluation"},
    "executors": {"executors", "config", "data", "evaluation", "run_directory", "_curve", "_known_scripts", "state"},
    "actions": {"actions", "executors", "config", "data", "evaluation", "run_directory", "_curve", "state"},
    "trackers": {"trackers"},
    "_curve": set(),
    "_known_scripts": set(),
    "state": {"_curve"},
    "run_directory": set(),
}
# What shows a run reads its state and its report; what runs it knows none of them.
SHOWING = {
    "dashboard",
    "trackers",
    "report",
    "_tiles",
    "_view",
    "_summary",
    "_html",
    "_execution_report",
    "_picture",
    "_text",
    "_audience",
    "_run",
    "_waiting",
    "_place",
    "magics",
    "cli",
}
FRAMEWORKS = {
    "torch",
    "sklearn",
    "skops",
    "safetensors",
    "tensorflow",
    "keras",
    "xgboost",
    "lightgbm",
    "catboost",
    "optuna",
    "shap",
}
HEAVY = FRAMEWORKS | {"pandas", "numpy", "pyarrow", "matplotlib", "scipy", "anywidget", "yaml", "pydantic"}
# Tables, preparation and scores are scikit-learn's and pandas' for every framework; they are imported on use.
USES = {
    "torch": ("executors/pytorch/",),
    "keras": ("executors/keras/",),
    "tensorflow": ("_tensorflow.py", "executors/keras/"),
    "xgboost": ("executors/xgboost/",),
    "lightgbm": ("executors/lightgbm/",),
    "catboost": ("executors/catboost/",),
    "safetensors": ("executors/pytorch/",),
    "skops": ("executors/", "data/"),
    "sklearn": ("executors/", "data/", "evaluation/", "actions/_pictures.py", "actions/_follow_up.py"),
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path: Path, *, at_import: bool) -> set[str]:
    """Dotted names that a module imports: all of them, or those that run when it is imported."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        if at_import and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def known_rooms(path: Path) -> set[str]:
    """Rooms of the house that a module imports, on use too; types it only names are not among them."""
    found = set()
    for name in imports(path, at_import=False):
        package, _, rest = name.partition(".")
        if package == "mlmagic":
            first = rest.split(".")[0]
            is_table = rest in (
                "executors.EXECUTORS",
                "executors.Entry",
                "executors.resolve",
                "executors.load",
                "actions.ACTIONS",
                "evaluation.known_metrics",
            )
            found.add(f"{first}.tables" if is_table and first != room(path) else first)
    return found


@pytest.mark.parametrize("path", modules(), ids=place)
def test_a_room_knows_only_what_lies_below_it(path):
    here = room(path)
    if here not in ROOMS:
        return
    allowed = ROOMS[here] | GROUND
    allowed |= {f"{name}.tables" for name in ROOMS[here]}
    assert known_rooms(path) <= allowed


@pytest.mark.parametrize("path", modules(), ids=place)
def test_nothing_that_runs_a_model_knows_who_watches(path):
    if room(path) in ("executors", "actions", "config", "data", "evaluation", "state", "events", "errors"):
        assert not known_rooms(path) & SHOWING
    if room(path) in ("_child", "_pool", "_transport", "_capture", "_pickling", "_failure"):
        assert not known_rooms(path) & (SHOWING | {"jobs"})


def test_jobs_are_known_to_those_above_them_only():
    knowing = {room(path) for path in modules() if "jobs" in known_rooms(path)}
    assert knowing <= {"magics", "cli", "api", "_place", "_listing", "jobs", "_reuse", "_completion", "completion"}


def test_only_the_magics_touch_the_shell():
    touching = {
        room(path) for path in modules() if any("get_ipython" in name for name in imports(path, at_import=False))
    }
    assert touching <= {"magics", "completion"}


def test_executors_do_not_know_each_other():
    for path in modules():
        if room(path) == "executors" and len(path.relative_to(PACKAGE).parts) > 2:
            own = path.relative_to(PACKAGE).parts[1]
            others = {
                name
                for name in imports(path, at_import=False)
                # What several executors share starts with an underscore.
                if name.startswith("mlmagic.executors.") and name.split(".")[2] != own and name.split(".")[2][0] != "_"
            }
            assert {name for name in others if name.split(".")[2] not in ("EXECUTORS", "load", "resolve")} == set(), (
                path
            )


def test_config_names_executors_and_actions_by_their_tables_only():
    for path in modules():
        if room(path) == "config":
            assert not {"executors", "actions"} & known_rooms(path), path


def test_a_config_model_of_a_framework_imports_no_framework():
    for path in PACKAGE.glob("executors/*/config.py"):
        assert not {name.split(".")[0] for name in imports(path, at_import=False)} & (HEAVY - {"pydantic"}), path


@pytest.mark.parametrize("path", modules(), ids=place)
def test_a_framework_is_imported_where_it_belongs_and_nowhere_else(path):
    used = {name.split(".")[0] for name in imports(path, at_import=False)} & FRAMEWORKS
    for framework in used:
        assert place(path).startswith(USES[framework]), f"{framework} is imported in {place(path)}"


def test_what_the_extension_loads_is_light():
    """Everything that ``%load_ext`` imports at once, followed through the modules' own imports."""
    reached, todo = set(), ["mlmagic", "mlmagic.magics", "mlmagic.api"]
    outside: set[str] = set()
    while todo:
        name = todo.pop()
        path = PACKAGE.parent / Path(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name in reached or not path.exists():
            continue
        reached.add(name)
        for found in imports(path, at_import=True):
            if found.startswith("mlmagic"):
                todo += [found, found.rpartition(".")[0]]
            else:
                outside.add(found.split(".")[0])
    assert "mlmagic.report" in reached
    assert not outside & HEAVY


def test_the_tables_name_what_exists_and_nothing_else_names_a_framework():
    from mlmagic.actions import ACTIONS
    from mlmagic.executors import EXECUTORS

    actions = [text for action in ACTIONS.values() for text in (action.run, action.config) if text]
    named = [*actions, *(text for entry in EXECUTORS.values() for text in (entry.executor, entry.train))]
    for reference in named:
        module, _, name = reference.partition(":")
        source = (PACKAGE.parent / Path(*module.split("."))).with_suffix(".py").read_text(encoding="utf-8")
        assert any(
            isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name for node in ast.parse(source).body
        ), reference


@pytest.mark.parametrize("path", modules(), ids=place)
def test_nobody_switches_over_framework_names(path):
    """No comparison with a framework's name outside the table: an adapter normalises its own."""
    from mlmagic.executors import EXECUTORS

    names = {spelling for key, entry in EXECUTORS.items() for spelling in (key, *entry.aliases)}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare):
            compared = {item.value for item in ast.walk(node) if isinstance(item, ast.Constant)}
            about = ast.unparse(node)
            assert not (compared & names and "framework" in about), f"{place(path)}:{node.lineno}: {about}"


def test_the_package_is_typed_and_imports_on_its_own():
    assert sys.version_info >= (3, 11)
    assert len(modules()) > 50
