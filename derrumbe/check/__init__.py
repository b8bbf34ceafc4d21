"""Check: what a supervisor would measure, one function per check.

Takes   Plate, Set, Pieces, Motion, Layers, Comp.
Gives   Report: for every check a value, a limit, a verdict (pass, warn, block), one plain sentence, a remedy and an evidence picture.
Fails   never on a bad shot: a file that is missing or can't be read is itself a verdict. DerrumbeError when the disk refuses the evidence.

Every frame is compared with the plate; costly measures look at a few frames spread over the effect (`SAMPLES`). The table of checks is
in table.py.
"""
