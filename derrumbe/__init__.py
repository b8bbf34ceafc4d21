"""Derrumbe: a filmed plate and a short brief in, a finished shot of the building collapsing out."""

__version__ = "0.1.0"
