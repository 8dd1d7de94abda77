"""The process of the PyTorch subject: answers the tasks of connection.mjs, one line of JSON each
way, and reads the clock next to the work. Numbers and cases are those of inputs.mjs."""

import json
import math
import sys
import time

import numpy as np
import torch
from torch import nn

torch.set_num_threads(1)
torch.set_num_interop_threads(1)

INPUT_SETS = 4
LABEL_SETS = 61
CHECKED_STEPS = 5


def hashed(count, seed):
    """The finaliser of MurmurHash3 over the index, as in inputs.mjs."""
    h = np.arange(count, dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def uniform(count, seed, low=-1.0, high=1.0):
    return (low + (high - low) * (hashed(count, seed) / 2.0**32)).astype(np.float32)


def checksum(matrix):
    rows, columns = matrix.shape
    left = uniform(rows, 3).astype(np.float64)
    right = uniform(columns, 4).astype(np.float64)
    return float(left @ matrix.astype(np.float64) @ right)


def gemm(work):
    m, k, n = work["m"], work["k"], work["n"]
    a = torch.from_numpy(uniform(m * k, 1)).reshape((k, m) if work["transposeA"] else (m, k))
    b = torch.from_numpy(uniform(k * n, 2)).reshape((n, k) if work["transposeB"] else (k, n))
    a = a.T if work["transposeA"] else a
    b = b.T if work["transposeB"] else b

    def run():
        with torch.inference_mode():
            return a @ b

    return run, {"checksum": checksum(run().numpy())}


FUNCTIONS = {
    "relu": torch.relu,
    "leakyRelu": lambda x: nn.functional.leaky_relu(x, 0.2),
    "relu6": nn.functional.relu6,
    "hardTanh": nn.functional.hardtanh,
    "hardSigmoid": nn.functional.hardsigmoid,
    "hardSilu": nn.functional.hardswish,
    "softShrink": nn.functional.softshrink,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "exponential": torch.exp,
    "elu": nn.functional.elu,
    "selu": nn.functional.selu,
    "gelu": nn.functional.gelu,
    "geluTanh": lambda x: nn.functional.gelu(x, approximate="tanh"),
    "silu": nn.functional.silu,
    "mish": nn.functional.mish,
    "softplus": nn.functional.softplus,
    "logSigmoid": nn.functional.logsigmoid,
    "softsign": nn.functional.softsign,
    "tanhShrink": nn.functional.tanhshrink,
}


def elementwise(work):
    count, op = work["count"], work["op"]
    reach = work["reach"]
    x = torch.from_numpy(uniform(count, 5, -reach, reach))
    y = torch.from_numpy(uniform(count, 6, -reach, reach))
    call = FUNCTIONS[op] if op in FUNCTIONS else None
    if work["isBinary"]:
        run = (lambda: x + y) if op == "add" else (lambda: x * y)
    elif work["backward"]:
        # As much as the others do: the function, and back from a gradient of ones.
        x.requires_grad_()
        ones = torch.ones_like(x)

        def run():
            return torch.autograd.grad(call(x), x, ones)[0]
    else:

        def run():
            with torch.inference_mode():
                return call(x)

    return run, {"checksum": checksum(run().detach().numpy().reshape(1, count))}


RATE = 1e-2
RULES = {
    "sgd": lambda w: torch.optim.SGD(w, lr=RATE, fused=True),
    "momentum": lambda w: torch.optim.SGD(w, lr=RATE, momentum=0.9, fused=True),
    "nesterov": lambda w: torch.optim.SGD(w, lr=RATE, momentum=0.9, nesterov=True, fused=True),
    "adam": lambda w: torch.optim.Adam(w, lr=RATE, eps=1e-7, fused=True),
    "adamW": lambda w: torch.optim.AdamW(w, lr=RATE, eps=1e-7, weight_decay=0.004, fused=True),
    "adagrad": lambda w: torch.optim.Adagrad(
        w, lr=RATE, initial_accumulator_value=0.1, eps=1e-7, fused=True
    ),
    "adamax": lambda w: torch.optim.Adamax(w, lr=RATE, eps=1e-7),
    "rmsprop": lambda w: torch.optim.RMSprop(w, lr=RATE, alpha=0.9, eps=1e-7),
}


def optimizer(work):
    count, vanished = work["count"], work["vanished"]
    w = torch.from_numpy(uniform(count, 7)).requires_grad_()
    rule = RULES[work["rule"]]([w])
    g = torch.from_numpy(uniform(count, 8))
    w.grad = g * (work["firstSize"] if vanished else 1)
    run = rule.step
    for _ in range(1 if vanished else work["comparedSteps"]):
        run()
    check = {"checksum": checksum(w.detach().numpy().reshape(1, count))}
    if vanished:
        w.grad = g * work["vanishedSize"]
        for _ in range(work["decaySteps"]):
            run()
    return run, check


def dense_net(widths, extras=None):
    extras = extras or {}
    layers = []
    for layer, (inputs, units) in enumerate(zip(widths, widths[1:])):
        bound = math.sqrt(6 / inputs)
        linear = nn.Linear(inputs, units)
        kernel = uniform(inputs * units, 100 + 2 * layer, -bound, bound).reshape(inputs, units)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(kernel).T)
            linear.bias.copy_(torch.from_numpy(uniform(units, 101 + 2 * layer, -0.1, 0.1)))
        layers.append(linear)
        if layer == len(widths) - 2:
            break
        if extras.get("normalized"):
            # Momentum and epsilon as in Keras.
            layers += [nn.BatchNorm1d(units, momentum=0.01, eps=1e-3), nn.ELU()]
        else:
            layers.append(nn.ReLU())
        if "dropout" in extras:
            layers.append(nn.Dropout(extras["dropout"]))
    return nn.Sequential(*layers)


