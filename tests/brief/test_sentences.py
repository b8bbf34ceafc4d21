"""Sentences in three languages and the knobs that they set. Nothing else may change, nothing may be left over."""

import pytest

from derrumbe.brief import read_brief
from derrumbe.brief.addresses import fields, value_at
from derrumbe.core.knobs import ShotSpec

CLEAN = {
    # the two sentences that the project promises
    "the left half pancakes from the third floor at 1.5 s, slowly, heavy dust rolling to the right": {
        "collapse.mode": "pancake", "collapse.part": "left", "collapse.origin_storey": 3, "trigger.time": 1.5, "collapse.speed": 0.5,
        "dust.amount": 2.0, "dust.ejecta": 2.0, "dust.linger": 40.0, "dust.wind_heading": 90.0,
        "dust.wind": 2.0,
    },
    "derrumbe vertical desde la planta baja en el fotograma 1020, mucho polvo": {
        "collapse.origin_storey": 0, "trigger.frame": 1020, "dust.amount": 2.0,
    },
    "l'immeuble s'effondre du troisième étage à 1,5 s, lentement, sans débris, épaisse poussière claire roulant vers la gauche": {
        "collapse.origin_storey": 3, "trigger.time": 1.5, "collapse.speed": 0.5, "debris.amount": 0.0, "dust.density": 2.0,
        "dust.color": "#d8cfc0", "dust.wind_heading": 270.0, "dust.wind": 2.0,
    },
    # when
    "it collapses at frame 1020": {"trigger.frame": 1020},
    "starting at f1020": {"trigger.frame": 1020},
    "after two and a half seconds": {"trigger.time": 2.5},
    "after half a second": {"trigger.time": 0.5},
    "starts 3 s in": {"trigger.time": 3.0},
    "at 500 ms": {"trigger.time": 0.5},
    "después de 2 segundos": {"trigger.time": 2.0},
    "después de dos segundos y medio": {"trigger.time": 2.5},
    "a los 1,5 s": {"trigger.time": 1.5},
    "empieza en el cuadro 1033": {"trigger.frame": 1033},
    "à l'image 1020": {"trigger.frame": 1020},
    "au bout de deux secondes et demie": {"trigger.time": 2.5},
    "l'effondrement commence après une seconde": {"trigger.time": 1.0},
    # how
    "a progressive collapse from the base": {"collapse.mode": "progressive", "collapse.origin_storey": 0},
    "the tower topples to the left": {"collapse.mode": "topple", "collapse.direction": "left"},
    "it falls towards the camera": {"collapse.mode": "topple", "collapse.direction": "towards"},
    "the upper part collapses": {"collapse.mode": "partial", "collapse.part": "upper"},
    "only the right wing falls, pancaking": {"collapse.mode": "pancake", "collapse.part": "right"},
    "very slowly": {"collapse.speed": 0.5**1.6},
    "quickly, and quite irregularly": {"collapse.speed": 1.8, "collapse.variation": 0.85},
    "it pancakes from the top floor": {"collapse.mode": "pancake", "collapse.origin_storey": 200},
    "the top floors collapse": {"collapse.mode": "partial", "collapse.part": "upper"},
    "desde el último piso": {"collapse.origin_storey": 200},
    "depuis le dernier étage": {"collapse.origin_storey": 200},
    "0.4 s between storeys": {"collapse.storey_delay": 0.4},
    "half a second per floor": {"collapse.storey_delay": 0.5},
    "the fourth storey fails first, starting on the left side": {"collapse.origin_storey": 4, "collapse.origin_side": "left"},
    "from left to right": {"collapse.origin_side": "left"},
    "from floor 2": {"collapse.origin_storey": 2},
    "from the 3rd floor": {"collapse.origin_storey": 3},
    "la torre vuelca hacia la derecha": {"collapse.mode": "topple", "collapse.direction": "right"},
    "que se derrumbe la torre hacia la izquierda": {"collapse.mode": "topple", "collapse.direction": "left"},
    "el ala derecha se hunde, el resto queda en pie": {"collapse.mode": "partial", "collapse.part": "right"},
    "only the left half pancakes, the rest stays up": {"collapse.mode": "pancake", "collapse.part": "left"},
    "cae hacia la cámara": {"collapse.mode": "topple", "collapse.direction": "towards"},
    "la mitad izquierda se derrumba desde la tercera planta": {
        "collapse.mode": "partial", "collapse.part": "left", "collapse.origin_storey": 3,
    },
    "en tortitas desde la 3.ª planta": {"collapse.mode": "pancake", "collapse.origin_storey": 3},
    "0,3 s entre plantas, muy rápidamente": {"collapse.storey_delay": 0.3, "collapse.speed": 1.8**1.6},
    "la parte superior cae lentamente": {"collapse.mode": "partial", "collapse.part": "upper", "collapse.speed": 0.5},
    "effondrement progressif depuis le rez-de-chaussée": {"collapse.mode": "progressive", "collapse.origin_storey": 0},
    "la tour bascule vers la gauche": {"collapse.mode": "topple", "collapse.direction": "left"},
    "seule la moitié droite s'écroule, en mille-feuille": {"collapse.mode": "pancake", "collapse.part": "right"},
    "0,5 s entre les étages": {"collapse.storey_delay": 0.5},
    "depuis le 2e étage, à partir de la gauche": {"collapse.origin_storey": 2, "collapse.origin_side": "left"},
    # pieces and debris
    "1,500 pieces": {"fragments.count": 1500},
    "pieces of 50 cm": {"fragments.size": 0.5},
    "big chunks and lots of debris": {"fragments.size": 1.8, "debris.amount": 2.0},
    "without debris": {"debris.amount": 0.0},
    "1.500 fragmentos pequeños": {"fragments.count": 1500, "fragments.size": 0.45},
    "sin escombros": {"debris.amount": 0.0},
    "muchos cascotes": {"debris.amount": 2.0},
    "gros morceaux, peu de gravats": {"fragments.size": 1.8, "debris.amount": 0.5},
    "sans débris": {"debris.amount": 0.0},
    # dust
    "no dust": {"dust.amount": 0.0},
    "the dust reaches the camera": {"dust.reach_camera": True},
    "el polvo llega hasta la cámara": {"dust.reach_camera": True},
    "la poussière atteint la caméra": {"dust.reach_camera": True},
    "heavy, pale dust": {"dust.amount": 2.0, "dust.ejecta": 2.0, "dust.linger": 40.0, "dust.color": "#d8cfc0"},
    "lots of dust": {"dust.amount": 2.0},
    "heavy dust that hangs for 30 seconds": {"dust.amount": 2.0, "dust.ejecta": 2.0, "dust.linger": 30.0},
    "mucho polvo pesado": {"dust.amount": 2.0, "dust.ejecta": 2.0, "dust.linger": 40.0},
    "une poussière lourde": {"dust.amount": 2.0, "dust.ejecta": 2.0, "dust.linger": 40.0},
    "the dust should be thick and dark grey": {"dust.density": 2.0, "dust.color": "#5f5c58"},
    "a bit of dust drifting away from the camera": {"dust.amount": 0.7, "dust.wind_heading": 0.0, "dust.wind": 2.0},
    "not too much dust": {"dust.amount": 0.5},
    "2x dust": {"dust.amount": 2.0},
    "150% dust": {"dust.amount": 1.5},
    "dust colour #C8B090": {"dust.color": "#c8b090"},
    "dust hangs for 40 seconds and spreads far": {"dust.linger": 40.0, "dust.spread": 1.8},
    "wind 20 km/h from the left": {"dust.wind": 20 / 3.6, "dust.wind_heading": 90.0},
    "10 mph wind": {"dust.wind": 4.4704},
    "strong wind": {"dust.wind": 9.0},
    "no wind": {"dust.wind": 0.0},
    "poca polvareda pálida": {"dust.amount": 0.5, "dust.color": "#d8cfc0"},
    "sin polvo": {"dust.amount": 0.0},
    "el polvo rueda hacia la izquierda, viento de 5 m/s": {"dust.wind_heading": 270.0, "dust.wind": 5.0},
    "polvo muy denso y gris claro": {"dust.density": 2**1.6, "dust.color": "#c4c1bb"},
    "viento fuerte desde la derecha": {"dust.wind": 9.0, "dust.wind_heading": 270.0},
    "beaucoup de poussière": {"dust.amount": 2.0},
    "pas de poussière": {"dust.amount": 0.0},
    "vent de 18 km/h venant de la gauche": {"dust.wind": 5.0, "dust.wind_heading": 90.0},
    "pas trop de poussière, ocre": {"dust.amount": 0.5, "dust.color": "#c2a066"},
    # building
    "a six-storey brick tower, 18 m tall and 12 m deep": {
        "building.storeys": 6, "building.material": "brick", "building.height": 18.0, "building.depth": 12.0,
    },
    "60 feet tall": {"building.height": 18.288},
    "walls of stone, 40 cm thick walls": {"building.material": "stone", "building.wall_thickness": 0.4},
    "3.2 m per floor": {"building.storey_height": 3.2},
    "un edificio de seis plantas de hormigón, de 18 m de alto y 12 m de fondo": {
        "building.storeys": 6, "building.material": "concrete", "building.height": 18.0, "building.depth": 12.0,
    },
    "viento de 18 km/h hacia la izquierda": {"dust.wind": 5.0, "dust.wind_heading": 270.0},
    "vent léger vers la gauche": {"dust.wind": 2.0, "dust.wind_heading": 270.0},
    "muros de 40 cm": {"building.wall_thickness": 0.4},
    "veinticinco plantas": {"building.storeys": 25},
    "un immeuble de six étages en béton, haut de 18 mètres": {
        "building.storeys": 6, "building.material": "concrete", "building.height": 18.0,
    },
    "quatre-vingt-douze étages": {"building.storeys": 92},
    "soixante-dix étages": {"building.storeys": 70},
    "murs épais": {"building.wall_thickness": 0.595},
    # light, camera, seed
    "overcast sky": {"light.sky": "overcast"},
    "low sun from the left": {"light.sun_elevation": 12, "light.sun_azimuth": 270},
    "sun at 30 degrees": {"light.sun_elevation": 30.0},
    "camera shake": {"camera.shake": 4.0},
    "automatic exposure, no camera shake": {"camera.breath": 0.3, "camera.shake": 0.0},
    "exposición automática": {"camera.breath": 0.3},
    "exposition automatique, sans secousse": {"camera.breath": 0.3, "camera.shake": 0.0},
    "locked exposure": {"camera.breath": 0.0},
    "no camera shake, seed 7": {"camera.shake": 0.0, "seed": 7},
    "cielo nublado, semilla 7, cámara temblorosa": {"light.sky": "overcast", "seed": 7, "camera.shake": 4.0},
    "sol bajo a la izquierda": {"light.sun_elevation": 12, "light.sun_azimuth": 270},
    "ciel couvert, graine 7": {"light.sky": "overcast", "seed": 7},
    "soleil à 30 degrés": {"light.sun_elevation": 30.0},
    "caméra qui tremble": {"camera.shake": 4.0},
    # addresses
    "dust.amount=1.5, seed=9; render.denoise=false": {"dust.amount": 1.5, "seed": 9, "render.denoise": False},
}  # fmt: skip


