import pytest

from derrumbe.core.errors import BadPlate
from derrumbe.media.sequence import Sequence, find_sequence


def make(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def numbers(found):
    assert isinstance(found, Sequence)
    return [number for number, _ in found.files]


def test_a_folder_is_its_only_sequence(tmp_path):
    folder = make(tmp_path / "a", "name.0009.exr", "name.0010.exr", "name.0011.exr", "notes.txt")
    assert numbers(find_sequence(folder)) == [9, 10, 11]


def test_numbers_are_sorted_as_numbers(tmp_path):
    folder = make(tmp_path / "a", "f9.png", "f10.png", "f11.png")
    assert numbers(find_sequence(folder)) == [9, 10, 11]


@pytest.mark.parametrize("pattern", ["n.%04d.exr", "n.####.exr", "n.#.exr", "n.@@@@.exr", "n.$F4.exr", "n.%d.exr"])
def test_patterns(tmp_path, pattern):
    folder = make(tmp_path / "a", "n.1001.exr", "n.1002.exr", "n.1004.exr", "other.1001.exr", "n.1001.png")
    found = find_sequence(folder / pattern)
    assert numbers(found) == [1001, 1002, 1004]
    assert found.missing() == [1003]
    assert found.span == 4


def test_the_first_file_stands_for_the_rest(tmp_path):
    folder = make(tmp_path / "a", "n.1001.exr", "n.1002.exr", "n.1003.exr", "m_0001.dpx", "m_0002.dpx")
    assert numbers(find_sequence(folder / "n.1001.exr")) == [1001, 1002, 1003]
    assert numbers(find_sequence(folder / "n.1002.exr")) == [1002, 1003]
    assert numbers(find_sequence(folder / "m_0001.dpx")) == [1, 2]


def test_a_cameras_numbered_photograph_is_a_still(tmp_path):
    folder = make(tmp_path / "a", "100_7104.JPG", "100_7105.JPG")
    assert find_sequence(folder / "100_7104.JPG") == folder / "100_7104.JPG"
    assert numbers(find_sequence(folder)) == [7104, 7105]


def test_one_file_is_a_still(tmp_path):
    folder = make(tmp_path / "a", "n.1001.exr")
    for source in (folder, folder / "n.1001.exr", folder / "n.%04d.exr"):
        assert find_sequence(source) == folder / "n.1001.exr"


def test_a_movie_is_neither(tmp_path):
    assert find_sequence(tmp_path / "a.mp4") is None


def test_what_is_ambiguous_or_empty_is_refused(tmp_path):
    with pytest.raises(BadPlate, match="more than one sequence"):
        find_sequence(make(tmp_path / "a", "n.1.exr", "m.1.exr"))
    with pytest.raises(BadPlate, match="without pictures"):
        find_sequence(make(tmp_path / "b", "readme.txt"))
    with pytest.raises(BadPlate, match="no file fits"):
        find_sequence(tmp_path / "b" / "n.####.exr")
    with pytest.raises(BadPlate, match="same frame number"):
        find_sequence(make(tmp_path / "c", "n.1.exr", "n.01.exr"))
