"""The same shot, quickly: fewer pieces, voxels and rays. What happens stays the same, how finely it is shown does not."""

from __future__ import annotations

from derrumbe.core.knobs import ShotSpec

PIECES, VOXELS, SUBFRAMES, SKY_RAYS, DUST_SCALE, DUST_STEP = 1600, 96, 3, 2, 0.3, 1.0


def preview_of(spec: ShotSpec) -> ShotSpec:
    """Return `spec` for a preview. A knob that is already cheaper stays."""
    fragments, dust, render = spec.fragments, spec.dust, spec.render
    return spec.model_copy(
        update={
            "fragments": fragments.model_copy(update={"count": min(fragments.count, PIECES)}),
            "dust": dust.model_copy(update={"voxels": min(dust.voxels, VOXELS)}),
            "render": render.model_copy(
                update={
                    "subframes": min(render.subframes, SUBFRAMES),
                    "sky_rays": min(render.sky_rays, SKY_RAYS),
                    "dust_scale": min(render.dust_scale, DUST_SCALE),
                    "dust_step": max(render.dust_step, DUST_STEP),
                    "shade_hidden": False,
                }
            ),
        }
    )
