"""Whether the machine's clock has gone on evenly since this process began.

What is destroyed by its age must not be destroyed because somebody set the clock wrongly: a clock that jumped is not
believed for that until the server is started again with it, or the jump was undone.
"""

import time
from collections.abc import Callable

MOST_S = 3_600.0
"""Seconds the clock may be put right by; time servers correct less."""


def since_boot() -> float:
    """Seconds that nobody can set, a machine's sleep included where the system counts it."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Steady:
    """Compares the clock with one that can't be set."""

    def __init__(self, wall: Callable[[], float] = time.time, even: Callable[[], float] = since_boot) -> None:
        self._wall, self._even = wall, even
        self._began = wall() - even()

    def __call__(self) -> bool:
        """Whether the clock may be believed."""
        return abs(self._wall() - self._even() - self._began) <= MOST_S
