"""A microphone's token opens the socket at any replica, until its talk is over or its consent gone."""

import threading

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.audio_socket import AudioRoom, CaptureTokens, mount_audio
from consent.notices import Purpose
from interview.actor import Actor, Role
from tests.unit.test_audio_socket import Ears, frame, until

BOSS = Actor("boss", Role.MANAGER, "zh")


@pytest.fixture
def talk(services):
    interview, secret = services.consents.invite(BOSS, "十一月面谈", "zh")
    services.consents.manager_grants(BOSS, interview.id, (Purpose.TRANSCRIBE,), "王岚")
    services.consents.answer(secret, (Purpose.TRANSCRIBE,), "李工", "zh")
    return interview.id


def test_a_token_is_known_to_another_process_and_lies_nowhere_in_the_open(services, talk):
    token = CaptureTokens(services.capture_links).issue(services, BOSS, talk)
    after_a_restart = CaptureTokens(services.capture_links)
    assert after_a_restart.interview(token) == talk
    assert after_a_restart.interview(token + "x") is None
    kept = b"".join(path.read_bytes() for path in services.settings.home.rglob("*") if path.is_file())
    assert token.encode() not in kept


def test_once_closed_it_opens_nothing_anywhere(services, talk):
    here, there = CaptureTokens(services.capture_links), CaptureTokens(services.capture_links)
    token = here.issue(services, BOSS, talk)
    there.close(talk)
    assert there.interview(token) is None
    here.close(talk)
    assert here.interview(token) is None


def test_without_a_place_to_keep_them_they_are_of_this_process(services, talk):
    token = CaptureTokens().issue(services, BOSS, talk)
    assert CaptureTokens().interview(token) is None


def test_another_purposes_link_is_no_token(services, talk):
    records = services.capture_links
    from cycle.records import Kind, Record
    from tests.unit.test_records import LATER

    link = records.new_link("visit", Record(talk, Kind.TALK, "boss", talk), LATER)
    assert CaptureTokens(records).interview(link) is None


def test_a_server_that_stops_says_so_stores_the_last_words_and_leaves_the_rest_to_the_next(services, talk):
    tokens = CaptureTokens(services.capture_links)
    token = tokens.issue(services, BOSS, talk)
    rooms = [AudioRoom(services, Ears(), tokens) for _ in range(2)]
    apps = [FastAPI(), FastAPI()]
    for app, room in zip(apps, rooms, strict=True):
        mount_audio(app, room)
    with TestClient(apps[0]) as client, client.websocket_connect("/live/audio") as socket:
        socket.send_json({"token": token})
        until(socket, "ready")
        for number in range(10):
            socket.send_bytes(frame(number))
        until(socket, "committed")
        leaving = threading.Thread(target=rooms[0].leave, args=(20,))
        leaving.start()
        until(socket, "restarting")
        leaving.join()
        assert rooms[0].sessions == 0
        socket.send_bytes(frame(10))
        with pytest.raises(WebSocketDisconnect) as closed:
            while True:
                assert socket.receive_json()["type"] != "stopped", "the device would give up"
        assert closed.value.code == 1012
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/live/audio") as again:
            again.receive_json()
    said = [one.text for one in services._store.interviews.heard(talk)]
    assert said[-1] == "最后一句也听见了。" and len(said) == 2
    with TestClient(apps[1]) as client, client.websocket_connect("/live/audio") as socket:
        socket.send_json({"token": token})
        assert until(socket, "ready")["next"] == 0, "whatever the device still has is welcome"
