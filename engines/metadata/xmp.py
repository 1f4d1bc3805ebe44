"""XMP packets read and written: what they say of places and of rights, and the neural steps that made a picture.

The steps are JSON in a property of our own, `duskroom:steps`, and events of the standard `xmpMM:History`, so that other
programs show them too. No time is written: the same picture gives the same bytes at any second.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

NAMESPACE = "urn:duskroom:xmp:1:"
AGENT = "Duskroom"

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META = "adobe:ns:meta/"
_MM = "http://ns.adobe.com/xap/1.0/mm/"
_EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
_XML = "http://www.w3.org/XML/1998/namespace"
_DC = "http://purl.org/dc/elements/1.1/"
_RIGHTS = "http://ns.adobe.com/xap/1.0/rights/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_IPTC = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
_IPTC_MORE = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"

_PREFIXES = {
    _RDF: "rdf", _META: "x", _MM: "xmpMM", _EVENT: "stEvt", _DC: "dc", _RIGHTS: "xmpRights", NAMESPACE: "duskroom",
}  # fmt: skip

_STEPS = f"{{{NAMESPACE}}}steps"
_HISTORY = f"{{{_MM}}}History"
_DESCRIPTION, _SEQ, _LI, _ABOUT = (f"{{{_RDF}}}{name}" for name in ("Description", "Seq", "li", "about"))

_PLACES = (
    *(f"{{{_PHOTOSHOP}}}{name}" for name in ("City", "State", "Country")),
    *(f"{{{_IPTC}}}{name}" for name in ("Location", "CountryCode")),
    *(f"{{{_IPTC_MORE}}}{name}" for name in ("LocationCreated", "LocationShown")),
)
_OWNERSHIP = (f"{{{_DC}}}rights", f"{{{_DC}}}creator", f"{{{_PHOTOSHOP}}}Credit")

# What stEvt:action calls a step, by its kind; the standard's list is open, and programs know these.
_ACTIONS = {"upscale": "resized", "resize": "resized", "crop": "cropped"}


def steps_of(xmp: bytes | None) -> tuple[dict[str, Any], ...]:
    """The recipe: the steps that made the picture, in order, as they were given to `with_steps`; () where none are told."""
    root = _parsed(xmp)
    if root is None:
        return ()
    for description in root.iter(_DESCRIPTION):
        element = description.find(_STEPS)
        text = description.get(_STEPS) or (element.text if element is not None else None)
        if text:
            try:
                found: Any = json.loads(text)
            except (ValueError, RecursionError):
                return ()
            if isinstance(found, list):
                listed = cast("list[Any]", found)
                return tuple(cast("dict[str, Any]", step) for step in listed if isinstance(step, dict))
    return ()


def with_steps(xmp: bytes | None, steps: Sequence[Mapping[str, Any]]) -> bytes | None:
    """The packet, or a new one, that tells exactly these `steps`, objects of plain JSON.

    A step's `kind` and `name`, where it has them, also name its event in the history. A packet that cannot be read is
    given back as it is. Raises `TypeError` for what is not JSON.
    """
    root = _parsed(xmp)
    if root is None and xmp:
        return xmp
    if not steps and not steps_of(xmp):
        return xmp
    prefixes = _prefixes(xmp) if xmp else {}
    if root is None:
        root = Element(f"{{{_META}}}xmpmeta")
    _remove(root, lambda name: name == _STEPS)
    for history in root.iter(_HISTORY):
        for sequence in history:
            for event in [event for event in sequence if _tells(event, "softwareAgent") == AGENT]:
                sequence.remove(event)
    if steps:
        rdf = root if root.tag == f"{{{_RDF}}}RDF" else root.find(f"{{{_RDF}}}RDF")
        if rdf is None:
            rdf = ElementTree.SubElement(root, f"{{{_RDF}}}RDF")
        description = rdf.find(_DESCRIPTION)
        if description is None:
            description = ElementTree.SubElement(rdf, _DESCRIPTION, {_ABOUT: ""})
        text = ElementTree.SubElement(description, _STEPS)
        text.text = json.dumps([dict(step) for step in steps], ensure_ascii=False, separators=(",", ":"))
        sequence = next((one for history in root.iter(_HISTORY) for one in history if one.tag == _SEQ), None)
        if sequence is None:
            sequence = ElementTree.SubElement(ElementTree.SubElement(description, _HISTORY), _SEQ)
        for step in steps:
            kind, name = str(step.get("kind", "")), str(step.get("name", "") or step.get("kind", ""))
            event = {"action": _ACTIONS.get(kind, "filtered"), "softwareAgent": AGENT, "parameters": name}
            item = ElementTree.SubElement(sequence, _LI, {f"{{{_RDF}}}parseType": "Resource"})
            for key, value in event.items():
                ElementTree.SubElement(item, f"{{{_EVENT}}}{key}").text = value
    return _packet(root, prefixes)


def without_place(xmp: bytes | None) -> bytes | None:
    """The packet without coordinates, names of places and regions; None for one that cannot be read, hence not vouched for."""
    root = _parsed(xmp)
    if root is None or not xmp:
        return None

    def tells_place(name: str) -> bool:
        return name in _PLACES or name.startswith(f"{{{_EXIF}}}GPS")

    if not any(tells_place(name) for element in root.iter() for name in (element.tag, *element.attrib)):
        return xmp
    _remove(root, tells_place)
    return _packet(root, _prefixes(xmp))


def only_ownership(xmp: bytes | None) -> bytes | None:
    """What the packet says of the author and of rights, and nothing else; None where it says nothing of them."""
    root = _parsed(xmp)
    if root is None or not xmp:
        return None

    def is_ownership(name: str) -> bool:
        return name in _OWNERSHIP or name.startswith(f"{{{_RIGHTS}}}")

    kept = Element(_DESCRIPTION, {_ABOUT: ""})
    for description in root.iter(_DESCRIPTION):
        kept.extend(element for element in description if is_ownership(element.tag))
        kept.attrib.update({name: value for name, value in description.attrib.items() if is_ownership(name)})
    if len(kept) == 0 and len(kept.attrib) == 1:
        return None
    packet = Element(f"{{{_META}}}xmpmeta")
    ElementTree.SubElement(packet, f"{{{_RDF}}}RDF").append(kept)
    return _packet(packet, _prefixes(xmp))


def _parsed(xmp: bytes | None) -> Element | None:
    """The packet's root; None where there is none or it is damaged. A document type, which XMP never has, is refused."""
    if not xmp or b"<!DOCTYPE" in xmp or b"<!ENTITY" in xmp:
        return None
    try:
        return ElementTree.fromstring(xmp.strip(b"\0 \r\n\t"))
    except (ElementTree.ParseError, ValueError, LookupError):
        return None


