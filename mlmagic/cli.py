"""The shell's side: ``mlmagic run FILE``, ``mlmagic doctor``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from mlmagic.errors import MLError

STOPPED_HARD = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; gives the exit code, which for a failed run is the error's own."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except MLError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return STOPPED_HARD
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mlmagic", description="Training runs from YAML.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run a config; Ctrl-C stops it and keeps the best, twice ends it")
    run.add_argument("file", metavar="FILE", help="a YAML or JSON config")
    run.set_defaults(run=_run)
    doctor = commands.add_parser("doctor", help="what is installed, which GPU, what to install")
    doctor.set_defaults(run=_doctor)
    return parser


def _run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from mlmagic._text import tell
    from mlmagic._waiting import wait_and_keep
    from mlmagic.api import submit

    report = submit(Path(options.file))
    with tell(report.run, sys.stdout):
        wait_and_keep(report.run)
    error = report.error
    return error.exit_code if error else 0


def _doctor(_: argparse.Namespace) -> int:
    from mlmagic.doctor import examine

    print(examine())
    return 0


if __name__ == "__main__":
    sys.exit(main())
