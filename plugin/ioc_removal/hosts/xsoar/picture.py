"""Pictures drawn from the pack's own data: a playbook from its tasks, a layout from its JSON."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from textwrap import wrap
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from .graph import DEFAULT, ERROR, HEIGHT, LEFT, NEXT, TOP, WIDTH, Placed

SIZE = 13
MARGIN = 40
INK, PAPER, LINE, PALE = "#1f2a37", "#ffffff", "#9aa5b1", "#f3f5f8"
FILLS = {"start": "#dff3e4", "title": "#e8ebef", "condition": "#fff4d6", "playbook": "#e3ecfb"}
WORDS = {NEXT: "", ERROR: "after an error", DEFAULT: "no"}  # of ways
LOOKS = {"warning": "#f6c453", "error": "#f1a9a0", "success": "#b7e1c1"}  # of buttons


def playbook_picture(placed: Sequence[Placed]) -> bytes:
    """Draw the tasks of a playbook and the ways between them."""
    right = max(one.x for one in placed) + WIDTH - LEFT + 2 * MARGIN
    bottom = max(one.y for one in placed) + HEIGHT - TOP + 2 * MARGIN
    image, draw = _canvas(right, bottom)
    at = {one.node.key: (one.x - LEFT + MARGIN, one.y - TOP + MARGIN) for one in placed}
    taken = [at[one.node.key] for one in placed]
    for one in placed:
        for key, labels in _ways(one.node.next).items():
            _way(draw, at[one.node.key], at[key], labels, taken)
    for one in placed:
        name = one.node.name or "Start"
        what = one.node.own.get("script") or one.node.own.get("scriptName") or ""
        _box(
            draw, at[one.node.key], name, what.removeprefix("|||"), FILLS.get(one.node.kind, PAPER)
        )
    return _png(image)


def layout_picture(layout: Mapping[str, Any], labels: Mapping[str, str]) -> bytes:
    """Draw the first tab of a layout that is our own; labels: of fields, by their id."""
    tab = next(one for one in layout["detailsV2"]["tabs"] if one["type"] == "custom")
    sections = tab["sections"]
    unit, tall = 380, 36
    columns = max(one["x"] + one["w"] for one in sections)
    heights: dict[int, int] = {}
    for one in sections:
        rows = 1 + max(1, len(one.get("items", ()))) + (3 if one.get("query") else 0)
        heights[one["y"]] = max(heights.get(one["y"], 0), rows * tall + 20)
    tops, top = {}, MARGIN + tall
    for y in sorted(heights):
        tops[y], top = top, top + heights[y] + 16
    image, draw = _canvas(columns * (unit + 16) + 2 * MARGIN, top + MARGIN)
    draw.text((MARGIN, MARGIN // 2), f"{layout['name']}: {tab['name']}", INK, _font(SIZE + 5))
    for one in sections:
        x, y = MARGIN + one["x"] * (unit + 16), tops[one["y"]]
        wide = one["w"] * (unit + 16) - 16
        draw.rounded_rectangle((x, y, x + wide, y + heights[one["y"]]), 6, PALE, LINE)
        draw.text((x + 14, y + 10), one["name"], INK, _font(SIZE + 2))
        for row, item in enumerate(one.get("items", ()), 1):
            _item(draw, (x + 14, y + 8 + row * tall, x + wide - 14), item, labels)
        if one.get("query"):
            draw.text((x + 14, y + 12 + tall), f"from {one['query']}", LINE, _font(SIZE))
    return _png(image)


def _item(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int, int],
    item: Mapping[str, Any],
    labels: Mapping[str, str],
) -> None:
    x, y, right = place
    if item["sectionItemType"] == "button":
        draw.rounded_rectangle((x, y, right, y + 28), 4, LOOKS[item["buttonClass"]])
        draw.text(((x + right) / 2, y + 14), item["name"], INK, _font(SIZE), anchor="mm")
    else:
        draw.text((x, y + 6), labels[item["fieldId"]], INK, _font(SIZE))
        draw.line((x + 210, y + 24, right, y + 24), LINE)


def _ways(following: Mapping[str, str]) -> dict[str, str]:
    """Return how the way to each task is labelled; the usual one needs no word."""
    labels: dict[str, list[str]] = {}
    for label, key in following.items():
        labels.setdefault(key, []).append(WORDS.get(label, label))
    return {key: " or ".join(filter(None, words)) for key, words in labels.items()}


def _way(
    draw: ImageDraw.ImageDraw,
    start: tuple[int, int],
    end: tuple[int, int],
    label: str,
    taken: Sequence[tuple[int, int]],
) -> None:
    """Draw a way between two tasks, beside those that lie in between."""
    x1, y1, x2, y2 = start[0] + WIDTH // 2, start[1] + HEIGHT, end[0] + WIDTH // 2, end[1]
    middle = y2 - 24
    between = [x for x, y in taken if start[1] < y < end[1] and abs(x + WIDTH // 2 - x1) < WIDTH]
    if between:
        sides = (min(between) - 18, max(between) + WIDTH + 18)
        side = min(sides, key=lambda x: abs(x - x1) + abs(x - x2))
        points = [(x1, y1), (x1, y1 + 24), (side, y1 + 24), (side, middle), (x2, middle), (x2, y2)]
        right = side >= x1
    else:
        points = [(x1, y1), (x1, middle), (x2, middle), (x2, y2)]
        right = x2 > x1
    draw.line(points, LINE, 2)
    draw.polygon([(x2 - 6, y2 - 9), (x2 + 6, y2 - 9), (x2, y2)], LINE)
    if label:
        at = (x1 + (12 if right else -12), y1 + 13)
        draw.text(at, label, INK, _font(SIZE), anchor="lm" if right else "rm")


def _box(
    draw: ImageDraw.ImageDraw, place: tuple[int, int], name: str, what: str, fill: str
) -> None:
    x, y = place
    draw.rounded_rectangle((x, y, x + WIDTH, y + HEIGHT), 8, fill, LINE, 2)
    lines = wrap(name, 52)[:2] + ([what] if what else [])
    top = y + HEIGHT // 2 - (len(lines) - 1) * 9
    for row, line in enumerate(lines):
        color = LINE if what and row == len(lines) - 1 else INK
        draw.text((x + WIDTH // 2, top + row * 18), line, color, _font(SIZE), anchor="mm")


def _canvas(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (width, height), PAPER)
    return image, ImageDraw.Draw(image)


def _font(size: int) -> Any:
    return ImageFont.load_default(size)


def _png(image: Image.Image) -> bytes:
    """Write few colours: the picture lies in the pack's zip."""
    written = BytesIO()
    image.quantize(64).save(written, "PNG", optimize=True)
    return written.getvalue()
