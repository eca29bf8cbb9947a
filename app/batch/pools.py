"""Where batch work runs: processes of this machine, or Ray. Both start an item again whose worker was killed.

A task is named, not passed, so that a worker on another machine finds it in its own installation. What a worker hands
back is one plain dictionary; whoever collects them sees every item exactly once, however often a worker was killed.
"""

import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any, Protocol

from interview.errors import SettingsError

Told = Mapping[str, Any]
TRIES = 3
"""How often a worker may be killed over one item before that is told as the item's failure."""
DIED: Told = {"state": "failed", "why": "error.batch_died"}


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of work. ``id`` is the same in every run; ``given``: plain values the task needs."""

    id: str
    task: str
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])


Perform = Callable[[Item], dict[str, Any]]
"""A function at the top of a module; never raises."""


class Pool(Protocol):
    """The one interface."""

    def run(self, items: Iterable[Item]) -> Iterator[tuple[Item, Told]]:
        """Every item once, with what its task told, in the order they are finished."""
        ...


class LocalPool:
    """Processes of this machine. A killed worker takes no other item's result with it."""

    def __init__(self, workers: int, perform: Perform) -> None:
        self._workers, self._perform = workers, perform

    def run(self, items: Iterable[Item]) -> Iterator[tuple[Item, Told]]:
        """See ``Pool.run``. What was under way when a worker died is done again, one at a time, after the rest."""
        waiting, suspects = iter(items), list[Item]()
        while left := (yield from self._round(waiting, self._workers)):
            suspects += left
        for item in suspects:
            for _ in range(TRIES - 1):
                if not (yield from self._round(iter((item,)), 1)):
                    break
            else:
                yield item, DIED

    def _round(self, waiting: Iterator[Item], workers: int) -> Generator[tuple[Item, Told], None, list[Item]]:
        """Work through ``waiting``; returns what was under way when a worker died, nothing at the end."""
        under_way: dict[Future[dict[str, Any]], Item] = {}
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin) as pool:
            while True:
                while len(under_way) < workers and (item := next(waiting, None)) is not None:
                    try:
                        under_way[pool.submit(self._perform, item)] = item
                    except BrokenProcessPool:
                        return [*under_way.values(), item]
                if not under_way:
                    return []
                finished = wait(under_way, return_when=FIRST_COMPLETED).done
                for future in [f for f in finished if f.exception() is None]:
                    yield under_way.pop(future), future.result()
                if any(isinstance(f.exception(), BrokenProcessPool) for f in finished):
                    return list(under_way.values())


class RayPool:
    """A Ray cluster, or Ray on this machine where no address is given. Every node has this release, these settings and
    the same database installed."""

    def __init__(self, workers: int, perform: Perform, address: str = "") -> None:
        self._workers, self._perform, self._address = workers, perform, address

    def run(self, items: Iterable[Item]) -> Iterator[tuple[Item, Told]]:
        """See ``Pool.run``; raises SettingsError where Ray is not installed or can't be reached."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            ray: Any = importlib.import_module("ray")
        except ImportError as error:
            raise SettingsError("no ray", message_key="error.batch_no_ray") from error
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        try:
            if self._address:
                ray.init(address=self._address, **quiet)
            else:
                ray.init(address="local", num_cpus=self._workers, include_dashboard=False, **quiet)
        except Exception as error:  # Ray has no class of its own for "nobody there"
            raise SettingsError(type(error).__name__, message_key="error.batch_ray_away") from error
        try:
            yield from self._work(ray, iter(items))
        finally:
            ray.shutdown()

    def _work(self, ray: Any, waiting: Iterator[Item]) -> Iterator[tuple[Item, Told]]:
        do = ray.remote(num_cpus=1, max_retries=TRIES - 1)(self._perform)
        under_way: dict[Any, Item] = {}
        while True:
            while len(under_way) < 2 * self._workers and (item := next(waiting, None)) is not None:
                under_way[do.remote(item)] = item
            if not under_way:
                return
            finished, _ = ray.wait(list(under_way), num_returns=1)
            for future in finished:
                item = under_way.pop(future)
                try:
                    told = ray.get(future)
                except ray.exceptions.RayError:
                    told = DIED
                yield item, told


def _begin() -> None:
    """A worker leaves Ctrl-C to its parent, which lets it finish, and goes when its parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_go_with, args=(parent,), daemon=True).start()


def _go_with(parent: Any) -> None:
    parent.join()
    os._exit(1)
