"""ComfyUI as a big model: guides go up, a workflow runs, frames come back.

Takes   Conditioning (generate/conditioning.py), a workflow in API format whose nodes are titled `derrumbe:…` (workflow.py).
Gives   frames (n, h, w, 3) float32, display codes 0..1.
Fails   BadInput for what the artist can mend (address, workflow, missing nodes and files, memory), DerrumbeError for the rest.

Order of reading: door.py (the way in), address.py (whom we talk to), server.py (what a ComfyUI server understands), workflow.py and
batches.py (what it is asked), stock.py (whether it can), following.py and events.py (how far it is), model.py (the story).
"""
