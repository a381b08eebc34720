"""How pictures become inputs of the models in ../shared/assets, as that folder's PROVENANCE.md says."""

import csv
import os
import pathlib

import cv2
import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).parents[1]
ASSETS = pathlib.Path(os.environ.get("ESPALIER_ASSETS", ROOT / "../shared/assets")).resolve()
DATA = ASSETS / "data"
MODELS = ASSETS / "models"


def frame(pixels, mean=0.0, scale=1.0):
    """[H, W, 3] in the input's color order to [1, 3, H, W], (v - mean) / scale."""
    values = (np.asarray(pixels, np.float32) - np.float32(mean)) / np.float32(scale)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)


def stretched(path, width, height, rgb):
    picture = cv2.resize(cv2.imread(str(path)), (width, height), interpolation=cv2.INTER_LINEAR)
    return picture[..., ::-1] if rgb else picture


def letterboxed(path, edge):
    """Scaled to fit, at the top left of gray 114; BGR."""
    picture = cv2.imread(str(path))
    ratio = min(edge / picture.shape[0], edge / picture.shape[1])
    size = (int(picture.shape[1] * ratio), int(picture.shape[0] * ratio))
    canvas = np.full((edge, edge, 3), 114, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return canvas


def cropped(path, edge):
    """The short side scaled to edge / 0.875, then the middle; RGB."""
    image = Image.open(path).convert("RGB")
    ratio = round(edge / 0.875) / min(image.size)
    size = [max(edge, round(extent * ratio)) for extent in image.size]
    left, top = (size[0] - edge) // 2, (size[1] - edge) // 2
    box = (left, top, left + edge, top + edge)
    return np.asarray(image.resize(size, Image.BICUBIC).crop(box))


def records(path):
    """Pictures [N, 32, 32, 3] and labels of a file in the CIFAR-10 binary format."""
    rows = np.fromfile(path, np.uint8).reshape(-1, 3073)
    return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), rows[:, 0].astype(int)


def imagenet():
    """Paths and class numbers."""
    with open(DATA / "imagenet_samples.csv") as table:
        return [(DATA / "imagenet_samples" / row["file"], int(row["class_index"])) for row in csv.DictReader(table)]


CIFAR = dict(mean=255 * np.float32([0.485, 0.456, 0.406]), scale=255 * np.float32([0.229, 0.224, 0.225]))
HALF = dict(mean=127.5, scale=127.5)


def signs(picture):
    return frame(picture, **HALF)


def objects(picture):
    return frame(picture, **CIFAR)


def mobilenet(path):
    return frame(cropped(path, 224), 128, 128)


def efficientnet(path):
    return frame(cropped(path, 224), 127, 128)


def squeezenet(path):
    return frame(cropped(path, 227)[..., ::-1], [104, 117, 123])


def text_detector(path, width, height):
    return frame(stretched(path, width, height, False), **CIFAR)


# The text detector answers 1e-6 where nothing is written, and ONNX Runtime's Sigmoid is coarse there (steps of
# 3e-8), so it is judged by pictures that show writing: a bookshop, a cinema, an envelope, an odometer, a scoreboard, a
# web site, a crossword puzzle, a street sign, a book jacket, a menu.
WRITING = (454, 498, 549, 685, 781, 916, 918, 919, 921, 922)

# Model (without .onnx): where its pictures lie in data/ (a folder, a file of records, or class numbers of
# imagenet_samples) and how one becomes a frame. What stands behind @ tells cases of one model apart.
FRAMES = {
    "gtsrb_resnet14": ("gtsrb/test_32x32.bin", signs),
    "gtsrb_resnet14_bn": ("gtsrb/test_32x32.bin", signs),
    "cifar_resnet20": ("cifar10/test.bin", objects),
    "cifar_resnet20_bn": ("cifar10/test.bin", objects),
    "mobilenet_v2_224": ("imagenet_samples", mobilenet),
    "efficientnet_lite0_224": ("imagenet_samples", efficientnet),
    "squeezenet1_1_227": ("imagenet_samples", squeezenet),
    "yolox_nano_416": ("highway_det/images", lambda path: frame(letterboxed(path, 416))),
    "fastestdet_352": ("highway_det/images", lambda path: frame(stretched(path, 352, 352, False), 0, 255)),
    "vehicle_detection_adas_0002": (
        "highway_det/images", lambda path: frame(stretched(path, 672, 384, False))),
    "road_segmentation_adas_0001": (
        "camvid/images", lambda path: frame(stretched(path, 896, 512, False))),
    "twinlitenet_360x640": ("camvid/images", lambda path: frame(stretched(path, 640, 360, True), 0, 255)),
    "ultraface_rfb_320": ("faces", lambda path: frame(stretched(path, 320, 240, True), 127, 128)),
    "ppocrv4_det_dynamic": (WRITING, lambda path: text_detector(path, 640, 640)),
    "ppocrv4_det_dynamic@384x608": (WRITING, lambda path: text_detector(path, 608, 384)),
    "ppocrv4_det_dynamic@roads": ("driving_frames", lambda path: text_detector(path, 640, 640)),
    "ppocr_cls_dynamic": (WRITING, lambda path: frame(stretched(path, 192, 48, False), **HALF)),
}

# Cases whose last Sigmoid the reference computes exactly; see WRITING.
EXACT_SIGMOID = {"ppocrv4_det_dynamic@roads"}

# The classifiers: what is subtracted from the place of the greatest output to get the class.
CLASS_OFFSETS = {
    "gtsrb_resnet14": 0, "gtsrb_resnet14_bn": 0, "cifar_resnet20": 0, "cifar_resnet20_bn": 0,
    "mobilenet_v2_224": 1, "efficientnet_lite0_224": 0, "squeezenet1_1_227": 0,
}


def model(case):
    """The file of a case's model."""
    return MODELS / f"{case.split('@')[0]}.onnx"


def photographs(case, count=300):
    """Which pictures calibrate, so many drawn at random, and which judge: there are no others."""
    order = np.random.default_rng(1).permutation(len(Pictures(case)))
    return sorted(order[:count]), sorted(order[count:])


class Pictures:
    """The pictures of a case in a fixed order; a frame is made when it is asked for."""

    def __init__(self, case, source=None):
        """`source` stands in for the case's own pictures, for calibration."""
        usual, self._prepare = FRAMES[case]
        source = source or usual
        self.labels = None
        if isinstance(source, tuple):
            self._pictures = [path for path, number in imagenet() if number in source]
            self.names = [path.name for path in self._pictures]
        elif source == "imagenet_samples":
            self._pictures, self.labels = zip(*imagenet())
            self.names = [path.name for path in self._pictures]
        elif source.endswith(".bin"):
            self._pictures, self.labels = records(DATA / source)
            self.names = [f"{source}[{index}]" for index in range(len(self._pictures))]
        else:
            files = sorted((DATA / source).iterdir())
            self._pictures = [path for path in files if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
            self.names = [path.name for path in self._pictures]

    def __len__(self):
        return len(self._pictures)

    def frames(self, start, end):
        """Frames start..<end, [count, ...], float32."""
        return np.concatenate([self._prepare(picture) for picture in self._pictures[start:end]])
