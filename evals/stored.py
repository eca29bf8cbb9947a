"""Whether stored history slows a turn: a small and a large database in one run, turn about, so that both meet the same machine.

    python -m evals.stored [--stored 1000,100000] [--rounds 24] [--urls URL,URL]

Each round holds one rehearsal and one live interview in each database (see `evals.load` for what lies there), the order
changing from round to round; the first two rounds do not count. ``--urls``: two empty databases; otherwise SQLite files in
a temporary folder. Prints one JSON object a database and kind, with p95 as a ratio of the first database's.
"""

import argparse
import tempfile
from pathlib import Path

from evals.load import TALK_TURNS, Live, Now, Teller, fill, fill_interviews, hold, numbers, service
from storage.database import open_database
from storage.store import Store
from storage.vault import Vault

WARM = 2


class Side:
    """One database with so many stored talks, and the seconds of what was done beside them."""

    def __init__(self, url: str, key: Path, stored: int) -> None:
        self.stored = stored
        self._store = Store(open_database(url), Vault.from_file(key), Now())
        self._rehearsals, self._live = service(self._store), Live(self._store)
        hold(self._rehearsals, "warm", TALK_TURNS, 7)
        self._live.hold(TALK_TURNS)
        fill(self._store, stored)
        fill_interviews(self._store, stored)
        self.took: dict[str, list[float]] = {"turn": [], "line": [], "consent": []}

    def round(self, number: int) -> None:
        """A rehearsal and a live interview."""
        turns = hold(self._rehearsals, "local", TALK_TURNS, number)
        asked, lines = self._live.hold(TALK_TURNS)
        if number >= WARM:
            for what, seconds in (("turn", turns), ("line", lines), ("consent", asked)):
                self.took[what] += seconds

    def close(self) -> None:
        """Let the database go."""
        self._store.engine.dispose()


def main() -> None:
    """See the module."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--stored", type=numbers, default=[1_000, 100_000])
    options.add_argument("--rounds", type=int, default=24)
    options.add_argument("--urls", default="")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, tell = Path(scratch), Teller()
        urls = chosen.urls.split(",") if chosen.urls else [f"sqlite:///{folder}/{n}.db" for n in chosen.stored]
        sides = [Side(url, folder / f"{stored}.key", stored) for url, stored in zip(urls, chosen.stored, strict=True)]
        for number in range(chosen.rounds):
            for side in sides if number % 2 else reversed(sides):
                side.round(number)
        for side in sides:
            for what, took in side.took.items():
                tell(what, {"stored": side.stored}, took)
            side.close()


if __name__ == "__main__":
    main()
