"""Brings assets/translations up to date: texts of the source into each .ts, and each .ts into the .qm that is loaded.

New texts are added without a translation, gone ones are taken out; `python scripts/translations.py` ends with status 1 and
a list where one is missing. Texts are found by the shape of the call, so they must be written out: `self.tr("…")` in a class,
`translate("context", "…")` and `QT_TRANSLATE_NOOP("context", "…")` anywhere. What the engines say is found by the shape of
the text, for they know of no translation: see `texts_of_engines`.
"""

from __future__ import annotations

import ast
import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "assets" / "translations"
WINDOW = "app.main_window"
ENGINES, PROGRESS = "engines", "progress"  # the contexts of what `app.core.sentences` translates
ENGINE = ROOT / "engines"
EARLY = (
    ROOT / "app" / "core" / "settings.py",
)  # speaks before a language is chosen, and is translated as the engines are
SAYING = {"progress": PROGRESS, "_progress": PROGRESS, "fail": ENGINES, "_set_aside": ENGINES}
"""Calls whose arguments a person reads, though they are no whole sentences, and the context of each."""

Texts = dict[tuple[str, str], str]
"""(context, source) → translation, "" where there is none yet."""


@functools.cache
def texts_of_source(folder: Path = ROOT / "app") -> list[tuple[str, str]]:
    """Every (context, source) that the window may ask a translation of, sorted."""
    found = set(texts_of_engines())

    def visit(node: ast.AST, context: str) -> None:
        if isinstance(node, ast.ClassDef):
            context = node.name
        if isinstance(node, ast.Call):
            called = _called(node)
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


@functools.cache
def texts_of_engines() -> frozenset[tuple[str, str]]:
    """(context, source) of what the engines that the window can reach say: sentences, and what they are put together from; and
    the words of all progress that it shows.

    A sentence ends with a full stop, or with a colon and another; words that are none are known by the call they are in.
    What is filled in becomes {v1}, {v2} and so on, in order.
    """
    found: set[tuple[str, str]] = set()
    for path in _reached():
        is_engine = ENGINE in path.parents or path in EARLY
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        parts = {id(part) for node in ast.walk(tree) for part in _parts(node)}
        raised = {id(part) for node in ast.walk(tree) if _is_for_programmers(node) for part in ast.walk(node)}
        for node in ast.walk(tree):
            text = template(node) if id(node) not in parts else ""
            if not is_engine and not (isinstance(node, ast.Call) and SAYING.get(_called(node)) == PROGRESS):
                continue
            if text.startswith("“card.") or (is_sentence(text) and id(node) not in raised):
                found.add((ENGINES, text))
            elif isinstance(node, ast.Call) and (context := SAYING.get(_called(node))):
                words = {template(one) for each in node.args for one in ast.walk(each) if id(one) not in parts}
                found |= {(context, text) for text in words if " " in text or (text and context == PROGRESS)}
            elif isinstance(node, ast.IfExp):
                for text in (template(node.body), template(node.orelse)):
                    if " " in text:
                        found.add((PROGRESS, text.rstrip(", ")) if text.endswith(", ") else (ENGINES, text))
    return frozenset(found)


def is_sentence(text: str) -> bool:
    """Whether a person may be told it by itself."""
    return " " in text and re.search(r"(\.|: \{v\d+\})$", text) is not None


def template(node: ast.AST) -> str:
    """The text of a literal, with {v1}, {v2} and so on for what is filled in; "" for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    out, count = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            out += str(part.value)
        else:
            count += 1
            out += f"{{v{count}}}"
    return out


def _parts(node: ast.AST) -> list[ast.AST]:
    """What in `node` is no text of its own: what describes the source, and the parts of a text that is filled in."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node.value]
    return [part for one in node.values for part in ast.walk(one)] if isinstance(node, ast.JoinedStr) else []


def _is_for_programmers(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _called(node) == "ValueError"


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@functools.cache
def _reached() -> list[Path]:
    """The files of the window and of all it imports, be it late or through others."""
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for folder in ("app", "engines")
        for path in (ROOT / folder).rglob("*.py")
    }
    seen: set[str] = set()
    waiting = [WINDOW]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in files:
            continue
        seen.add(name)
        for node in ast.walk(ast.parse(files[name].read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                waiting += [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return sorted(files[name] for name in seen)


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
