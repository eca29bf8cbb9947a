"""Builds the concrete services from the settings; nothing else does."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from app.acting import Scope, account_of, request_scope
from app.settings import Settings, load_settings
from app.stopping import Work
from interview.actor import Actor, Role
from interview.conversation import LANGS, Lang
from interview.errors import PermissionDeniedError, SettingsError, StorageError
from interview.library import FileLibrary
from interview.ports import CueReader, MoveReader, Voice
from interview.reading.cues import RuleCueReader
from interview.reading.moves import RuleMoveReader
from people.accounts import LOCAL_ID
from phrasing.library import PhrasingLibrary
from review.editing import EditedLibrary, Editing
from scoring.report import Reporter
from simulator.rehearsal import Rehearsals
from simulator.voices.authored import AuthoredVoice

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.audio_socket import Listener
    from app.metrics import Metrics
    from app.places import Places
    from assistant.hints import HintWriter
    from assistant.live import LiveInterviews
    from assistant.sound import KeptSound
    from consent.grants import ConsentGrant, Consents, Spoken
    from consent.ledger import LedgerRepository
    from cycle.assessments import Assessments
    from cycle.employee import Visits
    from cycle.invitations import Invitations
    from cycle.messages import Channel, ChannelName, Outbox
    from cycle.minutes import MinutesOfTalks
    from cycle.packs import Packs
    from cycle.plans import Plans
    from cycle.pulse import Pulses
    from cycle.records import Records
    from cycle.rehearsal_persona import LibraryWithOwn, OwnPersonas
    from cycle.reminders import Reminders
    from cycle.resources import Resources
    from cycle.rounds import Rounds
    from cycle.signals import Signals
    from cycle.talks import Talks
    from cycle.team import Team
    from cycle.work import WorkList
    from llms.judge import Judge
    from llms.openai_compatible import ChatEndpoint
    from people.accounts import Accounts
    from review.classrooms import Classrooms
    from review.cohorts import Cohorts
    from review.reviews import Reviews
    from speech.voices import Voices
    from speech.worker import Transcriber
    from storage.leases import SqlLeases
    from storage.master import MasterKeys
    from storage.own import Own
    from storage.store import Store


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        """Aware UTC time."""
        return dt.datetime.now(dt.UTC)


def master_keys(settings: Settings) -> "MasterKeys":
    """Where the settings say the master key is; raises SettingsError where they say it twice."""
    from storage.master import KeyCommand, KeyFile, KeyText

    text = settings.master_key.get_secret_value().strip()
    said = [bool(text), bool(settings.master_key_command.strip()), settings.master_key_file is not None]
    if sum(said) > 1:
        raise SettingsError("two master keys", message_key="error.master_key_twice")
    if text:
        return KeyText(text)
    if settings.master_key_command.strip():
        return KeyCommand(settings.master_key_command)
    return KeyFile(settings.master_key_file or settings.home / "master.key")


def single_user(lang: Lang, role: Role = Role.MANAGER) -> Actor:
    """The one person of single-user mode, in the role of the room they are in."""
    return Actor(LOCAL_ID, role, lang)


def personas_folder(settings: Settings) -> Path:
    """Where personas, scenarios and legal frames are read from."""
    return settings.personas or Path(__file__).parent.parent / "personas"


def speech_folder(settings: Settings) -> Path:
    """Where the speech model lies: a folder, a hub name that was pulled, or a model of the list, joined from its packages.

    Raises StorageError or NotFoundError that says what to do.
    """
    from llms.weights import ready
    from speech.hub import hub_folder, is_hub_name

    chosen = Path(settings.speech_model).expanduser()
    if chosen.is_dir():
        return chosen
    if is_hub_name(settings.speech_model):
        return hub_folder(settings.speech_model, settings.models)
    return ready(settings.speech_model, settings.models)


@dataclass(frozen=True)
class Services:
    """What pages and commands call. Parts are built when first used, so that a command starts fast."""

    settings: Settings

    def acting(self, lang: Lang, role: Role = Role.MANAGER, scope: Scope | None = None) -> Actor:
        """The acting person: where people sign in, whoever sent this request; else the one of single-user mode in ``role``.

        ``scope``: of a plain route's request; a function of the page finds its own. Raises PermissionDeniedError where
        people sign in and nobody did.
        """
        if not self.settings.accounts_on:
            return single_user(lang, role)
        found = request_scope() if scope is None else scope
        account = None if found is None else account_of(found)
        if account is None:
            key = "error.cli_accounts" if found is None else "error.sign_in"
            raise PermissionDeniedError("nobody is signed in", message_key=key)
        return Actor(account.id, account.role, lang)

    @cached_property
    def packaged_library(self) -> FileLibrary:
        """Personas and scenarios as the files have them; needs no database."""
        return FileLibrary(personas_folder(self.settings))

    @cached_property
    def library(self) -> EditedLibrary:
        """Personas and scenarios, with what trainers edited: what every list and editor sees."""
        return EditedLibrary(self.packaged_library, self._store.custom_files)

    @cached_property
    def rehearsal_library(self) -> "LibraryWithOwn":
        """The same and, by id alone, managers' own personas: for rehearsals, whose owner is checked."""
        from cycle.rehearsal_persona import LibraryWithOwn

        return LibraryWithOwn(self.library, self._store.records)

    @cached_property
    def own_personas(self) -> "OwnPersonas":
        """Personas made from packs."""
        from cycle.rehearsal_persona import OwnPersonas

        return OwnPersonas(self._store.records, self.packs, self.talks, self.assessments, self.library)

    @cached_property
    def move_reader(self) -> RuleMoveReader:
        """Reads managers' moves."""
        return RuleMoveReader()

    @cached_property
    def listening_reader(self) -> MoveReader:
        """Reads what is said in rehearsals: the rules, and a model's second opinion where the settings ask for it.

        Scores and ``tandao read`` stay with the rules, so that they are the same everywhere.
        """
        if not (self.settings.llm_reader and self.settings.llm_base_url):
            return self.move_reader
        from llms.move_reader import LlmMoveReader

        return LlmMoveReader(self.move_reader, self.endpoint, self.settings.llm_reader_timeout_s)

    @cached_property
    def cue_reader(self) -> CueReader:
        """Reads employees' cues; a classifier named in the settings adds faint ones."""
        if not self.settings.cue_model:
            return RuleCueReader()
        from llms.cue_reader import TransformersCueReader

        return TransformersCueReader.load(self.settings.cue_model, RuleCueReader())

    @cached_property
    def phrasing(self) -> PhrasingLibrary:
        """Better wordings."""
        return PhrasingLibrary()

    @cached_property
    def reporter(self) -> Reporter:
        """Scores and reports."""
        return Reporter(self.move_reader, self.cue_reader, self.phrasing)

    @cached_property
    def _store(self) -> "Store":
        """Everything that is kept, in the settings' database."""
        from storage.database import open_database
        from storage.erasing import keep_forgotten
        from storage.store import Store
        from storage.vault import open_vault

        home = self.settings.home
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StorageError(str(error), message_key="error.home", path=str(home)) from error
        engine = open_database(self.settings.url)
        try:
            vault = open_vault(master_keys(self.settings), engine)
            keep_forgotten(engine, self.settings.receipts)
        except BaseException:
            engine.dispose()
            raise
        return Store(engine, vault, SystemClock(), self.settings.ledger_head)

    @cached_property
    def accounts(self) -> "Accounts":
        """Signing in, and accounts."""
        from people.accounts import Accounts, Limits
        from people.passwords import Argon2

        idle = dt.timedelta(minutes=self.settings.session_idle_minutes)
        limits = Limits(idle=idle, longest=dt.timedelta(hours=self.settings.session_hours))
        return Accounts(self._store.accounts, Argon2(), SystemClock().now, limits)

    @cached_property
    def running(self) -> Work:
        """What runs now, to be finished before the server stops."""
        return Work()

    @cached_property
    def metrics(self) -> "Metrics":
        """Figures of this process."""
        from app.metrics import Metrics

        return Metrics(self.running)

    @property
    def engine(self) -> "Engine":
        """The database, for health checks."""
        return self._store.engine

    @cached_property
    def own(self) -> "Own":
        """Everything of one person; who asks is checked by whoever calls."""
        from storage.own import Own

        return Own(self._store)

    @property
    def leases(self) -> "SqlLeases":
        """What one of several replicas does."""
        return self._store.leases

    @property
    def capture_links(self) -> "Records":
        """Where links to the microphone's socket are kept."""
        return self._store.records

    @cached_property
    def rehearsals(self) -> Rehearsals:
        """Rehearsals: one's own, and for trainers the shared ones."""
        from app.metrics import MeasuredReader, MeasuredRehearsals

        made = MeasuredRehearsals(
            self.rehearsal_library, self._store.rehearsals, MeasuredReader(self.listening_reader, self.metrics),
            self.voices, SystemClock(),
            shared_with=self.reviews.may_read, may_use=self.own_personas.may_use,
        )  # fmt: skip
        made.metrics, made.work = self.metrics, self.running
        return made

    def reported(self) -> Iterator[tuple[str, str]]:
        """Id and owner of every rehearsal with a report: for batch work, which acts for each owner and tells nobody else."""
        after = ""
        while found := self._store.rehearsals.reported(after):
            yield from found
            after = found[-1][0]

    @cached_property
    def reviews(self) -> "Reviews":
        """Sharing and reviewing."""
        from review.reviews import Reviews

        return Reviews(self._store.reviews, self._store.rehearsals, self._store.cohorts, SystemClock())

    @cached_property
    def cohorts(self) -> "Cohorts":
        """Groups that practise the same talk."""
        from review.cohorts import Cohorts

        return Cohorts(self._store.cohorts, self._store.reviews, self._store.rehearsals, SystemClock())

    @cached_property
    def classrooms(self) -> "Classrooms":
        """One moment answered by a class."""
        from review.classrooms import Classrooms

        return Classrooms(self._store.classrooms, SystemClock())

    @cached_property
    def consents(self) -> "Consents":
        """Who agreed to what."""
        from consent.grants import Consents

        return Consents(
            self._store.interviews, self._store.ledger, SystemClock(), model=self.settings.hint_model,
            speech=self.settings.speech_service,
        )  # fmt: skip

    @cached_property
    def ledger(self) -> "LedgerRepository":
        """The chain itself, for the command line."""
        return self._store.ledger

    @cached_property
    def places(self) -> "Places | None":
        """Which replica hears which talk; None where this one is alone."""
        from app.places import Places
        from storage.leases import SqlLeases

        address = self.settings.replica_address
        return Places(SqlLeases(self.engine, SystemClock(), holder=address)) if address else None

    def ears(self, grant: "ConsentGrant", spoken: "Spoken", hotwords: str = "") -> "Listener":
        """What turns sound into words for one session; raises StorageError where no model is installed."""
        from speech.listening import Listener as Ears

        return Ears(grant, self.hearing(grant), spoken, hotwords=hotwords, voices=self._voices(grant))

    def _voices(self, grant: "ConsentGrant") -> "Voices | None":
        """Both voices, where that was granted and the encoder's weights are whole; else who speaks is marked by hand."""
        from consent.notices import Purpose
        from speech.voices import LstmEncoder, Voices

        if not grant.covers(Purpose.VOICES):
            return None
        try:
            return Voices(grant, LstmEncoder())
        except StorageError:
            return None

    @cached_property
    def transcriber(self) -> "Transcriber":
        """The process that holds the speech model; raises StorageError that says what to do where it can't start."""
        try:
            from speech.process import Process
            from speech.worker import Transcriber as Worker
        except ImportError as error:
            raise StorageError("no speech extra", message_key="error.no_speech") from error
        from speech.whisper import FILES

        folder = speech_folder(self.settings)
        small = self.settings.models / "whisper-tiny"
        lighter = small if all((small / name).is_file() for name in FILES) else None
        made = Worker(Process.of_model(folder, small=lighter))
        made.answered = self.metrics.heard
        made.start()
        return made

    @cached_property
    def service_transcriber(self) -> "Transcriber":
        """The queue before the transcription service of the settings; raises LanguageModelError where it can't be used."""
        from llms.transcription import TranscriptionEndpoint
        from speech.service import Service
        from speech.worker import Transcriber as Worker

        at = self.settings
        endpoint = TranscriptionEndpoint(
            at.speech_url, at.speech_service_model, at.speech_key.get_secret_value(), at.speech_timeout_s
        )
        made = Worker(Service(endpoint, at.speech_host))
        made.answered = self.metrics.heard
        made.start()
        return made

    def hearing(self, grant: "ConsentGrant") -> "Transcriber":
        """What hears under this grant: the service only where both let sound leave this machine, else the local model."""
        from consent.notices import Purpose

        if self.settings.speech_url and grant.covers(Purpose.SPEECH_SERVICE):
            return self.service_transcriber
        try:
            return self.transcriber
        except StorageError as error:
            if not self.settings.speech_url:
                raise
            raise StorageError(
                str(error), message_key="error.speech_not_agreed", host=self.settings.speech_host
            ) from error

    def goes_out_no_more(self, grant: "ConsentGrant") -> bool:
        """Whether sound was let go to the service when this grant was made, and may not any more."""
        from consent.notices import Purpose

        purposes = self.consents.standing(grant.interview_id).purposes
        return grant.covers(Purpose.SPEECH_SERVICE) and Purpose.SPEECH_SERVICE not in purposes

    def close(self) -> None:
        """Stop what runs beside the server, if it was started."""
        started: list[Transcriber | None] = [self.__dict__.get(n) for n in ("transcriber", "service_transcriber")]
        for transcriber in started:
            if transcriber is not None:
                transcriber.close()

    @cached_property
    def live(self) -> "LiveInterviews":
        """Real interviews."""
        from app.metrics import MeasuredLive

        made = MeasuredLive(
            self.consents, self._store.interviews, self.move_reader, self.cue_reader, self.phrasing, SystemClock(),
            self.hint_writer,
        )  # fmt: skip
        made.metrics = self.metrics
        return made

    @cached_property
    def hint_writer(self) -> "HintWriter | None":
        """A model that words hints, where the settings ask for it."""
        if not self.settings.hint_model:
            return None
        import openai  # noqa: F401  # pyright: ignore[reportUnusedImport]  # a second that the first hint has not

        from llms.hint_writer import LlmHintWriter

        return LlmHintWriter(self.endpoint, self.move_reader, self.settings.llm_hints_timeout_s)

    @cached_property
    def kept_sound(self) -> "KeptSound":
        """The sound of talks where both granted that it is kept."""
        from assistant.sound import KeptSound

        return KeptSound(self.consents, self._store.sound)

    @cached_property
    def team(self) -> "Team":
        """A manager's people."""
        from cycle.team import Team

        return Team(self._store.records)

    @cached_property
    def signals(self) -> "Signals":
        """Lights of one's team."""
        from cycle.signals import Signals

        return Signals(self._store.records, self.team, SystemClock())

    @cached_property
    def talks(self) -> "Talks":
        """Talks to be held and held."""
        from cycle.talks import Talks

        return Talks(self._store.records, self.team)

    @cached_property
    def work(self) -> "WorkList":
        """Who is to be talked to, and what is next."""
        from cycle.work import WorkList

        return WorkList(self._store.records, SystemClock())

    @cached_property
    def invitations(self) -> "Invitations":
        """Inviting to talks."""
        from cycle.invitations import Invitations

        return Invitations(self.team, self.talks, self.rounds, SystemClock())

    @cached_property
    def channels(self) -> "dict[ChannelName, Channel]":
        """The ways messages can go; raises SettingsError for one that is set up wrongly."""
        from cycle.channels import ROBOTS, Mail, Webhook

        chosen, found = self.settings, dict["ChannelName", "Channel"]()
        if chosen.smtp_host:
            found["mail"] = Mail(
                chosen.smtp_host, chosen.smtp_port, chosen.smtp_from, chosen.smtp_security, chosen.smtp_user,
                chosen.smtp_password.get_secret_value(),
            )  # fmt: skip
        if address := chosen.webhook_url.get_secret_value():
            found["webhook"] = Webhook(address, ROBOTS[chosen.webhook_kind])
        return found

    @cached_property
    def outbox(self) -> "Outbox":
        """Messages, and the sending of them."""
        from cycle.messages import Outbox

        return Outbox(self._store.records, self.channels, SystemClock())

    @cached_property
    def reminders(self) -> "Reminders":
        """What people are reminded of."""
        from cycle.records import Record
        from cycle.reminders import Reminders

        def link(talk: Record) -> str:
            return self.employee_link(Actor(talk.owner_id, Role.MANAGER, self.settings.language), talk.id)

        return Reminders(self._store.records, self.outbox, link, self.settings.language, SystemClock())

    def employee_link(self, actor: Actor, talk_id: str) -> str:
        """A new private link for a mail; empty where no address is set by which this server is reached."""
        base = self.settings.public_url.rstrip("/")
        return f"{base}/me/{self.visits.make(actor, talk_id)}" if base else ""

    @cached_property
    def rounds(self) -> "Rounds":
        """What HR asks of everybody."""
        from cycle.rounds import Rounds

        return Rounds(self._store.records, SystemClock())

    @cached_property
    def visits(self) -> "Visits":
        """Employees' private links."""
        from cycle.employee import Visits

        return Visits(self._store.records, self.talks, SystemClock())

    @cached_property
    def assessments(self) -> "Assessments":
        """What employees write before the talk."""
        from cycle.assessments import Assessments

        return Assessments(self._store.records, self.talks, SystemClock())

    @cached_property
    def minutes(self) -> "MinutesOfTalks":
        """Minutes both confirm."""
        from consent.notices import Purpose
        from cycle.minutes import MinutesOfTalks

        def withdrawn(live_id: str) -> bool:
            return Purpose.TRANSCRIBE not in self.consents.standing(live_id).purposes

        return MinutesOfTalks(self._store.records, self.talks, SystemClock(), withdrawn)

    @cached_property
    def plans(self) -> "Plans":
        """Action plans and development plans."""
        from cycle.plans import Plans

        return Plans(self._store.records, self.talks, SystemClock())

    @cached_property
    def packs(self) -> "Packs":
        """Managers' preparation packs."""
        from cycle.packs import Packs

        return Packs(self._store.records, self.team, self.talks, self.assessments, self.plans)

    @cached_property
    def resources(self) -> "Resources":
        """Courses, projects and mentors."""
        from cycle.resources import Resources

        return Resources(self._store.records)

    @cached_property
    def pulses(self) -> "Pulses":
        """Anonymous answers after talks."""
        from cycle.pulse import Pulses, WeekClock

        clock = WeekClock(SystemClock())
        return Pulses(self._store.records_by(clock), clock)

    @cached_property
    def editing(self) -> Editing:
        """Personas and scenarios edited in the page."""
        return Editing(self._store.custom_files, self.library)

    @cached_property
    def endpoint(self) -> "ChatEndpoint":
        """The language model's endpoint as the settings name it."""
        from llms.openai_compatible import ChatEndpoint
        from llms.providers import PROVIDERS

        chosen = self.settings
        key = chosen.llm_api_key.get_secret_value()
        return ChatEndpoint(
            chosen.llm_base_url, chosen.llm_model, key, chosen.llm_timeout_s, PROVIDERS[chosen.llm_provider]
        )

    @cached_property
    def judge(self) -> "Judge | None":
        """A model that judges beside the rules, if one is set; raises SettingsError where it is unnamed or the voice."""
        chosen = self.settings
        if not chosen.judge_base_url:
            return None
        if not chosen.judge_model:
            raise SettingsError("TANDAO_JUDGE_MODEL is empty", message_key="error.judge_model")
        if chosen.judge_is_voice:
            raise SettingsError("the judge is the voice", message_key="error.judge_is_voice")
        from llms.judge import Judge
        from llms.openai_compatible import ChatEndpoint
        from llms.providers import PROVIDERS

        key, limit = chosen.judge_api_key.get_secret_value(), chosen.judge_timeout_s
        endpoint = ChatEndpoint(chosen.judge_base_url, chosen.judge_model, key, limit, PROVIDERS[chosen.judge_provider])
        return Judge(endpoint, limit)

    @cached_property
    def voices(self) -> dict[str, Voice]:
        """The built-in voice, and the model's where an endpoint is set."""
        found: dict[str, Voice] = {AuthoredVoice.name: AuthoredVoice()}
        if self.settings.llm_base_url:
            from llms.prompts import load_prompt
            from simulator.voices.llm import LlmVoice

            found[LlmVoice.name] = LlmVoice(
                self.endpoint,
                {lang: load_prompt("employee_reply", lang) for lang in LANGS},
                self.settings.llm_timeout_s,
            )
        return found


def message_language() -> Lang:
    """The language of messages on the command line."""
    return load_settings().language


def build_services() -> Services:
    """Services from the environment's settings."""
    return Services(load_settings())
