"""Fine-tunes a pruned network with PyTorch, taught by the network it was pruned from; started by tools/finetune.

The student is an ONNX file that `espalier` wrote (pruned, or only simplified), the teacher the original. Every output
of the student learns the teacher's: scores of classes by the divergence of both softened distributions (Hinton,
Vinyals and Dean 2015), anything else by the squared error over the teacher's variance. Where labels are given, the
cross-entropy with them is added. What comes out is ONNX again, which `espalier compile` takes.
"""

import argparse
import copy
import os
import pathlib
import sys
import tempfile
import warnings

import numpy as np

warnings.filterwarnings("ignore", category=FutureWarning)
warnings.filterwarnings("ignore", category=DeprecationWarning)
# It warns of its own code; check_conversion looks at what it made.
warnings.filterwarnings("ignore", module="onnx2torch")
try:
    import onnx
    import onnx.reference
    import onnx2torch
    import torch
    from tqdm import tqdm

    from finetune_frames import Frames, Refused, held_back
except ImportError as error:
    sys.exit(f"finetune: {error.name} is missing; pip install -r tools/requirements-finetune.txt")

OPSET = 17


# --- Networks -----------------------------------------------------------------------------------------------


class Network:
    """An ONNX file as a PyTorch module of one input."""

    def __init__(self, path, shape=None):
        try:
            self.file = onnx.load(str(path))
        except Exception as error:
            raise Refused(f"'{path}' cannot be read as ONNX: {error}") from error
        constants = {tensor.name for tensor in self.file.graph.initializer}
        inputs = [value for value in self.file.graph.input if value.name not in constants]
        if len(inputs) != 1:
            raise Refused(f"'{path}' has {len(inputs)} inputs; networks of one input can be fine-tuned")
        self.input = inputs[0].name
        self.outputs = [value.name for value in self.file.graph.output]
        extents = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim]
        self.shape = tuple(extents) if all(extents) else shape
        if self.shape is None:
            raise Refused(f"the input of '{path}' has an open shape {extents}; 'espalier export --shape' fixes it")
        makers = {name: node.op_type for node in self.file.graph.node for name in node.output}
        self.gives_probabilities = [makers.get(name) == "Softmax" for name in self.outputs]
        try:
            # Batch normalization that is left keeps its statistics, as it does in the packed file.
            self.module = onnx2torch.convert(self.file).eval()
        except (NotImplementedError, KeyError, ValueError) as error:
            raise Refused(f"'{path}': onnx2torch cannot convert it: {error}") from error

    def __call__(self, frames):
        """The outputs of frames `[count, …]`, a tuple."""
        results = self.module(frames)
        return tuple(results) if isinstance(results, (list, tuple)) else (results,)


def check_conversion(network, path, frame):
    """Holds the module against ONNX's own definition of the file, on one frame."""
    expected = onnx.reference.ReferenceEvaluator(network.file).run(None, {network.input: frame.numpy()})
    with torch.no_grad():
        found = [output.numpy() for output in network(frame)]
    for name, ours, theirs in zip(network.outputs, found, expected, strict=True):
        if ours.shape != theirs.shape or np.abs(ours - theirs).max() > 1e-3 * max(np.abs(theirs).max(), 1e-6):
            raise Refused(f"'{path}': what onnx2torch made of it gives another '{name}' than ONNX defines")


def takes_batches(network, frames):
    """Whether several frames at once give what each gives alone: shapes in the file may be those of one frame."""
    with torch.no_grad():
        try:
            together = network(frames[:2])
        except (RuntimeError, ValueError, IndexError):
            return False
        alone = [network(frames[index : index + 1]) for index in range(2)]
    for index, found in enumerate(together):
        expected = torch.cat([outputs[index] for outputs in alone])
        if found.shape != expected.shape or not torch.allclose(found, expected, rtol=1e-3, atol=1e-4):
            return False
    return True


def outputs_of(network, frames, batched):
    if batched or len(frames) == 1:
        return network(frames)
    rows = [network(frames[index : index + 1]) for index in range(len(frames))]
    return tuple(torch.cat(parts) for parts in zip(*rows))


# --- Losses -------------------------------------------------------------------------------------------------


def is_scores(output):
    """Whether an output is one score for each of several classes."""
    return output.dim() == 2 and output.shape[1] > 1


def logits(output, is_probability):
    return torch.log(output.clamp_min(1e-12)) if is_probability else output


def soft_loss(student, teacher, temperature):
    """T² · KL(teacher ‖ student), both softened by T: its gradient does not shrink with T."""
    wanted = torch.log_softmax(teacher / temperature, 1)
    found = torch.log_softmax(student / temperature, 1)
    return temperature**2 * torch.nn.functional.kl_div(found, wanted, log_target=True, reduction="batchmean")


