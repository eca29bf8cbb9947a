"""Batch tasks that leave a mark for each time they ran and, if told, die or wait."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from app.batch.pools import Item


def perform(item: Item) -> dict[str, Any]:
    """Append this item's id to ``given["marks"]``; die by SIGKILL while ``given["dies"]`` is a file, taking it away."""
    with Path(item.given["marks"]).open("a") as marks:
        marks.write(f"{item.id} {os.getpid()}\n")
    time.sleep(float(item.given.get("wait_s", 0)))
    dies = item.given.get("dies")
    if dies == "always" or (dies and Path(dies).exists()):
        if dies != "always":
            Path(dies).unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"state": "done", "pid": os.getpid()}
