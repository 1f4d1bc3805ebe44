"""What a card tells of its recipe: names, and never where a person keeps files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainers.export.export_run import make_card
from trainers.recipes.recipe import from_values


def test_a_card_names_files_and_not_their_folders(tmp_path: Path) -> None:
    private = str(tmp_path / "private" / "w.pth")
    values: dict[str, Any] = {
        "task": "image-generation",
        "name": "mine",
        "steps": 1,
        "data": {"photos": [str(tmp_path)]},
        "network": {"kind": "dcgan", "options": {"base_channels": 16, "file": private}},
        "discriminator": {"kind": "dcgan", "options": {"weights": [private, "C:\\Users\\me\\w.pth", "spectral/norm"]}},
        "auxiliary": [{"kind": "my_losses:mine", "options": {"tables": {"first": private}, "strength": 2}}],
    }
    told = make_card(from_values(values), {}).recipe
    assert "private" not in told and str(tmp_path) not in told and "Users" not in told
    shown = json.loads(told)
    assert shown["network"]["options"] == {"base_channels": 16, "file": "w.pth"}
    assert shown["discriminator"]["options"]["weights"] == ["w.pth", "w.pth", "spectral/norm"]
    assert shown["auxiliary"][0]["options"] == {"tables": {"first": "w.pth"}, "strength": 2}