def _prefixes(xmp: bytes) -> dict[str, str]:
    """The packet's own namespaces and prefixes."""
    stream = io.BytesIO(xmp.strip(b"\0 \r\n\t"))
    pairs = (cast("tuple[str, str]", pair) for _, pair in ElementTree.iterparse(stream, events=("start-ns",)))
    return {uri: prefix for prefix, uri in pairs if prefix}


def _tells(element: Element, key: str) -> str | None:
    """A field of an event, however it is written: as an attribute, an element, or inside a description."""
    name = f"{{{_EVENT}}}{key}"
    for part in element.iter():
        if part.tag == name:
            return part.text
        if name in part.attrib:
            return part.attrib[name]
    return None


def _remove(root: Element, is_unwanted: Callable[[str], bool]) -> None:
    for element in list(root.iter()):
        for child in [child for child in element if is_unwanted(child.tag)]:
            element.remove(child)
        for name in [name for name in element.attrib if is_unwanted(name)]:
            del element.attrib[name]


def _packet(root: Element, prefixes: Mapping[str, str]) -> bytes:
    """The packet as bytes, every namespace declared at its root."""
    from xml.sax.saxutils import quoteattr  # brings urllib along, which a window need not wait for

    chosen: dict[str, str] = {_XML: "xml"}
    for element in root.iter():
        for name in (element.tag, *element.attrib):
            uri = name[1:].partition("}")[0] if name.startswith("{") else ""
            if uri and uri not in chosen:
                prefix = prefixes.get(uri) or _PREFIXES.get(uri) or f"n{len(chosen)}"
                chosen[uri] = prefix if prefix not in chosen.values() else f"n{len(chosen)}"
    out: list[str] = []
    spaces = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for uri, prefix in chosen.items() if uri != _XML)
    _write(out, root, chosen, spaces)
    text = f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{"".join(out)}<?xpacket end="w"?>'
    return text.encode("utf-8")


def _write(out: list[str], element: Element, chosen: Mapping[str, str], spaces: str = "") -> None:
    from xml.sax.saxutils import escape, quoteattr

    def named(name: str) -> str:
        uri, _, local = name[1:].partition("}") if name.startswith("{") else ("", "", name)
        return f"{chosen[uri]}:{local}" if uri else local

    attributes = "".join(f" {named(name)}={quoteattr(value)}" for name, value in element.attrib.items())
    out.append(f"<{named(element.tag)}{spaces}{attributes}>{escape(element.text or '')}")
    for child in element:
        _write(out, child, chosen)
        out.append(escape(child.tail or ""))
    out.append(f"</{named(element.tag)}>")
