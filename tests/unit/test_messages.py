"""Messages against a real mail server and a real HTTP receiver; each once, failures kept."""

import datetime as dt
import threading
from dataclasses import replace

import icalendar
import pytest

from cycle.channels import ROBOTS, Mail, Slack, Webhook, WeCom, check_url
from cycle.invitations import Form
from cycle.messages import WAITS_MIN, Message, Outbox, State
from cycle.records import Kind
from cycle.team import Person
from interview.actor import Actor, Role
from interview.errors import DeliveryError, InputError, NotFoundError, SettingsError
from tests.fakes.mailbox import mailbox
from tests.fakes.robot import receiver

ANNA = Actor("a", Role.MANAGER, "zh")
START = dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC)
TODAY = dt.datetime.now().astimezone().date()


class Clock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> dt.datetime:
        return self.at

    def after(self, minutes: float) -> None:
        self.at += dt.timedelta(minutes=minutes)


class Scripted:
    """A channel that raises what it is told, then takes."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.taken = list(errors), []

    def send(self, message, message_id):
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append((message, message_id))


def outbox(services, channel, clock=None):
    clock = clock or Clock()
    services._store.records._clock = clock
    return Outbox(services._store.records, {"mail": channel, "webhook": channel}, clock)


def hello(**changed):
    return Message(
        **{"channel": "mail", "about": "soon", "to": "x@example.com", "text": "好", "next_at": START} | changed
    )


def states(services):
    return [r.status for r in services._store.records.find(Kind.MESSAGE)]


def test_an_invitation_arrives_by_mail_as_calendars_want_it(services):
    (person,) = services.team.add(ANNA, Person(name="许愿", email="xu@example.com"))
    talk = services.talks.plan(ANNA, person.id, TODAY)
    when = f"{TODAY.year + 1}-06-03 14:00"
    form = Form(when=when, zone="Asia/Shanghai", place="三楼", host="王岚", host_email="lan@example.com")
    given = services.invitations.invite(ANNA, talk.id, form, link="https://x.example/me/SECRET")
    with mailbox() as box:
        box_out = outbox(services, Mail("127.0.0.1", box.port, "tandao@example.com", "none"))
        box_out._clock.at = dt.datetime.now(dt.UTC)
        assert box_out.mail_invitation(ANNA, given, "lan@example.com")
        assert not box_out.mail_invitation(ANNA, given, "lan@example.com")
        assert (box_out.send_due(), box_out.send_due()) == (1, 0)
    (mail,) = box.taken
    assert box.envelopes == [("tandao@example.com", ["xu@example.com"])]
    assert (mail["Subject"], mail["Reply-To"]) == (given.subject, "lan@example.com")
    plain, invite, attached = [p for p in mail.walk() if not p.is_multipart()]
    assert "SECRET" in plain.get_content() and plain.get_content_charset() == "utf-8"
    assert (invite.get_content_type(), invite.get_param("method")) == ("text/calendar", "REQUEST")
    assert attached.get_filename() == "invite.ics"
    for part in (invite, attached):
        event = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]
        assert event["UID"] == f"{talk.id}@tandao" and event["LOCATION"] == "三楼"
    (sent,) = box_out.mine(ANNA, talk.id)
    assert (sent.state, sent.message.text, sent.message.ics, sent.message.to) == ("sent", "", "", "xu@example.com")


def test_the_password_goes_over_an_encrypted_line_and_a_wrong_one_is_told(tmp_path, services):
    import ssl

    from app.certificate import self_signed

    certificate, key = self_signed(tmp_path, "127.0.0.1")
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate, key)
    ours = ssl.create_default_context(cafile=str(certificate))
    with mailbox(login=("me", "right"), tls_context=theirs, require_starttls=True) as box:
        mail = Mail("127.0.0.1", box.port, "t@example.com", "starttls", "me", "right", context=ours)
        mail.send(hello(), "id1")
        assert box.taken[0]["Message-ID"] == "<id1@example.com>"
        with pytest.raises(DeliveryError) as caught:
            replace(mail, password="wrong").send(hello(), "id2")
        assert (caught.value.message_key, caught.value.retryable) == ("error.mail_login", False)
        with pytest.raises(DeliveryError) as caught:
            replace(mail, context=None).try_out()
        assert caught.value.message_key == "error.mail_tls"
    assert "right" not in repr(mail)


@pytest.mark.parametrize(("answer", "retryable"), [("451 later", True), ("552 too much", False)])
def test_a_server_that_says_later_is_asked_again_and_one_that_says_never_is_not(answer, retryable):
    with mailbox() as box:
        box.answers = [answer]
        with pytest.raises(DeliveryError) as caught:
            Mail("127.0.0.1", box.port, "t@example.com", "none").send(hello(), "id")
    assert caught.value.retryable is retryable


def test_no_server_is_a_reason_to_try_again():
    with pytest.raises(DeliveryError) as caught:
        Mail("127.0.0.1", 9, "t@example.com", "none").send(hello(), "id")
    assert caught.value.retryable and caught.value.message_key == "error.mail_away"


@pytest.mark.parametrize("to", ["", "a@b.com\r\nBcc: c@d.com", "a@b.com, c@d.com", "nobody"])
def test_no_address_no_mail(to):
    with mailbox() as box, pytest.raises(DeliveryError):
        Mail("127.0.0.1", box.port, "t@example.com", "none").send(hello().model_copy(update={"to": to}), "id")
    assert box.taken == []


def test_settings_that_would_give_the_password_away_are_refused():
    with pytest.raises(SettingsError):
        Mail("mail.example.com", 25, "t@example.com", "none", "me", "secret")
    with pytest.raises(SettingsError):
        Mail("mail.example.com", 25, "nobody", "tls")


@pytest.mark.parametrize("kind", ["wecom", "slack"])
def test_a_group_gets_the_words_and_nobody_is_called_by_them(kind):
    usual = (200, '{"errcode":0,"errmsg":"ok"}') if kind == "wecom" else (200, "ok")
    with receiver(usual) as robot:
        Webhook(robot.url, ROBOTS[kind]).send(hello(text="到期 2 场 <!channel> & 3"), "id")
    told = {
        "wecom": {"msgtype": "text", "text": {"content": "到期 2 场 <!channel> & 3"}},
        "slack": {"text": "到期 2 场 &lt;!channel&gt; &amp; 3"},
    }
    assert robot.taken == [told[kind]]


def test_a_long_text_is_cut_between_characters():
    content = WeCom().body("字" * 1_000)["text"]["content"]
    assert len(content.encode()) <= 2_048 and set(content) == {"字"}


@pytest.mark.parametrize(
    ("kind", "reply", "retryable"),
    [
        ("wecom", (200, '{"errcode":45009}'), True),
        ("wecom", (200, '{"errcode":93000}'), False),
        ("wecom", (200, "<html>"), False),
        ("wecom", (200, "[]"), False),
        ("slack", (200, "invalid_payload"), False),
        ("slack", (404, "no_service"), False),
        ("slack", (429, ""), True),
        ("slack", (503, ""), True),
        ("slack", (302, ""), False),
    ],
)
def test_what_a_webhook_answers_decides_whether_it_is_tried_again(kind, reply, retryable):
    with receiver(reply) as robot, pytest.raises(DeliveryError) as caught:
        Webhook(robot.url, ROBOTS[kind]).send(hello(), "id")
    assert caught.value.retryable is retryable and len(robot.taken) == 1
    assert "SECRET" not in f"{caught.value!r}{Webhook(robot.url, Slack())!r}"


def test_a_webhook_that_is_away_is_tried_again():
    with receiver() as robot:
        pass
    with pytest.raises(DeliveryError) as caught:
        Webhook(robot.url, Slack()).send(hello(), "id")
    assert caught.value.retryable


@pytest.mark.parametrize(
    "url",
    ["https://hooks.slack.com/services/T/B/x", "http://127.0.0.1:8/x", "http://localhost/x", "https://10.0.0.8/hook"],
)
def test_addresses_that_are_used(url):
    check_url(url)


@pytest.mark.parametrize("url", [
    "", "http://hooks.slack.com/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "https://169.254.169.254/latest",
    "https://[fe80::1]/x", "https://0.0.0.0/x", "https://me:pw@example.com/x", "https:///x", "http://127.0.0.1.evil.com/",
    "https://[::ffff:169.254.169.254]/", "https://example.com:99999/", "http://[",
])  # fmt: skip
def test_addresses_that_are_not(url):
    with pytest.raises(SettingsError):
        check_url(url)


def test_one_occasion_is_one_message(services):
    channel = Scripted()
    box = outbox(services, channel)
    assert [box.put(hello(), "talk-1:soon", owner_id="a") for _ in range(3)] == [True, False, False]
    assert (box.send_due(), box.send_due(), len(channel.taken)) == (1, 0, 1)
    assert not box.put(hello(), "talk-1:soon", owner_id="a")


def test_a_failure_is_tried_again_later_and_later_then_kept_for_the_manager(services):
    away = [DeliveryError(retryable=True, message_key="error.mail_away") for _ in range(len(WAITS_MIN) + 1)]
    channel, clock = Scripted(*away), Clock()
    box = outbox(services, channel, clock)
    box.put(hello(), "x", owner_id="a")
    box.send_due()
    for wait in WAITS_MIN:
        assert states(services) == [State.WAITING]
        clock.after(wait - 0.5)
        left = len(channel.errors)
        box.send_due()
        assert len(channel.errors) == left
        clock.after(0.5)
        box.send_due()
    (failed,) = box.mine(ANNA)
    assert (failed.state, failed.message.error, failed.message.text) == ("failed", "error.mail_away", "好")
    box.again(ANNA, failed.id)
    assert box.send_due() == 1 and states(services) == [State.SENT]
    with pytest.raises(InputError):
        box.again(ANNA, failed.id)


@pytest.mark.parametrize(("unsure", "state"), [(True, State.UNSURE), (False, State.FAILED)])
def test_what_may_have_arrived_or_never_will_is_not_sent_again_by_itself(services, unsure, state):
    channel, clock = Scripted(DeliveryError(unsure=unsure, message_key="error.delivery_unsure")), Clock()
    box = outbox(services, channel, clock)
    box.put(hello(), "x", owner_id="a")
    box.send_due()
    clock.after(10_000)
    assert box.send_due() == 0 and states(services) == [state] and channel.taken == []


def test_a_sender_that_died_leaves_a_doubt_not_a_second_copy(services):
    class Dies(Scripted):
        def send(self, message, message_id):
            raise KeyboardInterrupt

    clock = Clock()
    box = outbox(services, Dies(), clock)
    box.put(hello(), "x", owner_id="a")
    with pytest.raises(KeyboardInterrupt):
        box.send_due()
    other = outbox(services, channel := Scripted(), clock)
    assert other.send_due() == 0 and states(services) == [State.SENDING]
    clock.after(16)
    assert other.send_due() == 0 and states(services) == [State.UNSURE] and channel.taken == []


def test_many_senders_at_once_send_each_message_once(services):
    channel = Scripted()
    box = outbox(services, channel)
    for n in range(12):
        box.put(hello(text=str(n)), str(n), owner_id="a")
    threads = [threading.Thread(target=box.send_due) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(m.text) for m, _ in channel.taken) == list(range(12))


def test_the_person_forgotten_their_messages_are_gone_even_while_being_sent(services):
    (person,) = services.team.add(ANNA, Person(name="许愿"))

    class Forgets(Scripted):
        def send(self, message, message_id):
            services.team.forget(ANNA, person.id)

    box = outbox(services, Forgets())
    box.put(hello(), "x", owner_id="a", key_id=person.id)
    box.send_due()
    assert states(services) == []


def test_another_manager_s_messages_are_out_of_reach(services):
    box = outbox(services, Scripted(DeliveryError()))
    box.put(hello(), "x", owner_id="a")
    box.send_due()
    other = Actor("b", Role.MANAGER, "zh")
    assert box.mine(other) == ()
    with pytest.raises(NotFoundError):
        box.again(other, box.mine(ANNA)[0].id)


def test_the_doctor_tries_the_mail_server_and_reads_the_webhook_s_address(tmp_path):
    from app.doctor_messages import messages
    from app.settings import Settings
    from interview.conversation import LANGS

    def says(**chosen):
        found = list(messages(Settings(home=tmp_path, **chosen)))
        assert all(f.text(lang) and "{" not in f.text(lang) for f in found for lang in LANGS)
        return [(f.check, f.says) for f in found]

    assert says() == [("mail", "none")]
    assert says(webhook_url="http://example.com") == [("webhook", "url")]
    assert says(smtp_host="h", smtp_from="nobody") == [("mail", "sender")]
    plain = {"smtp_from": "a@example.com", "smtp_security": "none"}
    assert says(smtp_host="h", smtp_password="x", **plain) == [("mail", "plain")]
    with mailbox() as box:
        here = {"smtp_host": "127.0.0.1", "smtp_port": box.port, "smtp_from": "a@example.com"}
        assert says(**here | plain, webhook_url="https://example.com/x") == [
            ("mail", "ok"), ("mail", "links"), ("webhook", "ok"),
        ]  # fmt: skip
        assert says(**here, smtp_security="tls", public_url="https://x")[0][1] in ("tls", "away")
        assert box.taken == []
    assert says(**here | plain, reminders=False) == [("mail", "away")]
