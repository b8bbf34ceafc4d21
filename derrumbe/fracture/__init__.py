"""Fracture: the building of a Set becomes a structure, and the structure becomes pieces that are held together by bonds.

Takes: a Set (its `building`, with the closed solid that fills the outline).
Gives: Pieces: convex pieces in metres at their rest position, masses in kg, bonds in m² and N.
       Levels are counted from the ground; a slab belongs to the level that it covers; what is above the eaves goes on counting,
       one level for a low roof, more for a dome or a tower.
Fails when the solid is not closed (BadOutline). More parts than pieces asked for is a caution.
       Bits that hang free are tied to what is nearest and reported as a Caution.
"""
