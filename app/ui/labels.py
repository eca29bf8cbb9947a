"""Labels that follow the language switch: each component is registered with the texts it shows."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from app.texts import t
from interview.conversation import Lang


@dataclass
class Labels:
    """Components and which of their properties hold which text."""

    lang: Lang
    entries: list[tuple[Any, dict[str, str]]] = field(default_factory=list[tuple[Any, dict[str, str]]])

    def text(self, **keys: str) -> dict[str, str]:
        """The first texts for a component that is about to be made; pass it on to ``keep`` with the same keys."""
        return {prop: t(key, self.lang) for prop, key in keys.items()}

    def keep(self, component: Any, **keys: str) -> Any:
        """Register a component; returns it."""
        self.entries.append((component, keys))
        return component

    @property
    def components(self) -> list[Any]:
        """Everything that has to be told when the language changes."""
        return [component for component, _ in self.entries]

    def updates(self, lang: Lang) -> list[Any]:
        """One update a component."""
        return [gr.update(**{prop: t(key, lang) for prop, key in keys.items()}) for _, keys in self.entries]
