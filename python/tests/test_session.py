"""The installed package against `espalier run`: ESPALIER names the command, PACKS the packs, divided by colons."""

import os
import pathlib
import subprocess
import tempfile
import threading
import unittest

import numpy as np

import espalier

PACKS = os.environ["PACKS"].split(":")
INPUT = "input"


def frames(count):
    random = np.random.default_rng(20261122)
    return random.standard_normal((count, 3, 32, 32), dtype=np.float32)


class SessionTests(unittest.TestCase):
    def test_gives_the_bits_of_the_command_line(self):
        stack = frames(5)
        for pack in PACKS:
            for threads in (1, 2):
                with self.subTest(pack=pack, threads=threads), tempfile.TemporaryDirectory() as folder:
                    np.save(f"{folder}/x.npy", stack)
                    command = [os.environ["ESPALIER"], "run", pack, "--input", f"{folder}/x.npy"]
                    subprocess.run(
                        [*command, "--threads", str(threads), "--output", f"{folder}/y.npz"],
                        check=True,
                        capture_output=True,
                    )
                    expected = np.load(f"{folder}/y.npz")
                    session = espalier.Session(pack, threads=threads)
                    for port in session.outputs:
                        found = np.concatenate([session.run(frame[None])[port.name] for frame in stack])
                        self.assertEqual(expected[port.name].dtype, found.dtype)
                        self.assertEqual(expected[port.name].tobytes(), found.tobytes())

    def test_describes_inputs_and_outputs(self):
        session = espalier.Session(PACKS[0])
        self.assertEqual([(p.name, p.shape, p.dtype) for p in session.inputs], [(INPUT, (1, 3, 32, 32), np.float32)])
        self.assertEqual(session.outputs[0].shape, (1, 43))
        self.assertIn(espalier.Session(PACKS[0], instruction_set="scalar").instruction_set, "scalar")

    def test_takes_inputs_by_name_or_in_turn_of_any_layout(self):
        session = espalier.Session(PACKS[0])
        (name,) = (port.name for port in session.outputs)
        frame = frames(1)
        expected = session.run(frame)[name]
        np.testing.assert_array_equal(session.run({INPUT: frame})[name], expected)
        transposed = np.asfortranarray(frame)
        np.testing.assert_array_equal(session.run(transposed)[name], expected)
        np.testing.assert_array_equal(session.run(frame.astype(np.float64))[name], expected)
        np.testing.assert_array_equal(session.run(frame[:, ::-1])[name], session.run(frame[:, ::-1].copy())[name])
        np.testing.assert_array_equal(session.run(frame.tolist())[name], expected)

    def test_says_what_became_of_a_frame_with_a_deadline(self):
        session = espalier.Session(PACKS[0])
        session.prepare()
        met = session.run_until(frames(1), deadline=60)
        self.assertEqual(met.outcome, espalier.Outcome.MET)
        self.assertTrue(met.has_outputs and met.model_seconds > 0)
        skipped = session.run_until(frames(1), deadline=0)
        self.assertEqual(skipped.outcome, espalier.Outcome.SKIPPED)
        self.assertFalse(skipped.has_outputs)
        cancelled = [session.run_until(frames(1), deadline=met.model_seconds / 4) for _ in range(20)]
        stopped = [v for v in cancelled if v.outcome is espalier.Outcome.CANCELLED]
        self.assertTrue(stopped and all(v.cancelled_at and v.outputs is None for v in stopped))
        counters = session.counters
        self.assertEqual(counters.frames, 22)
        self.assertEqual(counters.met + counters.late + counters.cancelled + counters.skipped, 22)

    def test_refuses_with_the_sentence_of_the_library(self):
        with self.assertRaisesRegex(espalier.UnreadableError, "No such file"):
            espalier.Session("/nowhere/at all.espalier")
        with self.assertRaisesRegex(espalier.InvalidModelError, "packed file"):
            espalier.Session(__file__)
        with self.assertRaisesRegex(ValueError, "256 threads"):
            espalier.Session(PACKS[0], threads=1000)
        session = espalier.Session(pathlib.Path(PACKS[0]))
        for wrong in (frames(2), np.zeros((1, 3, 32, 32), complex), {"other": frames(1)}):
            with self.assertRaises(ValueError):
                session.run(wrong)
        with self.assertRaisesRegex(ValueError, "1 inputs"):
            session.run(frames(1), frames(1))
        session.close()
        session.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            session.run(frames(1))

    def test_replays_golden_vectors(self):
        for pack in PACKS:
            session = espalier.Session(pack)
            self.assertEqual(session.verify(instruction_set="scalar"), 4)
            self.assertGreaterEqual(session.verify(threads=2), 1)
            with self.assertRaisesRegex(ValueError, "256 threads"):
                session.verify(threads=257)
            with self.assertRaisesRegex(ValueError, "instruction set"):
                session.verify(instruction_set="best")
            session.close()
            with self.assertRaisesRegex(ValueError, "closed"):
                session.verify()

    def test_refuses_a_second_thread_while_a_frame_is_run(self):
        session = espalier.Session(PACKS[0], instruction_set="scalar")
        refused, stop = [], threading.Event()

        def run():
            while not stop.is_set():
                try:
                    session.run(frames(1))
                except espalier.SessionInUseError as error:
                    refused.append(str(error))
                    stop.set()

        threads = [threading.Thread(target=run) for _ in range(2)]
        timer = threading.Timer(20, stop.set)
        timer.start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        timer.cancel()
        self.assertIn("one thread at a time", refused[0])


if __name__ == "__main__":
    unittest.main()
