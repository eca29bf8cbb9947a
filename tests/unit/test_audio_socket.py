"""The microphone's socket: token first, frames in order once each, resumed after a cut, ended within a second of withdrawal."""

import contextlib
import json
import queue
import time
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.audio_socket import (
    BURST,
    FRAME_BYTES,
    MAX_STRANGERS,
    PER_S,
    STOP,
    Allowance,
    AudioRoom,
    CaptureTokens,
    mount_audio,
)
from app.settings import Settings
from app.wiring import Services
from consent.notices import Purpose
from interview.actor import Actor, Role
from interview.errors import ConsentError, InputError

BOSS = Actor("boss", Role.MANAGER, "zh")
ALL = (Purpose.TRANSCRIBE, Purpose.CUES, Purpose.HINTS, Purpose.KEEP_TRANSCRIPT)


@dataclass
class Word:
    kind: str
    text: str
    channel: int
    start_s: float = 0.0
    end_s: float = 1.0
    doubtful: bool = False
    number: int = 0
    speaker: str | None = None
    unsure: bool = False


class Ears:
    """Says a sentence for every tenth frame and keeps what it was fed."""

    def __init__(self):
        self.fed, self.closed, self.out, self.spoken = [], False, queue.Queue(), []

    voices = None

    def without_voices(self):
        pass

    def __call__(self, grant, spoken, hotwords=""):
        self.spoken.append(spoken)
        self.hotwords = hotwords
        self.out = queue.Queue()
        assert grant.covers(Purpose.TRANSCRIBE)
        return self

    def feed(self, frame, seq, channel):
        self.fed.append((seq, channel))
        if len(self.fed) % 10 == 0:
            self.out.put(Word("committed", f"这对我不公平，第{len(self.fed)}次说了。", channel))

    def events(self):
        while (word := self.out.get()) is not None:
            yield word

    def finish(self, wait_s=60.0):
        self.out.put(Word("committed", "最后一句也听见了。", 0))
        self.out.put(None)

    def abort(self):
        self.closed = True
        self.out.put(None)


@pytest.fixture
def services(tmp_path, request):
    return Services(Settings(home=tmp_path / "home", **getattr(request, "param", {})))


@pytest.fixture
def ears():
    return Ears()


@pytest.fixture
def tokens():
    return CaptureTokens()


@pytest.fixture
def client(services, ears, tokens):
    app = FastAPI()
    app.state.room = AudioRoom(services, ears, tokens)
    mount_audio(app, app.state.room)
    with TestClient(app) as made:
        yield made


def begin(services, *more):
    interview, secret = services.consents.invite(BOSS, "面谈", "zh")
    services.consents.manager_grants(BOSS, interview.id, (*ALL, *more), "王岚")
    services.consents.answer(secret, (*ALL, *more), "李工", "zh")
    return interview.id, secret


def frame(number):
    return number.to_bytes(4, "little") + bytes(FRAME_BYTES)


def send(socket, *numbers):
    for number in numbers:
        socket.send_bytes(frame(number))


def until(socket, kind):
    while True:
        event = socket.receive_json()
        if event["type"] == kind:
            return event


def wait_for(what, seconds=5):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


@pytest.mark.parametrize("hello", ["nonsense", json.dumps({"token": "guess"}), json.dumps([1]), json.dumps({})])
def test_without_a_token_nothing_is_heard(client, ears, hello):
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(hello)
        assert socket.receive_json() == {"type": "stopped", "why": "no_token"}
    assert ears.fed == []


def test_without_both_grants_nothing_is_heard(client, services, ears, tokens):
    interview, secret = services.consents.invite(BOSS, "面谈", "zh")
    with pytest.raises(ConsentError):
        tokens.issue(services, BOSS, interview.id)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": secret}))
        assert socket.receive_json()["why"] == "no_grant"
    assert ears.fed == []


def test_frames_arrive_once_each_through_ten_cuts(client, services, ears, tokens):
    interview, _ = begin(services)
    token = tokens.issue(services, BOSS, interview)
    sent = 0
    for _ in range(10):
        with client.websocket_connect("/live/audio") as socket:
            socket.send_text(json.dumps({"token": token}))
            nxt = until(socket, "ready")["next"]
            assert nxt == sent
            send(socket, *range(max(0, nxt - 3), nxt + 7))  # three of them again
            sent = nxt + 7
            wait_for(lambda due=sent: len(ears.fed) == due)
    assert [number for number, _ in ears.fed] == list(range(70))


