import subprocess
import sys

HEAVY = ("pandas", "numpy", "sklearn", "torch", "IPython", "ipywidgets")


def test_config_imports_no_framework():
    code = (
        "import sys\n"
        "from mlmagic.config import describe, json_schema, parse, resolve\n"
        "resolve(parse('framework: sklearn\\nalgorithm: SVC\\ndata: $df'), action='train')\n"
        "resolve(parse('framework: torch\\narchitecture: mlp\\ndata: $df'), action='train')\n"
        "describe(), json_schema()\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
