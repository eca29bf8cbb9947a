"""Prompt files: Markdown with a YAML head and Jinja; undeclared or missing inputs are errors that name the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from interview.conversation import Lang
from interview.errors import DataFileError

ROOT = Path(__file__).parent.parent / "prompts"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt in one language."""

    id: str
    version: int
    inputs: tuple[str, ...]
    temperature: float
    body: str

    def render(self, **values: Any) -> str:
        """The text; raises DataFileError where the values are not exactly the declared inputs."""
        if set(values) != set(self.inputs):
            raise DataFileError(f"prompts/{self.id}: needs {sorted(self.inputs)}, got {sorted(values)}")
        try:
            return SandboxedEnvironment(undefined=StrictUndefined).from_string(self.body).render(**values)
        except TemplateError as error:
            raise DataFileError(f"prompts/{self.id}: {error}") from error


@cache
def load_prompt(name: str, lang: Lang, root: Path = ROOT) -> Prompt:
    """A prompt file; raises DataFileError that names the file."""
    path = root / name / f"{lang}.md"
    try:
        _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
        data = cast("Mapping[str, Any]", yaml.safe_load(head))
        return Prompt(data["id"], int(data["version"]), tuple(data["inputs"]), float(data["temperature"]), body)
    except (OSError, ValueError, KeyError, yaml.YAMLError) as error:
        raise DataFileError(f"prompts/{name}/{lang}.md: {error}") from error
