"""Survey, locked-off: from plate frames and one building outline to a `Set`.

Takes  a `Plate` and an outline in source pixels (and polygons of static things in front, if the user draws them).
Gives  a `Set`: camera, ground, façades and the building's solid in metres, neighbours, sun and sky, mattes, clean plate, texture.
Units  metres, world axes as in `core.records`; pictures have the plate's size, scene-linear ACEScg.
Fails  with BadOutline when the outline can't be used. Everything doubtful (few lines, a moving camera, a guessed scale) is a Caution.
"""
