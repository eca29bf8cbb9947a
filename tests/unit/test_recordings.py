"""An uploaded recording: no grant, no byte kept; removed whatever happens; a clear reason for each failure."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.audio_socket import AudioRoom, CaptureTokens
from app.recordings import mount_recordings
from app.settings import Settings
from app.wiring import Services
from interview.errors import InputError, StorageError
from speech.audio import Block
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

    def transcribe(grant, path, transcriber, lang, *, split, told, cancelled, kept, hotwords):
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
