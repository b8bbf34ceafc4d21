"""Looks are no part of the dust's settings."""

from derrumbe.core.knobs import Dust
from derrumbe.dust.settings import Settings


def test_colour_and_density_do_not_change_the_settings():
    plain = Settings(dust=Dust(amount=2, wind=3))
    assert Settings(dust=Dust(amount=2, wind=3, density=4, color="#803020")) == plain
    assert plain.dust.amount == 2


def test_what_moves_dust_does_change_them():
    assert Settings(dust=Dust(wind=3)) != Settings(dust=Dust())
    assert Settings(seed=2) != Settings()


def test_settings_survive_json():
    settings = Settings(dust=Dust(spread=2, density=3))
    assert Settings.model_validate_json(settings.model_dump_json()) == settings