def loss_of(student, teacher, labels, kinds, options):
    """Soft and hard loss of a batch, weighted."""
    total = 0.0
    for found, wanted, is_probability in zip(student, teacher, kinds):
        if not is_scores(wanted):
            total = total + (found - wanted).pow(2).mean() / wanted.var().clamp_min(1e-12)
            continue
        found, wanted = logits(found, is_probability), logits(wanted, is_probability)
        soft = soft_loss(found, wanted, options.temperature)
        if labels is None:
            total = total + soft
        else:
            hard = torch.nn.functional.cross_entropy(found, labels)
            total = total + (1 - options.hard) * soft + options.hard * hard
    return total


class Judgement:
    """How near the student is to its teacher on frames that it does not learn from."""

    def __init__(self, loss, agreement, accuracy):
        self.loss, self.agreement, self.accuracy = loss, agreement, accuracy

    def __str__(self):
        parts = [f"loss {self.loss:.4f}"]
        if self.agreement is not None:
            parts.append(f"top-1 as the teacher's {100 * self.agreement:.2f} %")
        if self.accuracy is not None:
            parts.append(f"top-1 right {100 * self.accuracy:.2f} %")
        return ", ".join(parts)


# --- Learning -----------------------------------------------------------------------------------------------


class Learner:
    def __init__(self, student, teacher, frames, options):
        self.student, self.teacher, self.frames, self.options = student, teacher, frames, options
        first = frames[range(2)]
        for network, path in ((student, options.student), (teacher, options.teacher)):
            check_conversion(network, path, first[:1])
        shapes = [[tuple(output.shape) for output in network(first[:1])] for network in (student, teacher)]
        if shapes[0] != shapes[1]:
            raise Refused(
                f"'{options.student}' gives {shapes[0]}, but '{options.teacher}' {shapes[1]}; the teacher is the "
                "network that was pruned")
        self.batched = takes_batches(student, first) and takes_batches(teacher, first)
        if not self.batched:
            print("finetune: the network takes one frame at a time; batches are added up frame by frame")
        self.held = held_back(len(frames), options.hold_back)
        self.learning = sorted(set(range(len(frames))) - set(self.held))
        if not self.learning or not self.held:
            raise Refused(f"--hold-back {options.hold_back} of {len(frames)} frames leaves none to learn or judge by")
        self.random = np.random.default_rng(options.seed)

    def _losses(self, indices):
        """Loss, outputs of student and teacher, and labels of some frames."""
        frames = self.frames[indices]
        labels = None if self.frames.labels is None else self.frames.labels[list(indices)]
        with torch.no_grad():
            taught = outputs_of(self.teacher, frames, self.batched)
        found = outputs_of(self.student, frames, self.batched)
        loss = loss_of(found, taught, labels, self.student.gives_probabilities, self.options)
        return loss, found, taught, labels

    def judge(self):
        total, agreeing, right = 0.0, 0, 0
        scores = labels = None
        with torch.no_grad():
            for start in range(0, len(self.held), self.options.batch):
                indices = self.held[start : start + self.options.batch]
                loss, found, taught, labels = self._losses(indices)
                total += loss.item() * len(indices)
                scores = next((place for place, output in enumerate(taught) if is_scores(output)), None)
                if scores is not None:
                    best = found[scores].argmax(1)
                    agreeing += int((best == taught[scores].argmax(1)).sum())
                    right += 0 if labels is None else int((best == labels).sum())
        count = len(self.held)
        known = scores is not None
        return Judgement(
            total / count, agreeing / count if known else None,
            right / count if known and labels is not None else None)

    def learn(self):
        """Leaves the student with the weights of the epoch whose loss on held-back frames is least."""
        options, module = self.options, self.student.module
        weights = [weight for weight in module.parameters() if weight.is_floating_point()]
        for weight in weights:
            weight.requires_grad_(True)
        optimizer = torch.optim.Adam(weights, lr=options.learning_rate)
        steps = -(-len(self.learning) // options.batch)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs * steps)
        before = best = self.judge()
        kept, waited = copy.deepcopy(module.state_dict()), 0
        print(f"before: {before}")
        for epoch in range(1, options.epochs + 1):
            order = self.random.permutation(self.learning)
            bar = tqdm(range(steps), desc=f"epoch {epoch} of {options.epochs}", unit="batch", leave=False)
            for step in bar:
                loss, *_ = self._losses(order[step * options.batch : (step + 1) * options.batch])
                if not torch.isfinite(loss):
                    raise Refused(f"the loss became {loss.item()} in epoch {epoch}; give a lower --learning-rate")
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                bar.set_postfix(loss=f"{loss.item():.4f}")
            now = self.judge()
            print(f"epoch {epoch}: {now}", flush=True)
            if now.loss < best.loss:
                best, kept, waited = now, copy.deepcopy(module.state_dict()), 0
            elif (waited := waited + 1) == options.patience:
                print(f"finetune: no better for {waited} epochs")
                break
        module.load_state_dict(kept)
        print(f"after:  {best}")


# --- Out ----------------------------------------------------------------------------------------------------


def export(student, path, options):
    """Writes the student as ONNX, whole or not at all, with what the pruned file says about itself."""
    folder = pathlib.Path(path).resolve().parent
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        fresh = pathlib.Path(scratch) / "model.onnx"
        for weight in student.module.parameters():
            weight.requires_grad_(False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                student.module, (torch.zeros(student.shape),), str(fresh), opset_version=OPSET,
                input_names=[student.input], output_names=student.outputs, dynamo=False)
        written = onnx.load(str(fresh))
        onnx.helper.set_model_props(
            written, {entry.key: entry.value for entry in student.file.metadata_props} | {
                "espalier.finetune": f"epochs {options.epochs}, seed {options.seed}, "
                f"temperature {options.temperature:g}, learning rate {options.learning_rate:g}"})
        onnx.checker.check_model(written, full_check=True)
        onnx.save(written, str(fresh))
        os.replace(fresh, path)


def arguments():
    parser = argparse.ArgumentParser(
        prog="finetune", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("student", metavar="PRUNED.onnx", help="what learns; written by espalier")
    parser.add_argument("teacher", metavar="ORIGINAL.onnx", help="what it was pruned from")
    parser.add_argument("-o", "--output", required=True, metavar="OUT.onnx")
    parser.add_argument("--data", required=True, metavar="DIR|FILE.npy",
                        help="pictures, in folders too, or frames as the network takes them [count, …]")
    parser.add_argument("--labels", metavar="FILE.csv|folders",
                        help="picture and class number in each line (classes alone beside .npy), or folders as "
                        "classes; without labels the teacher is all there is")
    parser.add_argument("--mean", type=numbers, default=[0.0], metavar="M|R,G,B", help="taken off every pixel (0)")
    parser.add_argument("--scale", type=numbers, default=[1.0], metavar="S|R,G,B", help="pixels are divided by it (1)")
    parser.add_argument("--layout", choices=("rgb", "bgr"), default="rgb")
    parser.add_argument("--epochs", type=positive(int), default=10)
    parser.add_argument("--batch", type=positive(int), default=64)
    parser.add_argument("--learning-rate", type=positive(float), default=1e-3, help="of Adam, falling to 0 (0.001)")
    parser.add_argument("--temperature", type=positive(float), default=4.0, help="of the soft loss (4)")
    parser.add_argument("--hard", type=share, default=0.3, help="weight of the loss by labels, 0 to 1 (0.3)")
    parser.add_argument("--hold-back", type=share, default=0.1,
                        help="share of the frames, in runs of neighbors, that decides which epoch is kept (0.1)")
    parser.add_argument("--patience", type=positive(int), default=5, help="epochs without progress before it ends")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=positive(int), default=os.cpu_count())
    return parser.parse_args()


def numbers(text):
    values = [float(part) for part in text.split(",")]
    if len(values) not in (1, 3):
        raise argparse.ArgumentTypeError(f"must be one number or three, not '{text}'")
    return values


def positive(kind):
    def parse(text):
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"must be above 0, not {text}")
        return value

    return parse


def share(text):
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 0 and below 1, not {text}")
    return value


def main():
    options = arguments()
    torch.manual_seed(options.seed)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(options.threads)
    try:
        folder = pathlib.Path(options.output).resolve().parent
        if not os.access(folder, os.W_OK):
            raise Refused(f"'{options.output}' cannot be written: '{folder}' is no folder, or not yours to write")
        student = Network(options.student)
        teacher = Network(options.teacher, student.shape)
        if (student.input, student.outputs) != (teacher.input, teacher.outputs):
            raise Refused(
                f"'{options.student}' maps {student.input} to {student.outputs}, but '{options.teacher}' maps "
                f"{teacher.input} to {teacher.outputs}; the teacher is the network that was pruned")
        if student.shape[0] != 1:
            raise Refused(f"'{options.student}' takes {student.shape[0]} frames at once; export it with a batch of 1")
        learner = Learner(student, teacher, Frames(options, student.shape), options)
        learner.learn()
        export(student, options.output, options)
    except Refused as problem:
        sys.exit(f"finetune: {problem}")
    print(f"{options.output}: 'espalier compile' takes it")


main()
