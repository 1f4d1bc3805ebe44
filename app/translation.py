"""The language of the window: chosen by the person or the system, loaded from what ships, and changed at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from xml.etree import ElementTree

from PySide6.QtCore import QLibraryInfo, QLocale, QObject, QTranslator
from PySide6.QtWidgets import QApplication, QComboBox, QWidget

from app import paths

SOURCE_LANGUAGE = "en"
TITLES = {"en": "English", "de": "Deutsch"}  # each in itself, so that it is found by who reads no other

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

    def _install(self, language: str) -> None:
        self.remove()
        self.language = language
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
    """Texts on screen from one language into another: each is looked up, in the context of the widget that shows it."""

    def __init__(self, before: str, after: str) -> None:
        old = {(message.context, message.source): message.translation for message in catalogue(before)}
        new = {(message.context, message.source): message.translation for message in catalogue(after)}
        self._exact: dict[tuple[str, str], str] = {}
        self._anywhere: dict[str, str] = {}
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        for key in old | new:
            shown, wanted = old.get(key) or key[1], new.get(key) or key[1]
            self._exact[key[0], shown] = wanted
            self._anywhere.setdefault(shown, wanted)
            if "{" in shown:
                self._patterns.append((_pattern(shown), wanted))

    def text(self, shown: str, contexts: Iterable[str] = ()) -> str:
        """`shown` in the other language; the same where it is no text of ours."""
        for context in contexts:
            if (found := self._exact.get((context, shown))) is not None:
                return found
        if shown in self._anywhere:
            return self._anywhere[shown]
        for pattern, wanted in self._patterns:
            if match := pattern.fullmatch(shown):
                return re.sub(r"\{(\w+)[^}]*\}", lambda place: match.groupdict().get(place[1], place[0]), wanted)
        return shown

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


def _contexts(item: QObject) -> list[str]:
    """The contexts a text of `item` may come from, the nearest first: its classes and those of what holds it."""
    names: list[str] = []
    at: QObject | None = item
    while at is not None:
        names += [kind.__name__ for kind in type(at).__mro__ if not kind.__module__.startswith("PySide6")][:-1]
        at = at.parent()
    return names


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