@pytest.mark.parametrize(("sentence", "expected"), CLEAN.items(), ids=list(CLEAN))
def test_sentence_sets_exactly_these_knobs(sentence: str, expected: dict[str, object]) -> None:
    read = read_brief(sentence)
    assert read.not_understood == ()
    assert sorted(entry.address for entry in read.understood) == sorted(expected)
    for address in fields():
        wanted = expected.get(address, value_at(ShotSpec(), address))
        assert value_at(read.spec, address) == (pytest.approx(wanted, rel=1e-5) if isinstance(wanted, float) else wanted), address


LEFT_OVER = {
    "the building explodes with flames at 2 s": ("explodes with flames",),
    "un dragón sobrevuela la torre, mucho polvo": ("dragón sobrevuela",),
    "des zombies partout, sans poussière": ("zombies partout",),
    "wind 200 m/s": ("wind 200 m/s (dust.wind: give a number, 0 to 20 (m/s))",),
    "at 1 s, no, at 2 s": ("at 1 s (trigger.time is said again: at 2 s)", "no"),
    "not progressive": ("not progressive",),
}


@pytest.mark.parametrize(("sentence", "expected"), LEFT_OVER.items(), ids=list(LEFT_OVER))
def test_what_is_not_understood_is_listed(sentence: str, expected: tuple[str, ...]) -> None:
    assert read_brief(sentence).not_understood == expected


@pytest.mark.parametrize(
    ("sentence", "language"),
    [("heavy dust from the third floor", "en"), ("mucho polvo desde la tercera planta", "es"), ("beaucoup de poussière", "fr"), ("", "en")],
)
def test_language(sentence: str, language: str) -> None:
    assert read_brief(sentence).language == language


def test_negated_manner_goes_back_to_the_default() -> None:
    base = read_brief("slowly").spec
    assert base.collapse.speed == 0.5
    assert read_brief("not slowly", base).spec.collapse.speed == 1.0
    assert read_brief("pas lentement", base).spec.collapse.speed == 1.0


def test_a_brief_changes_only_what_it_says_of_its_base() -> None:
    base = read_brief("six storeys, at frame 1020, pancaking, wind 5 m/s").spec
    spec = read_brief("only the left half, dust rolling to the left, at 2 s", base).spec
    assert (spec.building.storeys, spec.collapse.mode, spec.collapse.part, spec.dust.wind) == (6, "pancake", "left", 5.0)
    assert (spec.trigger.time, spec.trigger.frame) == (2.0, None)
