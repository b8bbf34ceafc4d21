"""Derrumbe: a filmed plate and a short brief in, a finished shot of the building collapsing out."""

from pathlib import Path

from derrumbe.core.kernels import keep_by_source

__version__ = "0.1.0"

keep_by_source(Path(__file__).parent)
