"""Accounts, passwords, sessions and links, over a real database."""

import datetime as dt
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from app.acting import let_in
from app.settings import Settings
from app.texts import message
from app.wiring import Services
from interview.actor import Actor, Role
from interview.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError
from people.accounts import Accounts, Limits
from people.passwords import Argon2
from storage.accounts import SqlAccounts
from storage.database import open_database
from storage.vault import Vault

ROOT = Actor("root", Role.ADMINISTRATOR, "zh")
GOOD = "一句我记得住的话 2026"
HERE = "192.0.2.7"


class Clock:
    def __init__(self) -> None:
        self.at = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self.at

    def later(self, **by: float) -> None:
        self.at += dt.timedelta(**by)


class World:
    """Accounts over a database file; ``again`` is the same after a restart."""

    def __init__(self, home: Path) -> None:
        self.home, self.clock = home, Clock()
        self.accounts = self.again()

    def again(self) -> Accounts:
        self.home.mkdir(exist_ok=True)
        self.repository = SqlAccounts(
            open_database(f"sqlite:///{self.home / 't.db'}"), Vault.from_file(self.home / "master.key")
        )
        quick = Argon2(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.accounts = Accounts(self.repository, quick, self.clock.now)
        return self.accounts

    def person(self, login: str = "liwen", role: Role = Role.MANAGER) -> str:
        account, link = self.accounts.add(ROOT, login, "李雯", role)
        self.accounts.use_link(link, GOOD)
        return account.id


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


def test_a_person_sets_a_password_by_the_link_and_signs_in(world: World):
    account, link = world.accounts.add(ROOT, "LiWen", "李雯", Role.TRAINER)
    named = world.accounts.link(link)
    assert named is not None and named.login == "liwen"
    session = world.accounts.use_link(link, GOOD)
    assert session.account.id == account.id
    again = world.accounts.sign_in("ＬｉＷｅｎ ", GOOD, HERE)
    found = world.accounts.of_session(again.secret)
    assert found is not None
    assert (found.id, found.role, found.name) == (account.id, Role.TRAINER, "李雯")
    for wrong in (GOOD + "x", "", GOOD.upper() + "!"):
        with pytest.raises(InputError, match="wrong"):
            world.accounts.sign_in("liwen", wrong, HERE)


def test_a_link_works_once_and_runs_out(world: World):
    _, link = world.accounts.add(ROOT, "liwen", "李雯", Role.MANAGER)
    with pytest.raises(InputError):
        world.accounts.use_link(link, "短")
    world.accounts.use_link(link, GOOD)  # a wrong password has not used it up
    for secret in (link, "nonsense", ""):
        with pytest.raises(NotFoundError):
            world.accounts.use_link(secret, GOOD)
    account, old = world.accounts.add(ROOT, "chen", "", Role.HR)
    new = world.accounts.reset(ROOT, account.id)
    with pytest.raises(NotFoundError):
        world.accounts.link(old)  # the newer one took its place
    world.clock.later(hours=73)
    with pytest.raises(NotFoundError):
        world.accounts.use_link(new, GOOD)


def test_two_uses_of_one_link_at_the_same_moment_give_one_session(world: World):
    _, link = world.accounts.add(ROOT, "liwen", "李雯", Role.MANAGER)
    done: list[str] = []

    def use() -> None:
        try:
            world.accounts.use_link(link, GOOD)
            done.append("in")
        except NotFoundError:
            done.append("void")

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["in"] + ["void"] * 5


def test_the_first_administrator_comes_by_a_link_until_there_is_one(world: World):
    link = world.accounts.first_link()
    assert link is not None
    assert world.accounts.link(link) is None
    assert world.again().first_link() == link, "another replica, or this one started again, tells the same"
    newer = world.accounts.first_link(anew=True)
    assert newer not in (None, link) and world.again().first_link() == newer
    with pytest.raises(NotFoundError):
        world.accounts.use_link(link, GOOD, "admin")
    with pytest.raises(InputError):
        world.accounts.use_link(newer, GOOD, "a b")
    session = world.accounts.use_link(newer, GOOD, "admin", "管理员")
    assert session.account.role is Role.ADMINISTRATOR
    assert world.accounts.first_link() is None
    late = World(world.home.with_name("other"))
    link = late.accounts.first_link() or ""
    late.clock.later(minutes=31)
    assert late.accounts.link(link) is None
    renewed = late.accounts.first_link() or ""
    assert renewed != link, "nobody is told a link that is about to run out"
    late.clock.later(minutes=61)
    for old in (link, renewed):
        with pytest.raises(NotFoundError):
            late.accounts.use_link(old, GOOD, "admin")


def test_replicas_that_start_together_tell_one_link(world: World):
    others = [world.again() for _ in range(4)]
    told: list[str | None] = []
    gate = threading.Barrier(len(others))

    def start(accounts: Accounts) -> None:
        gate.wait()
        told.append(accounts.first_link())

    threads = [threading.Thread(target=start, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 4 and len(set(told)) == 1
    assert world.accounts.link(told[0] or "") is None


def test_sessions_end_unused_at_the_latest_and_by_signing_out(world: World):
    world.person()
    limits = Limits()
    session = world.accounts.sign_in("liwen", GOOD, HERE)
    for _ in range(11):
        world.clock.later(minutes=61)
        assert world.accounts.of_session(session.secret), "in use all the time"
    world.clock.later(minutes=61)
    assert world.accounts.of_session(session.secret) is None, "twelve hours are over"
    session = world.accounts.sign_in("liwen", GOOD, HERE)
    world.clock.at += limits.idle
    assert world.accounts.of_session(session.secret) is None
    world.clock.at -= limits.idle
    assert world.accounts.of_session(session.secret) is None, "what has run out stays so"
    one, two = (world.accounts.sign_in("liwen", GOOD, HERE) for _ in range(2))
    world.accounts.sign_out(one.secret)
    assert world.accounts.of_session(one.secret) is None
    assert world.accounts.of_session(two.secret)
    three = world.accounts.sign_in("liwen", GOOD, HERE)
    world.accounts.sign_out(two.secret, everywhere=True)
    assert world.accounts.of_session(three.secret) is None
    assert world.accounts.of_session("x" * 43) is None


def wrong(world: World, login: str = "liwen", address: str = HERE) -> str:
    with pytest.raises(InputError) as caught:
        world.accounts.sign_in(login, "falsches Wort hier", address)
    return caught.value.message_key


@pytest.mark.parametrize("login", ["liwen", "nobody-there"])
def test_too_many_wrong_passwords_wait_even_after_a_restart(world: World, login: str):
    world.person()
    assert [wrong(world, login) for _ in range(5)] == ["error.sign_in_wrong"] * 5
    assert wrong(world, login) == "error.sign_in_locked"
    world.again()
    with pytest.raises(InputError) as caught:
        world.accounts.sign_in(login, GOOD, "198.51.100.1")
    assert caught.value.message_key == "error.sign_in_locked", "even the right one, even from elsewhere"
    assert "1" in message(caught.value, "zh")
    assert "1 min" in message(caught.value, "en")
    world.clock.later(seconds=31)
    assert wrong(world, login) == "error.sign_in_wrong"
    world.clock.later(seconds=31)
    assert wrong(world, login) == "error.sign_in_locked", "twice as long now"
    world.clock.later(seconds=31)
    if login == "liwen":
        world.accounts.sign_in(login, GOOD, HERE)
        assert wrong(world, login) == "error.sign_in_wrong", "a right one clears the count"


def test_one_address_trying_many_names_waits(world: World):
    world.person()
    said = [wrong(world, f"name{n}") for n in range(31)]
    assert said == ["error.sign_in_wrong"] * 30 + ["error.sign_in_address"]
    assert world.accounts.sign_in("liwen", GOOD, "198.51.100.1")
    world.clock.later(days=2)
    assert [wrong(world, f"name{n}") for n in range(29)] == ["error.sign_in_wrong"] * 29
    world.accounts.sign_in("liwen", GOOD, HERE)
    assert [wrong(world, f"new{n}") for n in range(2)] == ["error.sign_in_wrong", "error.sign_in_address"], (
        "an account of one's own does not clear an address"
    )


def test_wrong_tries_at_the_same_moment_are_all_counted(world: World):
    world.person()
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(wrong(world))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys.count("error.sign_in_wrong") == 5
    assert keys.count("error.sign_in_locked") == 7


def test_passwords_must_be_long_and_not_the_name(world: World):
    _, link = world.accounts.add(ROOT, "longer-login", "", Role.MANAGER)
    for bad, key in (
        ("short", "error.password_length"), ("x" * 201, "error.password_length"), ("", "error.password_length"),
        ("aaaaaaaaaaaaab", "error.password_easy"), ("my longer-login 1", "error.password_easy"),
    ):  # fmt: skip
        with pytest.raises(InputError) as caught:
            world.accounts.use_link(link, bad)
        assert caught.value.message_key == key
        assert bad == "" or bad not in message(caught.value, "en")
    world.accounts.use_link(link, GOOD)


def test_changing_the_password_signs_out_everywhere_else(world: World):
    world.person()
    here, elsewhere = (world.accounts.sign_in("liwen", GOOD, HERE) for _ in range(2))
    with pytest.raises(InputError, match="wrong"):
        world.accounts.change_password(here.account, "not the old one", "另一句很长的新密码", HERE)
    new = world.accounts.change_password(here.account, GOOD, "另一句很长很长的新密码", HERE)
    assert world.accounts.of_session(new.secret)
    assert world.accounts.of_session(here.secret) is None
    assert world.accounts.of_session(elsewhere.secret) is None
    assert world.accounts.sign_in("liwen", "另一句很长很长的新密码", HERE)


def test_administrators_shut_out_at_once_and_one_always_stays(world: World):
    boss = world.accounts.use_link(world.accounts.first_link() or "", GOOD, "admin").account
    actor = Actor(boss.id, boss.role, "zh")
    person = world.person()
    session = world.accounts.sign_in("liwen", GOOD, HERE)
    world.accounts.disable(actor, person)
    assert world.accounts.of_session(session.secret) is None
    with pytest.raises(InputError, match="wrong"):
        world.accounts.sign_in("liwen", GOOD, HERE)
    with pytest.raises(InputError):
        world.accounts.reset(actor, person)
    world.accounts.disable(actor, person, disabled=False)
    session = world.accounts.sign_in("liwen", GOOD, HERE)
    world.accounts.set_role(actor, person, Role.HR)
    assert world.accounts.of_session(session.secret) is None, "a session of the former role goes on"
    assert world.accounts.sign_in("liwen", GOOD, HERE).account.role is Role.HR
    for act in (
        lambda: world.accounts.disable(actor, boss.id), lambda: world.accounts.set_role(actor, boss.id, Role.HR),
        lambda: world.accounts.delete(actor, boss.id),
    ):  # fmt: skip
        with pytest.raises(InputError) as caught:
            act()
        assert caught.value.message_key == "error.last_administrator"
    world.accounts.set_role(actor, person, Role.ADMINISTRATOR)
    world.accounts.disable(actor, boss.id)
    with pytest.raises(InputError):
        world.accounts.add(actor, "LIWEN", "", Role.HR)
    with pytest.raises(InputError):
        world.accounts.add(actor, "employee", "", Role.EMPLOYEE)


def test_a_deleted_account_is_gone_with_its_sessions_and_links(world: World):
    person = world.person()
    session = world.accounts.sign_in("liwen", GOOD, HERE)
    link = world.accounts.reset(ROOT, person)
    world.accounts.delete(ROOT, person)
    assert world.accounts.all(ROOT) == () and world.accounts.of_session(session.secret) is None
    with pytest.raises(NotFoundError):
        world.accounts.use_link(link, GOOD)
    with pytest.raises(InputError, match="wrong"):
        world.accounts.sign_in("liwen", GOOD, HERE)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.TRAINER, Role.HR, Role.EMPLOYEE])
def test_nobody_else_manages_accounts(world: World, role: Role):
    person, actor = world.person(), Actor("x", role, "zh")
    for act in (
        lambda: world.accounts.all(actor), lambda: world.accounts.add(actor, "new", "", Role.HR),
        lambda: world.accounts.set_role(actor, person, Role.ADMINISTRATOR),
        lambda: world.accounts.disable(actor, person), lambda: world.accounts.reset(actor, person),
        lambda: world.accounts.one(actor, person), lambda: world.accounts.delete(actor, person),
    ):  # fmt: skip
        with pytest.raises(PermissionDeniedError):
            act()
    assert [a.role for a in world.accounts.all(ROOT)] == [Role.MANAGER]


def test_a_reset_is_told_and_ends_what_was_open(world: World):
    person = world.person()
    session = world.accounts.sign_in("liwen", GOOD, HERE)
    link = world.accounts.reset(ROOT, person)
    told = world.accounts.of_session(session.secret)
    assert told is not None and told.link_at == world.clock.now()
    world.accounts.use_link(link, "一句全新的、够长的密码")
    assert world.accounts.of_session(session.secret) is None


def test_people_of_a_provider_have_the_role_it_says(world: World):
    sign_in = world.accounts.sign_in_external
    first = sign_in("https://id.example", "42", "Wang@Example.com", "王敏", Role.MANAGER)
    assert (first.account.login, first.account.external, first.account.has_password) == (
        "wang@example.com",
        True,
        False,
    )
    assert sign_in("https://id.example", "42", "other", "x", None).account.id == first.account.id
    assert sign_in("https://id.example", "42", "other", "x", Role.HR).account.role is Role.HR
    with pytest.raises(PermissionDeniedError):
        sign_in("https://id.example", "43", "new", "x", None)
    world.person("liwen")
    with pytest.raises(ConflictError):
        sign_in("https://evil.example", "1", "liwen", "x", Role.MANAGER)
    with pytest.raises(InputError):
        world.accounts.reset(ROOT, first.account.id)
    with pytest.raises(InputError, match="wrong"):
        world.accounts.sign_in("wang@example.com", "", HERE)
    world.accounts.disable(ROOT, first.account.id)
    with pytest.raises(PermissionDeniedError):
        sign_in("https://id.example", "42", "x", "x", Role.HR)


def test_the_database_holds_no_login_name_secret_or_address(world: World):
    person = world.person("planted-login")
    session = world.accounts.sign_in("planted-login", GOOD, HERE)
    link = world.accounts.reset(ROOT, person)
    wrong(world, "planted-login")
    with closing(sqlite3.connect(world.home / "t.db")) as db:
        dump = "\n".join(db.iterdump())
    for planted in ("planted-login", "李雯", "李雯".encode().hex().upper(), session.secret, link, HERE, GOOD):
        assert planted not in dump
    assert "$argon2id$" in dump
    world.repository.drop(person)
    assert world.accounts.of_session(session.secret) is None
    assert world.accounts.all(ROOT) == ()
    with closing(sqlite3.connect(world.home / "t.db")) as db:
        assert [i for (i,) in db.execute("select id from sealing_keys")] == ["accounts-index"]


def test_the_account_of_single_user_mode_takes_over_what_was_made_there(world: World):
    account, _ = world.accounts.add(ROOT, "me", "", Role.MANAGER, owns_local=True)
    assert account.id == "local"
    with pytest.raises(InputError):
        world.accounts.add(ROOT, "you", "", Role.MANAGER, owns_local=True)


def test_todays_parameters_are_strong_and_old_hashes_are_renewed(world: World):
    strong = Argon2()
    assert "$argon2id$v=19$m=65536,t=3" in strong.hash("x")
    person = world.person()
    old = world.repository.password(person)
    world.accounts = Accounts(
        world.repository, Argon2(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)), world.clock.now
    )
    session = world.accounts.sign_in("liwen", GOOD, HERE)
    assert world.repository.password(person) != old
    assert world.accounts.of_session(session.secret)


