"""The same shot, quickly: fewer pieces, voxels and rays. What happens stays the same, how finely it is shown does not."""

from __future__ import annotations

from derrumbe.core.knobs import ShotSpec

PIECES, VOXELS, SUBFRAMES, SKY_RAYS, DUST_SCALE, DUST_STEP = 2800, 96, 3, 2, 0.3, 0.5
"""With longer steps through large voxels rays step over billows, and show by specks that they start at different depths."""


def preview_of(spec: ShotSpec) -> ShotSpec:
    """Return `spec` for a preview. A knob that is already cheaper stays."""
    fragments, dust, render = spec.fragments, spec.dust, spec.render
    voxels = min(dust.voxels, VOXELS)
    return spec.model_copy(
        update={
            "fragments": fragments.model_copy(update={"count": min(fragments.count, PIECES)}),
            "dust": dust.model_copy(update={"voxels": voxels}),
            "render": render.model_copy(
                update={
                    "subframes": min(render.subframes, SUBFRAMES),
                    "sky_rays": min(render.sky_rays, SKY_RAYS),
                    "dust_scale": min(render.dust_scale, DUST_SCALE),
                    # in metres, never a shorter step than was asked for
                    "dust_step": max(min(render.dust_step, DUST_STEP), render.dust_step * (voxels / dust.voxels)),
                    "shade_hidden": False,
                }
            ),
        }
    )
