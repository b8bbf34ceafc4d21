"""`--set`, the knob table, previews and the shot file."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derrumbe.brief import apply_settings, knob_table, preview_of, shot_from_toml, shot_to_toml
from derrumbe.brief.addresses import choices_of, fields, kinds_of, limits_of, optional, value_at, with_value
from derrumbe.core.errors import BadBrief
from derrumbe.core.knobs import ShotSpec


@st.composite
def specs(draw) -> ShotSpec:
    """Any valid spec: a few knobs moved to anywhere in their range."""
    spec = ShotSpec()
    for address in draw(st.lists(st.sampled_from(sorted(fields())), max_size=6)):
        spec = with_value(spec, address, draw(values(address)))
    return spec


def values(address: str) -> st.SearchStrategy:
    kind = kinds_of(address)[0]
    if choices_of(address):
        found: st.SearchStrategy = st.sampled_from(choices_of(address))
    elif kind is bool:
        found = st.booleans()
    elif kind is str:
        found = st.sampled_from(["auto", "#0a1b2c"] if address == "dust.color" else ["none", 'other "one"'])
    else:
        limits = {name: getattr(item, name) for item in fields()[address].metadata for name in ("ge", "gt", "le") if hasattr(item, name)}
        low, high = limits.get("ge", limits.get("gt", 0) + 1), limits.get("le", 1e6)
        found = st.integers(int(low), int(high)) if kind is int else st.floats(low, high)
    return st.none() | found if optional(address) else found


@given(specs(), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
@settings(max_examples=60, deadline=None)
def test_shot_file_round_trip(spec: ShotSpec, brief: str) -> None:
    plate = {"source": "../plate.mov", "building": [[1.5, 2.0], [3.0, 4.0]], "frames": "1001-1100", "height": 540}
    read = shot_from_toml(shot_to_toml(spec, {**plate, "colourspace": None}, brief), {*plate, "colourspace"})
    assert read == (spec, plate, brief)


@given(specs())
@settings(max_examples=60, deadline=None)
def test_set_rebuilds_any_spec(spec: ShotSpec) -> None:
    said = [f"{address}={'none' if (value := value_at(spec, address)) is None else value}" for address in fields()]
    assert apply_settings(ShotSpec(), said) == spec


def test_every_knob_has_a_row() -> None:
    rows = {row.address: row for row in knob_table()}
    assert set(rows) == set(fields())
    assert rows["dust.amount"][1:4] == ("x", "0 to 10", "1")
    assert rows["trigger.frame"].range == "0 or more | empty"
    assert rows["collapse.part"].range == "all | left | right | upper | corner_left | corner_right | facade"
    assert rows["building.depth"].range == "above 0.5 to 500 | empty"
    assert rows["render.denoise"].range == "true | false"
    assert all(row.does and row.range for row in rows.values())


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("dust.amuont=1", "did you mean 'dust.amount'"),
        ("amount=1", "did you mean '\\w+.amount'"),
        ("dust.amount=11", "0 to 10"),
        ("dust.wind=fast", "a number, 0 to 20 .m/s."),
        ("dust.wind=nan", "0 to 20"),
        ("fragments.count=100.5", "whole number"),
        ("fragments.count=none", "whole number"),
        ("collapse.mode=explode", "pancake | progressive"),
        ("render.denoise=maybe", "true or false"),
        ("dust.color=#12", "#rrggbb"),
        ("dust.amount", "dust.amount=1.5"),
        ("dust=1", "unknown knob 'dust'"),
    ],
)
def test_bad_settings_say_what_and_what_to_do(setting: str, says: str) -> None:
    with pytest.raises(BadBrief, match=re.compile(says)) as caught:
        apply_settings(ShotSpec(), [setting])
    assert "\n" not in str(caught.value)


def test_optional_knobs_can_be_cleared() -> None:
    spec = apply_settings(ShotSpec(), ["trigger.frame=1020", "building.height=20"])
    assert apply_settings(spec, ["trigger.frame=none", "building.height=empty"]) == ShotSpec()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[plate", "not TOML"),
        ("knob = 1", "did you mean 'knobs'"),
        ("[knobs.dusty]\namount = 1", "did you mean 'dust.amount'"),
        ("[knobs.dust]\namount = 99", "0 to 10"),
        ('[knobs.dust]\namount = "much"', "give a number"),
        ("[knobs]\ndust = 3", "unknown key 'dust'"),
        ("[knobs.seed]\na = 3", "unknown key 'seed.a'"),
        ("[plate]\nsorce = 'a'", "did you mean 'source'"),
        ("version = 2", "version 2"),
        ("brief = 2", "brief must be text"),
    ],
)
def test_bad_shot_files(text: str, says: str) -> None:
    with pytest.raises(BadBrief, match=says):
        shot_from_toml(text, ["source"])


@given(specs())
@settings(max_examples=40, deadline=None)
def test_preview_is_never_dearer_and_settles(spec: ShotSpec) -> None:
    quick = preview_of(spec)
    assert preview_of(quick) == quick
    assert quick.fragments.count <= min(2800, spec.fragments.count)
    assert quick.render.dust_step / quick.dust.voxels >= (1 - 1e-12) * spec.render.dust_step / spec.dust.voxels
    assert quick.collapse == spec.collapse
    assert limits_of("dust.voxels")
