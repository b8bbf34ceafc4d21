"""Open video models through the diffusers library: the extra `derrumbe[diffusers]`.

Takes   a folder of weights (safetensors only), or a Hugging Face id that the artist names; windows as `Conditioning`.
Gives   frames of the same number and size.
Fails   BadInput when the extra isn't installed, the folder isn't a model of that kind, or the GPU can't hold it: each says what would.

door.py is all that the rest of generate knows. pipelines.py says per kind of model how it is called; weights.py looks at folders without
torch; memory.py chooses precision and offloading; model.py runs it. Nothing here touches the network except weights.fetched, and only for
an id that the artist named.
"""
