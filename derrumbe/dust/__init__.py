"""Dust: from what breaks and lands to a heavy cloud of dust on a grid, frame by frame.

Takes   Plate (frame rate), Set (building, neighbours, camera), Pieces, Motion (poses, events).
Gives   DustCloud: densities of fine dust and of coarse grains in kg/m³ per frame (media.volumes), with texture displacements that ride the
        flow and the share of solid; fine dust that has settled, kg/m² per frame (media.deposits).
Units   metres, seconds, kilograms; grids are indexed [x, y, z].
Fails   when the disk refuses. No events is no fault: every frame is empty.

The gas is incompressible (Boussinesq) on a staggered grid: MacCormack advection, exact pressure (fast transforms), vorticity confinement.
Dust makes air heavy; neighbours, rubble and falling pieces drag it; what leaves the windows is the air that was in the building. Breaks and
jets let dust out where the building is being crushed, and its pile goes on breathing some out,
in few and broad banks. Dust itself lives on a grid twice as fine and is stirred below the flow's resolution by curl noise that rides the flow; what is as
small as a voxel is mixed by eddies that are smaller. What is in the air, has settled and has blown out of the grid is all that was made. Coarse grains fly as
bundles on ballistic paths with drag, thrown by the same events. Colour and opacity are no part of it: they are decided when the dust is lit.
"""
