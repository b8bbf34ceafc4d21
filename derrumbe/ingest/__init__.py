"""ingest: the filmed plate becomes scene-linear frames.

Takes a movie (MP4, MOV), an image sequence (EXR, DPX, TIFF, PNG, JPEG) or one picture, which is held.
Gives a `Plate`: `plate/plate.{frame}.exr` in scene-linear ACEScg, exact rate and frame count, time code, source colour space, noise model.
Integer codes of the source round-trip exactly (media.codes); frames are half wherever half keeps the codes, else float.
A preview's smaller frames (`max_height`) are area-averaged in linear light and don't round-trip.

Frame numbers: 1001 is the source's first frame, so `frames=(1010, 1050)` gives plate.1010.exr … plate.1050.exr.
Fails with BadPlate when the source can't be read, ends early (the text offers the good frames), has gaps, one channel or no frames;
`source.probe` finds all that without writing anything.
"""
