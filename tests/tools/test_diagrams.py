"""The generated diagrams are up to date, and no text in them overlaps another or leaves the picture."""

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest

from operations.settings.environment import REPOSITORY
from tools.diagrams import (
    API_CALL,
    DIAGRAMS,
    FOLDER,
    REVOCATION,
    ROTATION,
    TOKEN_REQUEST,
    Label,
    SequenceDiagram,
)


def overlap(one: Label, other: Label) -> bool:
    left, top, right, bottom = one.box
    other_left, other_top, other_right, other_bottom = other.box
    return left < other_right and other_left < right and top < other_bottom and other_top < bottom


@pytest.mark.parametrize("name", DIAGRAMS)
def test_no_text_overlaps_another_or_leaves_the_picture(name: str) -> None:
    canvas, document = DIAGRAMS[name]()
    root = ElementTree.fromstring(document)  # noqa: S314 - ours
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert len(canvas.labels) > 5
    for label in canvas.labels:
        left, top, right, bottom = label.box
        assert 0 <= left < right <= width, label.lines
        assert 0 <= top < bottom <= height, label.lines
    for one, other in combinations(canvas.labels, 2):
        assert not overlap(one, other), (one.lines, other.lines)


def test_labels_at_the_same_place_overlap() -> None:
    assert overlap(Label(50, 50, ("rotation",)), Label(60, 55, ("revocation",)))
    assert not overlap(Label(50, 50, ("rotation",)), Label(50, 90, ("revocation",)))


def test_every_diagram_is_shown_on_a_page_and_readable_in_dark_mode() -> None:
    shown = {
        name
        for page in FOLDER.parent.glob("*.md")
        for name in re.findall(r"\]\(diagrams/([a-z-]+)\.svg\)", page.read_text())
    }
    assert shown == set(DIAGRAMS) == {file.stem for file in FOLDER.glob("*.svg")}
    for file in FOLDER.glob("*.svg"):
        assert "prefers-color-scheme: dark" in file.read_text()


@pytest.mark.parametrize(
    "diagram", [TOKEN_REQUEST, API_CALL, ROTATION, REVOCATION], ids=lambda each: each.title
)
def test_every_folder_that_a_diagram_names_exists(diagram: SequenceDiagram) -> None:
    named = ", ".join(diagram.participants.values()).split(", ")
    folders = [name for name in named if re.fullmatch(r"[a-z_]+(/[a-z_]+)*", name)]
    assert folders
    for folder in folders:
        assert (REPOSITORY / folder).is_dir(), folder
