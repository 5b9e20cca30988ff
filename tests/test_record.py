"""What a run's directory says of where the run came from."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import mlmagic
from tests.runs import config, flowers

if TYPE_CHECKING:
    from pathlib import Path

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="needs git")


def git(*arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(["git", *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit() -> str:
    git("commit", "--allow-empty", "--quiet", "--message", "another state")
    return git("rev-parse", "HEAD")


def provenance(directory: Path) -> dict[str, Any]:
    return yaml.safe_load((directory / "config.yaml").read_text(encoding="utf-8"))["provenance"]


@needs_git
def test_the_commit_is_the_one_that_was_checked_out_and_git_is_asked_once(here, monkeypatch):
    git("init", "--quiet")
    expected = commit()
    asked = here / "asked"
    (here / "bin").mkdir()
    (here / "bin" / "git").write_text(f'#!/bin/sh\necho "$@" >> {asked}\nexec {GIT} "$@"\n')
    (here / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{here / 'bin'}{os.pathsep}{os.environ['PATH']}")
    report = mlmagic.run(config(), df=flowers())
    assert provenance(report.output_dir)["gitCommit"] == expected
    assert asked.read_text().splitlines() == ["rev-parse HEAD"]


@needs_git
def test_a_commit_made_while_a_run_goes_on_is_not_that_runs(here):
    git("init", "--quiet")
    before = commit()

    class Commits:
        """A target that is read when the run has begun."""

        def __init__(self) -> None:
            self.values = flowers()["target"].to_numpy()

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            commit()
            return self.values

    report = mlmagic.run(config(target="$late"), df=flowers().drop(columns="target"), late=Commits())
    assert git("rev-parse", "HEAD") != before
    assert provenance(report.output_dir)["gitCommit"] == before


def test_no_repository_is_no_commit(here):
    assert provenance(mlmagic.run(config(), df=flowers()).output_dir)["gitCommit"] is None
