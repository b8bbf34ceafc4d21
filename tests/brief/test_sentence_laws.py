"""Laws of reading a brief: any text is safe, order doesn't matter, nothing is dropped, numbers and units come back."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from derrumbe.brief import read_brief
from derrumbe.brief.numbers import number_at, quantity_at
from derrumbe.brief.reader import LANGUAGES, all_stops, neutral, vocabulary
from derrumbe.brief.tokens import plain, tokens_of

CLAUSES = {
    "en": (
        "the left half falls", "pancaking", "from the third floor", "at 1.5 s", "slowly", "lots of dust", "rolling to the right",
        "six storeys", "18 m tall", "brick walls", "overcast sky", "seed 7", "no debris", "camera shake", "wind of 3 m/s",
    ),
    "es": (
        "la mitad izquierda cae", "en tortitas", "desde la tercera planta", "a los 1,5 s", "lentamente", "mucho polvo",
        "rodando hacia la derecha", "seis plantas", "18 m de alto", "muros de ladrillo", "cielo nublado", "semilla 7", "sin escombros",
        "cámara temblorosa", "viento de 3 m/s",
    ),
    "fr": (
        "la moitié gauche tombe", "en accordéon", "depuis le troisième étage", "à 1,5 s", "lentement", "beaucoup de poussière",
        "roulant vers la droite", "six étages", "18 m de haut", "murs en brique", "ciel couvert", "graine 7", "sans débris",
        "tremblement de caméra", "vent de 3 m/s",
    ),
}  # fmt: skip


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_order_of_clauses_does_not_matter(data) -> None:
    code = data.draw(st.sampled_from(sorted(CLAUSES)))
    chosen = data.draw(st.permutations(CLAUSES[code]))[: data.draw(st.integers(1, 15))]
    here, there = read_brief(", ".join(chosen)), read_brief("; ".join(sorted(chosen)))
    assert here.not_understood == there.not_understood == ()
    assert here.spec == there.spec
    assert here.language == code or len(chosen) < 3


def test_languages_mean_the_same() -> None:
    specs = [read_brief(", ".join(clauses)).spec for clauses in CLAUSES.values()]
    assert specs[0] == specs[1] == specs[2]
    assert specs[0].collapse.part == "left"


WORDS = sorted({word for clauses in CLAUSES.values() for clause in clauses for word in clause.split()})


@given(
    st.one_of(
        st.text(max_size=60), st.lists(st.sampled_from([*WORDS, ",", "no", "sin", "pas", "and", "5", "x9"]), max_size=12).map(" ".join)
    )
)
@example("sin 0 planta")  # a knob without a default number, negated
@example("no slow 0 slow")  # negated, then said
@settings(max_examples=120, deadline=None)
def test_any_text_is_read_and_nothing_is_dropped(text: str) -> None:
    read = read_brief(text)
    tokens = tokens_of(text)
    language = vocabulary(read.language)
    told = {word.norm for entry in (*(u.phrase for u in read.understood), *read.not_understood) for word in tokens_of(entry)}
    silent = neutral(tokens, language)
    for index, token in enumerate(tokens):
        if token.kind != "mark" and index not in silent and token.norm not in all_stops():
            assert token.norm in told, (token, read)


@given(st.decimals(0, 19, places=2), st.sampled_from([("at {} s", "en"), ("a los {} s", "es"), ("à {} s", "fr")]))
@settings(max_examples=30, deadline=None)
def test_decimal_commas_and_points_mean_the_same(value, sentence) -> None:
    text = f"{value:.2f}"
    for written in (text, text.replace(".", ",")):
        assert read_brief(sentence[0].format(written)).spec.trigger.time == pytest.approx(float(value))


@given(st.floats(0.01, 900), st.sampled_from(["metres", "seconds", "mps"]), st.sampled_from(sorted(LANGUAGES)), st.randoms())
@settings(max_examples=60, deadline=None)
def test_every_unit_converts(value: float, kind: str, code: str, rng: random.Random) -> None:
    language = vocabulary(code)
    unit, factor = rng.choice(sorted(language.units[kind].items()))
    found = quantity_at(tokens_of(f"{value:.6f} {' '.join(unit)}"), 0, language, kind)
    assert found is not None
    assert found[0] == pytest.approx(round(value, 6) * factor)


SPOKEN = {
    "en": {"seven": 7, "twenty-five": 25, "one hundred and twenty": 120, "two thousand": 2000, "nine hundred and ninety nine": 999},
    "es": {"siete": 7, "veinticinco": 25, "treinta y cinco": 35, "ciento veinte": 120, "dos mil": 2000, "novecientos noventa y nueve": 999},
    "fr": {
        "sept": 7, "vingt et un": 21, "soixante-dix": 70, "soixante et onze": 71, "quatre-vingts": 80, "quatre-vingt-dix-sept": 97,
        "cent vingt": 120, "deux cent dix": 210, "deux mille": 2000,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "text", "value"), [(code, text, value) for code, table in SPOKEN.items() for text, value in table.items()]
)
def test_numbers_in_words(code: str, text: str, value: int) -> None:
    tokens = tokens_of(text)
    assert number_at(tokens, 0, vocabulary(code)) == (value, len(tokens))


def test_two_numbers_side_by_side_are_not_one() -> None:
    assert number_at(tokens_of("two three"), 0, vocabulary("en")) == (2, 1)


@given(st.text(max_size=40))
def test_tokens_stand_where_they_say(text: str) -> None:
    for token in tokens_of(text):
        assert token.kind in ("number", "hex", "mark") or plain(text[token.start : token.end]) == token.norm or token.norm in "°%×"
