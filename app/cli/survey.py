"""`duskroom survey`: looks folders of pictures over before training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from app.cli.console import Console
from trainers.survey.survey import survey

MOST_LINES = 20  # for files of one kind, where a person reads them


def survey_folders(console: Console, folders: Sequence[Path], smallest: int, task: str | None = None) -> None:
    """Say what is found in `folders`: sentences with remedies first, then a line for each file that should be left out.

    For the task image-generation that is also the labels that it would learn.
    """
    found = survey(folders, smallest=smallest, task=task, progress=console.progress)
    for sentence in found.sentences():
        console.say(sentence, "survey", text=sentence)
    shown: Counter[str] = Counter()
    for finding in found.findings:
        if finding.kind in ("folder", "name"):  # among the sentences already
            continue
        shown[finding.kind] += 1
        if shown[finding.kind] > MOST_LINES and not console.as_json:
            continue
        console.say(
            f"  {finding.kind:10} {finding.path}",
            "finding",
            kind=finding.kind,
            path=str(finding.path),
            text=finding.sentence,
            like=str(finding.like) if finding.like else None,
        )
    for kind, count in shown.items():
        if count > MOST_LINES and not console.as_json:
            console.say(f"  {kind:10} and {count - MOST_LINES:,} more; --json lists all.", "more")
