"""The strip of items in the static picture: inputs above their reconstructions."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ae_widgets.widgets._items import in_words, short_name, telling_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ae_widgets.data import Dataset
    from ae_widgets.session import Reconstructions

__all__ = ["font", "paste_items"]

INPUT, OUTPUT, FRAME = "#0072B2", "#D55E00", "#e4e4e8"
INK = "#424242"
GAP = 8
ROWS = (4, 2)  # features of a sparse item that it has, and that are added


def paste_items(
    image: Image.Image,
    area: tuple[int, ...],
    items: Reconstructions,
    dataset: Dataset,
) -> None:
    """Draw `items` into `area` (x0, y0, x1, y1) of `image`.

    Images show as an input above its reconstruction; profiles as two lines in
    one frame; sparse items as the names of a few features, with a bar for the input and a
    mark for its reconstruction.
    """
    x0, y0, x1, y1 = area
    is_image = dataset.is_image
    rows = 2 if is_image else 1
    height = (y1 - y0 - GAP * (rows - 1)) // rows
    width = height if is_image else 2 * height
    count = min(len(items.indices), (x1 - x0 + GAP) // (width + GAP))
    for i in range(count):
        left = x0 + i * (width + GAP)
        values = [items.inputs[i], items.outputs[i]]
        if is_image:
            for row, item in enumerate(values):
                tile = _image_tile(item, dataset, (width, height))
                image.paste(tile, (left, y0 + row * (height + GAP)))
            continue
        box = (left, y0, left + width, y0 + height)
        if in_words(dataset):
            _draw_telling(image, box, values, dataset.feature_names)
        else:
            _draw_profile(image, box, values, dataset.drawn_ranges)


def _image_tile(item: NDArray[np.float32], dataset: Dataset, size: tuple[int, int]) -> Image.Image:
    low, high = dataset.value_range
    # What is missing (NaN) is drawn like the smallest value.
    unit = np.nan_to_num(np.clip((item - low) / max(high - low, 1e-12), 0, 1))
    grey = (255 * unit).astype(np.uint8).reshape(dataset.item_shape or (1, -1))
    grey = grey[..., :3] if grey.ndim == 3 and grey.shape[-1] >= 3 else grey  # noqa: PLR2004
    if grey.ndim == 3 and grey.shape[-1] < 3:  # noqa: PLR2004  (one channel, or grey with alpha)
        grey = grey[..., 0]
    tile = Image.fromarray(np.ascontiguousarray(grey)).convert("RGB")
    tile.thumbnail(size) if max(tile.size) > max(size) else None
    scale = min(size[0] / tile.width, size[1] / tile.height)
    shape = (max(1, round(tile.width * scale)), max(1, round(tile.height * scale)))
    framed = Image.new("RGB", size, FRAME)
    tile = tile.resize(shape, Image.Resampling.NEAREST)
    framed.paste(tile, ((size[0] - shape[0]) // 2, (size[1] - shape[1]) // 2))
    return framed


def _draw_profile(
    image: Image.Image,
    box: tuple[int, int, int, int],
    values: list[NDArray[np.float32]],
    ranges: tuple[Any, Any],
) -> None:
    x0, y0, x1, y1 = box
    low, high = ranges
    pen = ImageDraw.Draw(image)
    pen.rectangle(box, outline=FRAME)
    for item, colour in zip(values, (INPUT, OUTPUT), strict=True):
        across = np.linspace(x0 + 6, x1 - 6, max(2, len(item)))
        unit = np.clip((item - low) / np.maximum(np.subtract(high, low), 1e-12), 0, 1)
        unit = np.repeat(unit, 2) if len(item) == 1 else unit
        for run in _runs(np.stack([across, y1 - 6 - unit * (y1 - y0 - 12)], axis=1)):
            pen.line([tuple(point) for point in run.tolist()], fill=colour, width=3)


def _runs(points: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the runs of `points` between those that are missing, a lone one as a dash."""
    known = np.isfinite(points[:, 1])
    starts = np.flatnonzero(np.diff(known)) + 1
    runs = [run for run in np.split(points, starts) if np.isfinite(run[0, 1])]
    return [run if len(run) > 1 else np.add(run, [[-2, 0], [2, 0]]) for run in runs]


def _draw_telling(
    image: Image.Image,
    box: tuple[int, int, int, int],
    values: list[NDArray[np.float32]],
    names: tuple[str, ...],
) -> None:
    x0, y0, x1, y1 = box
    shown = telling_features(*(np.asarray(row) for row in values))
    given, added = shown.features[: shown.n_given], shown.features[shown.n_given :]
    features = np.concatenate([given[: ROWS[0]], added[: ROWS[1]]])
    height = (y1 - y0 - 12) / sum(ROWS)
    start, end = x0 + 0.45 * (x1 - x0), x1 - 8
    drawn = np.maximum(np.nan_to_num([row[features] for row in values]), 0)  # (2, n_features)
    drawn /= drawn.max(initial=0) or 1.0
    pen = ImageDraw.Draw(image)
    pen.rectangle(box, outline=FRAME)
    for i, feature in enumerate(features):
        middle = y0 + 6 + (i + 0.5) * height
        name = short_name(str(names[feature]), 18)
        place = (start - 8, middle)
        pen.text(place, name, font=font(round(0.7 * height)), fill=INK, anchor="rm")
        bar, mark = start + (end - start) * drawn[:, i]
        pen.rectangle((start, middle - 0.25 * height, bar, middle + 0.25 * height), fill=INPUT)
        pen.line([(mark, middle - 0.4 * height), (mark, middle + 0.4 * height)], OUTPUT, 4)


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return a font with many scripts if the machine has it, else Pillow's own."""
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)
