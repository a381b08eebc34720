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


def text_detector(path):
    scale = 255 * np.float32([0.229, 0.224, 0.225])
    return frame(stretched(path, 640, 640, False), 255 * np.float32([0.485, 0.456, 0.406]), scale)


# Model (without .onnx): pictures (a folder, or a file of records) and how one becomes a frame.
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
    "ppocrv4_det_dynamic": ("driving_frames", text_detector),
    "ppocr_cls_dynamic": ("driving_frames", lambda path: frame(stretched(path, 192, 48, False), **HALF)),
}


def frames(model, count):
    """The first `count` frames of a model's pictures, [count, ...]."""
    source, prepare = FRAMES[model]
    path = DATA / source
    if path.is_dir():
        pictures = sorted(p for p in path.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))[:count]
    else:
        pictures = records(path)[0][:count]
    return np.concatenate([prepare(picture) for picture in pictures])
