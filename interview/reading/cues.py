"""Reads an employee's cues from their words alone: patterns in Chinese and English, each cue with its quote."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from interview.conversation import Lang
from interview.cues import Cue, CueKind
from interview.reading import patterns
from interview.reading.patterns import Match

_CHINESE = re.compile("[一-鿿]")
_ENGLISH = re.compile("[A-Za-z]{2}")
