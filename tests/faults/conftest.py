"""Child processes of this folder's tests."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
Speaker = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def speaker() -> Iterator[Speaker]:
    """Starts ``tests.faults.speaker``; what is still alive at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(home: Path, *rest: str) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.speaker", str(home), *rest],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()


def said(output: str) -> list[Any]:
    """The printed events; a last line cut by the kill was never shown whole."""
    return [json.loads(line) for line in output.splitlines(keepends=True) if line.endswith("\n")]
