"""A transcription service over real HTTP: what it is sent and who agreed, and that no sound is lost when it fails."""

import json
import threading
import time
from contextlib import suppress

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.audio_socket import AudioRoom, CaptureTokens, mount_audio
from app.settings import Settings
from app.wiring import Services
from consent.notices import OFFERED, Purpose, notice
from interview.errors import LanguageModelError, StorageError
from llms.transcription import TranscriptionEndpoint
from speech.audio import BLOCK, RATE
from speech.doubt import Verdict
from speech.listening import Listener, transcribe_file
from speech.segmenting import Silero
from speech.service import Service, words_of
from speech.worker import Asked, Transcriber
from tests.fakes.grants import granted
from tests.fakes.recognizer import Here, Loud
from tests.fakes.transcription_server import transcription_server
from tests.unit.test_live import BOSS
from tests.unit.test_speech_audio import written

PARTS = np.concatenate([np.full(RATE, level, np.int16) * (n % 2 == 0) for n, level in enumerate((1000, 0, 2000, 0))])


@pytest.fixture
def server():
    with transcription_server() as running:
        yield running


def queue(server, key: str = "", timeout_s: float = 5.0) -> Transcriber:
    return Transcriber(Service(TranscriptionEndpoint(server.url, "m", key, timeout_s), "host"))


def talk(transcriber: Transcriber, lang="zh", hotwords: str = "") -> list:
    transcriber.start()
    ear = Listener(granted(), transcriber, lang, vad=Loud, hotwords=hotwords)
    for seq, at in enumerate(range(0, len(PARTS), BLOCK)):
        ear.feed(PARTS[at : at + BLOCK].tobytes(), seq)
    ear.finish(20)
    transcriber.close()
    return list(ear.events())


def committed(heard) -> list[str]:
    return [h.text for h in heard if h.kind == "committed"]


def test_segments_go_as_sound_with_language_and_names_and_come_back_in_order(server):
    server.key = "k"
    assert committed(talk(queue(server, "k"), hotwords="王岚 OKR")) == ["1000 说", "2000 说"]
    assert {fields["language"] for fields in server.asked} == {"zh"}
    assert server.asked[-1]["prompt"] == "王岚、OKR。" and server.asked[-1]["model"] == "m"
    assert all(0.9 < s < 2.0 for s in server.sound_s)


def test_a_service_that_knows_the_bare_words_only_is_asked_for_them(server):
    server.only_plain = True
    assert committed(talk(queue(server), "auto")) == ["1000 说", "2000 说"]
    assert [f["response_format"] for f in server.asked].count("verbose_json") == 1
    assert "language" not in server.asked[-1]


PASSING = [429, 500, 503, "cut", "silent", "drip", "huge", b"not json", b'{"text": 7}', b"[]"]


@pytest.mark.parametrize("mode", PASSING, ids=str)
def test_what_passes_is_waited_out_and_nothing_is_lost(server, mode):
    transcriber = queue(server, timeout_s=0.4)
    transcriber.start()
    server.modes = [mode, mode]
    heard = talk(transcriber)
    assert committed(heard) == ["1000 说", "2000 说"]
    assert "lost" not in [h.text for h in heard]


def test_a_service_that_is_away_is_told_and_so_is_its_return(server):
    transcriber = queue(server)
    transcriber.start()
    server.mode = 503
    ear = Listener(granted(), transcriber, "zh", vad=Loud)
    for seq, at in enumerate(range(0, len(PARTS), BLOCK)):
        ear.feed(PARTS[at : at + BLOCK].tobytes(), seq)
    until = time.monotonic() + 10
    while transcriber.away is None and time.monotonic() < until:
        time.sleep(0.02)
    assert transcriber.away.message_key == "error.speech_service"
    ear.feed(PARTS[-BLOCK:].tobytes(), seq + 1)
    server.mode = "good"
    ear.finish(20)
    heard = list(ear.events())
    transcriber.close()
    assert committed(heard) == ["1000 说", "2000 说"]
    assert [h.text for h in heard if h.kind == "notice"] == ["away", "back"]


