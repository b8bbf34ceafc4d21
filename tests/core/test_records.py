"""Records round-trip, refuse what they don't know, and name their schema."""

from __future__ import annotations

import inspect

import pytest
from pydantic import ValidationError

from derrumbe.core import records
from derrumbe.core.knobs import Group, ShotSpec
from derrumbe.core.records import FrameRange, Plate, Record
from tests.pipeline.fakes import plate_record


def test_a_record_round_trips_to_equal_text():
    plate = plate_record()
    assert Plate.from_json(plate.to_json()) == plate
    assert Plate.from_json(plate.to_json()).to_json() == plate.to_json()


def test_another_schema_is_refused():
    with pytest.raises(ValueError, match="plate/1"):
        Plate.from_json(plate_record().to_json().replace("plate/1", "plate/9"))


def test_records_are_frozen_and_closed():
    plate = plate_record()
    with pytest.raises(ValidationError):
        plate.width = 9
    with pytest.raises(ValidationError):
        Plate(**plate.model_dump(), colour="red")


def test_every_record_has_a_schema_of_its_own():
    kinds = [kind for _, kind in inspect.getmembers(records, inspect.isclass) if issubclass(kind, Record) and kind is not Record]
    assert len({kind.SCHEMA for kind in kinds}) == len(kinds)


def test_frames_are_inclusive():
    assert list(FrameRange(first=1001, last=1003)) == [1001, 1002, 1003]
    assert len(FrameRange(first=1001, last=1003)) == 3


def test_every_knob_says_what_it_does():
    for name in ShotSpec.model_fields:
        group = getattr(ShotSpec(), name)
        if isinstance(group, Group):
            for field_name, field in type(group).model_fields.items():
                assert field.description, f"{name}.{field_name}"
                assert "unit" in field.json_schema_extra, f"{name}.{field_name}"
