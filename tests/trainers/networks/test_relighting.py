"""The head that relights: it begins as the photo, does what its formula says, and learns what a map can say."""

from __future__ import annotations

import pytest
import torch

from trainers.networks.relighting import CELL, LOUDNESS, MAP, TONES, relit
from trainers.networks.unit import UNIT, Translation, decoded, head_of, initialise, multiple_of


def made(**options: object) -> UNIT:
    torch.manual_seed(0)
    network = UNIT(width=4, head="grid", **options)  # type: ignore[arg-type]
    initialise(network, torch.Generator().manual_seed(1))
    return network


def test_the_first_output_is_the_photo_whatever_the_noise() -> None:
    network = made()
    photo = torch.rand(2, 3, 48, 64) * 2 - 1
    mean = network.encoders[0](photo)
    assert mean.shape == (2, 32, 3, 4)
    assert torch.allclose(mean.detach().square().mean(1), torch.tensor(LOUDNESS**2), rtol=1e-3)
    for domain in (0, 1):
        assert torch.equal(network.decode(domain, mean + torch.randn_like(mean), photo), photo)
    assert (head_of(network), multiple_of(network)) == ("grid", CELL)


def test_latents_and_inmost_blocks_are_shared() -> None:
    network = made(shared=2)
    assert all(network.encoders[0].blocks[i] is network.encoders[1].blocks[i] for i in (2, 3))
    assert all(network.decoders[0].blocks[i] is network.decoders[1].blocks[i] for i in (0, 1))
    assert network.encoders[0].blocks[1] is not network.encoders[1].blocks[1]


def test_maps_are_those_of_the_tone_of_each_pixel() -> None:
    photo = torch.full((1, 3, 32, 32), -1.0)
    photo[..., 16:] = 1.0
    grid = torch.zeros(1, MAP * TONES, 2, 2)
    grid[:, 3] = 0.5  # of black red rises by half of the way from mid-grey to white
    grid[:, MAP * (TONES - 1) + 5] = -0.25  # of white a quarter of its green is taken away
    grid[:, MAP * 2] = 9.0  # of a tone that is not there
    result = relit(photo, grid, torch.zeros(1, 3, 1, 1))
    assert result[0, :, 3, 3].tolist() == pytest.approx([-0.5, -1, -1])
    assert result[0, :, 3, 30].tolist() == pytest.approx([1, 0.5, 1])


def test_lights_are_added_and_a_network_may_have_none() -> None:
    photo = torch.zeros(1, 3, 16, 16)
    lights = torch.zeros(1, 3, 16, 16)
    lights[0, :, 4, 5] = torch.tensor([0.5, 0.25, 0.125])
    assert torch.equal(relit(photo, torch.zeros(1, 2 * MAP, 1, 1), lights), lights)
    _, none = made(lights=False).decoders[0](torch.randn(1, 32, 1, 1), photo)
    assert not none.any()


def test_it_learns_to_darken_what_is_bright() -> None:
    network = made()
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    photo = torch.rand(4, 3, 32, 32) * 2 - 1
    wanted = torch.where(photo > 0, -0.5 * photo, photo * 0.5 - 0.3)
    losses = []
    for _ in range(60):
        loss = (network.decode(1, network.encoders[0](photo), photo) - wanted).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.4 * losses[0]
    assert all(weight.grad is not None for weight in network.decoders[1].parameters())


def test_one_direction_gives_what_is_applied() -> None:
    network = made()
    with torch.no_grad():
        for decoder in network.decoders:
            decoder.grid.weight.normal_(0, 0.1)
    photo = torch.rand(1, 3, 32, 48) * 2 - 1
    way = Translation(network, 0)
    grid, lights = way.made_of(photo)
    assert torch.equal(way(photo), relit(photo, grid, lights))
    assert torch.equal(way(photo), decoded(network, 1, network.encoders[0](photo), photo))
    assert way.state_dict().keys() <= network.state_dict().keys()


@pytest.mark.parametrize(
    ("options", "said"), [({"head": "draw"}, "choose paint or grid"), ({"head": "grid", "tones": 1}, "2 to 32 tones")]
)
def test_options_out_of_range_are_said(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        UNIT(width=4, **options)  # type: ignore[arg-type]
