"""The magics: parse, submit, show, bind. The only module that touches the shell."""

from __future__ import annotations

import contextlib
import shlex
import sys
import threading
from importlib import import_module
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from traitlets import Int, observe

from mlmagic._audience import is_logged, is_seen_live, nobody_watches
from mlmagic._run import Run
from mlmagic._waiting import Touch, wait_and_keep
from mlmagic.report import Report

# Seconds that %mlpredict may take without a dashboard.
PATIENCE = 1.0
# What a cell binds that names nothing: what it measures or predicts with is most likely called "report".
NAMES = {"evaluate": "evaluation", "predict": "predictions"}


def _options(function: Any) -> Any:
    """The options of every cell magic, with their help."""
    options = (
        argument("name", nargs="?", help="the variable that the report is bound to; `report` if there is none"),
        argument("--wait", action="store_true", default=None, help="return when the run has ended"),
        argument("--no-wait", dest="wait", action="store_false", help="return at once"),
        argument("--dry-run", action="store_true", help="check everything and show the plan, run nothing"),
        argument("--quiet", action="store_true", help="show no dashboard"),
    )
    for option in reversed(options):
        function = option(function)
    return magic_arguments()(function)


@magics_class
class MLMagic(Magics):
    """Training runs from cells of YAML."""

    max_jobs = Int(1, min=1, help="How many runs train at the same time; the others queue.").tag(config=True)

    @observe("max_jobs")
    def _pass_on(self, change: Any) -> None:
        from mlmagic import jobs

        jobs.QUEUE.resize(change.new)

    @no_var_expand
    @cell_magic
    @_options
    def ml(self, line: str, cell: str) -> None:
        """Run the action that the cell's YAML or JSON names, in the background.

        The report is bound at once and fills as the run goes; %mlhelp explains the keys.
        """
        self._submit(parse_argstring(self.ml, line), cell, None)

    @no_var_expand
    @cell_magic
    @_options
    def mltrain(self, line: str, cell: str) -> None:
        """Train the model that the cell's YAML describes, in the background.

        The report is bound at once and fills as the run goes; %mlhelp explains the keys.
        """
        self._submit(parse_argstring(self.mltrain, line), cell, "train")

    @no_var_expand
    @cell_magic
    @_options
    def mleval(self, line: str, cell: str) -> None:
        """Measure a fitted model on rows whose truth is known, in the background.

        The cell says `model: $report` (or a model of the notebook, or modelPath), `data: $df`, and maybe `metrics:`.
        Its own report is NAME, or else `evaluation`.
        """
        self._submit(parse_argstring(self.mleval, line), cell, "evaluate")

    @no_var_expand
    @line_cell_magic
    @_options
    def mlpredict(self, line: str, cell: str | None = None) -> Any:
        """Predict rows with a fitted model.

        In one line: %mlpredict MODEL DATA [-o NAME] [--trust], where MODEL is a report, a model or a path, and DATA a
        variable or a path. It waits, and gives a DataFrame, or binds it to NAME; an interrupt keeps the rows so far.
        --trust lets a file of MODEL run code. As a cell, the body says `model: $report` and `data: $df`; NAME, or else
        `predictions`, is the run's report, whose `predictions` is the DataFrame.
        """
        if cell is None:
            return self._predict(line)
        return self._submit(parse_argstring(self.mlpredict, line), cell, "predict")

    @no_var_expand
    @line_magic
    def mljobs(self, line: str) -> Any:
        """List the runs of this kernel: %mljobs."""
        from mlmagic import jobs
        from mlmagic._listing import Listing

        return Listing(jobs.QUEUE)

    @no_var_expand
    @line_magic
    def mlstop(self, line: str) -> None:
        """Stop a run and keep its best, or all runs: %mlstop [NAME or id]."""
        from mlmagic import jobs

        name = line.strip()
        bound = self.shell.user_ns.get(name)
        # A run that was attached is another process's: only who names it stops it.
        named = bound.run if isinstance(bound, Report) else None
        runs: list[Run | None] = [*jobs.QUEUE.jobs, named]
        going = [run for run in dict.fromkeys(runs) if run is not None and not run.state.finished]
        chosen = [run for run in going if name in ("", run.name, run.id) or run is named]
        if not chosen:
            known = ", ".join(run.id for run in going) or "none"
            raise UsageError(f"no run called {name!r} is going; going: {known}" if name else "no run is going")
        for run in chosen:
            run.stop("%mlstop")

    @no_var_expand
    @line_magic
    def mlattach(self, line: str) -> None:
        """Open a run again from its directory, finished or not: %mlattach DIR [NAME] [--trust].

        With --trust code found in the directory may run to load the model; say so only if you know who made the run.
        """
        from mlmagic.api import attach

        try:
            given = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"the line cannot be read: {error}") from None
        words = [word for word in given if word != "--trust"]
        if not 1 <= len(words) <= 2:
            raise UsageError("usage: %mlattach DIR [NAME] [--trust]; %mljobs lists directories")
        if len(words) == 2:
            _check_name(words[1])
        report = attach(words[0], trust="--trust" in given)
        # The directory's own word, which need not be a name.
        name = words[1] if len(words) == 2 else report.run.name
        self._bind(name if name.isidentifier() else "report", report)
        _show(report.run, waits=False, shell=self.shell)

    @no_var_expand
    @line_magic
    def mldoctor(self, line: str) -> None:
        """Say what is installed, which GPU there is, and what to install: %mldoctor."""
        from mlmagic.doctor import examine

        print(examine())

    @no_var_expand
    @line_magic
    def mlhelp(self, line: str) -> None:
        """Explain the keys of a cell, or one of them: %mlhelp [KEY]."""
        from mlmagic.config import describe

        print(describe(line.strip() or None))

    def _submit(self, options: Any, cell: str, action: str | None) -> None:
        from mlmagic import jobs
        from mlmagic._failure import as_error
        from mlmagic._inputs import resolve_with
        from mlmagic.config import parse

        name = options.name or NAMES.get(action or "", "report")
        _check_name(name)
        # The magic is the first line of the cell, so that positions are those that the editor shows.
        source = parse("\n" + cell)
        config = resolve_with(source, self.shell.user_ns, action)
        if options.dry_run:
            from mlmagic.plan import plan

            print(plan(config, self.shell.user_ns, source))
            return
        job = jobs.create(config, self.shell.user_ns, name=name, source=source)
        report = Report(job)
        self._bind(name, report)
        waits = options.wait if options.wait is not None else nobody_watches(self.shell)
        try:
            if not options.quiet:
                _show(job, waits=waits, shell=self.shell)
        except BaseException as raised:
            job.finish(as_error(raised))  # it was never queued: nobody shall wait for it
            raise
        jobs.QUEUE.add(job)
        if waits:
            _wait(job, self.shell, quiet=options.quiet)

    def _predict(self, line: str) -> Any:
        from mlmagic import jobs
        from mlmagic._inputs import resolve_with
        from mlmagic._line import read

        name, asked = read(line, self.shell.user_ns)
        if name is not None:
            _check_name(name)
        config = resolve_with({"action": "predict", **asked}, self.shell.user_ns)
        job = jobs.create(config, self.shell.user_ns, name=name or "predictions")
        job.table = name or ""
        report = Report(job)
        jobs.QUEUE.add(job)
        ended = wait_and_keep(job, PATIENCE)
        if not ended:  # only what takes long is worth a picture
            _show(job, waits=True, shell=self.shell)
        _wait(job, self.shell, quiet=True)
        if name is None:
            return report.predictions
        self.shell.user_ns[name] = report.predictions
        return None

    def _bind(self, name: str, report: Report) -> None:
        self.shell.user_ns[name] = report


