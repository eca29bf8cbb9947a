"""The worker process and the listener before it: order, overload, death, gaps, withdrawal. A fake stands for the model."""

import os
import signal
import threading
import time
from functools import partial

import numpy as np
import pytest

from consent.notices import Purpose
from interview.errors import ConsentError, InputError, StorageError
from speech.audio import BLOCK, RATE
from speech.listening import Heard, Listener, transcribe_file
from speech.process import Process
from speech.worker import MOST_WAITING_S, Job, Load, Transcriber
from tests.fakes.grants import granted
from tests.fakes.recognizer import Dying, Loud, Spelling, broken
from tests.unit.test_speech_audio import written


@pytest.fixture(scope="module")
def fast():
    transcriber = Transcriber(Process(Spelling))
    transcriber.start()
    yield transcriber
    transcriber.close()


def sound(*parts: tuple[float, int]) -> np.ndarray:
    return np.concatenate([np.full(round(s * RATE), level, np.int16) for s, level in parts])


def said(level: int, seconds: float = 1.0) -> np.ndarray:
    return sound((seconds, level), (0.8, 0))


def frames(samples: np.ndarray) -> list[bytes]:
    return [samples[at : at + BLOCK].tobytes() for at in range(0, len(samples), BLOCK)]


def listener(transcriber: Transcriber, **options) -> Listener:
    return Listener(granted(), transcriber, "zh", vad=Loud, **options)


def feed(ear: Listener, samples: np.ndarray, first: int = 0, channel: int = 0) -> int:
    for seq, frame in enumerate(frames(samples), first):
        ear.feed(frame, seq, channel)
    return first + len(frames(samples))


def of(heard: list[Heard], kind: str) -> list[str]:
    return [h.text for h in heard if h.kind == kind]


def test_what_is_said_is_committed_in_order_with_its_place(fast):
    ear = listener(fast, hotwords="王芳")
    feed(ear, np.concatenate([said(1_000), said(2_000, 3), said(3_000)]))
    ear.finish()
    heard = list(ear.events())
    assert of(heard, "committed") == ["1000 final 王芳", "2000 final 王芳", "3000 final 王芳"]
    second = [h for h in heard if h.kind == "committed"][1]
    assert second.start_s == pytest.approx(1.5, abs=0.1)
    assert second.end_s == pytest.approx(5.0, abs=0.1)
    assert (second.lang, second.doubtful, second.number) == ("zh", False, 1)
    assert of(heard, "notice") == []
    tentative = [h for h in heard if h.kind == "tentative"]
    assert all("tentative" in h.text for h in tentative)


def test_channels_are_heard_apart(fast):
    ear = listener(fast)
    one, two = frames(said(1_000)), frames(said(2_000))
    for seq, pair in enumerate(zip(one, two, strict=True)):
        ear.feed(pair[0], seq, 0)
        ear.feed(pair[1], seq, 1)
    ear.finish()
    assert {(h.channel, h.text) for h in ear.events() if h.kind == "committed"} == {
        (0, "1000 final"),
        (1, "2000 final"),
    }


def test_a_channel_that_joins_later_is_placed_in_the_same_time(fast):
    now = [100.0]
    ear = listener(fast, clock=lambda: now[0])
    ear.feed(frames(sound((1, 0)))[0], 0, 0)
    now[0] += 60
    feed(ear, said(2_000), channel=1)
    ear.finish()
    (heard,) = [h for h in ear.events() if h.kind == "committed"]
    assert heard.start_s == pytest.approx(60, abs=0.1)


def test_doubled_frames_are_passed_over_and_missing_ones_are_told(fast):
    ear = listener(fast)
    shots = frames(np.concatenate([said(1_000, 2), said(2_000, 2)]))
    for seq in (*range(5), 3, 4, *range(5, len(shots))):
        if seq not in (7, 8):
            ear.feed(shots[seq], seq)
    ear.finish()
    heard = list(ear.events())
    assert of(heard, "committed") == ["1000 final", "2000 final"]
    last = [h for h in heard if h.kind == "committed"][1]
    assert last.start_s == pytest.approx(2.5, abs=0.1)
    (gap,) = [h for h in heard if h.kind == "notice"]
    assert (gap.text, round(gap.start_s, 1), round(gap.end_s, 1)) == ("gap", 1.4, 1.8)


