"""Every setting, from ``TANDAO_*`` in the environment or an ``.env`` file. The defaults run offline."""

import hashlib
import ipaddress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from interview.errors import SettingsError
from llms.providers import ProviderName


class Settings(BaseSettings):
    """Read once, in ``wiring.py``."""

    model_config = SettingsConfigDict(env_prefix="TANDAO_", env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(default_factory=lambda: user_data_path("tandao"), description="where everything is kept")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite in the home folder")
    language: Literal["zh", "en"] = Field(default="zh", description="language of the first page and of messages")
    host: str = Field(default="127.0.0.1", description="address the page is served on")
    port: int = Field(default=7860, ge=1, le=65_535)
    allowed_hosts: str = Field(default="", description="names the page is reached by, with commas: app/gate.py")
    serve_everybody: bool = Field(
        default=False, description="other devices may use every page without a login; only on a network you trust"
    )
    accounts: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="people sign in; auto: as soon as the server listens beyond this machine (docs/accounts.md)",
    )
    session_idle_minutes: int = Field(default=120, ge=5, le=1_440, description="signed out after so long without use")
    session_hours: int = Field(default=12, ge=1, le=168, description="signed out at the latest after so long")
    oidc_issuer: str = Field(default="", description="address of the organisation's OpenID provider; empty: none")
    oidc_client_id: str = Field(default="", description="this server's id there")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="its secret; empty for a public client")
    oidc_name: str = Field(default="", description="what the button calls the provider")
    oidc_scopes: str = Field(default="openid profile email", description="what is asked of it")
    oidc_role_claim: str = Field(default="", description="claim that names a person's groups or role, such as groups")
    oidc_roles: str = Field(
        default="", description="role=value of that claim, with commas: manager=leads,trainer=coaches,hr=people-ops"
    )
    oidc_default_role: Literal["", "manager"] = Field(
        default="", description="of people the claim gives none; empty: they may not come in"
    )
    public_url: str = Field(default="", description="how phones reach this server; empty: as the page was opened")
    replica_address: str = Field(
        default="", max_length=40, pattern=r"^(\[?[0-9A-Za-z_.:-]+\]?:[0-9]{1,5})?$",
        description="host:port at which other replicas reach this one, so that a talk's devices meet at one; empty: it is alone",
    )  # fmt: skip
    metrics_token: SecretStr = Field(
        default=SecretStr(""), description="lets others than this machine read /metrics, as a bearer token"
    )
    stop_s: float = Field(default=20, ge=0, le=300, description="how long a stopping server waits for running turns")
    personas: Path | None = Field(default=None, description="folder of personas instead of the packaged one")
    pace_s: float = Field(default=0.45, ge=0, le=5, description="pause between the sentences of a reply on the page")
    master_key_file: Path | None = Field(default=None, description="empty: master.key in the home folder")
    master_key: SecretStr = Field(
        default=SecretStr(""), description="the master key itself, 32 bytes in base64, instead of the file"
    )
    master_key_command: str = Field(
        default="", description="a program that prints it, such as a key service's client; run without a shell"
    )
    cue_model: str = Field(
        default="",
        description="a transformers classifier (path or hub name) that adds faint cues; needs [transformers]",
    )
    speech_model: str = Field(
        default="whisper-base",
        description="what hears live interviews: a name of tandao models list, a folder, or owner/name on the hub",
    )
    speech_url: str = Field(
        default="",
        description="an OpenAI-compatible transcription endpoint, such as https://host/v1; empty: this machine",
    )
    speech_service_model: str = Field(default="whisper-1", description="its model")
    speech_key: SecretStr = Field(default=SecretStr(""), description="its key")
    speech_timeout_s: float = Field(
        default=30, gt=0, le=300, description="for one segment, after which it is sent again"
    )
    live_talks: int = Field(
        default=3, ge=1, le=200, description="live interviews one process hears at once; more where a service hears"
    )
    models: Path = Field(
        default_factory=lambda: user_cache_path("tandao") / "models", description="folder of model weights"
    )

    llm_base_url: str = Field(default="", description="an OpenAI-compatible endpoint; empty: no LLM voice")
    llm_model: str = Field(default="", description="its model")
    llm_api_key: SecretStr = Field(default=SecretStr(""), description="its key")
    llm_provider: ProviderName = Field(default="other", description="what the endpoint understands: llms/providers.py")
    llm_timeout_s: float = Field(default=20, gt=0, le=300, description="for a whole answer, a second try included")
    llm_reader: bool = Field(default=False, description="the model gives a second opinion on what a sentence did")
    llm_hints: bool = Field(default=False, description="the model words live hints, where both people agreed to that")
    llm_hints_timeout_s: float = Field(default=1.5, gt=0, le=30, description="after which the authored hint is shown")
    llm_reader_timeout_s: float = Field(default=4, gt=0, le=60, description="for one such opinion")

    judge_base_url: str = Field(default="", description="endpoint of a second judge beside the rules; empty: none")
    judge_model: str = Field(default="", description="its model; another than the voice's")
    judge_api_key: SecretStr = Field(default=SecretStr(""), description="its key")
    judge_provider: ProviderName = Field(default="other", description="as llm_provider")
    judge_timeout_s: float = Field(default=30, gt=0, le=300, description="for one dimension")

    smtp_host: str = Field(default="", description="mail server for invitations and reminders; empty: no mail")
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_security: Literal["starttls", "tls", "none"] = Field(default="starttls", description="tls is usual on 465")
    smtp_user: str = Field(default="", description="empty: no login")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="never sent over an open line")
    smtp_from: str = Field(default="", description="the sender's address")
    webhook_url: SecretStr = Field(default=SecretStr(""), description="a group of managers or HR; it gets counts only")
    webhook_kind: Literal["wecom", "slack"] = Field(default="wecom", description="whose webhook it is")
    reminders: bool = Field(default=True, description="send reminders by the ways set above")

    @property
    def accounts_on(self) -> bool:
        """Whether people sign in: as set, else wherever other devices could come in."""
        if self.accounts != "auto":
            return self.accounts == "on"
        return not self.serve_everybody and not self.is_local

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return _is_loopback(self.host)

    @property
    def oidc_on(self) -> bool:
        """Whether people may sign in with the organisation's provider."""
        return self.accounts_on and bool(self.oidc_issuer and self.oidc_client_id)

    @property
    def judge_is_voice(self) -> bool:
        """Whether the judge would be the very model that words the employee's replies."""
        return bool(self.llm_base_url) and (_address(self.judge_base_url), self.judge_model.strip().casefold()) == (
            _address(self.llm_base_url),
            self.llm_model.strip().casefold(),
        )

    @property
    def hint_model(self) -> str:
        """The model that words live hints and whose machine it runs on, as the notice names it; empty where none does."""
        if not (self.llm_hints and self.llm_base_url):
            return ""
        host = urlsplit(self.llm_base_url).hostname or self.llm_base_url
        return f"{self.llm_model or '?'} ({host})"

    @property
    def speech_host(self) -> str:
        """The machine that sound goes to; empty where it stays here."""
        return (urlsplit(self.speech_url).hostname or self.speech_url) if self.speech_url else ""

    @property
    def speech_service(self) -> str:
        """The model that turns sound into words elsewhere and its machine, as the notice names it; empty where none does."""
        return f"{self.speech_service_model} ({self.speech_host})" if self.speech_url else ""

    @property
    def url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.home / 'tandao.db'}"

    @property
    def ledger_head(self) -> Path:
        """The file that says which consent entry of this database was the last."""
        return self._beside("ledger", "head")

    @property
    def receipts(self) -> Path:
        """The file of what was erased from this database."""
        return self._beside("erased", "receipts")

    def _beside(self, name: str, ending: str) -> Path:
        """A file in the home folder that belongs to one database."""
        if not self.database_url:
            return self.home / f"{name}.{ending}"
        where = urlsplit(self.database_url)
        address = f"{where.hostname}:{where.port}{where.path}"
        return self.home / f"{name}-{hashlib.sha256(address.encode()).hexdigest()[:12]}.{ending}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _address(url: str) -> str:
    """A base URL as it is compared: the same machine and path in every spelling."""
    plain = url.strip().rstrip("/").casefold()
    return plain.replace("://localhost", "://127.0.0.1", 1).replace("://[::1]", "://127.0.0.1", 1)


def load_settings() -> Settings:
    """The settings; raises SettingsError that names each wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        named = "; ".join(f"TANDAO_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise SettingsError(named, message_key="error.settings", problem=named) from error
