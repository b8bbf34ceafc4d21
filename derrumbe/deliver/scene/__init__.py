"""The shot as a scene for other programs: USD, a Nuke script, and plain files of camera and set.

Takes   plate, set, pieces, motion, layers.
Gives   scene/scene.usdc (camera, set, light, fragments and debris in motion), scene/comp.nk (the comp, rebuilt from the layers) with the
        pictures that it reads, scene/camera.json, scene/set.obj, ST-maps where the lens distorts, and a README.
Units   metres, seconds; +Y up; USD time codes and Nuke frames are the shot's frame numbers.
Fails   BadPlate when a picture is gone.
"""