def test_after_a_long_gap_the_clock_is_still_right(fast):
    ear = listener(fast)
    following = feed(ear, sound((1, 1_000)))
    feed(ear, said(2_000), following + 300)
    ear.finish()
    committed = [h for h in ear.events() if h.kind == "committed"]
    assert [h.text for h in committed] == ["1000 final", "2000 final"]
    assert committed[1].start_s == pytest.approx(61, abs=0.4)


@pytest.mark.parametrize("frame", [b"", b"abc", b"\0" * 70_000])
def test_what_is_no_frame_is_refused(fast, frame):
    ear = listener(fast)
    with pytest.raises(InputError):
        ear.feed(frame, 0)
    ear.abort()


def test_no_grant_no_sound(fast, tmp_path):
    with pytest.raises(ConsentError):
        Listener(granted(Purpose.HINTS), fast, "zh")
    with pytest.raises(ConsentError):
        transcribe_file(granted(Purpose.HINTS), tmp_path / "none.wav", fast, "zh")


def test_withdrawal_ends_at_once_and_leaves_no_words():
    slow = Transcriber(Process(partial(Spelling, 2.0)))
    slow.start()
    ear = listener(slow)
    feed(ear, np.concatenate([said(1_000, 2), said(2_000, 2), said(3_000, 2)]))
    began = time.monotonic()
    ear.abort()
    assert list(ear.events()) == []
    assert time.monotonic() - began < 0.2
    ear.feed(frames(said(4_000))[0], 10_000)
    assert slow._jobs == []
    slow.close()


def test_a_killed_worker_is_started_again_and_no_segment_is_lost(fast):
    before, restarts = fast.pid, fast.restarts
    ear = listener(fast)
    following = feed(ear, said(1_000))
    assert before is not None
    os.kill(before, signal.SIGKILL)
    feed(ear, np.concatenate([said(2_000), said(3_000)]), following)
    ear.finish()
    heard = list(ear.events())
    assert of(heard, "committed") == ["1000 final", "2000 final", "3000 final"]
    assert "restarted" in of(heard, "notice")
    assert fast.restarts > restarts
    assert fast.pid != before


def test_a_segment_that_kills_twice_is_given_up_and_told(tmp_path):
    transcriber = Transcriber(Process(partial(Dying, tmp_path / "died")))
    transcriber.start()
    ear = listener(transcriber)
    feed(ear, np.concatenate([said(6_666, 0.8), said(9_999, 0.8), said(3_000, 0.8)]))
    ear.finish()
    heard = list(ear.events())
    assert of(heard, "committed") == ["6666 final", "3000 final"]
    assert of(heard, "notice").count("lost") == 1
    transcriber.close()


def test_a_worker_that_keeps_dying_is_given_up_with_a_notice_and_tried_again_by_the_next_talk(tmp_path):
    transcriber = Transcriber(Process(partial(Dying, tmp_path / "died")))
    transcriber.start()
    running = [t.name for t in threading.enumerate()].count("speech")
    ear = listener(transcriber)
    feed(ear, np.concatenate([said(9_999, 0.8)] * 5))
    ear.finish()
    heard = list(ear.events())
    assert of(heard, "committed") == []
    assert of(heard, "notice").count("lost") == 5
    assert "stopped" in of(heard, "notice")
    assert transcriber.failed is not None
    assert transcriber.failed.message_key == "error.speech_stopped"
    again = listener(transcriber)
    assert [t.name for t in threading.enumerate()].count("speech") == running
    feed(again, said(1_000))
    again.finish()
    assert of(list(again.events()), "committed") == ["1000 final"]
    transcriber.close()


def test_a_model_that_cannot_be_loaded_is_told_at_the_start():
    transcriber = Transcriber(Process(broken))
    with pytest.raises(StorageError) as told:
        transcriber.start()
    assert told.value.message_key == "error.model_damaged"
    assert told.value.params["file"] == "whisper-base/model.bin"
    transcriber.close()


