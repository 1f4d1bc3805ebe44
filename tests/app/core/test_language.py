"""The second language is complete, compiled, and changes what is on screen."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.core import paths
from app.core.language import TITLES, Rewriting, Translation, catalogue, language_for
from app.core.settings import LANGUAGES

ROOT = Path(__file__).resolve().parents[3]
HINT = "run “make translations”, and translate what it lists in assets/translations"


def load_script():
    spec = importlib.util.spec_from_file_location("translations", ROOT / "scripts" / "translations.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()
GERMAN = paths.asset("translations", "de.ts")


def test_every_text_of_the_source_has_its_german() -> None:
    known = script.read(GERMAN)
    missing = [key for key in script.texts_of_source() if not known.get(key)]
    assert missing == [], HINT


def test_no_text_is_translated_that_is_gone() -> None:
    assert sorted(set(script.read(GERMAN)) - set(script.texts_of_source())) == [], HINT


def test_what_is_filled_in_is_the_same_in_both() -> None:
    for (_, source), translation in script.read(GERMAN).items():
        assert sorted(re.findall(r"\{[^}]*\}", source)) == sorted(re.findall(r"\{[^}]*\}", translation)), source


def test_what_is_loaded_is_what_is_written(tmp_path: Path) -> None:
    try:
        script.compile_to(GERMAN, tmp_path / "de.qm")
    except FileNotFoundError:
        pytest.skip("there is no compiler of translations here")
    assert (tmp_path / "de.qm").read_bytes() == GERMAN.with_suffix(".qm").read_bytes(), HINT


def test_texts_are_written_out() -> None:
    """A text that is put together before it is translated can be found by nobody."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        assert not re.search(r"\btr\(f[\"']", path.read_text(encoding="utf-8")), path


def test_languages() -> None:
    assert ("system", *TITLES) == LANGUAGES
    assert language_for("de") == "de" and language_for("system") in TITLES and language_for("xx") in TITLES
    assert catalogue("en") == () and len(catalogue("de")) == len(script.read(GERMAN))


class SaveDialog(QWidget):
    """Stands for the dialog of that name, whose context its texts have."""


def test_texts_on_screen_go_there_and_back(qapp: QApplication) -> None:
    root = SaveDialog()
    column = QVBoxLayout(root)
    label, box, typed = QLabel("Saving a {odd} name.jpg…"), QComboBox(), QLineEdit("Quality")
    box.addItems(["Everything", "fast-x2"])
    for widget in (label, box, typed):
        column.addWidget(widget)
    typed.setAccessibleName("Quality")
    translation = Translation(qapp, "en")
    assert translation.choose("de", [root])
    assert label.text() == "a {odd} name.jpg wird gespeichert …"
    assert [box.itemText(row) for row in range(2)] == ["Alles", "fast-x2"]
    assert typed.text() == "Quality" and typed.accessibleName() == "Qualität"
    assert QCoreApplication.translate("actions", "&Edit") == "&Bearbeiten"
    assert not translation.choose("de", [root])
    assert translation.choose("en", [root])
    assert label.text() == "Saving a {odd} name.jpg…" and box.itemText(0) == "Everything"
    assert QCoreApplication.translate("actions", "&Edit") == "&Edit"
    root.deleteLater()


def test_a_later_window_takes_the_language_over(qapp: QApplication) -> None:
    Translation(qapp, "de")
    Translation(qapp, "en")
    assert QCoreApplication.translate("actions", "&Edit") == "&Edit"


def test_a_text_is_looked_up_where_it_comes_from_first() -> None:
    rewriting = Rewriting("de", "en")
    assert rewriting.text("Schließen", ["Notice"]) == "Dismiss"
    assert rewriting.text("Schließen", ["HelpDialog"]) == "Close"
