"""The sound of a talk: kept only where both granted that, sealed, given back whole, gone with the consent."""

import base64
import io
import time
import wave

import numpy as np
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from app.audio_socket import AudioRoom, CaptureTokens, mount_audio
from app.recordings import mount_recordings
from app.settings import Settings
from app.wiring import Services
from assistant.sound import SoundPlace
from consent.notices import Purpose
from interview.errors import ConsentError
from speech.audio import RATE
from speech.kept import GAP_S, Recorder, packed, unpacked, wav
from storage.tables import live_sound, sealing_keys
from tests.fakes.grants import granted
from tests.unit.test_audio_socket import BOSS, Ears, until, wait_for

WORDS = (Purpose.TRANSCRIBE, Purpose.KEEP_TRANSCRIPT)
KEPT = (*WORDS, Purpose.KEEP_AUDIO)
GRANT = granted(Purpose.TRANSCRIBE, Purpose.KEEP_AUDIO)
TONE = (8_000 * np.sin(2 * np.pi * 440 * np.arange(3_200) / RATE)).astype("<i2")


@pytest.fixture
def services(tmp_path):
    return Services(Settings(home=tmp_path / "home"))


@pytest.fixture
def tokens():
    return CaptureTokens()


@pytest.fixture
def ears():
    return Ears()


@pytest.fixture
def client(services, ears, tokens):
    app = FastAPI()
    room = AudioRoom(services, ears, tokens)
    mount_audio(app, room)
    mount_recordings(app, services, room)
    with TestClient(app) as made:
        yield made


def talk(client, services, tokens, manager=KEPT, employee=KEPT, seconds=5):
    """A heard talk of a tone; the interview, the employee's secret and the manager's token."""
    interview, secret = services.consents.invite(BOSS, "面谈", "zh")
    services.consents.manager_grants(BOSS, interview.id, manager, "王岚")
    services.consents.answer(secret, employee, "李工", "zh")
    token = tokens.issue(services, BOSS, interview.id)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_json({"token": token})
        until(socket, "ready")
        for number in range(seconds * 5):
            socket.send_bytes(number.to_bytes(4, "little") + TONE.tobytes())
        for _ in range(seconds):
            until(socket, "ack")
        tokens.before_end(interview.id)
    return interview.id, secret, token


def rows(services):
    with services._store.engine.connect() as db:
        keys = db.execute(select(sealing_keys.c.id).where(sealing_keys.c.id.startswith("sound:"))).all()
        return len(db.execute(select(live_sound.c.number)).all()), len(keys)


def on_disk(services, *needles):
    found = b"".join(path.read_bytes() for path in services.settings.home.rglob("*") if path.is_file())
    return [needle for needle in needles if needle in found]


def download(client, token):
    answer = client.get("/live/sound", headers={"x-tandao-token": token})
    if answer.status_code != 200:
        return answer.status_code
    with wave.open(io.BytesIO(answer.content)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())


RAW = (TONE.tobytes()[:64], b"OggS", b"OpusHead", b"RIFF", base64.b64encode(b"OggS\x00\x02"))


@pytest.mark.parametrize(("manager", "employee"), [(KEPT, WORDS), (WORDS, KEPT), (WORDS, WORDS)])
def test_unless_both_granted_it_no_sound_is_anywhere(client, services, tokens, manager, employee):
    _, _, token = talk(client, services, tokens, manager, employee)
    assert rows(services) == (0, 0)
    assert on_disk(services, *RAW) == []
    assert download(client, token) == 404


def test_what_was_granted_is_sealed_and_comes_back_whole(client, services, tokens):
    interview_id, _, token = talk(client, services, tokens)
    assert rows(services) == (1, 1)
    assert on_disk(services, *RAW) == [], "nothing of it is readable"
    sound = download(client, token)[:, 0]
    assert abs(len(sound) / RATE - 5) < 0.01
    spectrum = np.abs(np.fft.rfft(sound[RATE : 2 * RATE].astype(float)))
    assert abs(int(spectrum.argmax()) - 440) <= 2, "a second of 1 Hz bins"
    assert services.kept_sound.seconds(BOSS, interview_id) == pytest.approx(5, abs=0.01)


def test_a_guess_or_the_employees_link_downloads_nothing(client, services, tokens):
    _, secret, _ = talk(client, services, tokens)
    assert download(client, "guess") == 403
    assert download(client, secret) == 403


