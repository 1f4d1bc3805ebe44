"""A projected discriminator: small heads that judge pictures by pre-trained features instead of by their pixels.

Sauer, Chitta, Müller & Geiger 2021, "Projected GANs Converge Faster": frozen features at four depths (section 3.2), each
through a fixed random projection (the paper's "CCM" without its mixing across scales, "CSM": the heads stay small), and a
small spectrally normalised head a depth, whose hinge losses are averaged (equation 4). Features see shapes and forget exact
colours, so two more heads may see the raw colours at a half and at an eighth of the size.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from trainers.networks.discriminators import Judgement
from trainers.networks.features import KINDS, Features, enlarged, load_features

SLOPE = 0.2  # of LeakyReLU below 0
RAW = (2, 8)  # how many pixels each way become one for the heads that see colours
RAW_GAIN = 3.0  # three channels vary less than dozens do: their projection is that much larger
PROJECTIONS = 1  # the seed of the fixed projections
FINE = 2  # depths, of the finest, whose heads halve the size once more


class ProjectedDiscriminator(nn.Module):
    """Pictures (N, 3, H, W) in [-1, 1] → logits for each patch, a tensor for each head.

    Pictures smaller than the features want are enlarged for them. `width` is the number of channels that features are
    projected to, and that heads have. `raw` adds the heads on colours. With `labels` > 0 it also takes `label`, int64 (N): the
    logit of each patch is increased by the product of an embedding of the label with what the head found there, as in Miyato
    & Koyama 2018, equation 3.

    `features` is a name of `trainers.networks.features.KINDS`, `file` the file of those that come from one, `caffe` as
    `load_features` has it. The frozen network is no part of the weights: neither checkpoints nor companions hold it. Raises
    RecipeError and ModelError as `load_features` does, when it is first asked.
    """

    def __init__(
        self,
        width: int = 64,
        raw: bool = False,
        features: str = "efficientnet-lite0",
        file: str | None = None,
        caffe: bool = False,
        labels: int = 0,
    ) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"“width” is 1 or more, not {width}.")
        self._asked = (features, None if file is None else Path(file), caffe)
        load_features(*self._asked[:2], torch.device("cpu"), caffe=caffe)  # what is missing is said at once
        self.raw = raw
        channels = [*KINDS[features].channels, *((3,) * len(RAW) if raw else ())]
        draws = torch.Generator().manual_seed(PROJECTIONS)
        self.heads = nn.ModuleList()
        for place, count in enumerate(channels):
            gain = (RAW_GAIN if count == 3 else 1.0) / count**0.5
            self.register_buffer(f"projection{place}", torch.randn(width, count, 1, 1, generator=draws) * gain)
            fine = place < FINE or place == len(KINDS[features].channels)
            self.heads.append(_head(width, stride=2 if fine else 1))
        self.embeddings = nn.ModuleList(spectral_norm(nn.Embedding(labels, width)) for _ in self.heads if labels)

    @property
    def features(self) -> Features:
        """The frozen network, on the device of the heads."""
        kind, file, caffe = self._asked
        return load_features(kind, file, self.get_buffer("projection0").device, caffe=caffe)

    def forward(self, pictures: Tensor, label: Tensor | None = None) -> list[Tensor]:
        return list(self.judge(pictures, label).logits)

    def judge(self, pictures: Tensor, label: Tensor | None = None) -> Judgement:
        """Logits, and as features what each head found before its verdict."""
        network = self.features
        seen = network(enlarged(pictures, network.smallest))
        if self.raw:
            seen += [F.avg_pool2d(pictures, size) for size in RAW]
        logits: list[Tensor] = []
        found: list[Tensor] = []
        for place, (depth, head) in enumerate(zip(seen, self.heads, strict=True)):
            *layers, verdict = head.children()
            x = F.conv2d(depth, self.get_buffer(f"projection{place}").to(depth.dtype))
            for layer in layers:
                x = layer(x)
            found.append(x)
            logits.append(verdict(x))
            if self.embeddings:
                assert label is not None, "this discriminator is conditional"
                known = self.embeddings[place](label)[:, :, None, None]
                logits[-1] = logits[-1] + (known * x).sum(1, keepdim=True)
        return Judgement(logits, found)


def _head(width: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        spectral_norm(nn.Conv2d(width, width, 3, stride, 1)),
        nn.LeakyReLU(SLOPE),
        spectral_norm(nn.Conv2d(width, width, 3, 1, 1)),
        nn.LeakyReLU(SLOPE),
        spectral_norm(nn.Conv2d(width, 1, 1)),
    )