def test_two_devices_tell_the_speakers_apart_and_raise_cues(client, services, ears, tokens):
    interview, secret = begin(services)
    token = tokens.issue(services, BOSS, interview)
    with client.websocket_connect("/live/audio") as mine, client.websocket_connect("/live/audio") as theirs:
        mine.send_text(json.dumps({"token": token}))
        until(mine, "ready")
        theirs.send_text(json.dumps({"token": secret}))
        until(theirs, "ready")
        send(mine, *range(10))
        wait_for(lambda: len(services.live.heard(BOSS, interview)) == 1)
        send(theirs, *range(10))
        wait_for(lambda: len(services.live.heard(BOSS, interview)) == 2)
    first, second = services.live.heard(BOSS, interview)
    assert (first.speaker, first.cues) == ("manager", ())
    assert second.speaker == "employee" and second.cues[0]["kind"] == "unfairness"


def test_one_shared_microphone_is_unsure_until_somebody_says_who_speaks(client, services, ears, tokens):
    interview, _ = begin(services)
    token = tokens.issue(services, BOSS, interview)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": token}))
        until(socket, "ready")
        send(socket, *range(10))
        wait_for(lambda: len(services.live.heard(BOSS, interview)) == 1)
        socket.send_text(json.dumps({"speaker": "employee"}))
        socket.send_text(json.dumps({"speaker": "the moon"}))
        send(socket, *range(10, 20))
        wait_for(lambda: len(services.live.heard(BOSS, interview)) == 2)
    assert [u.speaker for u in services.live.heard(BOSS, interview)] == ["unsure", "employee"]


@pytest.mark.parametrize("who", ["manager", "employee"])
def test_a_withdrawal_from_either_side_stops_within_a_second(client, services, ears, tokens, who):
    interview, secret = begin(services)
    token = tokens.issue(services, BOSS, interview)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": token}))
        until(socket, "ready")
        send(socket, *range(10))
        wait_for(lambda: len(services.live.heard(BOSS, interview)) == 1)
        began = time.monotonic()
        services.consents.withdraw(secret) if who == "employee" else services.consents.withdraw(BOSS, interview)
        assert until(socket, "stopped")["why"] == "withdrawn"
        assert time.monotonic() - began < 1.0
        wait_for(lambda: ears.closed)
    assert services.live.heard(BOSS, interview) == ()


def test_who_is_sending_when_the_consent_goes_is_told_why(client, services, ears, tokens, monkeypatch):
    monkeypatch.setattr(ears, "abort", lambda: (time.sleep(0.4), Ears.abort(ears)))
    interview, secret = begin(services)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        until(socket, "ready")
        services.consents.withdraw(secret)
        for number in range(8):
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                send(socket, number)
            time.sleep(0.05)
        assert until(socket, "stopped")["why"] == "withdrawn"


def test_who_stops_listening_gives_the_place_free_at_once_and_loses_no_word(client, services, ears, tokens):
    room, interview = client.app.state.room, begin(services)[0]
    for _ in range(2):
        with client.websocket_connect("/live/audio") as socket:
            socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
            until(socket, "ready")
            send(socket, 0)
            wait_for(lambda: ears.fed)
            socket.send_text(STOP)
            wait_for(lambda: room.sessions == 0)
        wait_for(lambda: ears.closed)
        ears.fed, ears.closed = [], False
    assert [u.text for u in services.live.heard(BOSS, interview)] == ["最后一句也听见了。"] * 2


def test_who_is_cut_off_keeps_the_place(client, services, ears, tokens):
    room, interview = client.app.state.room, begin(services)[0]
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        until(socket, "ready")
    time.sleep(0.3)
    assert room.sessions == 1 and not ears.closed


@pytest.mark.parametrize(
    "bad", [b"", b"\x00" * 3, bytes(FRAME_BYTES), (2**31).to_bytes(4, "little") + bytes(FRAME_BYTES)]
)
def test_a_malformed_frame_ends_the_connection(client, services, ears, tokens, bad):
    interview, _ = begin(services)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        until(socket, "ready")
        socket.send_bytes(bad)
        assert until(socket, "stopped")["why"] == "malformed"
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()
    assert ears.fed == []


