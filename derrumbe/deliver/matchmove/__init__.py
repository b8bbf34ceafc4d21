"""The matchmove, to be judged by eye: does the set stick to the plate?

Takes   plate, set, and beside the set's record `tracks.npz` when survey tracked anything: frame (n,) int32, track (n,) int32,
        x, y (n,) float32 pixels of the plate as filmed, residual (n,) float32 pixels between seen and solved, NaN where not used.
Gives   report/matchmove-*.jpg (wireframe, tracks and mattes over the plate at its first, middle and last frame, the light on a grey ball),
        report/matchmove.mp4, and the section of the report that shows them.
Units   pixels of the plate, metres, degrees.
"""
