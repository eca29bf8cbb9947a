"""A process that rehearses for ever and prints what it has shown, so that a test can kill it at any moment."""

import sys
from pathlib import Path

from app.settings import Settings
from app.wiring import Services, single_user
from simulator.rehearsal import Sentence, TurnStored


def main(home: str, rehearsal_id: str) -> None:
    """Go on with a rehearsal, or start one where the id is ``new``."""
    services, actor = Services(Settings(home=Path(home))), single_user("zh")
    rehearsals = services.rehearsals
    if rehearsal_id == "new":
        rehearsal_id = rehearsals.start(actor, "expert-open", "mid-year-check", lang="zh", seed=5).id
        print(f"started {rehearsal_id}", flush=True)
    number = rehearsals.get(actor, rehearsal_id).turn_count
    while True:
        number += 1
        for event in rehearsals.say(actor, rehearsal_id, f"第{number}件事你怎么看？我想听听你的想法。"):
            if isinstance(event, TurnStored):
                print(f"turn {event.index} {event.payload['text']}", flush=True)
            elif isinstance(event, Sentence):
                print(f"sentence {event.turn} {event.index} {event.text}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
