"""How far text leans, and pictures turned level."""

import math

import numpy as np
import pytest

from schemas.reading import Line
from verifier.geometry import map_points, quad_from_points
from verifier.pipeline.level import LEVEL_ENOUGH, lean_of, turned_level


def leaning(degrees: float, x: float, y: float, length: float = 300.0, height: float = 30.0) -> Line:
    turn = math.radians(degrees)
    along, down = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    start = np.array([x, y])
    corners = [start, start + along * length, start + along * length + down * height, start + down * height]
    return Line(text="文字", score=1.0, box=quad_from_points(np.array(corners)))


@pytest.mark.parametrize("degrees", [-44.0, -12.0, 0.0, 3.0, 27.0, 44.0])
def test_the_lean_is_the_angle_of_most_of_the_text(degrees: float) -> None:
    lines = [leaning(degrees, 100, y) for y in range(0, 500, 50)] + [leaning(degrees + 15, 100, 600, 120)]
    assert math.degrees(lean_of(lines)) == pytest.approx(degrees, abs=0.3)


def test_few_and_short_lines_tell_nothing() -> None:
    assert lean_of([]) == 0.0
    assert lean_of([leaning(20, 0, 0), leaning(20, 0, 60)]) == 0.0
    assert lean_of([leaning(20, 0, y, length=40) for y in range(0, 300, 50)]) == 0.0


def test_text_that_runs_down_is_not_called_leaning() -> None:
    assert lean_of([leaning(88, x, 0) for x in range(0, 300, 50)]) == 0.0


@pytest.mark.parametrize("degrees", [-30.0, 10.0, 27.0])
def test_a_turned_picture_is_level_and_maps_back(degrees: float) -> None:
    image = np.full((400, 600, 3), 255, np.uint8)
    line = leaning(degrees, 150, 200, 200)
    level, to_picture = turned_level(image, math.radians(degrees))
    corners = map_points(np.array(line.box), np.linalg.inv(to_picture))
    assert corners[0, 1] == pytest.approx(corners[1, 1], abs=0.3)
    assert (corners >= -0.5).all() and (corners <= np.array(level.shape[1::-1]) + 0.5).all()
    assert map_points(corners, to_picture) == pytest.approx(np.array(line.box), abs=0.1)
    assert level.shape[0] > 400 and level.min() == 255
    assert math.degrees(LEVEL_ENOUGH) < abs(degrees)
