"""Generate: what a generative model makes of the guides.

Takes   Plate, Guides.
Gives   Layers: the same channels and frames as the guides, scene-linear ACEScg, premultiplied.
Fails   BadBrief for a back end that nobody knows, with the nearest name.

A back end is a `Generator` (generator.py): it is asked for one window of frames at a time and knows nothing of files. Overlapping
windows are blended in linear light (windows.py). A killed run goes on at the next window. `none` passes the physical layers through.
"""
