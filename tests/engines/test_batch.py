"""Batch: every picture once, one outcome a file, and nothing that one file does stops the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from engines.batch import SHARES, batch, plan_batch
from engines.errors import Cancelled, PictureError, TargetError
from engines.progress import Progress


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    for name in ("photo 10.jpg", "photo 2.jpg", "scan.bmp", "inner/deep.png", "notes.txt", ".hidden.jpg"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text") if path.suffix == ".txt" else Image.new("RGB", (4, 4)).save(path)
    return folder


def copy(source: Path, target: Path, progress: Progress) -> tuple[str, ...]:
    target.write_bytes(source.read_bytes())
    return ()


def names(tasks: list, what: str = "target") -> list[str]:
    return [path.name if (path := getattr(task, what)) else "-" for task in tasks]


def test_the_plan_is_in_a_persons_order(folder: Path, tmp_path: Path) -> None:
    tasks = plan_batch(folder, tmp_path / "out")
    assert names(tasks, "source") == ["photo 2.jpg", "photo 10.jpg", "scan.bmp"]
    assert names(tasks) == ["photo 2.jpg", "photo 10.jpg", "scan.png"]  # BMP is read, not written


def test_sub_folders_where_asked(folder: Path, tmp_path: Path) -> None:
    tasks = plan_batch(folder, tmp_path / "out", recursive=True, format="webp")
    targets = [task.target for task in tasks if task.target]
    assert tmp_path / "out" / "inner" / "deep.webp" in targets and len(targets) == 4


def test_results_inside_the_folder_are_not_taken_for_sources(folder: Path) -> None:
    (folder / "out").mkdir()
    Image.new("RGB", (4, 4)).save(folder / "out" / "done.png")
    tasks = plan_batch(folder, folder / "out", recursive=True)
    assert "done.png" not in names(tasks, "source")


def test_a_circle_of_links_ends(folder: Path, tmp_path: Path) -> None:
    os.symlink(folder, folder / "inner" / "round")
    assert len(plan_batch(folder, tmp_path / "out", recursive=True)) == 4


def test_names_that_would_meet_are_numbered_apart(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.png", "a.jpg", "A.webp"):
        Image.new("RGB", (4, 4)).save(folder / name)
    targets = [str(task.target).casefold() for task in plan_batch(folder, tmp_path / "out", format="png")]
    assert len(set(targets)) == 3


def test_what_is_there_is_skipped_redone_numbered_or_overwritten(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    list(batch(plan_batch(folder, out), copy))
    os.utime(folder / "photo 2.jpg", (2e9, 2e9))
    assert names(plan_batch(folder, out, existing="skip")) == ["-", "-", "-"]
    assert names(plan_batch(folder, out, existing="newer")) == ["photo 2.jpg", "-", "-"]
    assert names(plan_batch(folder, out, existing="number")) == ["photo 2 2.jpg", "photo 10 2.jpg", "scan 2.png"]
    assert names(plan_batch(folder, out, existing="overwrite")) == ["photo 2.jpg", "photo 10.jpg", "scan.png"]
    with pytest.raises(ValueError, match="skip, newer"):
        plan_batch(folder, out, existing="perhaps")


def test_the_folders_that_will_not_do_are_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="does not exist"):
        plan_batch(tmp_path / "none", tmp_path / "out")
    with pytest.raises(PictureError, match="is a file"):
        plan_batch(folder / "scan.bmp", tmp_path / "out")
    with pytest.raises(TargetError, match="folder of the originals"):
        plan_batch(folder, folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert plan_batch(empty, tmp_path / "out") == []


@pytest.mark.parametrize(
    "error",
    [PictureError("It is cut short."), OSError(28, "No space left on device"), MemoryError(), ZeroDivisionError("x")],
)
def test_a_bad_file_stops_nothing(folder: Path, tmp_path: Path, error: Exception) -> None:
    def picky(source: Path, target: Path, progress: Progress) -> tuple[str, ...]:
        progress.notice("A word.")
        if source.name == "photo 10.jpg":
            raise error
        return copy(source, target, progress)

    outcomes = list(batch(plan_batch(folder, tmp_path / "out"), picky))
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "done"]
    assert all(outcome.words[0] == "A word." for outcome in outcomes)
    assert len(outcomes[1].words) == 2 and outcomes[1].words[1].endswith((".", "x"))


def test_an_out_folder_that_cannot_be_made_fails_every_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcomes = list(batch(plan_batch(folder, tmp_path / "file" / "out"), copy))
    assert [outcome.status for outcome in outcomes] == ["failed"] * 3


def test_progress_is_one_bar_for_all_files(folder: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    def halves(source: Path, target: Path, progress: Progress) -> tuple[str, ...]:
        progress(50, 100, "half")
        return ()

    list(
        batch(plan_batch(folder, tmp_path / "out"), halves, Progress(lambda done, total, _: seen.append((done, total))))
    )
    assert [done for done, _ in seen] == [0, 500, 1000, 1500, 2000, 2500, 3000]
    assert {total for _, total in seen} == {3 * SHARES}


def test_cancel_ends_it_between_or_within_files(folder: Path, tmp_path: Path) -> None:
    progress = Progress()

    def cancels(source: Path, target: Path, inner: Progress) -> tuple[str, ...]:
        progress.cancel()
        inner(1, 2, "")
        raise AssertionError("the inner progress stops with the outer one")

    with pytest.raises(Cancelled):
        list(batch(plan_batch(folder, tmp_path / "out"), cancels, progress))