@pytest.mark.parametrize(
    ("mode", "key"),
    [
        (401, "key"),
        (404, "url"),
        ("html", "url"),
        (429, "busy"),
        (400, "refused"),
        ("silent", "slow"),
        (500, "service"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_before_anybody_speaks(server, mode, key):
    server.mode = mode
    with pytest.raises(LanguageModelError) as told:
        queue(server, timeout_s=0.5).start()
    assert told.value.message_key == f"error.speech_{key}"
    assert max(server.sound_s) == 1.0, "nobody's sound: a silent second"


def test_a_service_that_is_not_there():
    with pytest.raises(LanguageModelError) as told:
        Transcriber(Service(TranscriptionEndpoint("http://127.0.0.1:9/v1", "m"), "host")).start()
    assert told.value.message_key == "error.speech_connection"


def test_a_key_that_is_withdrawn_stops_it_and_each_piece_is_told_as_lost(server):
    transcriber = queue(server)
    transcriber.start()
    server.mode = 401
    told = [h.text for h in talk(transcriber) if h.kind == "notice"]
    assert "stopped" in told and "lost" in told
    assert transcriber.failed.message_key == "error.speech_key"


def test_an_upload_is_heard_and_gives_up_on_a_service_that_stays_away(server, tmp_path, monkeypatch):
    path = written(tmp_path / "talk.wav", [PARTS], RATE)
    transcriber = queue(server)
    transcriber.start()
    heard = list(transcribe_file(granted(), path, transcriber, "zh", vad=Loud))
    assert committed(heard) == ["1000 说", "2000 说"]
    monkeypatch.setattr("speech.worker.FILE_PATIENCE_S", 0.3)
    server.mode = 503
    with pytest.raises(LanguageModelError) as told:
        list(transcribe_file(granted(), path, transcriber, "zh", vad=Loud))
    assert told.value.message_key == "error.speech_service"
    transcriber.close()


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"text": "我觉得不公平。"}, Verdict.GOOD),
        ({"text": "字幕由志愿者提供"}, Verdict.DOUBTFUL),
        ({"text": "不公平" * 40}, Verdict.DOUBTFUL),
        ({"text": "我觉得不公平。", "segments": [{"no_speech_prob": 0.9, "avg_logprob": -2.0}]}, Verdict.NOTHING),
        (
            {"text": "我觉得不公平。", "segments": [{"no_speech_prob": float("nan")}, 7, {"avg_logprob": "x"}]},
            Verdict.GOOD,
        ),
    ],
)
def test_an_answer_is_believed_no_more_than_the_models_own(answer, verdict):
    asked = Asked(np.zeros(3 * RATE, np.int16), 2.5, "zh", "final", "", None)
    assert words_of(answer, asked).verdict is verdict


def services(tmp_path, **more) -> Services:
    return Services(Settings(home=tmp_path, models=tmp_path / "none", speech_model="nobody/none", **more))


def begun(made: Services, *purposes: Purpose) -> str:
    interview, secret = made.consents.invite(BOSS, "面谈", "zh")
    made.consents.manager_grants(BOSS, interview.id, purposes, "王岚")
    made.consents.answer(secret, purposes, "李工", "zh")
    return interview.id


def test_sound_leaves_only_where_both_agreed_to_the_place_that_the_notice_names(tmp_path, server):
    made = services(tmp_path, speech_url=server.url)
    assert Purpose.SPEECH_SERVICE in made.consents.offered
    for lang in ("zh", "en"):
        read = made.consents.notice(lang)
        assert "whisper-1 (127.0.0.1)" in str(read.words["sections"]) and read.digest != notice(lang).digest
    agreed = begun(made, *OFFERED, Purpose.SPEECH_SERVICE)
    assert made.hearing(made.consents.grant(agreed)) is made.service_transcriber
    with pytest.raises(StorageError) as told:
        made.hearing(made.consents.grant(begun(made, *OFFERED)))
    assert told.value.message_key == "error.speech_not_agreed"
    made.close()
    other = services(tmp_path, speech_url=server.url, speech_service_model="another")
    assert not other.consents.grant(agreed).covers(Purpose.SPEECH_SERVICE)
    none = services(tmp_path)
    assert Purpose.SPEECH_SERVICE not in none.consents.offered
    assert not none.consents.grant(agreed).covers(Purpose.SPEECH_SERVICE)


