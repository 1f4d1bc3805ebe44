"""Cards: what is written is read, what is wrong is named, and reading never opens the weights."""

from __future__ import annotations

import math
from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.errors import CardError, ModelError
from engines.models.card import PRECISIONS, ModelCard, Size, TrainingData, from_metadata, read_card, to_metadata
from engines.models.onnx_metadata import read_metadata
from engines.models.pair import are_one, back_of, companion_of, lacking, pair_of
from tests.models import card_for, save_model, tiny_superres, tiny_translation, translation_card

words = st.text(max_size=30)


@given(
    st.builds(
        ModelCard,
        task=st.just("super-resolution"),
        name=words,
        description=words,
        scale=st.integers(1, 16),
        size=st.builds(Size, st.integers(1, 64), st.integers(1, 64)),
        overlap=st.integers(0, 200).map(float) | st.just(math.inf),
        training_data=st.builds(TrainingData, words, words, words, st.integers(0, 10**6)),
        metrics=st.dictionaries(words, st.floats(-100, 100)),
        precision=st.sampled_from(PRECISIONS),
        float_model=st.sampled_from(("", "fast-x4.onnx", "Größer 4×.onnx")),
        view=st.none() | st.integers(1, 1 << 20),
        recipe=words,
        author=words,
        licence=words,
        labels=st.lists(words, max_size=3).map(tuple),
    )
)
def test_a_card_survives_its_strings(card: ModelCard) -> None:
    assert from_metadata(to_metadata(card), origin="x") == card


def test_it_is_read_from_a_file_as_onnx_reads_it(tmp_path: Path) -> None:
    card = card_for(3, description="Grün – 緑", labels=("a", "b"), metrics={"PSNR Set5": 31.5})
    path = tiny_superres(tmp_path / "m.onnx", 3, card=card)
    assert read_card(path) == card
    assert read_metadata(path) == {entry.key: entry.value for entry in onnx.load(path).metadata_props}


def metadata(**changes: str | None) -> dict[str, str]:
    values: dict[str, str | None] = {**to_metadata(card_for(2))}
    values.update({f"card.{key}": value for key, value in changes.items()})
    return {key: value for key, value in values.items() if value is not None}


@pytest.mark.parametrize("key", ["version", "task", "name", "scale", "overlap"])
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(CardError, match=f"card.{key}.* is missing"):
        from_metadata(metadata(**{key: None}), origin="m.onnx")


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("task", "sharpening", "sharpening"),
        ("scale", "two", "whole number"),
        ("scale", "0", "not between 1 and 16"),
        ("scale", "9" * 30, "not between"),
        ("overlap", "-1", "not 0 or more"),
        ("overlap", "nan", "not 0 or more"),
        ("overlap", "wide", "wide"),
        ("size", "[1]", "not a JSON object"),
        ("size", '{"minimum": 0}', "not between 1 and 4096"),
        ("metrics", "{", "not JSON"),
        ("metrics", '{"PSNR": "good"}', "good"),
        ("training_data", '{"images": "many"}', "many"),
        ("metrics", "[" * 100_000, "not JSON"),
        ("view", "0", "not between 1 and"),
        ("view", "wide", "not a whole number"),
        ("precision", "int3", "“int3”, not one of float32, fp16, int8"),
        ("float_model", "../x.onnx", "not the name of a model in the same folder"),
        ("float_model", "/etc/x.onnx", "not the name of a model in the same folder"),
        ("float_model", "..\\x.onnx", "not the name of a model in the same folder"),
        ("float_model", "C:x.onnx", "not the name of a model in the same folder"),
        ("float_model", "notes.txt", "not the name of a model in the same folder"),
    ],
)
def test_a_wrong_value_is_named(key: str, value: str, word: str) -> None:
    with pytest.raises(CardError, match=word) as caught:
        from_metadata(metadata(**{key: value}), origin="m.onnx")
    assert "m.onnx" in str(caught.value)


