"""Labels from the names of folders, whatever those are, and which pictures are held out."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.search import examples
from trainers.data.photos import find_photos
from trainers.survey.labels import LONGEST, hold_out, labels_by_folder, readable

ROOT = Path("/pictures").resolve()


def labels(*places: str, folders: Sequence[str] = (".",)) -> list[str] | None:
    return labels_by_folder([ROOT / place for place in places], [ROOT / folder for folder in folders])


def test_the_first_sub_folder_is_the_label() -> None:
    assert labels("apple/1.png", "cherry/dark/small/2.png", "cherry/3.png") == ["apple", "cherry", "cherry"]


def test_of_several_folders_without_sub_folders_their_names_are() -> None:
    assert labels("day/1.png", "night/2.png", folders=("day", "night")) == ["day", "night"]


@pytest.mark.parametrize("places", [("1.png", "2.png"), ("one/1.png", "one/deep/2.png"), ()])
def test_folders_that_tell_nothing_apart_give_no_labels(places: tuple[str, ...]) -> None:
    assert labels(*places) is None


def test_folders_of_one_name_in_several_places_are_one_label() -> None:
    assert labels("a/sky/1.png", "b/sky/2.png", "b/sea/3.png", folders=("a", "b")) == ["sky", "sky", "sea"]
    assert labels("a/sky/1.png", "b/sky/2.png", folders=("a/sky", "b/sky")) is None


def test_pictures_beside_sub_folders_are_called_after_the_folder_itself() -> None:
    assert labels("1.png", "sea/2.png") == ["pictures", "sea"]


def test_of_nested_folders_the_innermost_counts_in_whatever_order() -> None:
    for folders in ((".", "sea"), ("sea", "."), ("sea", ".", "sea/../sea")):
        assert labels("sea/1.png", "sea/calm/2.png", "sky/3.png", folders=folders) == ["sea", "calm", "sky"]


def test_a_folder_whose_name_begins_like_another_is_not_within_it() -> None:
    assert labels("sea/1.png", "seaside/2.png", folders=("sea", "seaside")) == ["sea", "seaside"]


def test_names_that_differ_in_case_or_composition_are_one_label_spelt_as_first_met() -> None:
    assert labels("Sea/1.png", "SEA/2.png", "sea/3.png", "sky/4.png") == ["Sea", "Sea", "Sea", "sky"]
    assert labels("Straße/1.png", "STRASSE/2.png", "x/3.png") == ["Straße", "Straße", "x"]
    apart, whole = unicodedata.normalize("NFD", "Äpfel"), unicodedata.normalize("NFC", "Äpfel")
    assert apart != whole
    assert labels(f"{apart}/1.png", f"{whole}/2.png", "x/3.png") == [whole, whole, "x"]
    assert labels(f"{apart}/1.png", f"{whole}/2.png") is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines", "two lines"),
        ("tab\tand\x07bell\x1b[31m", "tab and bell [31m"),
        ("  far   apart  ", "far apart"),
        ("right\u202eleft", "right left"),
        ("no\u00a0break\u2028line", "no break line"),
        ("-rf", "-rf"),
        ("--label", "--label"),
        ("bad\udcff byte", "bad byte"),
        ("\u200b", "unnamed"),
        ("", "unnamed"),
        ("🍒 вишня 桜", "🍒 вишня 桜"),
        ("a" * 255, "a" * LONGEST),
        ("b" * (LONGEST - 1) + " c", "b" * (LONGEST - 1)),
        ("“odd” ‘names’; $(x) `y` %s {z}", "“odd” ‘names’; $(x) `y` %s {z}"),
    ],
)
def test_odd_names_are_shown_on_one_line(name: str, shown: str) -> None:
    assert readable(name) == shown
    if name:
        assert labels(f"{name}/1.png", "other/2.png") == [shown, "other"]


def test_long_names_that_differ_beyond_what_is_shown_stay_apart() -> None:
    found = labels(*[f"{'a' * 100}{end}/{number}.png" for number, end in enumerate(("x", "y", "z", "X"))])
    assert found == ["a" * 80, "a" * 78 + " 2", "a" * 78 + " 3", "a" * 80]


@examples(60)
@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=100), min_size=1, max_size=6))
def test_labels_can_be_shown_are_short_and_no_two_differ_only_in_case(names: list[str]) -> None:
    names = [name for name in names if name not in (".", "..")]
    found = labels(*[f"{name}/1.png" for name in names])
    assert found is None or len(found) == len(names)
    for label in found or []:
        assert 0 < len(label) <= LONGEST and label == label.strip() and label.encode()
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in label)
    assert len({label.casefold() for label in found or []}) == len(set(found or []))


def test_real_folders_through_links_and_dots(tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("-n", "a b", "é" * 127, ".hidden"):
        (tmp_path / "real" / name).mkdir(parents=True)
        (tmp_path / "real" / name / "1.jpg").write_bytes(photo.read_bytes())
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    for place in (Path("real"), Path("real/../link"), tmp_path / "link"):
        assert sorted(set(labels_by_folder(find_photos([place]), [place]) or [])) == [
            "-n",
            ".hidden",
            "a b",
            "é" * LONGEST,
        ]


def test_without_groups_every_so_manieth_is_held_out() -> None:
    names = [str(number) for number in range(10)]
    held = hold_out(names, ["x"] * 10, 4, None)
    assert [index for index, aside in enumerate(held) if aside] == [3, 7]
    assert hold_out(names[:3], ["x"] * 3, 4, None) == [False] * 3
    assert hold_out([], [], 4, None) == [] == hold_out([], [], 4, [])


def test_with_groups_every_so_manieth_of_each_label_is_held_out_whole() -> None:
    groups = [group for group in "abcdef" for _ in range(3)] + ["p", "q", "q"]
    held = hold_out([""] * 21, ["x"] * 18 + ["y"] * 3, 3, groups)
    assert {group for group, aside in zip(groups, held, strict=True) if aside} == {"c", "f", "q"}
    assert {group for group, aside in zip(groups, held, strict=True) if not aside} == {"a", "b", "d", "e", "p"}


def test_where_there_are_fewer_groups_than_that_the_last_is_held_out() -> None:
    assert hold_out([""] * 3, ["x"] * 3, 1000, ["b", "a", "b"]) == [True, False, True]


def test_a_label_of_a_single_group_keeps_it() -> None:
    assert hold_out([""] * 4, ["x", "x", "y", "y"], 2, ["a", "a", "b", "c"]) == [False, False, False, True]


@examples(60)
@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("abcdefg")), max_size=40), st.integers(2, 9))
def test_groups_of_a_label_are_never_split_and_each_label_has_some_to_train_on(
    pairs: list[tuple[str, str]], every: int
) -> None:
    held = hold_out([""] * len(pairs), [label for label, _ in pairs], every, [group for _, group in pairs])
    aside = {pair for pair, out in zip(pairs, held, strict=True) if out}
    kept = {pair for pair, out in zip(pairs, held, strict=True) if not out}
    assert not aside & kept and {label for label, _ in pairs} == {label for label, _ in kept}
    for label, count in Counter(label for label, _ in aside | kept).items():
        mine = sum(of == label for of, _ in aside)
        assert mine == (0 if count == 1 else max(1, count // every))


def test_torch_is_not_needed() -> None:
    code = "import sys, trainers.survey.labels; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
