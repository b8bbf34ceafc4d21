"""The shadow layer on the ground."""

import numpy as np

from . import scenes
from .conftest import rendered

FLOATING = {piece: (lambda t: ((0.0, 0.6, 3.0), scenes.UPRIGHT)) for piece in range(4)}


def test_far_ground_keeps_exactly_one(shifted):
    """Over 100 m away, one block more or less is nothing."""
    shadow = shifted.layer(1002, "shadow")
    assert (shadow[74:78] == 1).all()
    assert (shadow[:20, :60] == 1).all()


def test_a_floating_block_darkens_the_ground_under_an_overcast_sky(tmp_path):
    """The lower blocks hover 3 m in front of where they stood, 0.6 m up: the ground below them sees less sky."""
    shot = rendered(tmp_path, scenes.Shot(moves=FLOATING, frames=2, sun=scenes.OVERCAST))
    shadow = shot.layer(1002, "shadow")
    # ground under the middle of the hovering blocks: (0, 0, 2.5), 9.5 m away
    y = int(72 + 240 * 2.5 / 9.0)
    assert shadow[y, 96].max() < 0.75
    assert shadow.min() >= 0
    assert shadow.max() <= 1.31


def test_the_sun_casts_from_its_own_side(tmp_path):
    """Sun from the right and front, low: the shadow of a block out in front falls to the left of it."""
    sun = scenes.CLEAR.model_copy(update={"direction": (0.8, 0.5, 0.33)})
    shot = rendered(tmp_path, scenes.Shot(moves={1: lambda t: ((-1.0, 0.0, 3.0), scenes.UPRIGHT)}, frames=2, sun=sun))
    shadow = shot.layer(1002, "shadow")[..., 1]
    ground = shadow[132:140]
    assert ground[:, 30:80].min() < 0.6
    assert ground[:, 125:190].min() > 0.75


def test_the_sky_catches_no_shadow(shifted):
    assert np.all(shifted.layer(1002, "shadow")[:70, :50] == 1)
