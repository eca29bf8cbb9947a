"""``tandao batch``: the items that are not done yet go through a pool; results to standard output or a journal."""

import contextlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import click

from app.batch.journal import DONE, Journal, Printed, kept
from app.batch.pools import Item, LocalPool, Pool, RayPool
from app.batch.tasks import perform
from app.texts import t
from interview.conversation import Lang

Where = Literal["local", "ray"]
SOME_FAILED = 3
INTERRUPTED = 130
TELL_S = 5.0
"""Seconds between two lines of progress; on a terminal ten times as often, on one line."""


def chosen_pool(where: Where, workers: int | None, address: str) -> Pool:
    """The pool that was asked for."""
    many = workers or max(1, os.cpu_count() or 1)
    return RayPool(many, perform, address) if where == "ray" else LocalPool(many, perform)


def run(items: Iterable[Item], pool: Pool, out: Path | None, lang: Lang) -> int:
    """Do what is not done yet; returns the exit code: 0 all done, 3 some not, 130 stopped by Ctrl-C."""
    with contextlib.ExitStack() as open_until:
        journal: Journal = Printed(sys.stdout) if out is None else open_until.enter_context(kept(out))
        every = list(items)
        left = [item for item in every if item.id not in journal.done]
        counts: Counter[str] = Counter()
        progress = _Progress(len(left), len(every) - len(left), lang)
        stopped = False
        try:
            for item, told in pool.run(left):
                journal.note(item.id, {**_named(item), **told})
                counts[str(told["state"])] += 1
                progress.tell(counts)
        except KeyboardInterrupt:
            stopped = True
        progress.end(counts)
    if stopped:
        click.echo(t("batch.stopped", lang), err=True)
        return INTERRUPTED
    return 0 if counts[DONE] == len(left) else SOME_FAILED


def _named(item: Item) -> dict[str, object]:
    """What a result is of, without paths and owners."""
    return {k: v for k, v in item.given.items() if k in ("rehearsal", "interview", "persona", "scenario", "style", "seed", "lang")}  # fmt: skip


class _Progress:
    """Lines on standard error: how many are done, failed and left."""

    def __init__(self, total: int, before: int, lang: Lang) -> None:
        self._total, self._last = total, 0.0
        self._lang: Lang = lang
        self._live = sys.stderr.isatty()
        click.echo(t("batch.begin", lang, total=total, before=before), err=True)

    def tell(self, counts: Counter[str]) -> None:
        """Not more often than somebody can read it."""
        now = time.monotonic()
        if now - self._last >= (TELL_S / 10 if self._live else TELL_S):
            self._last = now
            click.echo(("\r" if self._live else "") + self._line(counts), err=True, nl=not self._live)

    def end(self, counts: Counter[str]) -> None:
        """The last line."""
        click.echo(("\r" if self._live else "") + self._line(counts), err=True)

    def _line(self, counts: Counter[str]) -> str:
        other = {state: n for state, n in counts.items() if state != DONE}
        line = t("batch.progress", self._lang, done=counts[DONE], total=self._total)
        return line + (" " + json.dumps(other) if other else "")
