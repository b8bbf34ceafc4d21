"""From plan to world: the camera's record, and the walls in metres."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from derrumbe.core.records import Camera, Vec3
from derrumbe.survey.siting import Plan, View

UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True)
class Wall:
    """A visible wall in the world: a vertical plane from its lower left corner `origin` along `along` for `width` metres.

    free_left, free_right: no other visible wall shares that end. lean: metres by which the plane leans back for every metre up; `origin` is on it.
    """

    origin: np.ndarray
    along: np.ndarray
    normal: np.ndarray
    width: float
    free_left: bool = True
    free_right: bool = True
    lean: float = 0.0

    @property
    def upwards(self) -> np.ndarray:
        """The way up the plane for every metre of height."""
        return np.asarray(UP - self.lean * self.normal)

    @property
    def facing(self) -> np.ndarray:
        """The plane's outward normal; not of unit length where it leans."""
        return np.asarray(self.normal + self.lean * UP)

    def leaning(self, eaves: float, lean: float) -> Wall:
        """Return the plane that leans back from the wall above `eaves`, metres; its points are, as the wall's, metres along and up."""
        return replace(self, origin=self.origin + lean * eaves * self.normal, lean=lean)

    def set_back(self, by: float) -> Wall:
        """Return the same wall `by` metres further in."""
        return replace(self, origin=self.origin - by * self.normal)

    @property
    def end(self) -> np.ndarray:
        """Its lower right corner."""
        return self.origin + self.width * self.along

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """Return world points (n, 3) of wall points (n, 2): metres along and up."""
        return self.origin + points[:, :1] * self.along + points[:, 1:] * self.upwards

    def from_rays(self, eye: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """Return where rays (n, 3) from `eye` meet the wall's plane, as wall points (n, 2); NaN where they run from it."""
        towards = rays @ self.facing
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = ((self.origin - eye) @ self.facing) / towards
        reach = np.where((reach > 0) & (towards < -1e-6), reach, np.nan)
        hit = eye + rays * reach[:, None] - self.origin
        return np.stack([hit @ self.along, hit[:, 1]], 1)


@dataclass(frozen=True)
class Frame:
    """The camera and the visible walls, main wall first."""

    camera: Camera
    walls: tuple[Wall, ...]

    @property
    def feet(self) -> np.ndarray:
        """(x, z) of the walls' ends (n, 2), from left to right."""
        ordered = sorted(self.walls, key=lambda wall: float(wall.origin[0] + 0.5 * wall.width * wall.along[0]))
        points = np.stack([*(wall.origin for wall in ordered), ordered[-1].end])
        return points[:, [0, 2]]

    @property
    def camera_height(self) -> float:
        """Height of the camera over the ground, metres."""
        rotation, translation = np.asarray(self.camera.rotation), np.asarray(self.camera.translation)
        return float(-(rotation.T @ translation)[1])


def frame_of(view: View, plan: Plan, size: tuple[int, int], camera_height: float) -> Frame:
    """Return the Frame of a plan when the camera stands `camera_height` metres over the ground."""
    along3 = plan.along[0] * view.right + plan.along[1] * view.forward
    normal3 = np.cross(along3, view.up)
    rotation = np.stack([along3, view.up, normal3], 1)
    middle = plan.ends.mean(axis=0)
    eye = np.array([-(middle @ plan.along), 1.0, middle @ plan.away]) * camera_height
    camera = Camera(
        width=size[0],
        height=size[1],
        focal_px=view.focal,
        cx=float(view.centre[0]),
        cy=float(view.centre[1]),
        rotation=tuple(_vec3(row) for row in rotation),  # type: ignore[arg-type]
        translation=_vec3(-rotation @ eye),
    )
    return Frame(camera, tuple(_walls(plan, middle, camera_height)))


def _walls(plan: Plan, middle: np.ndarray, scale: float) -> list[Wall]:
    """Return the walls of a plan in the world, main wall first, then from left to right."""
    local = (plan.feet - middle) @ np.stack([plan.along, -plan.away], 1) * scale
    feet = np.stack([local[:, 0], np.zeros(len(local)), local[:, 1]], 1)
    # The main wall is the world's plane z = 0, to the last bit.
    feet[plan.main : plan.main + 2, 2] = 0.0
    out = []
    for index, (start, end) in enumerate(itertools.pairwise(feet)):
        width = float(np.linalg.norm(end - start))
        along = np.array([1.0, 0.0, 0.0]) if index == plan.main else (end - start) / width
        out.append(Wall(start, along, np.cross(along, UP), width, index == 0, index == len(feet) - 2))
    return [out.pop(plan.main), *out]


def _vec3(values: np.ndarray) -> Vec3:
    x, y, z = (float(value) for value in values)
    return x, y, z
