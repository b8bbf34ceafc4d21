"""Generate: what a generative model makes of the guides.

Takes   Plate, Set, Guides.
Gives   Layers: the same channels and frames as the guides, scene-linear ACEScg, premultiplied; with a big model also its picture, `generated`.
Fails   BadBrief for a back end or a pipeline that nobody knows, with the nearest name; BadInput for a model that can't be used.

A back end is a `Generator` (generator.py): it is asked for one window of frames at a time and knows nothing of files. Overlapping
windows are blended in linear light (windows.py). A killed run goes on at the next window. `none` passes the physical layers through.

Big models (diffusers/, comfy/) are `Model`s behind one `ModelGenerator` (modelled.py), which shows them the physical shot at their own size
(picture, codes, fit, mattes, control, references, prompt → conditioning) and puts their answer back (colour_match, restore).
"""
