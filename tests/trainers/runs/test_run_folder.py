"""A run's folder: one trainer at a time, a log that is always whole, a mailbox."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.errors import RecipeError, RunError
from tests.disks import small_disk_at
from trainers.runs import run_folder
from trainers.runs.events import Checkpoint, Line, Notice, Started, Step, Stop, TakeSample


def numbers(lines: list[Line]) -> list[int]:
    return [line.number for line in lines]


def test_the_log_numbers_its_lines_and_goes_on_counting(tmp_path: Path) -> None:
    with run_folder.EventLog(tmp_path) as log:
        log.append(Notice("one"))
        log.append(Notice("two"))
    with run_folder.EventLog(tmp_path) as log:
        line = log.append(Notice("three"))
    assert json.loads(line)["n"] == 3
    lines, offset = run_folder.read_events(tmp_path)
    assert [line.message for line in lines] == [Notice("one"), Notice("two"), Notice("three")]
    assert numbers(lines) == [1, 2, 3] and lines[0].at > 1.6e9
    assert run_folder.read_events(tmp_path, offset) == ([], offset)


def test_a_torn_last_line_is_taken_away(tmp_path: Path) -> None:
    with run_folder.EventLog(tmp_path) as log:
        log.append(Notice("whole"))
    path = tmp_path / run_folder.EVENTS
    path.write_bytes(path.read_bytes() + b'{"kind": "Notice", "te')
    lines, offset = run_folder.read_events(tmp_path)
    assert len(lines) == 1 and offset < path.stat().st_size  # it is read once it is whole
    with run_folder.EventLog(tmp_path) as log:
        log.append(Notice("next"))
    assert [line.message for line in run_folder.read_events(tmp_path)[0]] == [Notice("whole"), Notice("next")]


@given(st.binary(max_size=200))
def test_whatever_a_damaged_log_holds_it_is_read_and_written_on(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("run")
    (folder / run_folder.EVENTS).write_bytes(junk)
    run_folder.read_events(folder)
    with run_folder.EventLog(folder) as log:
        log.append(Notice("after"))
    assert run_folder.read_events(folder)[0][-1].message == Notice("after")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path / "small", "64k") as place:
        yield place


def test_a_full_disk_loses_no_line_and_tears_none(small_disk: Path) -> None:
    with run_folder.EventLog(small_disk) as log:
        log.append(Notice("before"))
        filler = small_disk / "filler"
        with pytest.raises(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(512))
        long = "x" * 6000
        log.append(Notice(long))
        assert not log.flush()
        assert [line.message for line in run_folder.read_events(small_disk)[0]] == [Notice("before")]
        filler.unlink()
        log.append(Notice("after"))
    assert [line.message for line in run_folder.read_events(small_disk)[0]] == [
        Notice("before"),
        Notice(long),
        Notice("after"),
    ]


def test_the_timeline_leaves_out_steps_that_were_made_again() -> None:
    def started(step: int) -> Started:
        return Started(step, 100, "cpu", "float32", 1)

    def step(number: int) -> Step:
        return Step(number, 100, {"loss": 1.0}, 1e-3, 0.1, {})

    told = [started(0), step(1), step(2), Checkpoint(2, "c"), step(3), Notice("n"), started(2), step(3), step(4)]
    kept = [line.message for line in run_folder.timeline([Line(0, 0.0, message) for message in told])]
    assert kept == [started(0), step(1), step(2), Checkpoint(2, "c"), Notice("n"), started(2), step(3), step(4)]


def test_one_run_has_one_trainer(tmp_path: Path) -> None:
    assert not run_folder.is_running(tmp_path)
    with run_folder.locked(tmp_path):
        assert run_folder.is_running(tmp_path)
        holder = run_folder.holder(tmp_path)
        assert holder is not None and not holder.detached
        with (
            pytest.raises(
                RunError, match=f"is being trained in already, by process {holder.pid} on .*; stop that first"
            ),
            run_folder.locked(tmp_path, patience=0.1),
        ):
            pass
    assert not run_folder.is_running(tmp_path) and run_folder.holder(tmp_path) is None
    with run_folder.locked(tmp_path):
        pass


def test_the_lock_of_a_killed_trainer_is_free(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from trainers.runs import run_folder\n"
        "with run_folder.locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stdout.readline() == b"held\n"
        assert run_folder.is_running(tmp_path)
        child.kill()
    assert not run_folder.is_running(tmp_path)
    with run_folder.locked(tmp_path):
        pass


def test_the_mailbox_keeps_commands_in_order(tmp_path: Path) -> None:
    run_folder.send(tmp_path, Stop())
    end = run_folder.mailbox_end(tmp_path)
    run_folder.send(tmp_path, TakeSample())
    run_folder.send(tmp_path, Stop())
    lines, _ = run_folder.read_commands(tmp_path, end)
    assert [line.message for line in lines] == [TakeSample(), Stop()]
    with pytest.raises(RunError, match="cannot be told"):
        run_folder.send(tmp_path / "none", Stop())


@pytest.mark.parametrize("content", [None, b"", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_recipe_is_said(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / run_folder.RECIPE).write_bytes(content)
    with pytest.raises(RecipeError, match="start a new run from a recipe"):
        run_folder.read_recipe_values(tmp_path)


def test_a_recipe_is_kept(tmp_path: Path) -> None:
    run_folder.write_recipe(tmp_path, {"name": "ä"})
    assert run_folder.read_recipe_values(tmp_path) == {"name": "ä"}
    assert [path.name for path in tmp_path.iterdir()] == [run_folder.RECIPE]


@pytest.mark.parametrize("content", ["", "{}", '{"pid": "x", "host": "h", "detached": false}'])
def test_a_damaged_note_of_who_trains_is_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / run_folder.PROCESS).write_text(content)
    assert run_folder.holder(tmp_path) is None