def test_silence_is_not_sent(server):
    transcriber = queue(server)
    transcriber.start()
    ear = Listener(granted(), transcriber, "zh", vad=Silero)
    for seq in range(25):
        ear.feed(np.zeros(BLOCK, np.int16).tobytes(), seq)
    ear.finish(5)
    transcriber.close()
    assert len(server.asked) == 1, "only the question at the start"


class Device:
    """A phone at the socket that goes on speaking: half a second loud, half a second still, faster than the clock."""

    def __init__(self, client: TestClient, token: str) -> None:
        self._client, self._token = client, token
        self.told: list[dict] = []
        self.number = 0

    def speak(self, seconds: float, until=lambda: False) -> None:
        """Until the server closes the connection or so much has been said."""
        end = time.monotonic() + seconds
        with suppress(WebSocketDisconnect), self._client.websocket_connect("/live/audio") as socket:
            socket.send_text(json.dumps({"token": self._token}))
            self._until(socket, "ready")
            self.number = self.told[-1].get("next", 0)
            while time.monotonic() < end and not until():
                for _ in range(5):
                    level = 1000 if self.number % 6 < 3 else 0
                    socket.send_bytes(self.number.to_bytes(4, "little") + np.full(BLOCK, level, "<i2").tobytes())
                    self.number += 1
                self._until(socket, "ack")
                time.sleep(0.05)

    def _until(self, socket, kind: str) -> None:
        while not self.told or self.told[-1]["type"] != kind:
            self.told.append(socket.receive_json())
            if self.told[-1]["type"] == "stopped":
                raise WebSocketDisconnect(4003)
        self.told.append({"type": "", **{k: v for k, v in self.told[-1].items() if k != "type"}})


@pytest.mark.parametrize("mode", ["good", "silent", 503])
@pytest.mark.parametrize("local", [True, False])
def test_taking_back_the_service_alone_stops_what_goes_out_at_once(tmp_path, server, local, mode):
    made = services(tmp_path, speech_url=server.url, speech_timeout_s=5)
    if local:
        made.__dict__["transcriber"] = Transcriber(Here())
        made.transcriber.start()
    purposes = (*OFFERED, Purpose.SPEECH_SERVICE)
    interview, secret = made.consents.invite(BOSS, "面谈", "zh")
    made.consents.manager_grants(BOSS, interview.id, purposes, "王岚")
    made.consents.answer(secret, purposes, "李工", "zh")
    assert made.service_transcriber
    server.mode = mode
    begun, asked, settle_s = len(server.asked), list[int](), 2.0

    def ears(grant, spoken, hotwords=""):
        return Listener(grant, made.hearing(grant), spoken, hotwords=hotwords, vad=Loud)

    app, tokens = FastAPI(), CaptureTokens()
    mount_audio(app, AudioRoom(made, ears, tokens))

    def take_back() -> None:
        until = time.monotonic() + 20
        while len(server.asked) < begun + 3 and time.monotonic() < until and mode == "good":
            time.sleep(0.02)
        time.sleep(0.3)
        made.consents.answer(secret, OFFERED, "李工", "zh")
        time.sleep(settle_s)  # half a second is enough on a machine that is not busy
        asked.append(len(server.asked))

    with TestClient(app) as client:
        device = Device(client, tokens.issue(made, BOSS, interview.id))
        taking = threading.Thread(target=take_back)
        taking.start()
        device.speak(30)
        assert not any(u.text.startswith("本机") for u in made.live.heard(BOSS, interview.id))
        device.speak(10, until=lambda: bool(asked) and len(made.live.heard(BOSS, interview.id)) > 3)
        taking.join()
        told = [event["type"] for event in device.told]
    assert asked == [len(server.asked)], "not one piece more went out"
    assert asked[0] > begun
    if local:
        assert "kept_here" in told, "the page says so"
        assert any(u.text == "本机 1000" for u in made.live.heard(BOSS, interview.id))
    else:
        assert device.told[-1]["why"] == "error.speech_not_agreed"
    made.close()
