"""The language of the window: chosen by the person or the system, loaded from what ships, and changed at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import ClassVar
from xml.etree import ElementTree

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QTranslator
from PySide6.QtWidgets import QApplication, QComboBox, QWidget

from app.core import paths

SOURCE_LANGUAGE = "en"
TITLES = {"en": "English", "de": "Deutsch"}  # each in itself, so that it is found by who reads no other

ENGINES, PROGRESS = (
    "engines",
    "progress",
)  # contexts: what engines say, which know of no translation; see app.core.sentences

PROPERTIES = (
    "text", "title", "windowTitle", "toolTip", "whatsThis", "accessibleName", "accessibleDescription", "placeholderText",
)  # fmt: skip


@dataclass(frozen=True)
class Message:
    """One text of the source and its translation."""

    context: str
    source: str
    translation: str


@cache
def catalogue(language: str) -> tuple[Message, ...]:
    """Every text of a language that ships; () for the language of the source."""
    file = paths.asset("translations", f"{language}.ts")
    if language == SOURCE_LANGUAGE or not file.exists():
        return ()
    return tuple(
        Message(context.findtext("name", ""), message.findtext("source", ""), message.findtext("translation", ""))
        for context in ElementTree.parse(file).getroot().iter("context")
        for message in context.iter("message")
    )


class Translation(QObject):
    """Translates the application's texts. `choose` also changes those that are on screen."""

    spoken: ClassVar[str] = SOURCE_LANGUAGE  # the language of the one that is installed, for any thread to read

    def __init__(self, application: QApplication, choice: str = "system") -> None:
        super().__init__(application)
        for former in application.findChildren(Translation):
            if former is not self:  # of a window that was closed
                former.remove()
                former.deleteLater()
        self._application = application
        self._translators: list[QTranslator] = []
        self.language = SOURCE_LANGUAGE
        self._install(language_for(choice))

    def choose(self, choice: str, roots: Iterable[QWidget] = ()) -> bool:
        """Use "system" or a language's code from now on, also in `roots` and all they hold. Whether anything changed."""
        before, after = self.language, language_for(choice)
        if after == before:
            return False
        self._install(after)
        rewrite = Rewriting(before, after)
        for root in roots:
            rewrite.tree(root)
        return True

    def remove(self) -> None:
        """Take the translation away again."""
        for translator in self._translators:
            self._application.removeTranslator(translator)
            translator.deleteLater()
        self._translators = []
        Translation.spoken = SOURCE_LANGUAGE

    def _install(self, language: str) -> None:
        self.remove()
        self.language = Translation.spoken = language
        if language == SOURCE_LANGUAGE:
            return
        folders = (QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath), str(paths.asset("translations")))
        for name, folder in zip((f"qtbase_{language}", language), folders, strict=True):
            translator = QTranslator(self)
            if translator.load(name, folder):
                self._application.installTranslator(translator)
                self._translators.append(translator)


def language_for(choice: str) -> str:
    """The code of the language to use: the one chosen, or the first of the system's that there is."""
    if choice in TITLES:
        return choice
    for tag in QLocale.system().uiLanguages():
        if (language := tag.partition("-")[0]) in TITLES:
            return language
    return SOURCE_LANGUAGE


class Rewriting:
    """Texts on screen from one language into another: each is looked up, in the context of the widget that shows it.

    With a `context` only texts of that one are known. Else all are but those of progress, which are gone in a moment and
    look too much like what a person may call a file.
    """

    def __init__(self, before: str, after: str, context: str = "") -> None:
        old, new = _texts(before, context), _texts(after, context)
        self._exact: dict[tuple[str, str], str] = {}
        self._anywhere: dict[str, str] = {}
        self._templates: list[tuple[str, str]] = []
        self._phrases: list[tuple[str, str]] = []  # those of the engines
        for key in old | new:
            shown, wanted = old.get(key) or key[1], new.get(key) or key[1]
            self._exact[key[0], shown] = wanted
            self._anywhere.setdefault(shown, wanted)
            if "{" in shown:
                self._templates.append((shown, wanted))
                if key[0] == ENGINES:
                    self._phrases.append((shown, wanted))

    def text(self, shown: str, contexts: Iterable[str] = ()) -> str:
        """`shown` in the other language; the same where it is no text of ours."""
        for context in contexts:
            if (found := self._exact.get((context, shown))) is not None:
                return found
        if shown in self._anywhere:
            return self._anywhere[shown]
        return self._filled(shown, self._templates)

    def _filled(self, shown: str, templates: list[tuple[str, str]]) -> str:
        """`shown` by the template that leaves the least of it as it is."""
        best, least = shown, len(shown) + 1
        for template, wanted in templates:
            if (given := _values(template, shown)) is None:
                continue
            values = {name: self._value(value) for name, value in given.items()}
            left = sum(len(value) for name, value in given.items() if values[name] == value)
            if left < least:
                best, least = _fill(wanted, values), left
        return best

    def _value(self, value: str) -> str:
        """What was filled in, which in a sentence of the engines may be words of theirs."""
        if " " not in value:
            return value
        return self._exact.get((ENGINES, value)) or self._filled(value, self._phrases)

    def tree(self, root: QWidget) -> None:
        """Rewrite what `root` and all in it show."""
        for item in (root, *root.findChildren(QObject)):
            contexts = _contexts(item)
            if isinstance(item, QComboBox):
                for row in range(item.count()):
                    item.setItemText(row, self.text(item.itemText(row), contexts))
            editable = item.metaObject().indexOfProperty("readOnly") >= 0  # what a person typed stays
            for name in PROPERTIES:
                shown = item.property(name) if not (editable and name == "text") else None
                if isinstance(shown, str) and shown and (wanted := self.text(shown, contexts)) != shown:
                    item.setProperty(name, wanted)


def _texts(language: str, context: str) -> dict[tuple[str, str], str]:
    """(context, source) → translation, of one context or of all that are on screen for longer than a moment."""
    return {
        (message.context, message.source): message.translation
        for message in catalogue(language)
        if (message.context == context if context else message.context != PROGRESS)
    }


def _contexts(item: QObject) -> list[str]:
    """The contexts a text of `item` may come from, the nearest first: its classes and those of what holds it."""
    names: list[str] = []
    at: QObject | None = item
    while at is not None:
        names += [kind.__name__ for kind in type(at).__mro__ if not kind.__module__.startswith("PySide6")][:-1]
        at = at.parent()
    return names


def _fill(template: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)[^}]*\}", lambda place: values.get(place[1], place[0]), template)


def _values(template: str, shown: str) -> dict[str, str] | None:
    """What `template` was filled in with to give `shown`; None where it was not."""
    start, end = template[: template.index("{")], template[template.rindex("}") + 1 :]
    if not (shown.startswith(start) and shown.endswith(end)):
        return None  # most of them, which need no pattern
    match = _pattern(template).fullmatch(shown)
    return match.groupdict() if match else None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """What a template looks like once it is filled in."""
    parts = re.split(r"\{(\w+)[^}]*\}", template)
    seen: set[str] = set()
    out = ""
    for number, part in enumerate(parts):
        if number % 2 == 0:
            out += re.escape(part)
        else:
            out += f"(?P={part})" if part in seen else f"(?P<{part}>.+?)"
            seen.add(part)
    return re.compile(out, re.DOTALL)
