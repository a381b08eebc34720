"""The frames that tools/finetune.py learns from, their labels, and which of them are held back."""

import csv
import pathlib

import numpy as np
import torch
from PIL import Image

PICTURES = (".jpg", ".jpeg", ".png")


class Refused(Exception):
    """Something that the user gave cannot be used; the text says what, and what to do."""


class Frames:
    """Frames in a fixed order, and the class of each where labels are given."""

    def __init__(self, options, shape):
        self._options, self._shape = options, tuple(shape[1:])
        self._frames, self._paths = None, []
        data = pathlib.Path(options.data)
        if data.is_dir():
            self._paths = sorted(path for path in data.rglob("*") if path.suffix.lower() in PICTURES)
            if len(shape) != 4 or shape[1] not in (1, 3):
                raise Refused(f"the input has shape {shape}, which pictures do not fill; give --data FILE.npy")
        elif data.suffix == ".npy" and data.exists():
            self._frames = np.load(data, mmap_mode="r")
            if self._frames.shape[1:] != self._shape:
                raise Refused(f"'{data}' holds {self._frames.shape[1:]} a frame, but the network takes {self._shape}")
        else:
            raise Refused(f"'{data}' is neither a folder of pictures nor a .npy file")
        if len(self) < 2:
            raise Refused(f"'{data}' holds {len(self)} frames; at least 2 are needed, some hundreds make sense")
        self.labels = self._read_labels(data)

    def __len__(self):
        return len(self._paths) if self._frames is None else len(self._frames)

    def __getitem__(self, indices):
        rows = [self._picture(self._paths[index]) if self._frames is None else self._frames[index]
                for index in indices]
        return torch.from_numpy(np.stack(rows).astype(np.float32))

    def _picture(self, path):
        channels, height, width = self._shape
        try:
            picture = Image.open(path).convert("RGB" if channels == 3 else "L")
        except OSError as error:
            raise Refused(f"'{path}' is no picture: {error}") from error
        pixels = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32)
        pixels = pixels.reshape(height, width, channels)
        if self._options.layout == "bgr":
            pixels = pixels[..., ::-1]
        mean, scale = np.float32(self._options.mean), np.float32(self._options.scale)
        return ((pixels - mean) / scale).transpose(2, 0, 1)

    def _read_labels(self, data):
        source = self._options.labels
        if source is None:
            return None
        if source == "folders":
            names = [path.parent.name for path in self._paths]
            if not names:
                raise Refused("--labels folders needs a folder of folders whose names are classes")
            if all(name.isdigit() for name in names):
                return torch.tensor([int(name) for name in names])
            places = {name: place for place, name in enumerate(sorted(set(names)))}
            return torch.tensor([places[name] for name in names])
        return self._table(source, data)

    def _table(self, source, data):
        try:
            with open(source, newline="") as file:
                rows = [row for row in csv.reader(file) if row]
        except OSError as error:
            raise Refused(f"'{source}' cannot be read: {error.strerror}") from error
        if rows and not rows[0][-1].strip().isdigit():
            rows = rows[1:]
        try:
            classes = [int(row[-1]) for row in rows]
        except ValueError as error:
            raise Refused(f"'{source}': the last column must be the number of a class: {error}") from error
        if self._frames is not None:
            if len(classes) != len(self):
                raise Refused(f"'{source}' has {len(classes)} classes for the {len(self)} frames in '{data}'")
            return torch.tensor(classes)
        known = {row[0]: number for row, number in zip(rows, classes)}
        names = [path.relative_to(data).as_posix() for path in self._paths]
        missing = [name for name in names if name not in known]
        if missing:
            raise Refused(f"'{source}' says nothing of {len(missing)} pictures, '{missing[0]}' among them")
        return torch.tensor([known[name] for name in names])


def held_back(count, part, runs=20):
    """The ends of equal runs of the list: neighbors in a drive look alike, and folders of classes follow each other."""
    runs = max(1, min(runs, round(part * count)))
    bounds = [count * run // runs for run in range(runs + 1)]
    return [index for first, end in zip(bounds, bounds[1:]) for index in range(end - round(part * (end - first)), end)]
