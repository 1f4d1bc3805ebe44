"""What engines say is German where German is chosen: every sentence is known, and what is filled in is left alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.core import errors, paths, sentences, settings
from app.core.language import Translation, catalogue
from app.core.messages import Notice
from app.main_window import MainWindow
from app.states import state_file
from app.window import shell
from engines.errors import DuskroomError, PictureError
from engines.models.card import read_card
from engines.progress import Progress
from tests.app.conftest import told
from tests.app.core.test_language import script
from tests.models import save_model

SPOKEN = [message for message in catalogue("de") if message.context in ("engines", "progress")]


@pytest.fixture
def german(window: MainWindow) -> Iterator[MainWindow]:
    window.settings.language = "de"
    shell.apply(window, "language")
    yield window
    window.translation.remove()


def without_card(path: Path) -> Path:
    """A whole model that does not say what it is."""
    return save_model(path, [helper.make_node("Identity", ["image"], ["output"])], {"unused": np.zeros(1, np.float32)})


def notice(qtbot: QtBot, window: MainWindow, name: str) -> Notice:
    """What is told of the file with that name."""
    qtbot.waitUntil(lambda: any(name in one.sentence for one in window.messages.notices))
    return next(one for one in window.messages.notices if name in one.sentence)


def test_a_file_that_is_no_picture(qtbot: QtBot, german: MainWindow, tmp_path: Path) -> None:
    letter = tmp_path / "a letter.jpg"
    letter.write_text("Dear reader")
    german.open_paths([letter])
    said = notice(qtbot, german, "a letter.jpg")
    assert re.fullmatch("„a letter.jpg“ ist kein Bild, das Duskroom lesen kann; es liest JPEG, .*", said.sentence)
    assert said.label.text() == said.sentence and said.kind == "error"
    assert "“a letter.jpg” is not a picture Duskroom can read" in said.details  # for whoever is sent it
    german.settings.language = "en"
    shell.apply(german, "language")
    assert said.label.text().startswith("“a letter.jpg” is not a picture Duskroom can read; it reads JPEG, ")


def test_a_model_without_a_card(qtbot: QtBot, german: MainWindow, tmp_path: Path) -> None:
    german.models.add(without_card(tmp_path / "mine.onnx"))
    assert notice(qtbot, german, "mine.onnx").sentence == (
        "„mine.onnx“ hat keine Modellkarte, daher kann Duskroom nicht wissen, was das Modell tut;"
        " exportieren Sie es mit Duskroom neu."
    )


def test_a_model_in_the_library_that_cannot_be_used(qtbot: QtBot, german: MainWindow) -> None:
    without_card(paths.models_folder() / "odd.onnx")
    with qtbot.waitSignal(german.models.listed):
        german.models.list()
    models = german.panel.models
    row = next(row for row in range(models.count()) if "odd" in models.itemText(row))
    assert models.itemText(row) == "odd (nicht verwendbar)"
    assert "hat keine Modellkarte" in models.itemData(row, Qt.ItemDataRole.ToolTipRole)


def test_what_a_photo_lost_when_it_was_read(qtbot: QtBot, german: MainWindow, tmp_path: Path) -> None:
    from PIL import Image

    pages = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    german.open_paths([tmp_path / "pages.tif"])
    qtbot.waitUntil(lambda: told(german) == ["Die Datei enthält mehrere Seiten; nur die erste wird verwendet."])
    assert german.facts.text() == "40 × 30  ·  0.0012 MP  ·  8 Bit"


def test_every_sentence_is_recognised(german: MainWindow) -> None:
    for message in SPOKEN:
        values = {name: f"<{name}>" for name in re.findall(r"\{(\w+)\}", message.source)}
        say = sentences.doing if message.context == "progress" else sentences.told
        assert say(message.source.format(**values)) == message.translation.format(**values)


def test_every_error_that_the_window_can_meet_is_found() -> None:
    """By another way than the script's: whatever is raised with words of its own is among what it gathers."""
    known = {source for _, source in script.texts_of_engines()}
    count = 0
    for path in script._reached():
        if script.ENGINE not in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not re.fullmatch(
                r"(?!Value|Key|OS)\w+Error", getattr(node.func, "id", "")
            ):
                continue
            for text in filter(None, map(script.template, node.args)):
                count += 1
                assert text in known
    assert count > 50