def test_overload_drops_tentative_work_then_care_and_says_so_but_never_words():
    now = [0.0]
    transcriber = Transcriber(Process(Spelling), clock=lambda: now[0])
    ear = listener(transcriber)
    following = feed(ear, said(1_000))
    now[0] = 6
    following = feed(ear, said(2_000, 3), following)
    now[0] = 12
    feed(ear, said(3_000), following)
    assert transcriber.load is Load.LIGHTER
    assert [job.stage for job in transcriber._jobs] == ["final"] * 3
    transcriber.start()
    ear.finish()
    heard = list(ear.events())
    committed = of(heard, "committed")
    assert [text.split()[0] for text in committed] == ["1000", "2000", "3000"]
    assert committed[0].endswith("light")
    assert of(heard, "notice") == ["behind", "lighter", "caught_up"]
    transcriber.close()


def test_a_newer_tentative_text_takes_the_place_of_the_older_and_files_come_last():
    transcriber = Transcriber(Process(Spelling))
    order: list[str] = []
    for owner, stage, level in (
        ("upload", "file", 1), ("a", "tentative", 2), ("a", "tentative", 3), ("b", "tentative", 4), ("c", "final", 5)
    ):  # fmt: skip
        samples = np.full(RATE, level, np.int16)
        done = lambda words: order.append(words.text)  # noqa: E731
        assert transcriber.submit(Job(owner, 0, stage, samples, 1.0, "zh", done))
    transcriber.start()
    until = time.monotonic() + 10
    while len(order) < 4 and time.monotonic() < until:
        time.sleep(0.01)
    assert [text.split()[0] for text in order] == ["5", "3", "4", "1"]
    transcriber.close()


def test_a_closed_segment_leaves_none_of_its_tentative_sound_in_the_queue_even_where_it_is_refused():
    transcriber = Transcriber(Process(Spelling))
    job = lambda stage, seconds, channel=0: Job(  # noqa: E731
        "a", channel, stage, np.ones(round(seconds * RATE), np.int16), 1.0, "zh", lambda _: None
    )
    assert transcriber.submit(job("tentative", 1, channel=1))
    assert transcriber.submit(job("tentative", 1))
    assert transcriber.submit(job("final", MOST_WAITING_S))
    assert [(j.stage, j.channel) for j in transcriber._jobs] == [("tentative", 1), ("final", 0)]
    assert transcriber.submit(job("tentative", 1))
    assert not transcriber.submit(job("final", 2))
    assert [(j.stage, j.channel) for j in transcriber._jobs] == [("tentative", 1), ("final", 0)]
    transcriber.close()


def test_the_language_of_the_segment_before_goes_along(fast):
    ear = Listener(granted(), fast, "auto", vad=Loud)
    feed(ear, np.concatenate([said(1_000), said(2_000)]))
    ear.finish()
    assert {h.lang for h in ear.events() if h.kind == "committed"} == {"zh"}


def test_a_stereo_file_is_heard_by_speaker_and_progress_is_told(fast, tmp_path):
    left = np.concatenate([said(1_000), sound((1.8, 0)), said(3_000)])
    right = np.concatenate([sound((1.8, 0)), said(2_000), sound((1.8, 0))])
    path = written(tmp_path / "two.wav", [left, right], RATE)
    told = []
    heard = list(transcribe_file(granted(), path, fast, "zh", split=True, told=told.append, vad=Loud))
    assert [(h.channel, h.text) for h in heard] == [(0, "1000 final"), (1, "2000 final"), (0, "3000 final")]
    assert told[-1].done_s == told[-1].total_s == pytest.approx(5.4, abs=0.01)


def test_a_file_can_be_cancelled(fast, tmp_path):
    path = written(tmp_path / "long.wav", [np.concatenate([said(1_000)] * 20)], RATE)
    found: list[Heard] = []
    for heard in transcribe_file(granted(), path, fast, "zh", cancelled=lambda: len(found) >= 3, vad=Loud):
        found.append(heard)
    assert len(found) == 3


def test_closing_leaves_no_process():
    transcriber = Transcriber(Process(Spelling))
    transcriber.start()
    pid = transcriber.pid
    assert pid is not None
    transcriber.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not transcriber.submit(Job("a", 0, "final", np.zeros(9, np.int16), 0.1, "zh", lambda _: None))
