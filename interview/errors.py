"""Every error the product raises on purpose, as one tree.

``message_key`` names a text in ``app/locales``; ``params`` fill it. What a person typed never goes into either.
"""

from collections.abc import Mapping


class TandaoError(Exception):
    """Root of the tree. ``retryable`` says whether the same call may succeed later."""

    message_key = "error.unexpected"
    retryable = False

    def __init__(self, detail: str = "", *, message_key: str | None = None, **params: str | int | float) -> None:
        super().__init__(detail or message_key or self.message_key)
        if message_key is not None:
            self.message_key = message_key
        self.params: Mapping[str, str | int | float] = params


class InputError(TandaoError):
    """What the person entered can't be used as it is; nothing was changed."""

    message_key = "error.input"


class NotFoundError(TandaoError):
    """The thing asked for isn't there, or isn't this person's."""

    message_key = "error.not_found"


class PermissionDeniedError(TandaoError):
    """The actor's role does not allow this action."""

    message_key = "error.permission"


class ConflictError(TandaoError):
    """Somebody else (another tab, another process) went on with the same record first."""

    message_key = "error.conflict"
    retryable = True


class DataFileError(TandaoError):
    """A persona, scenario, prompt or rubric file is wrong; the text names file, field and fix."""

    message_key = "error.data_file"


class SettingsError(TandaoError):
    """A ``TANDAO_*`` setting can't be used."""

    message_key = "error.settings"


class StorageError(TandaoError):
    """The record could not be read or written."""

    message_key = "error.storage"
    retryable = True


class LanguageModelError(TandaoError):
    """The endpoint failed, was too slow, or answered something unusable."""

    message_key = "error.language_model"
    retryable = True


class DeliveryError(TandaoError):
    """A message did not arrive. ``unsure``: it may have, nobody answered; sending it again might send it twice."""

    message_key = "error.delivery"

    def __init__(
        self, detail: str = "", *, retryable: bool = False, unsure: bool = False, message_key: str = ""
    ) -> None:
        super().__init__(detail, message_key=message_key or None)
        self.retryable = retryable
        self.unsure = unsure


class ConsentError(TandaoError):
    """A purpose isn't granted; nothing is read."""

    message_key = "error.consent"
