"""A microphone's token opens the socket at any replica, until its talk is over or its consent gone."""

import pytest

from app.audio_socket import CaptureTokens
from consent.notices import Purpose
from interview.actor import Actor, Role

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