@pytest.mark.parametrize("setting", ["on", "auto"])
def test_where_people_sign_in_nothing_is_done_for_nobody(tmp_path: Path, setting: str):
    host = "0.0.0.0" if setting == "auto" else "127.0.0.1"
    services = Services(Settings(home=tmp_path / "h", host=host, accounts=setting))
    for scope, key in ((None, "error.cli_accounts"), ({"tandao.account": "local"}, "error.sign_in")):
        with pytest.raises(PermissionDeniedError) as caught:
            services.acting("zh", scope=scope)
        assert caught.value.message_key == key
    account, _ = services.accounts.add(ROOT, "liwen", "", Role.HR)
    scope: dict[str, object] = {}
    let_in(scope, account)
    assert services.acting("en", Role.TRAINER, scope) == Actor(account.id, Role.HR, "en"), "the room gives no role"


@pytest.mark.parametrize(
    ("host", "setting", "everybody", "on"),
    [
        ("127.0.0.1", "auto", False, False), ("localhost", "auto", False, False), ("::1", "auto", False, False),
        ("0.0.0.0", "auto", False, True), ("192.168.1.4", "auto", False, True), ("box.example", "auto", False, True),
        ("0.0.0.0", "auto", True, False), ("0.0.0.0", "off", False, False), ("127.0.0.1", "on", False, True),
    ],
)  # fmt: skip
def test_when_people_sign_in(tmp_path: Path, host: str, setting: str, everybody: bool, on: bool):
    settings = Settings(home=tmp_path, host=host, accounts=setting, serve_everybody=everybody)
    assert settings.accounts_on is on
