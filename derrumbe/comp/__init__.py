"""Comp: the layers put into the plate.

Takes   Plate, Set, Layers. Everything scene-linear ACEScg, colours premultiplied.
Gives   Comp: final frames (R G B, in the pixel type of the plate's files) and the effect matte (Y, half): where it is 0 the final
        frame is the plate, bit for bit. Frames before the trigger are the plate's own files.
Order   clean plate and plate by the removed share, times shadow; dust behind; pieces; debris; dust in front;
        a generative model's picture (`generated.R,G,B,A`) where there is one; what stands in front in the plate, under the dust that is nearer still.
Fails   BadPlate when a picture can't be read or lacks a channel.

What is new gets the lens's softness, the air's black level and the plate's grain (`soften`, `stack`, `media.grain`).
"""