def test_a_gap_is_told(client, services, ears, tokens):
    interview, _ = begin(services)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        until(socket, "ready")
        send(socket, 0, 4)
        assert until(socket, "lost")["frames"] == 3


@pytest.mark.parametrize(("services", "most"), [({}, 3), ({"live_talks": 1}, 1)], indirect=["services"])
def test_one_session_too_many_is_refused_with_a_reason(client, services, ears, tokens, most):
    with contextlib.ExitStack() as open_ones:
        for number in range(most + 1):
            interview, _ = begin(services)
            socket = open_ones.enter_context(client.websocket_connect("/live/audio"))
            socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
            event = socket.receive_json()
            assert event["type"] == ("ready" if number < most else "stopped")
        assert event["why"] == "error.live_busy"


def test_the_last_sentence_is_stored_before_the_end_and_nothing_after(client, services, ears, tokens):
    interview, _ = begin(services)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        until(socket, "ready")
        send(socket, 0)
        wait_for(lambda: ears.fed)
        tokens.before_end(interview)
        assert [u.text for u in services.live.heard(BOSS, interview)] == ["最后一句也听见了。"]
        grant = services.consents.grant(interview)
        services.live.finish(BOSS, interview)
        with pytest.raises(InputError):
            services.live.hear(grant, "manager", "太晚了")
        assert until(socket, "stopped")["why"] == "over"


class FakeVoices:
    """Notes what it is told."""

    reading = None

    def __init__(self):
        self.told = []

    def read(self, who):
        self.told.append(("reads", who))

    def put_right(self, who):
        self.told.append(("right", who))


def test_reading_aloud_and_a_speaker_put_right_reach_the_voices(client, services, ears, tokens):
    interview_id, _ = begin(services)
    ears.voices = FakeVoices()
    token = tokens.issue(services, BOSS, interview_id, "里程碑 李工")
    with client.websocket_connect("/live/audio") as socket:
        socket.send_json({"token": token})
        until(socket, "ready")
        for told in ({"reads": "employee"}, {"reads": "nobody"}, {"speaker": "manager"}, {"reads": ""}, [1]):
            socket.send_json(told)
        send(socket, 0, 1, 2, 3, 4)
        until(socket, "ack")
    assert ears.voices.told == [("reads", "employee"), ("right", "manager"), ("reads", None)]
    assert ears.hotwords == "王岚 李工 里程碑 面谈", "names, terms and title, each once"


def test_without_voices_the_page_is_told_so(client, services, tokens):
    interview_id, _ = begin(services)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_json({"token": tokens.issue(services, BOSS, interview_id)})
        until(socket, "ready")
        socket.send_json({"reads": "manager"})
        assert socket.receive_json() == {"type": "no_voices"}


def test_a_speaker_the_voice_does_not_tell_is_marked_and_raises_no_cue(client, services, ears, tokens):
    interview_id, _ = begin(services)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_json({"token": tokens.issue(services, BOSS, interview_id)})
        until(socket, "ready")
        ears.out.put(Word("committed", "这对我不公平。", 0, speaker="employee"))
        ears.out.put(Word("committed", "这对我不公平。", 0, speaker="employee", unsure=True))
        ears.out.put(Word("committed", "这对我不公平。", 0, unsure=True))
        wait_for(lambda: len(services.live.heard(BOSS, interview_id)) == 3)
    heard = services.live.heard(BOSS, interview_id)
    assert [(u.speaker, u.unsure, bool(u.cues)) for u in heard] == [
        ("employee", False, True), ("employee", True, False), ("unsure", True, False)
    ]  # fmt: skip
    assert len(services.live.transcript(BOSS, interview_id).turns) == 1, "nothing unsure is scored"
    services.live.put_right(BOSS, interview_id, 1, "employee")
    services.live.put_right(BOSS, interview_id, 2, "manager")
    heard = services.live.heard(BOSS, interview_id)
    assert [(u.speaker, u.unsure, bool(u.cues)) for u in heard[1:]] == [
        ("employee", False, True), ("manager", False, False)
    ]  # fmt: skip


