"""An uploaded recording: no grant, no byte kept; removed whatever happens; a clear reason for each failure."""

import functools
import time
import wave
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.audio_socket import AudioRoom, CaptureTokens
from app.recordings import mount_recordings
from app.settings import Settings
from app.wiring import Services
from consent.notices import Purpose
from interview.errors import InputError, StorageError
from speech.audio import Block
from speech.doubt import Verdict
from speech.whisper import Words
from speech.worker import Transcriber
from tests.fakes.recognizer import Loud
from tests.unit.test_audio_socket import BOSS, Ears, begin


@pytest.fixture
def services(tmp_path):
    return Services(Settings(home=tmp_path / "home"))


@pytest.fixture
def tokens():
    return CaptureTokens()


@pytest.fixture
def client(services, tokens):
    app = FastAPI()
    mount_recordings(app, services, AudioRoom(services, Ears(), tokens))
    with TestClient(app) as made:
        yield made


@pytest.fixture
def heard(monkeypatch):
    """What the ears make of any file: two sentences, one a channel."""
    speech = pytest.importorskip("speech.listening", reason="the speech extra is not installed")

    def transcribe(grant, path, transcriber, lang, *, split, told, cancelled, kept, hotwords, known):
        assert path.stat().st_mode & 0o077 == 0
        for channel, text in enumerate(("你先说说看。", "这对我不公平。")):
            if cancelled():
                return
            told(SimpleNamespace(done_s=float(channel + 1), total_s=2.0))
            kept(Block(np.full(3_200, 1_000 * (channel + 1), np.int16), channel, 0.0))
            yield SimpleNamespace(kind="committed", text=text, start_s=0.0, end_s=1.0, channel=channel, doubtful=False)

    monkeypatch.setattr(speech, "transcribe_file", transcribe)
    monkeypatch.setattr(Services, "transcriber", object())
    return transcribe


def left(services):
    folder = services.settings.home / "uploads"
    return list(folder.iterdir()) if folder.exists() else []


def finished(client, job):
    for _ in range(200):
        shown = client.get(f"/live/recording/{job}").json()
        if shown["state"] != "hearing":
            return shown
        time.sleep(0.02)
    raise AssertionError("not in time")


def test_without_a_grant_no_byte_is_kept(client, services, tokens):
    for token in ("", "guess"):
        answer = client.post("/live/recording", content=b"x" * 1000, headers={"x-tandao-token": token})
        assert (answer.status_code, answer.json()["why"]) == (403, "error.no_grant")
    interview, secret = begin(services)
    token = tokens.issue(services, BOSS, interview)
    services.consents.withdraw(secret)
    assert client.post("/live/recording", content=b"x", headers={"x-tandao-token": token}).status_code == 403
    assert client.post("/live/recording", content=b"x", headers={"x-tandao-token": secret}).status_code == 403
    assert left(services) == []


def test_a_channel_each_and_nothing_left_behind(client, services, tokens, heard):
    interview, _ = begin(services)
    headers = {"x-tandao-token": tokens.issue(services, BOSS, interview), "x-tandao-split": "1"}
    job = client.post("/live/recording", content=b"sound", headers=headers).json()["job"]
    assert finished(client, job)["state"] == "done"
    first, second = services.live.heard(BOSS, interview)
    assert (first.speaker, second.speaker) == ("manager", "employee")
    assert second.cues and left(services) == []


def test_one_microphone_is_unsure(client, services, tokens, heard):
    interview, _ = begin(services)
    headers = {"x-tandao-token": tokens.issue(services, BOSS, interview)}
    finished(client, client.post("/live/recording", content=b"sound", headers=headers).json()["job"])
    assert {u.speaker for u in services.live.heard(BOSS, interview)} == {"unsure"}


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (InputError("x", message_key="error.audio_format"), "error.audio_format"),
        (StorageError("x", message_key="error.model_missing"), "error.model_missing"),
        (RuntimeError("decoder"), "error.unexpected"),
    ],
)
def test_a_failure_has_its_reason_and_leaves_nothing(client, services, tokens, heard, monkeypatch, error, why):
    import speech.listening

    def fails(*_args, **_how):
        raise error

    monkeypatch.setattr(speech.listening, "transcribe_file", fails)
    interview, _ = begin(services)
    headers = {"x-tandao-token": tokens.issue(services, BOSS, interview)}
    shown = finished(client, client.post("/live/recording", content=b"sound", headers=headers).json()["job"])
    assert (shown["state"], shown["why"]) == ("failed", why)
    assert left(services) == []


def test_nothing_uploaded_is_said(client, services, tokens):
    interview, _ = begin(services)
    answer = client.post("/live/recording", headers={"x-tandao-token": tokens.issue(services, BOSS, interview)})
    assert answer.json()["why"] == "error.audio_empty"
    assert client.get("/live/recording/unknown00").status_code == 404


