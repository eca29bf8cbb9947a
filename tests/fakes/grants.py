"""Grants without two people: only tests may reach for the maker."""

import consent.grants
from consent.grants import ConsentGrant
from consent.notices import Purpose


def granted(*purposes: Purpose) -> ConsentGrant:
    """A grant of these purposes, of transcription if none is named."""
    maker = consent.grants._MAKER
    return ConsentGrant(maker, "talk", frozenset(purposes or (Purpose.TRANSCRIBE,)))