def test_voices_withdrawn_alone_are_forgotten_and_hearing_goes_on(client, services, ears, tokens, monkeypatch):
    interview, secret = services.consents.invite(BOSS, "面谈", "zh")
    services.consents.manager_grants(BOSS, interview.id, (*ALL, Purpose.VOICES), "王岚")
    services.consents.answer(secret, (*ALL, Purpose.VOICES), "李工", "zh")
    forgotten = []
    monkeypatch.setattr(ears, "without_voices", lambda: forgotten.append(time.monotonic()))
    with client.websocket_connect("/live/audio") as socket:
        socket.send_json({"token": tokens.issue(services, BOSS, interview.id)})
        until(socket, "ready")
        time.sleep(0.6)
        assert not forgotten
        services.consents.answer(secret, ALL, "李工", "zh")
        wait_for(lambda: forgotten, seconds=3)
        send(socket, 0, 1, 2, 3, 4)
        until(socket, "ack")


def test_the_speech_process_ends_with_the_server(services):
    services.close()
    assert "transcriber" not in services.__dict__, "nothing is started in order to be stopped"
    closed = []

    class Transcriber:
        def close(self):
            closed.append(True)

    services.__dict__["transcriber"] = Transcriber()
    services.close()
    assert closed == [True]


def test_another_language_is_heard_from_then_on_without_a_frame_lost_or_twice(client, services, ears, tokens):
    interview, _ = begin(services)
    token = tokens.issue(services, BOSS, interview)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": token}))
        until(socket, "ready")
        send(socket, *range(5))
        until(socket, "ack")
        services.consents.speak(BOSS, interview, "auto")
        with pytest.raises(WebSocketDisconnect) as cut:
            until(socket, "nothing more")
        assert cut.value.code == 1012
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": token}))
        assert until(socket, "ready")["next"] == 5
        send(socket, *range(4, 10))
        until(socket, "ack")
    assert ears.spoken == ["zh", "auto"]
    assert [number for number, _ in ears.fed] == list(range(10))
    wait_for(lambda: any("最后一句" in u.text for u in services.live.heard(BOSS, interview)))


def test_whether_the_manager_is_in_the_middle_of_a_sentence(client, services, ears, tokens, monkeypatch):
    interview, secret = begin(services)
    assert not tokens.manager_speaks(interview)
    with client.websocket_connect("/live/audio") as boss:
        boss.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        until(boss, "ready")

        def hear(kind, text, channel, number):
            ears.out.put(Word(kind, text, channel, number=number))
            until(boss, kind)

        hear("tentative", "这个", 0, 1)
        assert tokens.manager_speaks(interview), "nobody knows whose voice it is"
        boss.send_text(json.dumps({"speaker": "employee"}))
        wait_for(lambda: not tokens.manager_speaks(interview))
        with client.websocket_connect("/live/audio") as phone:
            phone.send_text(json.dumps({"token": secret}))
            until(phone, "ready")
            assert tokens.manager_speaks(interview), "the manager's own device"
            hear("committed", "这个我来办。", 0, 1)
            assert not tokens.manager_speaks(interview)
            hear("tentative", "不公平", 1, 1)
            assert not tokens.manager_speaks(interview), "it is the employee"
            hear("tentative", "我", 0, 2)
            hear("tentative", "", 0, 2)
            assert not tokens.manager_speaks(interview), "it was nothing"
            hear("tentative", "我", 0, 3)
            assert tokens.manager_speaks(interview)
            monkeypatch.setattr("app.audio_socket.SPEAKS_S", -1.0)
            assert not tokens.manager_speaks(interview), "no words for a while"


