"""From plan to world: the camera's record, and the walls in metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from derrumbe.core.records import Camera, Vec3
from derrumbe.survey.siting import Plan, View


@dataclass(frozen=True)
class Wall:
    """A visible wall in the world: a vertical plane from its lower left corner `origin` along `along` for `width` metres."""

    origin: np.ndarray
    along: np.ndarray
    normal: np.ndarray
    width: float

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """Return world points (n, 3) of wall points (n, 2): metres along and up."""
        return self.origin + points[:, :1] * self.along + points[:, 1:] * np.array([0.0, 1.0, 0.0])

    def from_rays(self, eye: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """Return where rays (n, 3) from `eye` meet the wall's plane, as wall points (n, 2); NaN where they run from it."""
        towards = rays @ self.normal
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = ((self.origin - eye) @ self.normal) / towards
        reach = np.where((reach > 0) & (towards < -1e-6), reach, np.nan)
        hit = eye + rays * reach[:, None] - self.origin
        return np.stack([hit @ self.along, hit[:, 1]], 1)


@dataclass(frozen=True)
class Frame:
    """The camera and the visible walls, main wall first."""

    camera: Camera
    walls: tuple[Wall, ...]
    second: str

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
    return Frame(camera, tuple(_walls(plan, middle, camera_height)), plan.second)


def _walls(plan: Plan, middle: np.ndarray, scale: float) -> list[Wall]:
    width = float(np.linalg.norm(plan.ends[1] - plan.ends[0])) * scale
    main = Wall(np.array([-0.5 * width, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]), width)
    if plan.second_end is None:
        return [main]
    depth = float(np.linalg.norm(plan.second_end - plan.corner)) * scale
    if plan.second == "right":
        return [main, Wall(np.array([0.5 * width, 0.0, 0.0]), np.array([0.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0]), depth)]
    return [main, Wall(np.array([-0.5 * width, 0.0, -depth]), np.array([0.0, 0.0, 1.0]), np.array([-1.0, 0.0, 0.0]), depth)]


def _vec3(values: np.ndarray) -> Vec3:
    x, y, z = (float(value) for value in values)
    return x, y, z
