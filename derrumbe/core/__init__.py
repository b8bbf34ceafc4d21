"""Nouns shared by every stage: records, knobs, units, errors. numpy and pydantic only."""