def test_a_cue_in_a_sentence_that_is_not_over_counts_once_two_texts_have_it_and_is_never_stored(
    client, services, ears, tokens
):
    interview, secret = begin(services)
    with (
        client.websocket_connect("/live/audio") as boss,
        client.websocket_connect("/live/audio") as phone,
    ):
        boss.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        until(boss, "ready")
        phone.send_text(json.dumps({"token": secret}))
        until(phone, "ready")

        def hear(text, *, channel=1, number=1, kind="tentative", doubtful=False):
            ears.out.put(Word(kind, text, channel, number=number, doubtful=doubtful))
            until(boss, kind)
            found = tokens.unfinished(interview)
            return [] if found is None else [cue["kind"] for cue in found.said.cues]

        assert hear("这个评级对我不公平") == [], "one text is not enough"
        ears.out.put(Word("tentative", "这个评级对我不公平，我觉得", 1, number=1))
        until(boss, "cue")
        until(boss, "tentative")
        assert hear("这个评级对我不公平，我觉得真的") == ["unfairness"]
        assert hear("我来看看", channel=0) == ["unfairness"], "the manager's own words are nobody's cue"
        assert hear("这个评级对我还算公平", number=1) == [], "it was heard otherwise"
        assert hear("这对我不公平", doubtful=True) == hear("这对我不公平") == [], "doubtful words count for none"
        assert hear("这对我不公平，") == ["unfairness"]
        assert services.live.heard(BOSS, interview) == ()
        assert hear("这对我不公平。", kind="committed") == [] and tokens.unfinished(interview) is None
        assert hear("这对我不公平。", number=2) == [], "another sentence begins anew"
        assert len(services.live.heard(BOSS, interview)) == 1
        hear("这对我不公平。", number=2)
        services.consents.answer(secret, (), "李工", "zh")
        wait_for(lambda: tokens.unfinished(interview) is None, seconds=3)
        told = []
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                told.append(phone.receive_json())
        assert not any(event["type"] == "cue" for event in told), "the employee's phone is not told of hints"


def test_on_one_microphone_nothing_is_read_before_it_is_known_who_speaks(client, services, ears, tokens):
    interview, _ = begin(services)
    with client.websocket_connect("/live/audio") as boss:
        boss.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        until(boss, "ready")

        def hear(text):
            ears.out.put(Word("tentative", text, 0, number=1))
            until(boss, "tentative")
            return tokens.unfinished(interview)

        assert hear("这对我不公平") is None
        boss.send_text(json.dumps({"speaker": "employee"}))
        wait_for(lambda: not tokens.manager_speaks(interview))
        hear("这对我不公平")
        assert [cue["kind"] for cue in hear("这对我不公平，").said.cues] == ["unfairness"]
        ears.voices = FakeVoices()
        assert hear("这对我不公平，真的") is not None
        ears.out.put(Word("committed", "这对我不公平，真的。", 0, number=1))
        until(boss, "committed")
        assert hear("这对我不公平") is None, "a voice is told at the end of a sentence"


def test_a_flood_ends_the_connection_and_a_resumed_minute_does_not(client, services, ears, tokens):
    interview, _ = begin(services)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        until(socket, "ready")
        send(socket, *range(300))
        wait_for(lambda: len(ears.fed) == 300)
        for _ in range(2 * BURST):
            socket.send_bytes(frame(0))
        assert until(socket, "stopped")["why"] == "malformed"
    assert len(ears.fed) == 300


def test_what_a_device_may_send_comes_back_with_time():
    now = 0.0
    allowance = Allowance(lambda: now)
    assert not any(allowance.spent() for _ in range(BURST)) and allowance.spent()
    now = 1.0
    assert sum(not allowance.spent() for _ in range(100)) == PER_S - 1, "the one too many is paid for as well"


@pytest.mark.parametrize("text", ["x" * 5_000, json.dumps({"speaker": "m" * 5_000})])
def test_a_long_text_ends_the_connection(client, services, ears, tokens, text):
    interview, _ = begin(services)
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        until(socket, "ready")
        socket.send_text(text)
        assert until(socket, "stopped")["why"] == "malformed"
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": "t" * 5_000}))
        assert until(socket, "stopped")["why"] == "no_token"


def test_who_shows_no_token_takes_few_connections_and_keeps_nobody_out_for_long(client, services, tokens):
    interview, _ = begin(services)
    with contextlib.ExitStack() as waiting:
        for _ in range(MAX_STRANGERS):
            waiting.enter_context(client.websocket_connect("/live/audio"))
        with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/live/audio"):
            pass
        assert refused.value.code == 1013
    with client.websocket_connect("/live/audio") as socket:
        socket.send_text(json.dumps({"token": tokens.issue(services, BOSS, interview)}))
        until(socket, "ready")
