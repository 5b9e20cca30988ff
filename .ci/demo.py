"""Run the quick-start in a real kernel and say where its results lie: what `make demo` does.

Usage: python .ci/demo.py NOTEBOOK DIRECTORY
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

# Asked of the kernel after the notebook's last cell; never part of the notebook that is written.
REPORTS = """
from mlmagic import Report as _Report
for _name, _value in sorted(globals().items()):
    if isinstance(_value, _Report) and not _name.startswith("_"):
        print(f"{_value!r}\\t{_value.output_dir}")
"""


def main(source: Path, directory: Path) -> None:
    """Execute the notebook inside ``directory``, so that its runs land there too."""
    directory.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(source, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": directory}},
        # ipykernel 7.4 warns of its own TCP port on each start.
        extra_arguments=["--IPKernelApp.log_level=40"],
    )
    print(f"running {source} ...", flush=True)
    with client.setup_kernel():
        try:
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
            reports = ask(client)
        finally:
            # A demo that failed is worth reading too.
            executed, page = write(notebook, directory / source.name)
    print()
    for line in reports:
        print(line.split("\t")[0])
    print(f"\nexecuted notebook  {executed}\nHTML page          {page}")
    for line in reports:
        print(f"run directory      {directory / line.split(chr(9))[1]}")


def ask(client: NotebookClient) -> list[str]:
    """Ask the kernel for the reports it holds: repr and run directory, separated by a tab."""
    cell = nbformat.v4.new_code_cell(REPORTS)
    client.nb.cells.append(cell)
    try:
        client.execute_cell(cell, len(client.nb.cells) - 1)
    finally:
        client.nb.cells.pop()
    return "".join(output.get("text", "") for output in cell.outputs).splitlines()


def write(notebook: nbformat.NotebookNode, path: Path) -> tuple[Path, Path]:
    """Write the notebook and a page of it that fetches nothing."""
    nbformat.write(notebook, path)
    exporter = HTMLExporter(require_js_url="", mathjax_url="", jquery_url="", widget_renderer_url="")
    body, _ = exporter.from_notebook_node(notebook)
    page = path.with_suffix(".html")
    page.write_text(body, encoding="utf-8")
    return path, page


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
