"""``tandao serve`` with ears that say a sentence for every tenth frame, for tests of several replicas.

python -m tests.fakes.hearing_replica PORT
"""

import sys

from app.server import run
from app.wiring import Services, build_services
from tests.unit.test_audio_socket import Ears

if __name__ == "__main__":
    Services.ears = lambda self, grant, spoken, hotwords="": Ears()(grant, spoken, hotwords)
    run(build_services(), None, int(sys.argv[1]))
