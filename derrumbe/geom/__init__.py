"""Cameras, planes, meshes, projection. No pixels."""