class Failing:
    """Hears the loudest sample; ``fails`` so many pieces from now, once."""

    lanes, pid = 1, None
    fails = -1

    def __init__(self):
        self.asked = []

    def begin(self):
        pass

    def ask(self, asked, wanted):
        self.fails -= 1
        if self.fails == 0:
            raise StorageError("x", message_key="error.speech_stopped")
        self.asked.append(int(asked.samples.max()))
        return Words(f"{asked.samples.max()} 说", "zh", Verdict.GOOD, 0.0, 0.0)

    def end(self):
        pass


LEVELS = (1000, 2000, 3000, 4000, 5000)


@pytest.fixture
def loud(services, monkeypatch):
    """Real ears before an engine that can be told to fail."""
    import speech.listening

    engine = Failing()
    services.__dict__["transcriber"] = Transcriber(engine)
    services.transcriber.start()
    monkeypatch.setattr(
        "speech.listening.transcribe_file", functools.partial(speech.listening.transcribe_file, vad=Loud)
    )
    yield engine
    services.close()


def recorded(tmp_path, channels=1):
    one = np.concatenate([np.full(16_000, level * (n % 2 == 0), np.int16) for level in LEVELS for n in (0, 1)])
    sound = np.stack([one if c == 0 else np.where(one > 0, one + 1, 0).astype(np.int16) for c in range(channels)], 1)
    path = tmp_path / "talk.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(sound.tobytes())
    return path.read_bytes()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("how", ["fails", "cancelled"])
def test_a_recording_that_stopped_halfway_goes_on_when_it_is_given_again(
    client, services, tokens, loud, tmp_path, channels, how
):
    interview, _ = begin(services, Purpose.KEEP_AUDIO)
    headers = {"x-tandao-token": tokens.issue(services, BOSS, interview), "x-tandao-split": str(channels - 1)}
    sound = recorded(tmp_path, channels)

    def given(content):
        return client.post("/live/recording", content=content, headers=headers).json()["job"]

    services.live.hear(services.consents.grant(interview), "manager", "先听录音。", start_s=1, end_s=20)
    if how == "fails":
        loud.fails = 3
        told = finished(client, given(sound))
        assert (told["state"], told["why"]) == ("failed", "error.speech_stopped")
    else:
        heard_before, job = loud.ask, []

        def ask(asked, wanted):
            while not job:
                time.sleep(0.01)
            if len(loud.asked) == 2:
                client.post(f"/live/recording/{job[0]}")
            return heard_before(asked, wanted)

        loud.ask = ask
        job.append(given(sound))
        assert finished(client, job[0])["state"] == "cancelled"
        loud.ask = heard_before
    first = services.live.heard(BOSS, interview)
    assert 1 < len(first) < 1 + 5 * channels, "what was heard so far is there"
    before = len(loud.asked)
    assert finished(client, given(sound))["state"] == "done"
    heard = services.live.heard(BOSS, interview)
    expected = sorted(f"{level + c} 说" for level in LEVELS for c in range(channels))
    assert sorted(u.text for u in heard[1:]) == expected, "each sentence once"
    assert heard[: len(first)] == first
    assert [u.start_s for u in heard if u.text == "4000 说"] == [pytest.approx(20 + 6, abs=0.4)]
    assert len(loud.asked) - before < 5 * channels, "what was heard is not heard again"
    assert finished(client, given(sound))["state"] == "done"
    assert services.live.heard(BOSS, interview) == heard
    places = services.kept_sound.all_places(services.consents.grant(interview))
    for lane in range(channels):
        own = sorted((p.start_s, p.start_s + p.seconds) for p in places if p.lane == lane)
        assert all(end <= start + 0.01 for (_, end), (start, _) in pairwise(own)), "no sound twice"
        assert sum(end - start for start, end in own) == pytest.approx(10, abs=0.1), "and all of it"
    other = sound[:-3_200]
    assert finished(client, given(other))["state"] == "done"
    assert len(services.live.heard(BOSS, interview)) > len(heard), "another file is another recording"


def test_a_withdrawal_while_a_recording_is_heard_is_said_and_nothing_stays(client, services, tokens, loud, tmp_path):
    interview, secret = begin(services)
    ask = loud.ask

    def withdrawn(asked, wanted):
        services.consents.withdraw(secret)
        return ask(asked, wanted)

    loud.ask = withdrawn
    headers = {"x-tandao-token": tokens.issue(services, BOSS, interview)}
    told = finished(client, client.post("/live/recording", content=recorded(tmp_path), headers=headers).json()["job"])
    assert (told["state"], told["why"]) == ("failed", "error.withdrawn")
    assert services.live.heard(BOSS, interview) == () and left(services) == []
