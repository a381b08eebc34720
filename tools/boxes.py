"""From the outputs of the detectors in ../shared/assets to boxes, and how two sets of boxes agree."""

import functools

import numpy as np

import preprocessing

# Boxes with lower scores are not drawn.
LEAST_SCORE = 0.3
# Of two boxes of one class that overlap more, the likelier stays.
OVERLAP = 0.45


def sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -50, 50)))


def overlaps(box, others):
    """Intersection over union of corners [4] with [N, 4]."""
    corner = np.maximum(box[:2], others[:, :2])
    sides = np.clip(np.minimum(box[2:], others[:, 2:]) - corner, 0, None)
    both = sides[:, 0] * sides[:, 1]
    areas = [(b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1]) for b in (box, others)]
    return both / np.maximum(areas[0] + areas[1] - both, 1e-9)


def drawn(corners, scores):
    """Boxes as rows (class, x0, y0, x1, y1), the likeliest first: scores [N, classes]."""
    index, kind = np.nonzero(scores > LEAST_SCORE)
    order = np.argsort(-scores[index, kind], kind="stable")
    rows = np.column_stack([kind[order], corners[index[order]]])
    kept = []
    for row in rows:
        rivals = np.array([other[1:] for other in kept if other[0] == row[0]])
        if len(rivals) == 0 or overlaps(row[1:], rivals).max() <= OVERLAP:
            kept.append(row)
    return np.array(kept).reshape(-1, 5)


def around(center, sides):
    return np.concatenate([center - sides / 2, center + sides / 2], 1)


def yolox(outputs):
    (cells,) = outputs.values()
    grid, steps = [], []
    for step in (8, 16, 32):
        y, x = np.mgrid[: 416 // step, : 416 // step]
        grid.append(np.column_stack([x.ravel(), y.ravel()]))
        steps.append(np.full((grid[-1].shape[0], 1), step))
    grid, steps = np.concatenate(grid), np.concatenate(steps)
    corners = around((cells[:, :2] + grid) * steps, np.exp(cells[:, 2:4]) * steps)
    return drawn(corners, cells[:, 4:5] * cells[:, 5:])


def fastestdet(outputs):
    (planes,) = outputs.values()
    rows, columns = planes.shape[1:]
    cells = planes.reshape(len(planes), -1).T
    y, x = np.mgrid[:rows, :columns]
    center = (np.tanh(cells[:, 1:3]) + np.column_stack([x.ravel(), y.ravel()])) / [columns, rows]
    return drawn(around(center, sigmoid(cells[:, 3:5])), cells[:, :1] ** 0.6 * cells[:, 5:] ** 0.4)


@functools.cache
def priors():
    stored = np.load(preprocessing.MODELS / "vehicle_detection_adas_0002_priors.npy")
    return stored[0, 0].reshape(-1, 4), stored[0, 1].reshape(-1, 4)


def vehicles(outputs):
    boxes, variances = priors()
    places, scores = sorted(outputs.values(), key=np.size, reverse=True)
    places, scores = places.reshape(-1, 4), scores.reshape(-1, 2)
    sides = boxes[:, 2:] - boxes[:, :2]
    center = variances[:, :2] * places[:, :2] * sides + (boxes[:, :2] + boxes[:, 2:]) / 2
    return drawn(around(center, np.exp(variances[:, 2:] * places[:, 2:]) * sides), scores[:, 1:])


def matches(boxes, expected):
    """How many boxes have a partner of their class that they overlap by half or more; each partner serves once."""
    free = list(expected)
    found = 0
    for box in boxes:
        rivals = [other for other in free if other[0] == box[0]]
        if not rivals:
            continue
        shares = overlaps(box[1:], np.array([other[1:] for other in rivals]))
        if shares.max() >= 0.5:
            best = rivals[int(shares.argmax())]
            free = [other for other in free if other is not best]
            found += 1
    return found
