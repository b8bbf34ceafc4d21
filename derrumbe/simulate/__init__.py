"""simulate: the building comes down.

takes   Plate (rate and frames), Set (storeys, footprint, neighbours), Pieces (convex pieces and bonds)
gives   Motion: a pose per piece and sample, debris particles, sources of dust, an energy log
units   metres, seconds, kilograms, joules; quaternions wxyz; time from the first frame's shutter opening
fails   never on physics: a building that stays up, or a pile that still moves, is a warning with a remedy in the record

Connected pieces are one rigid body (a glued cluster); a broken bond may split it. Before the trigger nothing is simulated.
A simulation killed half-way starts again from its beginning: it is single-threaded, so it ends with the same bits.
"""
