"""Everything a reviewer and the next artist are handed.

Takes   plate, set, pieces, motion, layers, comp, report and what each stage cost.
Gives   `Delivery`: review.mp4 (after) and review_plate.mp4 (before), sheet.png, qc.json, report.html with its pictures in report/
        (matchmove/ draws those of camera, set and light), and scene/ for other programs.
Units   metres, seconds, frames from the plate's first; pictures as the plate's display shows them, 8 bit.
Fails   with DerrumbeError when the disk refuses, BadPlate when a frame of plate or comp is gone.
"""