def _show(run: Run, *, waits: bool, shell: Any) -> None:
    """Show a run's dashboard where somebody sees it live."""
    from mlmagic import _place

    if is_seen_live(shell) or not waits:
        _place.live(run, waits=waits)


def _wait(run: Run, shell: Any, *, quiet: bool) -> None:
    """Wait in the run's own cell: an interrupt stops and keeps; the finished report is shown afresh."""
    from mlmagic import _place
    from mlmagic._text import tell

    kernel = getattr(shell, "kernel", None) is not None
    told = not quiet and (not kernel or is_logged(shell))
    with tell(run, sys.stdout) if told else contextlib.nullcontext():
        wait_and_keep(run)
    if kernel and not quiet:
        _place.finished(run, instead=told)
    if (error := Report(run).error) is not None:
        raise error


def _check_name(name: str) -> None:
    if not name.isidentifier():
        raise UsageError(f"the report's name must be a Python name, got {name!r}")


def _cell_runs() -> bool:
    """Whether code of a cell runs now, so that a touch may wait; completion and hints evaluate attributes too."""
    from IPython import get_ipython

    shell = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return True
    return bool(kernel.get_parent("shell").get("header", {}).get("msg_type") == "execute_request")


def load_ipython_extension(shell: Any) -> None:
    """Register the magics: ``%load_ext mlmagic``."""
    shell.register_magics(MLMagic)
    Touch.allowed = staticmethod(_cell_runs)
    if getattr(shell, "kernel", None) is not None:
        threading.Thread(target=_import_early, name="mlmagic import", daemon=True).start()


def _import_early() -> None:
    """Import what the first cell needs while it is still being written: a quarter of a second, and no framework."""
    with contextlib.suppress(Exception):  # the cell that needs it will tell
        for name in ("config", "_place", "dashboard", "_summary"):
            import_module(f"mlmagic.{name}")


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics out of the shell: ``%unload_ext mlmagic``. Runs that go on are not touched."""
    for kind, names in MLMagic.magics.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
    Touch.allowed = staticmethod(lambda: True)
