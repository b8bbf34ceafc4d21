"""render: physically based layers and AOVs in the plate's camera.

Takes Plate, Set, Pieces, Motion and DustCloud; gives Guides: one EXR per frame with the channels of `records.LAYER_CHANNELS`.
Units: metres, seconds, pixels; colours scene-linear ACEScg in the plate's own exposure, premultiplied.
A sample that still shows the piece it showed at rest is the plate itself: alpha 0, removed 0, so nothing can shift before it breaks.
Fails when: an input record's file is missing or damaged (DerrumbeError or OSError), the disk is full (DerrumbeError).
"""
