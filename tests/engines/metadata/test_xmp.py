"""XMP: steps come back as they were told, places and rights are told apart, damage does no harm."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.metadata import xmp
from tests.search import examples

PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Other"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
 exif:GPSLatitude="43,11N" photoshop:City="Potes" lr:weightedFlatSubject="peak &amp; valley">
<exif:GPSLongitude>4,48W</exif:GPSLongitude>
<dc:creator><rdf:Seq><rdf:li>A. Painter</rdf:li></rdf:Seq></dc:creator>
<dc:subject><rdf:Bag><rdf:li>mountain &lt;high&gt;</rdf:li></rdf:Bag></dc:subject>
<xmpMM:History><rdf:Seq><rdf:li stEvt:action="created" stEvt:softwareAgent="Other"/></rdf:Seq></xmpMM:History>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()
STEPS = [
    {"kind": "upscale", "name": "Upscale with Fast ×2", "model": "fast-x2", "strength": 0.5},
    {"kind": "translate", "to": "night", "seed": 7},
]
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("packet", [None, PACKET])
def test_steps_come_back_and_the_rest_stays(packet: bytes | None) -> None:
    told = xmp.with_steps(packet, STEPS)
    assert told is not None and xmp.steps_of(told) == tuple(STEPS)
    text = told.decode()
    assert text.count("stEvt:softwareAgent>Duskroom<") == 2 and "resized" in text and "filtered" in text
    if packet:
        for words in ("peak &amp; valley", "mountain &lt;high&gt;", "43,11N", "created", 'x:xmptk="Other"'):
            assert words in text


def test_telling_steps_again_replaces_them() -> None:
    once = xmp.with_steps(PACKET, STEPS)
    again = xmp.with_steps(once, STEPS[:1])
    assert again is not None and xmp.steps_of(again) == (STEPS[0],)
    assert again.count(b"softwareAgent>Duskroom<") == 1
    assert xmp.with_steps(once, STEPS) == once
    assert xmp.steps_of(xmp.with_steps(once, [])) == ()


@examples(40)
@given(st.lists(st.dictionaries(WORDS, JSON, max_size=3), min_size=1, max_size=3))
def test_any_json_comes_back(steps: list[dict]) -> None:
    assert list(xmp.steps_of(xmp.with_steps(PACKET, steps))) == steps


def test_without_place_nothing_tells_where_and_all_else_stays() -> None:
    told = xmp.without_place(PACKET)
    assert told is not None
    for words in (b"GPS", b"43,11", b"4,48W", b"Potes"):
        assert words not in told
    for words in (b"A. Painter", b"mountain", b"peak &amp; valley", b"created"):
        assert words in told
    assert xmp.without_place(told) is told  # nothing to take away: the very same bytes


def test_of_ownership_only_that_is_left() -> None:
    told = xmp.only_ownership(PACKET)
    assert told is not None and b"A. Painter" in told
    for words in (b"GPS", b"Potes", b"mountain", b"peak", b"created"):
        assert words not in told
    ElementTree.fromstring(told)
    assert xmp.only_ownership(xmp.with_steps(None, STEPS)) is None


@pytest.mark.parametrize(
    "damaged", [b"<x:xmpmeta", b"no xml at all", b"\xff\xfe\x00", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"]
)
def test_damage_is_neither_read_nor_made_worse(damaged: bytes) -> None:
    assert xmp.steps_of(damaged) == ()
    assert xmp.with_steps(damaged, STEPS) == damaged
    assert xmp.without_place(damaged) is None and xmp.only_ownership(damaged) is None
