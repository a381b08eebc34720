"""Renders the traffic signs in models/pictures and keeps those that the network gets right.

    tools/python tools/make_pictures.py

Everything is drawn here from circles, polygons and letters: no photograph and no picture of anybody else's is
used. A sign is drawn at eight times its size, turned, lit and put before a background of sky, trees or houses,
then scaled to 64x64 pixels. The seeds are fixed, so the same versions of the packages give the same pictures.
"""

import hashlib
import math
import pathlib

import cv2
import numpy as np
import onnxruntime
from PIL import Image, ImageDraw, ImageFilter, ImageFont

root = pathlib.Path(__file__).parents[1]
folder = root / "models/pictures"
SIZE = 512
RED, BLUE, WHITE, BLACK, YELLOW = (190, 25, 35), (20, 80, 165), (240, 240, 238), (25, 25, 28), (245, 185, 25)


def polygon(corners, radius, turn):
    middle = SIZE / 2
    steps = [2 * math.pi * (i / corners) + turn for i in range(corners)]
    return [(middle + radius * math.sin(a), middle - radius * math.cos(a)) for a in steps]


def disc(draw, radius, color):
    middle = SIZE / 2
    draw.ellipse([middle - radius, middle - radius, middle + radius, middle + radius], fill=color)


def text(draw, words, size, color, shift=0):
    font = ImageFont.load_default(size)
    middle = SIZE / 2
    for x in (-6, 0, 6):
        draw.text((middle + x, middle + shift), words, font=font, fill=color, anchor="mm", stroke_width=6)


def limit(words):
    def paint(draw):
        disc(draw, 225, RED)
        disc(draw, 170, WHITE)
        text(draw, words, 220 if len(words) < 3 else 165, BLACK)
    return paint


def stop(draw):
    draw.polygon(polygon(8, 230, math.pi / 8), fill=WHITE)
    draw.polygon(polygon(8, 218, math.pi / 8), fill=RED)
    text(draw, "STOP", 135, WHITE)


def give_way(draw):
    draw.polygon([(26, 60), (486, 60), (256, 462)], fill=RED)
    draw.polygon([(108, 108), (404, 108), (256, 366)], fill=WHITE)


def priority_road(draw):
    draw.polygon(polygon(4, 240, 0), fill=WHITE)
    draw.polygon(polygon(4, 222, 0), fill=BLACK)
    draw.polygon(polygon(4, 214, 0), fill=WHITE)
    draw.polygon(polygon(4, 165, 0), fill=YELLOW)


def no_entry(draw):
    disc(draw, 225, WHITE)
    disc(draw, 215, RED)
    draw.rectangle([95, 218, 417, 294], fill=WHITE)


def closed(draw):
    disc(draw, 225, RED)
    disc(draw, 168, WHITE)


def danger(draw):
    draw.polygon([(26, 452), (486, 452), (256, 50)], fill=RED)
    draw.polygon([(106, 405), (406, 405), (256, 144)], fill=WHITE)
    draw.polygon([(236, 220), (276, 220), (268, 325), (244, 325)], fill=BLACK)
    draw.ellipse([236, 342, 276, 382], fill=BLACK)


def straight_on(draw):
    disc(draw, 225, WHITE)
    disc(draw, 215, BLUE)
    draw.rectangle([230, 200, 282, 420], fill=WHITE)
    draw.polygon([(256, 85), (360, 235), (152, 235)], fill=WHITE)


def pass_right(draw):
    disc(draw, 225, WHITE)
    disc(draw, 215, BLUE)
    draw.line([(155, 150), (330, 325)], fill=WHITE, width=52)
    draw.polygon([(395, 392), (385, 240), (245, 382)], fill=WHITE)


def turn_right(draw):
    disc(draw, 225, WHITE)
    disc(draw, 215, BLUE)
    draw.line([(190, 400), (190, 260), (330, 260)], fill=WHITE, width=50, joint="curve")
    draw.polygon([(425, 260), (310, 165), (310, 355)], fill=WHITE)


SIGNS = [
    ("limit-30", 1, limit("30")), ("limit-70", 4, limit("70")), ("limit-80", 5, limit("80")),
    ("limit-100", 7, limit("100")), ("priority-road", 12, priority_road), ("give-way", 13, give_way),
    ("stop", 14, stop), ("closed", 15, closed), ("no-entry", 17, no_entry), ("danger", 18, danger),
    ("turn-right", 33, turn_right), ("straight-on", 35, straight_on), ("pass-right", 38, pass_right),
]


def background(random):
    """A gradient of sky above leaves or walls, out of focus."""
    top, bottom = random.integers(120, 230, 3), random.integers(30, 130, 3)
    rows = np.linspace(0, 1, SIZE)[:, None, None]
    scene = np.broadcast_to(top * (1 - rows) + bottom * rows, (SIZE, SIZE, 3)).copy()
    grain = random.normal(0, 1, (16, 16, 3))
    scene += cv2.resize(grain, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) * random.uniform(10, 35)
    return Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(6))


def render(paint, seed):
    random = np.random.default_rng(seed)
    scene = background(random)
    sign = Image.new("RGBA", (SIZE, SIZE), (0, 0, 0, 0))
    paint(ImageDraw.Draw(sign))
    scale = random.uniform(0.72, 0.88)
    edge = int(SIZE * scale)
    sign = sign.rotate(random.uniform(-6, 6), Image.BICUBIC).resize((edge, edge), Image.LANCZOS)
    place = [int((SIZE - edge) / 2 + random.uniform(-14, 14)) for _ in "xy"]
    scene.paste(sign, place, sign)
    small = scene.resize((64, 64), Image.BOX).filter(ImageFilter.GaussianBlur(random.uniform(0.3, 0.7)))
    light = random.uniform(0.6, 1.0)
    pixels = np.asarray(small, np.float64) * light + random.normal(0, 3, (64, 64, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def probabilities(session, picture):
    frame = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    frame = (frame - np.float32(127.5)) / np.float32(127.5)
    logits = session.run(None, {"input": frame.transpose(2, 0, 1)[None]})[0][0].astype(np.float64)
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def main():
    folder.mkdir(parents=True, exist_ok=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(root / "models/gtsrb_resnet14.onnx"), options)
    for name, number, paint in SIGNS:
        for seed in range(40):
            picture = render(paint, number * 100 + seed)
            share = probabilities(session, picture)
            if share.argmax() == number and share[number] > 0.8:
                Image.fromarray(picture).save(folder / f"{name}.png", optimize=True)
                print(f"{name}.png: class {number}, {share[number] * 100:.0f} %, picture {seed + 1}")
                break
        else:
            print(f"{name}: the network never sees it; best guess {share.argmax()}")


main()
