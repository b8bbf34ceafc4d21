from dataclasses import dataclass
from pathlib import Path

import pytest

from derrumbe.core.records import Delivery
from derrumbe.core.work import Work
from derrumbe.deliver.run import run
from derrumbe.deliver.settings import Settings
from tests.deliver.small_shot import SmallShot, small_shot


@dataclass(frozen=True)
class Delivered:
    shot: SmallShot
    settings: Settings
    folder: Path
    record: Delivery


@pytest.fixture(scope="session")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    """The small shot, delivered once."""
    folder = tmp_path_factory.mktemp("deliver")
    shot = small_shot(folder / "inputs")
    settings = Settings(trigger_frame=1004, brief_text="falls & <b>burns</b>", not_understood=("<b>burns</b>",))
    (folder / "out").mkdir()
    return Delivered(shot, settings, folder / "out", run(settings, Work(folder / "out"), **shot.inputs()))
