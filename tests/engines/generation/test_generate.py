"""Generating: the same picture from the same latent however it is asked for, and one sentence for what cannot be drawn."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.errors import Cancelled, CardError, ModelError, OutOfMemory
from engines.generation.generate import generate, label_index
from engines.generation.latent import LatentError, latents
from engines.models.card import ModelCard, write_card
from engines.models.model import Model, open_model
from engines.progress import Progress
from tests.conftest import ROOT
from tests.models import OPSET, tiny_superres

SIZE = 16  # of a latent
SIDE = 32  # of a picture
LABELS = ("apple", "Cherry", "café au lait")
CONTROLS = {
    "tilt": {"kind": "continuous", "column": 1, "range": [-1, 1]},
    "pull": {"kind": "direction", "vector": [1] + [0] * (SIZE - 1), "range": [-2, 2]},
    "kind": {"kind": "categorical", "column": 0, "values": 4},
}


def generator_card(**changes: object) -> ModelCard:
    card = ModelCard(task="image-generation", name="Tiny", latent_size=SIZE, output_size=SIDE)
    return replace(card, **changes)  # type: ignore[arg-type]


def tiny_generator(path: Path, card: ModelCard, *, factor: float = 1.0, base: int = 32) -> Path:
    """A DCGAN with seeded weights from `z`, and what else `card` names, to pictures of 32 pixels; 0 times `factor` is black."""
    random = np.random.default_rng(5)
    nodes: list[onnx.NodeProto] = []
    inputs = [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", SIZE])]
    weights: dict[str, np.ndarray] = {}
    joined, width = ["z"], SIZE
    if card.labels:
        inputs.append(helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]))
        weights["embedding"] = random.standard_normal((len(card.labels), 4)).astype(np.float32) * 2
        nodes.append(helper.make_node("Gather", ["embedding", "label"], ["embedded"]))
        joined, width = [*joined, "embedded"], width + 4
    if codes := sum(control["kind"] != "direction" for control in card.controls.values()):
        inputs.append(helper.make_tensor_value_info("codes", TensorProto.FLOAT, ["N", codes]))
        joined, width = [*joined, "codes"], width + codes
    weights["square"] = np.array([0, width, 1, 1], np.int64)
    nodes.append(helper.make_node("Concat", joined, ["all"], axis=1))
    nodes.append(helper.make_node("Reshape", ["all", "square"], ["maps"]))
    last = "maps"
    for i, (wide, narrow) in enumerate([(width, base), (base, base // 2), (base // 2, base // 4), (base // 4, 3)]):
        gain = (2 / (wide if i == 0 else wide * 4)) ** 0.5 * (1 if i < 3 else 2)  # so that contrast is kept
        weights[f"weight {i}"] = random.standard_normal((wide, narrow, 4, 4)).astype(np.float32) * np.float32(gain)
        stride = {} if i == 0 else {"strides": [2, 2], "pads": [1, 1, 1, 1]}
        nodes.append(helper.make_node("ConvTranspose", [last, f"weight {i}"], [f"raw {i}"], **stride))
        nodes.append(helper.make_node("Relu" if i < 3 else "Sigmoid", [f"raw {i}"], [last := f"maps {i}"]))
    weights["factor"] = np.array(factor, np.float32)
    nodes.append(helper.make_node("Mul", [last, "factor"], ["output"]))
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])
    initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, [output], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    write_card(model, card)
    path.write_bytes(model.SerializeToString())
    return path


def opened(folder: Path, card: ModelCard, **options: float) -> Model:
    return open_model(tiny_generator(folder / "m.onnx", card, **options), "cpu", threads=1)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    with opened(tmp_path_factory.mktemp("plain"), generator_card()) as model:
        yield model


@pytest.fixture(scope="module")
def conditional(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    with opened(tmp_path_factory.mktemp("conditional"), generator_card(labels=LABELS)) as model:
        yield model


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    with opened(tmp_path_factory.mktemp("coded"), generator_card(labels=LABELS, controls=CONTROLS)) as model:
        yield model


def z(count: int, first: int = 0) -> np.ndarray:
    return latents(range(first, first + count), SIZE)


def levels_apart(a: np.ndarray, b: np.ndarray) -> int:
    assert a.shape == b.shape
    return int(np.abs(a.astype(np.int16) - b.astype(np.int16)).max())


# Pictures


def test_pictures_are_what_the_model_says_rounded(plain: Model) -> None:
    pictures = generate(plain, z(5))
    assert pictures.shape == (5, SIDE, SIDE, 3) and pictures.dtype == np.uint8 and pictures.flags.c_contiguous
    output = plain.run(z(5)).astype(np.float64).transpose(0, 2, 3, 1)
    assert np.abs(pictures - output * 255).max() <= 0.5 + 1e-4
    assert pictures.std() > 5
    assert levels_apart(pictures[:1], pictures[1:2]) > 50


def test_values_out_of_range_are_clipped(tmp_path: Path) -> None:
    with opened(tmp_path, generator_card(), factor=3.0) as bright, opened(tmp_path, generator_card()) as usual:
        expected = np.clip(usual.run(z(2)) * 3, 0, 1).transpose(0, 2, 3, 1) * 255
        assert np.abs(generate(bright, z(2)) - expected).max() <= 0.51


def test_no_latents_are_no_pictures(plain: Model) -> None:
    assert generate(plain, np.empty((0, SIZE), np.float32)).shape == (0, SIDE, SIDE, 3)


def test_a_picture_does_not_depend_on_its_batch(conditional: Model) -> None:
    label = np.arange(9) % 3
    together = generate(conditional, z(9), label=label)
    for batch in (1, 2, 4):
        assert levels_apart(generate(conditional, z(9), label=label, batch=batch), together) == 0
    alone = [generate(conditional, z(1, i), label=i % 3) for i in range(9)]
    assert levels_apart(np.concatenate(alone), together) == 0
    backwards = generate(conditional, z(9)[::-1], label=label[::-1])
    assert levels_apart(backwards[::-1], together) == 0


def test_a_picture_does_not_depend_on_the_run_or_the_threads(tmp_path: Path) -> None:
    path = tiny_generator(tmp_path / "m.onnx", generator_card(), base=256)  # large enough to be shared among threads
    made: list[np.ndarray] = []
    for threads in (1, 2, 1, 2):
        with open_model(path, "cpu", threads) as model:
            made.append(generate(model, z(6)))
    assert max(levels_apart(made[0], other) for other in made[1:]) == 0


# Labels


def test_each_label_draws_something_else(conditional: Model) -> None:
    one, other = (generate(conditional, z(3), label=label) for label in (0, 2))
    assert all(levels_apart(a[None], b[None]) > 20 for a, b in zip(one, other, strict=True))
    mixed = generate(conditional, z(3), label=np.array([0, 2, 0]))
    assert levels_apart(mixed, np.stack([one[0], other[1], one[2]])) == 0
    assert levels_apart(generate(conditional, z(3), label=np.int32(2)), other) == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "index"),
    [("apple", 0), ("APPLE", 0), ("cherry", 1), (" Cherry ", 1), ("CAFÉ AU LAIT", 2), ("cafe\u0301 au lait", 2)],
)
def test_a_label_is_found_in_any_case(name: str, index: int) -> None:
    assert label_index(generator_card(labels=LABELS), name) == index


@pytest.mark.parametrize(
    "labels", [("Apple", "apple"), ("1", "0"), ("", " "), ("a, b", "a"), ("straße", "strasse"), ("🍎", "🍒")]
)
def test_odd_labels_are_found_by_their_very_names(labels: tuple[str, ...]) -> None:
    card = generator_card(labels=labels)
    assert [label_index(card, label) for label in labels] == [0, 1]


def test_a_label_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(ModelError) as error:
        label_index(generator_card(labels=LABELS), "pear")
    assert str(error.value) == "“Tiny” has no label “pear”; choose “apple”, “Cherry” or “café au lait”."
    with pytest.raises(ModelError, match="has no label “pear”; choose “apple”.$"):
        label_index(generator_card(labels=("apple",)), "pear")
    many = generator_card(labels=tuple(f"fruit {i}" for i in range(131)))
    with pytest.raises(ModelError, match="“fruit 19” or one of 111 others.$"):
        label_index(many, "pear")


def test_a_label_for_a_model_without_labels_is_said(plain: Model) -> None:
    with pytest.raises(ModelError, match="“Tiny” has no labels, so it cannot draw “apple”; leave the label out."):
        label_index(plain.card, "apple")
    with pytest.raises(ModelError, match="“Tiny” has no labels; leave the label out."):
        generate(plain, z(1), label=0)


def test_a_conditional_model_needs_a_label(conditional: Model) -> None:
    with pytest.raises(ModelError, match="draws what a label says; choose “apple”, “Cherry” or “café au lait”."):
        generate(conditional, z(1))


@pytest.mark.parametrize("label", [-1, 3, np.array([0, 7]), np.array([-2, 0])])
def test_the_number_of_a_label_that_is_not_there_is_said(conditional: Model, label: int | np.ndarray) -> None:
    with pytest.raises(ModelError, match=r"has no label number (-1|3|7|-2); choose “apple”"):
        generate(conditional, z(2), label=label)


@pytest.mark.parametrize("label", [np.array([0]), np.array([0, 1, 2]), np.array([0.0, 1.0]), np.array([[0, 1]])])
def test_labels_of_another_count_or_kind_are_refused(conditional: Model, label: np.ndarray) -> None:
    with pytest.raises(ValueError, match="labels of 2 pictures are whole numbers"):
        generate(conditional, z(2), label=label)


# Codes


def test_codes_reach_the_model_in_their_columns(coded: Model) -> None:
    usual = generate(coded, z(2), label=1)
    assert levels_apart(usual, generate(coded, z(2), label=1, codes=np.zeros(2))) == 0
    expected = coded.run(
        z(2), extra={"label": np.array([1, 1]), "codes": np.array([[3, -0.5], [0, 1]], np.float32)}
    ).transpose(0, 2, 3, 1)
    pictures = generate(coded, z(2), label=1, codes=np.array([[3, -0.5], [0, 1]]))
    assert np.abs(pictures - expected * 255).max() <= 0.51
    assert levels_apart(pictures, usual) > 20
    for_all = generate(coded, z(2), label=1, codes=np.array([3, -0.5]))
    assert levels_apart(for_all[:1], pictures[:1]) == 0


@pytest.mark.parametrize(
    ("codes", "sentence"),
    [
        ([[0, 1.5]], "“tilt” is 1.5, not between -1 and 1; choose another."),
        ([[0, np.nan]], "“tilt” is nan, not between -1 and 1; choose another."),
        ([[4, 0]], "“kind” is 4, not between 0 and 3; choose another."),
        ([[-1, 0]], "“kind” is -1, not between 0 and 3; choose another."),
        ([[0.5, 0]], "“kind” is 0.5, not a whole number; choose 0 to 3."),
        ([[0, 0, 0]], "“Tiny” has 2 codes, not 3; set the codes for this model."),
        ([0], "“Tiny” has 2 codes, not 1; set the codes for this model."),
        (0, "“Tiny” has 2 codes, not none; set the codes for this model."),
    ],
)
def test_wrong_codes_are_said(coded: Model, codes: object, sentence: str) -> None:
    with pytest.raises(LatentError) as error:
        generate(coded, z(1), label=0, codes=np.array(codes))
    assert str(error.value) == sentence


def test_codes_for_a_model_without_codes_are_said(plain: Model) -> None:
    with pytest.raises(LatentError, match="“Tiny” has 0 codes, not 2"):
        generate(plain, z(1), codes=np.zeros((1, 2)))


def test_a_wrong_control_in_the_card_is_said(plain: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "card", generator_card(controls={"tilt": {"kind": "continuous", "column": 5}}))
    with pytest.raises(CardError, match="its control “tilt” has a range"):
        generate(plain, z(1))


# What cannot be drawn


@pytest.mark.parametrize(
    ("wrong", "given"), [(np.zeros((2, 64)), "64"), (np.zeros(SIZE), "16"), (np.zeros((1, SIZE, 1)), "1×16×1")]
)
def test_latents_of_another_size_are_said(plain: Model, wrong: np.ndarray, given: str) -> None:
    with pytest.raises(LatentError, match=f"draws from latents of 16 numbers, not {given}; make them for this model."):
        generate(plain, wrong)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_latents_that_are_not_numbers_are_said(plain: Model, value: float) -> None:
    wrong = z(2)
    wrong[1, 3] = value
    with pytest.raises(LatentError, match="A latent holds values that are not numbers; choose another seed."):
        generate(plain, wrong)


def test_a_model_of_another_task_is_said(tmp_path: Path) -> None:
    with open_model(tiny_superres(tmp_path / "m.onnx"), "cpu") as model:
        words = "is a model for super-resolution, not image-generation; choose another."
        with pytest.raises(ModelError, match=words):
            generate(model, z(1))


def test_a_file_without_a_card_is_said(tmp_path: Path) -> None:
    path = tiny_generator(tmp_path / "m.onnx", generator_card())
    bare = onnx.load(path)
    del bare.metadata_props[:]
    path.write_bytes(bare.SerializeToString())
    with pytest.raises(CardError, match="has no card"):
        open_model(path, "cpu")


def test_a_file_cut_short_is_said(tmp_path: Path) -> None:
    path = tiny_generator(tmp_path / "m.onnx", generator_card())
    whole = path.read_bytes()
    for length in (10, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError):
            open_model(path, "cpu")


def test_a_newer_card_is_said(tmp_path: Path) -> None:
    path = tiny_generator(tmp_path / "m.onnx", generator_card())
    model = onnx.load(path)
    next(entry for entry in model.metadata_props if entry.key == "card.version").value = "2"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(CardError, match="newer than this Duskroom knows; update"):
        open_model(path, "cpu")


def test_a_model_that_returns_no_numbers_is_said(tmp_path: Path) -> None:
    with opened(tmp_path, generator_card(), factor=np.nan) as model, pytest.raises(ModelError, match="not numbers"):
        generate(model, z(2))


def test_a_model_that_returns_black_is_said(tmp_path: Path) -> None:
    with opened(tmp_path, generator_card(), factor=0.0) as model:
        with pytest.raises(ModelError, match="“Tiny” returned black pictures; use another model."):
            generate(model, z(20))
        assert not generate(model, z(1) * 9).any()  # so far out a network may well draw black


@pytest.mark.parametrize("size", [16, 64])
def test_a_model_of_another_size_than_its_card_is_said(tmp_path: Path, size: int) -> None:
    words = f"returned 2×3×32×32 where its card promises 2×3×{size}×{size}; use another model."
    with (
        opened(tmp_path, generator_card(output_size=size)) as model,
        pytest.raises(ModelError, match=words),
    ):
        generate(model, z(2))


def test_a_model_that_takes_no_label_though_its_card_says_so_is_said(tmp_path: Path) -> None:
    with opened(tmp_path, generator_card()) as model:
        model.card = generator_card(labels=LABELS)
        with pytest.raises(ModelError, match="The model “Tiny” failed"):
            generate(model, z(1), label=0)


# Progress, stopping, memory


def test_progress_counts_pictures(plain: Model) -> None:
    reports: list[tuple[int, int, str]] = []
    generate(plain, z(10), progress=Progress(lambda *report: reports.append(report)), batch=4)
    assert [report[:2] for report in reports] == [(0, 10), (4, 10), (8, 10), (10, 10)]
    assert reports[0][2] == "picture 1 of 10" and reports[-1][2] == "picture 10 of 10"


def test_it_stops_when_asked(plain: Model) -> None:
    reports: list[int] = []

    def report(done: int, total: int, text: str) -> None:
        reports.append(done)
        if done >= 8:
            progress.cancel()

    progress = Progress(report)
    with pytest.raises(Cancelled):
        generate(plain, z(1000), progress=progress, batch=4)
    assert reports == [0, 4, 8]


def test_memory_that_runs_out_halves_the_batch_and_goes_on(plain: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model refuses more than three pictures at a time, as ONNX Runtime does where memory ends."""
    expected = generate(plain, z(10))
    run, asked, said = plain.run, list[int](), list[str]()

    def few_only(latents: np.ndarray, *rest: object) -> np.ndarray:
        asked.append(len(latents))
        if len(latents) > 3:
            raise OutOfMemory("There is not enough memory.")
        return run(latents, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(plain, "run", few_only)
    assert levels_apart(generate(plain, z(10), progress=Progress(notice=said.append), batch=8), expected) == 0
    assert asked == [8, 4, 2, 2, 2, 2, 2]
    assert said == [
        "Memory ran out with 8 pictures at a time; going on with 4.",
        "Memory ran out with 4 pictures at a time; going on with 2.",
    ]


def test_memory_that_never_suffices_is_said(plain: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> np.ndarray:
        raise OutOfMemory("There is not enough memory.")

    monkeypatch.setattr(plain, "run", never)
    with pytest.raises(OutOfMemory, match="There is not enough memory for one picture of “Tiny”; close programs."):
        generate(plain, z(2))


REAL_LIMIT = """
import resource, sys
from pathlib import Path
import numpy as np
sys.path.insert(0, sys.argv[1])
from engines.generation.generate import generate
from engines.generation.latent import latents
from engines.models.model import open_model
from engines.progress import Progress
with open_model(Path(sys.argv[2]), "cpu", threads=1) as model:
    z = np.tile(latents(range(64), 16), (128, 1))
    expected = generate(model, z, batch=32)
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 150 * 2**20, resource.RLIM_INFINITY))
    said = []
    result = generate(model, z, batch=8192, progress=Progress(notice=said.append))
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(len(said), int(np.abs(result.astype(np.int16) - expected).max()))
    print(said[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS")
def test_a_real_failure_to_allocate_halves_the_batch_and_goes_on(tmp_path: Path) -> None:
    """ONNX Runtime itself runs out: the process may take 150 MB more, 8192 pictures at a time want several times that."""
    path = tiny_generator(tmp_path / "m.onnx", generator_card(), base=64)
    run = subprocess.run(
        [sys.executable, "-c", REAL_LIMIT, str(ROOT), str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    first, said = run.stdout.splitlines()
    notices, apart = map(int, first.split())
    assert notices >= 1 and apart == 0
    assert said == "Memory ran out with 8192 pictures at a time; going on with 4096."


def test_a_batch_of_none_is_refused(plain: Model) -> None:
    with pytest.raises(ValueError, match="a batch holds 1 picture or more, not 0"):
        generate(plain, z(1), batch=0)
