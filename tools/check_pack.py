"""Runs a packed file through run_pack, a C program, and compares the outputs; needs nothing but Python itself.

    check_pack.py signs PACK COMMAND…           the pictures of models/ against models/gtsrb_resnet14.golden.npz
    check_pack.py same PACK COMMAND… -- OTHER…  a fixed pattern, by both commands: the same bits
    check_pack.py near PACK COMMAND… -- OTHER…  the same, but for sums in another order

COMMAND is run_pack with whatever it needs in front and its options; PACK, `-o` and the input are appended. One line
says what was found; exit status 1: something differs.
"""

import ast
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
# float32 sums in another order than ONNX Runtime's.
TOLERANCE = 1e-4


def golden():
    """`logits` `[13, 43]` of the .npz file, row by row."""
    with zipfile.ZipFile(ROOT / "models/gtsrb_resnet14.golden.npz") as archive:
        data = archive.read("logits.npy")
    start = 10 + struct.unpack_from("<H", data, 8)[0]
    header = ast.literal_eval(data[10:start].decode())
    assert header["descr"] == "<f4" and not header["fortran_order"]
    rows, columns = header["shape"]
    values = struct.unpack_from(f"<{rows * columns}f", data, start)
    return [values[i * columns : (i + 1) * columns] for i in range(rows)]


def decode_png(path):
    """Width, height and the RGB bytes, row by row, of an 8-bit PNG without interlacing.

    Source: PNG specification, third edition, sections 9 and 11.
    """
    data = path.read_bytes()
    position, packed, width, height = 8, b"", 0, 0
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        content = data[position + 8 : position + 8 + length]
        position += 12 + length
        if kind == b"IHDR":
            width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", content)
            assert (depth, color, interlaced) == (8, 2, 0), f"{path.name}: not plain 8-bit RGB"
        packed += content if kind == b"IDAT" else b""
    lines, rows, above = zlib.decompress(packed), [], bytearray(width * 3)
    for y in range(height):
        start = y * (width * 3 + 1)
        above = unfilter(lines[start], bytearray(lines[start + 1 : start + 1 + width * 3]), above)
        rows.append(above)
    return width, height, b"".join(rows)


def unfilter(kind, line, above):
    for i in range(len(line)):
        left = line[i - 3] if i >= 3 else 0
        up, corner = above[i], above[i - 3] if i >= 3 else 0
        nearest = min((left, up, corner), key=lambda v: abs(left + up - corner - v))
        line[i] = (line[i] + [0, left, up, (left + up) // 2, nearest][kind]) & 255
    return line


def frame(path):
    """`[1, 3, 32, 32]`: a 64x64 picture halved by the mean of 2x2 bytes, `(v - 127.5) / 127.5`."""
    width, height, pixels = decode_png(path)
    assert (width, height) == (64, 64)
    values = []
    for c in range(3):
        for y in range(32):
            for x in range(32):
                corner = (2 * y * 64 + 2 * x) * 3 + c
                total = sum(pixels[corner + step] for step in (0, 3, 64 * 3, 64 * 3 + 3))
                values.append(((total + 2) // 4 - 127.5) / 127.5)
    return struct.pack(f"<{len(values)}f", *values)


def run(command, pack, folder, frame_bytes=None):
    """Each output's bytes."""
    for old in folder.glob("*.raw"):
        old.unlink()
    arguments = [*command, pack, "-o", f"{folder}/output"]
    if frame_bytes is not None:
        (folder / "frame.raw").write_bytes(frame_bytes)
        arguments.append(f"{folder}/frame.raw")
    done = subprocess.run(arguments, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"check_pack: {' '.join(arguments)}: exit status {done.returncode}\n{done.stderr}")
    outputs = sorted(folder.glob("output*.raw"), key=lambda path: int(path.stem[6:]))
    return [path.read_bytes() for path in outputs]


def floats(data):
    return struct.unpack(f"<{len(data) // 4}f", data)


def signs(pack, command, folder):
    expected = golden()
    paths = sorted((ROOT / "models/pictures").glob("*.png"))
    assert len(paths) == len(expected)
    worst = 0.0
    for path, row in zip(paths, expected):
        found = floats(run(command, pack, folder, frame(path))[0])
        scale = max(map(abs, row))
        difference = max(abs(a - b) for a, b in zip(found, row)) / scale if len(found) == len(row) else 1.0
        worst = max(worst, difference)
        if not difference <= TOLERANCE or found.index(max(found)) != row.index(max(row)):
            sys.exit(f"check_pack: {path.name}: differs from the golden output by {difference:.2g} of its range")
    print(f"  {len(paths)} pictures agree with the golden outputs, at most {worst:.1e} of their range apart")


def same(pack, command, other, folder):
    one, two = run(command, pack, folder), run(other, pack, folder)
    count = sum(len(output) // 4 for output in one)
    if one != two:
        pairs = [(a, b) for x, y in zip(one, two) for a, b in zip(floats(x), floats(y))]
        worst = max(abs(a - b) for a, b in pairs)
        different = sum(a != b for a, b in pairs)
        sys.exit(f"check_pack: {pack}: {different} of {count} elements differ, at most by {worst:.2g}")
    print(f"  {pathlib.Path(pack).stem}: all {count} elements have the same bits")


def near(pack, command, other, folder):
    one, two = run(command, pack, folder), run(other, pack, folder)
    worst = 0.0
    for a, b in zip(map(floats, one), map(floats, two), strict=True):
        scale = max(map(abs, b))
        worst = max(worst, max(abs(x - y) for x, y in zip(a, b, strict=True)) / scale)
    if not worst <= TOLERANCE:
        sys.exit(f"check_pack: {pack}: outputs differ by {worst:.2g} of their range")
    print(f"  {pathlib.Path(pack).stem}: all elements agree, at most {worst:.1e} of their range apart")


def main():
    mode, pack, *command = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        if mode == "signs":
            signs(pack, command, pathlib.Path(folder))
        else:
            middle = command.index("--")
            compare = near if mode == "near" else same
            compare(pack, command[:middle], command[middle + 1 :], pathlib.Path(folder))


main()