def test_settings_that_were_set_aside(german: MainWindow, tmp_path: Path) -> None:
    """They are read before a language is chosen."""
    file = tmp_path / "settings.json"
    file.write_text("{")
    _, said = settings.load(file)
    assert said is not None and said.startswith("The settings were damaged; ")
    german.messages.tell(said, "warning")
    assert told(german)[-1] == (
        "Die Einstellungen waren beschädigt; Duskroom beginnt mit seinen Vorgaben und behält die alte Datei als"
        f" {tmp_path / 'settings.json.aside'}."
    )


def test_a_state_of_the_history_that_is_gone(german: MainWindow, tmp_path: Path) -> None:
    with pytest.raises(DuskroomError, match="„1.state“, ein Stand des Verlaufs, ist fort; gehen Sie zu"):
        state_file.read(tmp_path / "1.state", progress=Progress())


def test_words_of_words(german: MainWindow, tmp_path: Path) -> None:
    """Sentences that are put together from others, and several at once."""
    card = tmp_path / "m.onnx"
    metadata = {
        "card.version": "1",
        "card.task": "super-resolution",
        "card.name": "M",
        "card.scale": "2",
        "card.overlap": "2",
    }
    for changes, said in (
        ({"card.scale": "two"}, "„card.scale“ ist „two“ und keine ganze Zahl"),
        ({"card.overlap": "-1"}, "„card.overlap“ ist -1, was nicht 0 oder mehr ist"),
        ({"card.domains": "[]"}, "„card.domains“ nennt nicht zwei Domänen, von und nach"),
    ):
        model = helper.make_model(helper.make_graph([], "empty", [], []))
        helper.set_model_props(model, metadata | changes)
        card.write_bytes(model.SerializeToString())
        with pytest.raises(DuskroomError) as raised:
            read_card(card)
        wanted = f"Die Modellkarte von „m.onnx“ ist falsch: {said}; exportieren Sie das Modell neu."
        assert errors.sentence(raised.value) == wanted
    assert sentences.told(
        "There is no GPU that ONNX Runtime can use here; the CPU does the work."
        " On this processor int8 is not faster, so “b” does the work of “a”."
    ) == (
        "Hier gibt es keine GPU, die ONNX Runtime nutzen kann; die CPU macht die Arbeit."
        " Auf diesem Prozessor ist int8 nicht schneller, daher macht „b“ die Arbeit von „a“."
    )
    assert sentences.doing("pass 1 of 2, tile 3 of 8") == "Durchgang 1 von 2, Kachel 3 von 8"


def test_what_is_unknown_passes_unchanged(german: MainWindow) -> None:
    for text in ("", "A person wrote this.", "Two of them. And more.", "„a.png“ ist leer.", "tile 1 of 2.png", "{v1}"):
        assert sentences.told(text) == text and errors.sentence(PictureError(text)) == text
    for name in ("tile 1 of 2.png", "Open Recent", "{v1}", "a; b. c", r"\1 \g<v1>", "it is. (odd)"):
        said = f"“{name}” is empty; get a whole copy of it."
        assert sentences.told(said) == f"„{name}“ ist leer; besorgen Sie sich eine vollständige Kopie."
    assert sentences.doing("warming up") == "warming up"


def test_the_words_of_a_job(qtbot: QtBot, german: MainWindow) -> None:
    seen: list[str] = []
    job = german.document.files.submit(lambda *, progress: progress(0, 8, "pass 1 of 2, tile 1 of 8"))
    german.panel.progress.follow(job)
    with qtbot.waitSignal(job.ended):
        job.progressed.connect(lambda *_: seen.append(german.panel.progress.label.text()))
    assert seen == ["Durchgang 1 von 2, Kachel 1 von 8"]


def test_in_english_nothing_changes(window: MainWindow) -> None:
    assert Translation.spoken == "en"
    for message in SPOKEN:
        assert sentences.told(message.source) == sentences.doing(message.source) == message.source
