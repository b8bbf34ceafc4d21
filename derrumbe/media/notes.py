"""Cautions that movies and pictures share."""

from __future__ import annotations

from fractions import Fraction

from derrumbe.core.records import Caution

ALPHA_DROPPED = Caution(what="the plate's alpha channel is dropped", remedy="none needed, unless the picture is a cut-out")


def not_square(aspect: Fraction) -> Caution:
    """Return the caution for pixels of width:height `aspect`."""
    return Caution(
        what=f"pixels are not square ({aspect.numerator}:{aspect.denominator}); they are kept, and the camera takes them as square",
        remedy="unsqueeze the plate before, so that the camera and the sizes come out right",
    )