def test_unknown_keys_are_ignored() -> None:
    assert from_metadata(metadata(flavour="sweet"), origin="m.onnx") == card_for(2)


def test_a_card_from_before_precisions_is_of_a_float_model() -> None:
    read = from_metadata(metadata(precision=None), origin="m.onnx")
    assert (read.precision, read.float_model) == ("float32", "")


def test_a_newer_card_is_refused_with_a_sentence() -> None:
    with pytest.raises(CardError, match="version 2, newer than this Duskroom knows; update Duskroom"):
        from_metadata(metadata(version="2"), origin="m.onnx")


def test_a_model_without_a_card_is_not_guessed_at(tmp_path: Path) -> None:
    path = tiny_superres(tmp_path / "with.onnx")
    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.save(model, path)
    with pytest.raises(CardError, match="has no card"):
        read_card(path)


@given(st.integers(0, 5000))
def test_a_truncated_file_is_never_a_card_with_a_graph(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    folder = tmp_path_factory.mktemp("cut")
    whole = tiny_superres(folder / "m.onnx").read_bytes()
    cut = whole[: min(length, len(whole) - 1)]
    (folder / "m.onnx").write_bytes(cut)
    try:
        read_card(folder / "m.onnx")
    except ModelError as error:
        assert "m.onnx" in str(error)
    else:  # cut between two entries: the required ones were all there
        assert len(cut) > 3000


@pytest.mark.parametrize("content", [b"", b"hello, this is text\n" * 9, bytes(range(256)), b"\xff" * 99, b"\x80" * 99])
def test_other_files_get_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cut short or not an ONNX file"):
        read_card(path)


def test_a_checkpoint_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"PK\x03\x04whatever")
    with pytest.raises(ModelError, match="can carry code, so it is not opened"):
        read_card(path)


def test_a_folder_and_nothing_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a folder"):
        read_card(tmp_path)
    with pytest.raises(ModelError, match="no model at"):
        read_card(tmp_path / "none.onnx")


def test_a_card_is_read_without_the_weights(tmp_path: Path) -> None:
    """The reader seeks past the graph: it reads few bytes of a file with large weights."""
    import numpy as np

    card = card_for(2)
    path = save_model(tmp_path / "large.onnx", [], {"w": np.zeros(3_000_000, np.float32)}, card)
    with open(path, "r+b") as file:  # were the weights parsed, they would now be wrong
        file.seek(5_000_000)
        file.write(b"\xff" * 1000)
    assert read_card(path) == card


BACK = translation_card(domains=("night", "day"))


def test_both_directions_of_a_translation_are_found_from_either(tmp_path: Path) -> None:
    there, back = tmp_path / "mine.onnx", tmp_path / "mine.back.onnx"
    assert pair_of(there) == pair_of(back) == (there, back) and not are_one(there, back)
    assert lacking(back) == [there, back, tmp_path / "mine.training.safetensors"]
    tiny_translation(there)
    tiny_translation(back, card=BACK)
    assert pair_of(there) == pair_of(back) == (there, back) and are_one(there, back) and not are_one(back, back)
    assert lacking(there) == [companion_of(there)] == [tmp_path / "mine.training.safetensors"]
    companion_of(there).touch()
    assert lacking(back) == []
    tiny_translation(back)  # to night as well
    assert not are_one(there, back)
    tiny_superres(back)
    assert not are_one(there, back) and not are_one(back, there)


def test_a_way_there_may_be_called_back(tmp_path: Path) -> None:
    there = tiny_translation(tmp_path / "way.back.onnx")
    back = tiny_translation(back_of(there), card=BACK)
    assert back.name == "way.back.back.onnx"
    assert pair_of(there) == pair_of(back) == (there, back)


def test_another_direction_that_is_damaged_is_named(tmp_path: Path) -> None:
    there = tiny_translation(tmp_path / "mine.onnx")
    back_of(there).write_text("text")
    with pytest.raises(ModelError, match="mine.back.onnx"):
        lacking(there)
