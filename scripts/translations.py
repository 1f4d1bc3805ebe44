"""Brings assets/translations up to date: texts of the source into each .ts, and each .ts into the .qm that is loaded.

New texts are added without a translation, gone ones are taken out; `python scripts/translations.py` ends with status 1 and
a list where one is missing. Texts are found by the shape of the call, so they must be written out: `self.tr("…")` in a class,
`translate("context", "…")` and `QT_TRANSLATE_NOOP("context", "…")` anywhere.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "assets" / "translations"

Texts = dict[tuple[str, str], str]
"""(context, source) → translation, "" where there is none yet."""


def texts_of_source(folder: Path = ROOT / "app") -> list[tuple[str, str]]:
    """Every (context, source) that the window may ask a translation of, sorted."""
    found: set[tuple[str, str]] = set()

    def visit(node: ast.AST, context: str) -> None:
        if isinstance(node, ast.ClassDef):
            context = node.name
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            values = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            on_window = isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "window"
            if called == "tr" and values and (context or on_window):
                found.add(("MainWindow" if on_window else context, values[0]))
            elif called in ("translate", "QT_TRANSLATE_NOOP") and len(values) > 1:
                found.add((values[0], values[1]))
        for child in ast.iter_child_nodes(node):
            visit(child, context)

    for path in sorted(folder.rglob("*.py")):
        visit(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)), "")
    return sorted(found)


def read(file: Path) -> Texts:
    """The translations of a .ts; none where it is not there."""
    if not file.exists():
        return {}
    return {
        (context.findtext("name", ""), message.findtext("source", "")): message.findtext("translation", "")
        for context in ElementTree.parse(file).getroot().iter("context")
        for message in context.iter("message")
    }


def write(file: Path, texts: Texts) -> None:
    """Write a .ts, sorted, a text a line, so that two people's changes can be merged."""
    language = file.stem
    root = ElementTree.Element("TS", {"version": "2.1", "language": language, "sourcelanguage": "en"})
    contexts: dict[str, ElementTree.Element] = {}
    for (context, source), translation in sorted(texts.items()):
        if context not in contexts:
            contexts[context] = ElementTree.SubElement(root, "context")
            ElementTree.SubElement(contexts[context], "name").text = context
        message = ElementTree.SubElement(contexts[context], "message")
        ElementTree.SubElement(message, "source").text = source
        element = ElementTree.SubElement(message, "translation", {} if translation else {"type": "unfinished"})
        element.text = translation or None
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    file.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', encoding="utf-8")


def updated(known: Texts, wanted: list[tuple[str, str]]) -> Texts:
    """`known` with every wanted text and no other; what is said the same elsewhere is taken from there."""
    elsewhere = {source: translation for (_, source), translation in known.items() if translation}
    return {key: known.get(key) or elsewhere.get(key[1], "") for key in wanted}


def compiler() -> str:
    """Qt's lrelease, as PySide6 brings it. Raises FileNotFoundError."""
    found = shutil.which("pyside6-lrelease", path=str(Path(sys.executable).parent)) or shutil.which("pyside6-lrelease")
    if found is None:
        raise FileNotFoundError("pyside6-lrelease is not there; install PySide6-Essentials.")
    return found


def compile_to(file: Path, target: Path) -> None:
    """Compile a .ts into a .qm. Raises CalledProcessError, FileNotFoundError."""
    subprocess.run([compiler(), "-silent", str(file), "-qm", str(target)], check=True, capture_output=True)


def main() -> int:
    """Bring all of them up to date. Gives the exit status."""
    wanted, status = texts_of_source(), 0
    for file in sorted(FOLDER.glob("*.ts")):
        texts = updated(read(file), wanted)
        write(file, texts)
        compile_to(file, file.with_suffix(".qm"))
        missing = [key for key, translation in texts.items() if not translation]
        print(f"{file.name}: {len(texts)} texts, {len(missing)} without a translation")
        for context, source in missing:
            print(f"  {context}: {source}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
