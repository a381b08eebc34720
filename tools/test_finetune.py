"""Tests of tools/finetune.py and tools/finetune_frames.py; started by tools/test-finetune."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
import onnx.reference
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import finetune_frames

ROOT = pathlib.Path(__file__).parents[1]
FINETUNE = ROOT / "tools/finetune.py"
SIGNS = ROOT / "models/gtsrb_resnet14.onnx"
ESPALIER = os.environ["ESPALIER"]


def network(path, channels=64, classes=4, seed=0, output="scores", batch=1):
    """3x3 convolution, ReLU, mean over the picture, one score a class: of pictures [1, 3, 16, 16]."""
    random = np.random.default_rng(seed)
    weights = {
        "w": random.normal(0, 0.3, (channels, 3, 3, 3)),
        "b": random.normal(0, 0.1, channels),
        "v": random.normal(0, 0.5, (classes, channels)),
        "c": np.zeros(classes),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["conv"], "conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["conv"], ["relu"], "relu"),
        helper.make_node("GlobalAveragePool", ["relu"], ["mean"], "mean"),
        helper.make_node("Flatten", ["mean"], ["flat"], "flat"),
        helper.make_node("Gemm", ["flat", "v", "c"], [output], "gemm", transB=1),
    ]
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 3, 16, 16])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, classes])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"espalier.note": "kept"})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def answers(path, frames):
    session = onnx.reference.ReferenceEvaluator(str(path))
    return np.concatenate([session.run(None, {session.input_names[0]: frame[None]})[0] for frame in frames])


def finetune(*arguments):
    command = [sys.executable, str(FINETUNE), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)


class Folder(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def frames(self, count=200, seed=1):
        """Smooth pictures of some colors, as a network might have been trained on."""
        random = np.random.default_rng(seed)
        coarse = random.normal(0, 1, (count, 3, 2, 2))
        rows = np.repeat(np.repeat(coarse, 8, 2), 8, 3) + random.normal(0, 0.3, (count, 3, 16, 16))
        np.save(self.folder / "frames.npy", rows.astype(np.float32))
        return self.folder / "frames.npy", rows.astype(np.float32)


class HeldBack(unittest.TestCase):
    def test_is_the_share_asked_for(self):
        for count, part in ((1000, 0.1), (367, 0.2), (40, 0.5)):
            self.assertAlmostEqual(len(finetune_frames.held_back(count, part)) / count, part, delta=0.03)

    def test_is_made_of_runs_of_neighbors_at_the_ends_of_equal_parts(self):
        self.assertEqual(finetune_frames.held_back(20, 0.1), [9, 19])
        self.assertEqual(finetune_frames.held_back(100, 0.02), [49, 99])

    def test_names_no_frame_twice(self):
        held = finetune_frames.held_back(997, 0.3)
        self.assertEqual(len(set(held)), len(held))
        self.assertLess(max(held), 997)


class Reading(Folder):
    def options(self, **changes):
        return argparse.Namespace(**({
            "data": str(self.folder), "labels": None, "layout": "rgb", "mean": [0.0], "scale": [1.0]} | changes))

    def pictures(self, names=("b.png", "a.png", "c.jpg")):
        for place, name in enumerate(names):
            (self.folder / name).parent.mkdir(exist_ok=True)
            Image.new("RGB", (4, 4), (10 * place, 20, 30)).save(self.folder / name, quality=100)

    def test_pictures_come_in_the_order_of_their_names_normalized_and_in_planes(self):
        self.pictures()
        frames = finetune_frames.Frames(self.options(mean=[0.0, 20.0, 20.0], scale=[5.0, 1.0, 2.0]), (1, 3, 4, 4))
        found = frames[[0, 1]].numpy()
        self.assertEqual(found.shape, (2, 3, 4, 4))
        np.testing.assert_allclose(found[:, :, 0, 0], [[2, 0, 5], [0, 0, 5]])

    def test_bgr_turns_the_planes_round(self):
        self.pictures()
        frames = finetune_frames.Frames(self.options(layout="bgr"), (1, 3, 4, 4))
        np.testing.assert_allclose(frames[[0]].numpy()[0, :, 0, 0], [30, 20, 10])

    def test_labels_of_a_table_are_found_by_file_names(self):
        self.pictures()
        (self.folder / "l.csv").write_text("file,class\nc.jpg,7\na.png,3\nb.png,5\n")
        frames = finetune_frames.Frames(self.options(labels=str(self.folder / "l.csv")), (1, 3, 4, 4))
        self.assertEqual(frames.labels.tolist(), [3, 5, 7])

    def test_folders_are_classes_by_number_or_in_order_of_their_names(self):
        self.pictures(("7/x.png", "10/y.png"))
        frames = finetune_frames.Frames(self.options(labels="folders"), (1, 3, 4, 4))
        self.assertEqual(frames.labels.tolist(), [10, 7])
        (self.folder / "7").rename(self.folder / "seven")
        frames = finetune_frames.Frames(self.options(labels="folders"), (1, 3, 4, 4))
        self.assertEqual(frames.labels.tolist(), [0, 1])

    def test_what_cannot_be_used_is_refused_with_a_sentence(self):
        self.pictures()
        path, _ = self.frames()
        (self.folder / "few.csv").write_text("a.png,3\n")
        (self.folder / "words.csv").write_text("a.png,3\nb.png,stop\nc.jpg,1\n")
        (self.folder / "empty").mkdir()
        for shape, changes, sentence in (
            ((1, 3, 4, 4), dict(labels=str(self.folder / "few.csv")), "says nothing of 2 pictures, 'b.png' among"),
            ((1, 3, 4, 4), dict(labels=str(self.folder / "words.csv")), "must be the number of a class"),
            ((1, 3, 4, 4), dict(labels=str(self.folder / "none.csv")), "cannot be read"),
            ((1, 3, 4, 4), dict(data=str(self.folder / "empty")), "holds 0 frames"),
            ((1, 3, 4, 4), dict(data=str(self.folder / "nothing")), "neither a folder of pictures nor"),
            ((1, 12), dict(), "which pictures do not fill"),
            ((1, 3, 9, 9), dict(data=str(path)), "holds (3, 16, 16) a frame, but the network takes (3, 9, 9)"),
            ((1, 3, 16, 16), dict(data=str(path), labels=str(self.folder / "few.csv")), "for the 200 frames"),
        ):
            with self.subTest(sentence), self.assertRaises(finetune_frames.Refused) as refusal:
                finetune_frames.Frames(self.options(**changes), shape)
            self.assertIn(sentence, str(refusal.exception))


class Learning(Folder):
    def pair(self):
        """A network and the same with half of its filters, by espalier."""
        network(self.folder / "original.onnx")
        data, frames = self.frames()
        compiled = subprocess.run(
            [ESPALIER, "compile", "original.onnx", "--calibrate", "frames.npy", "--precision", "fp32", "--prune",
             "0.5", "--no-recover", "--save-onnx", "pruned.onnx", "-o", "pruned.espalier"],
            cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(compiled.returncode, 0, compiled.stderr)
        return self.folder / "pruned.onnx", self.folder / "original.onnx", data, frames

    def test_brings_the_student_nearer_to_its_teacher_and_writes_what_compiles(self):
        student, teacher, data, frames = self.pair()
        tuned = self.folder / "tuned.onnx"
        run = finetune(student, teacher, "--data", data, "--epochs", 20, "--batch", 16, "--learning-rate", 0.01,
                       "-o", tuned)
        self.assertEqual(run.returncode, 0, run.stderr)
        onnx.checker.check_model(onnx.load(str(tuned)), full_check=True)
        _, others = self.frames(seed=2)
        wanted = answers(teacher, others)
        distance = [np.square(answers(path, others) - wanted).mean() for path in (student, tuned)]
        self.assertLess(distance[1], 0.5 * distance[0])
        properties = {entry.key: entry.value for entry in onnx.load(str(tuned)).metadata_props}
        self.assertIn("epochs 20, seed 0", properties["espalier.finetune"])
        kept = {entry.key: entry.value for entry in onnx.load(str(student)).metadata_props}
        self.assertTrue(kept and kept.items() <= properties.items())
        compiled = subprocess.run(
            [ESPALIER, "compile", str(tuned), "-o", str(self.folder / "tuned.espalier")], capture_output=True,
            text=True, check=False)
        self.assertEqual(compiled.returncode, 0, compiled.stderr)
        compared = subprocess.run(
            [ESPALIER, "compare", str(tuned), str(self.folder / "tuned.espalier"), "--frames", str(data)],
            capture_output=True, text=True, check=False)
        self.assertEqual(compared.returncode, 0, compared.stdout + compared.stderr)

    def test_same_seed_same_file(self):
        student, teacher, data, _ = self.pair()
        for name, seed in (("a", 3), ("b", 3), ("c", 4)):
            run = finetune(student, teacher, "--data", data, "--epochs", 2, "--seed", seed, "-o",
                           self.folder / f"{name}.onnx")
            self.assertEqual(run.returncode, 0, run.stderr)
        written = [(self.folder / f"{name}.onnx").read_bytes() for name in "abc"]
        self.assertEqual(written[0], written[1])
        self.assertNotEqual(written[0], written[2])

    def test_labels_count_where_they_are_given(self):
        student, teacher, data, frames = self.pair()
        # Classes that the teacher never names: only labels can tell of them.
        wrong = (answers(teacher, frames).argmax(1) + 1) % 4
        (self.folder / "labels.csv").write_text("".join(f"{number}\n" for number in wrong))
        tuned = self.folder / "tuned.onnx"
        run = finetune(student, teacher, "--data", data, "--labels", self.folder / "labels.csv", "--hard", 0.99,
                       "--epochs", 30, "--batch", 16, "--learning-rate", 0.02, "-o", tuned)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("top-1 right", run.stdout)
        right = [(answers(path, frames).argmax(1) == wrong).mean() for path in (student, tuned)]
        self.assertGreater(right[1], right[0] + 0.3)

    def test_signs_pruned_to_half_agree_more_with_the_original_afterwards(self):
        pictures = ROOT / "models/pictures"
        student, tuned = self.folder / "pruned.onnx", self.folder / "tuned.onnx"
        normal = ["--mean", "127.5", "--scale", "127.5"]
        compiled = subprocess.run(
            [ESPALIER, "compile", str(SIGNS), "--shape", "input=1x3x32x32", *normal, "--calibrate", str(pictures),
             "--precision", "fp32", "--prune", "0.5", "--no-recover", "--save-onnx", str(student), "-o",
             str(self.folder / "p.espalier")], capture_output=True, text=True, check=False)
        self.assertEqual(compiled.returncode, 0, compiled.stderr)
        run = finetune(student, SIGNS, "--data", pictures, *normal, "--epochs", 20, "--batch", 3, "--hold-back", 0.3,
                       "--learning-rate", 0.0002, "--patience", 20, "-o", tuned)
        self.assertEqual(run.returncode, 0, run.stderr)
        losses = [float(line.split("loss ")[1].split(",")[0]) for line in run.stdout.splitlines()
                  if line.startswith(("before", "after"))]
        self.assertEqual(len(losses), 2, run.stdout)
        self.assertLess(losses[1], losses[0])


class Refusing(Folder):
    def refused(self, sentence, *arguments):
        output = self.folder / "out.onnx"
        run = finetune(*arguments, "-o", output)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertIn(sentence, run.stderr)
        self.assertNotIn("Traceback", run.stderr)
        self.assertFalse(output.exists())

    def test_says_what_does_not_fit(self):
        data, _ = self.frames()
        one, other = self.folder / "one.onnx", self.folder / "other.onnx"
        network(one)
        network(other, output="classes")
        self.refused("the teacher is the network that was pruned", one, other, "--data", data)
        network(other, classes=5)
        self.refused("the teacher is the network that was pruned", one, other, "--data", data)
        network(other, batch=2)
        self.refused("export it with a batch of 1", other, other, "--data", data)
        other.write_bytes(b"no model")
        self.refused("cannot be read as ONNX", one, other, "--data", data)
        self.refused("leaves none to learn or judge by", one, one, "--data", data, "--hold-back", 0)

    def test_keeps_what_stood_at_the_output_when_it_fails(self):
        data, _ = self.frames()
        network(self.folder / "one.onnx")
        output = self.folder / "out.onnx"
        output.write_bytes(b"mine")
        run = finetune(self.folder / "one.onnx", self.folder / "one.onnx", "--data", data, "--learning-rate", 1e30,
                       "--epochs", 3, "-o", output)
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn("give a lower --learning-rate", run.stderr)
        self.assertEqual(output.read_bytes(), b"mine")

    def test_wrong_numbers_are_wrong_usage(self):
        for arguments in (["--epochs", "0"], ["--hard", "1.5"], ["--mean", "1,2"], ["--learning-rate", "-1"]):
            run = finetune("a.onnx", "b.onnx", "--data", ".", "-o", "c.onnx", *arguments)
            self.assertEqual(run.returncode, 2, run.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
