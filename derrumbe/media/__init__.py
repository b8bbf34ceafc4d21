"""Pixels on disk: EXR, movies, colour, volumes. OpenImageIO, PyAV and OpenColorIO live here."""
