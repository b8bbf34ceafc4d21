"""Matchmove: what the camera does, from features followed through the plate.

Takes  a plate. Gives a `Match`: locked, nodal or moving; for a moving one the camera of every frame against the first and solved points.
Units  plate pixels; the first camera's axes (x right, y down, z forward), lengths in an unknown unit until the building gives the scale.
Fails  with BadPlate when frames are black, frozen or cut; a solve that can't be trusted is a Caution with a remedy.
"""