def train(work):
    widths, batch, extras = work["widths"], work["batch"], work["extras"]
    model = dense_net(widths, extras)
    options = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-7, "fused": True}
    rule = (
        torch.optim.AdamW(model.parameters(), weight_decay=extras["weightDecay"], **options)
        if "weightDecay" in extras
        else torch.optim.Adam(model.parameters(), **options)
    )
    limit = extras.get("globalClipNorm")
    inputs = [
        torch.from_numpy(uniform(batch * widths[0], 200 + i, 0, 1)).reshape(batch, widths[0])
        for i in range(INPUT_SETS)
    ]
    labels = [
        torch.from_numpy((hashed(batch, 300 + i) % np.uint32(widths[-1])).astype(np.int64))
        for i in range(LABEL_SETS)
    ]

    def step(x, y):
        rule.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        if limit is not None:
            nn.utils.clip_grad_norm_(model.parameters(), limit)
        rule.step()
        return loss.item()

    at = 0

    def run():
        nonlocal at
        at += 1
        step(inputs[at % INPUT_SETS], labels[at % LABEL_SETS])

    return run, {"losses": [step(inputs[0], labels[0]) for _ in range(CHECKED_STEPS)]}


def fit(work):
    widths, batch = work["widths"], work["batch"]
    model = dense_net(widths)
    rule = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-7, fused=True)

    def part(count, seed):
        x = torch.from_numpy(uniform(count * widths[0], seed, 0, 1)).reshape(count, widths[0])
        y = torch.from_numpy((hashed(count, seed + 1) % np.uint32(widths[-1])).astype(np.int64))
        return x, y

    x, y = part(work["rows"], 400)
    validation_x, validation_y = part(work["validationRows"], 402)

    def epoch():
        total, right = 0.0, 0
        for rows in torch.randperm(len(x)).split(batch):
            rule.zero_grad(set_to_none=True)
            scores = model(x[rows])
            loss = nn.functional.cross_entropy(scores, y[rows])
            loss.backward()
            rule.step()
            total += loss.item() * len(rows)
            right += (scores.argmax(-1) == y[rows]).sum().item()
        with torch.inference_mode():
            for some_x, some_y in zip(validation_x.split(batch), validation_y.split(batch)):
                scores = model(some_x)
                nn.functional.cross_entropy(scores, some_y).item()
                (scores.argmax(-1) == some_y).sum().item()
        return total / len(x)

    return epoch, {"losses": [epoch() for _ in range(2)]}


def predict(work):
    widths, rows = work["widths"], work["rows"]
    model = nn.Sequential(*dense_net(widths, work["extras"]), nn.Softmax(dim=-1)).eval()
    x = uniform(rows * widths[0], 200, 0, 1).reshape(rows, widths[0])

    def run():
        with torch.inference_mode():
            return model(torch.from_numpy(x)).numpy()

    found = run()
    return run, {"checksum": checksum(found), "sum": float(found.sum(dtype=np.float64))}


KINDS = {
    "gemm": gemm,
    "elementwise": elementwise,
    "optimizer": optimizer,
    "train": train,
    "predict": predict,
    "fit": fit,
}


class Ready:
    """A prepared case."""

    def __init__(self, run):
        self.run = run
        self.seconds_per_call = 0.0


class Subject:
    ready = {}
    now = staticmethod(time.perf_counter)

    def describe(self, cpuTime):
        if cpuTime:
            self.now = time.thread_time
        return {"version": torch.__version__, "notes": [torch.backends.cpu.get_cpu_capability()]}

    def prepare(self, work, slot=0):
        self.ready = {kept: ready for kept, ready in self.ready.items() if kept < slot}
        run, check = KINDS[work["kind"]](work)
        run()
        self.ready[slot] = Ready(run)
        return {"check": check}

    def time(self, run, calls):
        start = self.now()
        for _ in range(calls):
            run()
        return self.now() - start

    def warm(self, milliseconds, slot=0):
        ready = self.ready[slot]
        calls, spent = 1, 0.0
        while True:
            seconds = self.time(ready.run, calls)
            ready.seconds_per_call = seconds / calls
            spent += seconds
            if spent * 1e3 >= milliseconds:
                return {"secondsPerCall": ready.seconds_per_call}
            if seconds * 5e3 < milliseconds:
                calls *= 2

    def sample(self, milliseconds, slot=0):
        ready = self.ready[slot]
        calls = max(1, math.ceil(milliseconds / 1e3 / ready.seconds_per_call))
        if calls > 4:
            self.time(ready.run, 1)
        seconds = self.time(ready.run, calls)
        ready.seconds_per_call = seconds / calls
        return {"seconds": seconds / calls, "calls": calls}


subject = Subject()
answers = sys.stdout
sys.stdout = sys.stderr
for line in sys.stdin:
    request = json.loads(line)
    task = request.pop("task")
    try:
        answer = getattr(subject, task)(**request)
    except Exception as error:  # whatever it is, the other side shows it
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), file=answers, flush=True)