@pytest.mark.parametrize("how", ["all", "sound alone", "deleted", "expired"])
def test_it_is_gone_with_the_consent_the_interview_and_the_time(client, services, tokens, how, monkeypatch):
    interview_id, secret, token = talk(client, services, tokens)
    if how == "all":
        services.consents.withdraw(secret)
    elif how == "sound alone":
        services.consents.answer(secret, WORDS, "李工", "zh")
    elif how == "deleted":
        services.live.delete(BOSS, interview_id)
    else:
        monkeypatch.setattr("assistant.live.KEPT_DAYS", -1)
        services.live.expire()
    assert rows(services) == (0, 0)
    assert download(client, token) in (403, 404)
    if how == "sound alone":
        assert services.live.heard(BOSS, interview_id), "the words were not withdrawn"


def test_withdrawn_in_mid_sentence_nothing_of_the_sound_stays(client, services, ears, tokens):
    interview, secret = services.consents.invite(BOSS, "面谈", "zh")
    services.consents.manager_grants(BOSS, interview.id, KEPT, "王岚")
    services.consents.answer(secret, KEPT, "李工", "zh")
    with client.websocket_connect("/live/audio") as socket:
        socket.send_json({"token": tokens.issue(services, BOSS, interview.id)})
        until(socket, "ready")
        for number in range(110):  # more than one whole piece
            socket.send_bytes(number.to_bytes(4, "little") + TONE.tobytes())
        for _ in range(22):
            until(socket, "ack")
        assert rows(services) == (1, 1)
        services.consents.withdraw(secret)
        wait_for(lambda: ears.closed)
        time.sleep(0.2)
    assert rows(services) == (0, 0)
    assert on_disk(services, *RAW) == []


def test_the_recorder_needs_its_purpose():
    with pytest.raises(ConsentError):
        Recorder(granted(Purpose.TRANSCRIBE), lambda *_: None)


def test_pieces_follow_the_sound_and_a_lane_does_not_wait_for_the_other():
    kept = []
    recorder = Recorder(GRANT, lambda lane, start, seconds, _raw: kept.append((lane, start, round(seconds, 1))))
    for second in range(25):
        recorder.add(0, 10.0 + second, np.zeros(RATE, np.int16))
    recorder.add(1, 30.0, np.zeros(RATE, np.int16))
    recorder.add(0, 60.0, np.zeros(RATE, np.int16))
    recorder.close()
    recorder.add(0, 61.0, np.zeros(RATE, np.int16))
    recorder.close()
    assert sorted(kept) == [(0, 10.0, 20.0), (0, 30.0, 5.0), (0, 60.0, 1.0), (1, 30.0, 1.0)]


def test_a_consent_that_went_meanwhile_stops_the_recorder():
    def refused(*_):
        raise ConsentError("withdrawn")

    recorder = Recorder(GRANT, refused)
    recorder.add(0, 0.0, np.zeros(RATE, np.int16))
    recorder.add(0, 50.0, np.zeros(RATE, np.int16))
    assert recorder._closed and not recorder._lanes


def test_two_lanes_become_two_channels_and_long_quiet_is_cut():
    rng = np.random.default_rng(3)
    noise = (rng.normal(0, 2_000, 3 * RATE)).astype(np.int16)
    places = [SoundPlace(1, 0, 100.0, 3.0), SoundPlace(2, 1, 101.0, 3.0), SoundPlace(3, 0, 900.0, 3.0)]
    made = b"".join(wav(GRANT, places, lambda _number: packed(noise)))
    with wave.open(io.BytesIO(made)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, RATE)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert abs(len(sound) / RATE - (4 + GAP_S + 3)) < 0.01
    loud = [
        [round(float(np.abs(sound[s * RATE : (s + 1) * RATE, lane]).mean())) > 200 for s in range(9)] for lane in (0, 1)
    ]
    assert loud == [[True] * 3 + [False] * 3 + [True] * 3, [False] + [True] * 3 + [False] * 5]


@pytest.mark.parametrize("seconds", [0.02, 1.0, 20.0])
def test_packed_sound_is_as_long_as_it_was(seconds):
    samples = np.zeros(round(seconds * RATE), np.int16)
    assert len(unpacked(GRANT, packed(samples), seconds)) == len(samples)
