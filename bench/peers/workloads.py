"""What the other systems do for each workload, as their own users write it: (call, version) for the arrays given."""

import math
import os

import numpy

THREADS = int(os.environ["OMP_NUM_THREADS"])


def score_jax(queries, centres, variance):
    import jax
    import jax.numpy as jnp

    @jax.jit
    def score(x, c):
        squares = (x * x).sum(1)[:, None] + (c * c).sum(1)[None] - 2 * x @ c.T
        logits = -squares / (2 * variance)
        weights = jax.nn.softmax(logits, axis=1)
        mean = weights @ c
        trace = weights @ (c * c).sum(1) - (mean * mean).sum(1)
        return mean, jax.nn.logsumexp(logits, axis=1), trace

    x, c = jnp.asarray(queries), jnp.asarray(centres)
    return lambda: jax.block_until_ready(score(x, c)), jax.__version__


def score_pykeops(queries, centres, variance):
    import pykeops
    from pykeops.numpy import LazyTensor

    d = queries.shape[1]
    x, c = LazyTensor(queries[:, None, :]), LazyTensor(centres[None, :, :])
    lengths = (centres * centres).sum(1, keepdims=True)
    values = LazyTensor(numpy.ascontiguousarray(numpy.hstack([centres, lengths]))[None, :, :])
    logits = -((x - c) ** 2).sum(-1) / (2 * variance)

    def call():
        logits.logsumexp(axis=1)
        return logits.sumsoftmaxweight(values, axis=1)

    assert d > 0
    return call, pykeops.__version__


def neighbours_faiss(points, k):
    import faiss

    faiss.omp_set_num_threads(THREADS)
    index = faiss.IndexFlatL2(points.shape[1])
    index.add(points)
    return lambda: index.search(points, k + 1), faiss.__version__


def neighbours_sklearn(points, k):
    import sklearn
    from sklearn.neighbors import NearestNeighbors

    return lambda: NearestNeighbors(n_neighbors=k, n_jobs=THREADS).fit(points).kneighbors(), sklearn.__version__


def neighbours_scipy(points, k):
    import scipy
    from scipy.spatial import cKDTree

    return lambda: cKDTree(points).query(points, k + 1, workers=THREADS), scipy.__version__


def assignment_pot(a, b):
    import ot

    def call():
        return ot.emd(ot.unif(len(a)), ot.unif(len(b)), ot.dist(a, b), numItermax=10_000_000, numThreads=THREADS)

    return call, ot.__version__


def assignment_scipy(a, b):
    import scipy
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    return lambda: linear_sum_assignment(cdist(a, b, "sqeuclidean")), scipy.__version__


def sinkhorn_ott(a, b, epsilon, iterations):
    import jax
    import ott
    from ott.geometry import pointcloud
    from ott.solvers import linear

    @jax.jit
    def solve(x, y):
        geometry = pointcloud.PointCloud(x, y, epsilon=epsilon, batch_size=1024)
        return linear.solve(
            geometry, threshold=0.0, max_iterations=iterations, min_iterations=iterations, inner_iterations=iterations
        ).f

    x, y = jax.numpy.asarray(a), jax.numpy.asarray(b)
    return lambda: jax.block_until_ready(solve(x, y)), ott.__version__


def sinkhorn_pot(a, b, epsilon, iterations):
    import warnings

    import ot

    warnings.simplefilter("ignore")
    wa, wb = ot.unif(len(a)).astype(a.dtype), ot.unif(len(b)).astype(b.dtype)

    def call():
        cost = ot.dist(a, b)
        return ot.sinkhorn(wa, wb, cost, epsilon, method="sinkhorn_log", numItermax=iterations, stopThr=0)

    return call, ot.__version__


def sliced_pot(a, b, directions):
    import ot

    def call():
        return ot.sliced_wasserstein_distance(a, b, n_projections=directions, seed=0)

    return call, ot.__version__


def forward_skimage(image, degrees):
    import skimage
    from skimage.transform import radon

    return lambda: radon(image, degrees, circle=True), skimage.__version__


def backprojection_skimage(sinogram, degrees):
    import skimage
    from skimage.transform import iradon

    return lambda: iradon(sinogram, degrees, circle=True), skimage.__version__


def astra_run(algorithm, size, degrees, image, sinogram):
    import astra

    volume = astra.create_vol_geom(size, size)
    beam = astra.create_proj_geom("parallel", 1.0, size, numpy.radians(degrees))
    projector = astra.create_projector("linear", beam, volume)
    config = astra.astra_dict(algorithm)
    config["ProjectorId"] = projector
    config["ProjectionDataId"] = astra.data2d.create("-sino", beam, sinogram)
    key = "VolumeDataId" if algorithm == "FP" else "ReconstructionDataId"
    config[key] = astra.data2d.create("-vol", volume, image)
    identity = astra.algorithm.create(config)
    return lambda: astra.algorithm.run(identity), astra.__version__


def forward_astra(image, degrees):
    return astra_run("FP", len(image), degrees, image, 0)


def backprojection_astra(sinogram, degrees):
    return astra_run("FBP", len(sinogram), degrees, 0, numpy.ascontiguousarray(sinogram.T))


def train_jax(points, width, batch, rate, variance):
    """An epoch of a tanh DAE with fresh Gaussian noise and Adam, all of it one compiled loop."""
    import jax
    import jax.numpy as jnp

    n, d = points.shape
    steps = n // batch
    keys = jax.random.split(jax.random.key(0), 3)
    parameters = {
        "v": jax.random.normal(keys[0], (d, width)) / math.sqrt(d),
        "w": jax.random.normal(keys[1], (width, d)) / math.sqrt(width),
        "b": jnp.zeros(width),
        "c": jnp.zeros(d),
    }

    def loss(p, x, noisy):
        return ((jnp.tanh(noisy @ p["v"] + p["b"]) @ p["w"] + p["c"] - x) ** 2).sum(1).mean()

    @jax.jit
    def epoch(p, m, s, x, key):
        order = jax.random.permutation(key, n)[: steps * batch].reshape(steps, batch)

        def step(state, rows):
            p, m, s, t, key = state
            key, noise = jax.random.split(key)
            clean = x[rows]
            noisy = clean + math.sqrt(variance) * jax.random.normal(noise, clean.shape)
            g = jax.grad(loss)(p, clean, noisy)
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            s = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, s, g)
            size = rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            p = jax.tree.map(lambda p, m, s: p - size * m / (jnp.sqrt(s) + 1e-8), p, m, s)
            return (p, m, s, t + 1, key), None

        return jax.lax.scan(step, (p, m, s, 1.0, key), order)[0][:3]

    zeros = jax.tree.map(jnp.zeros_like, parameters)
    x = jnp.asarray(points)
    return lambda: jax.block_until_ready(epoch(parameters, zeros, zeros, x, keys[2])), jax.__version__


WORKLOADS = {
    "score/JAX": score_jax,
    "score/PyKeOps": score_pykeops,
    "neighbours/faiss": neighbours_faiss,
    "neighbours/scikit-learn": neighbours_sklearn,
    "neighbours/SciPy": neighbours_scipy,
    "assignment/POT": assignment_pot,
    "assignment/SciPy": assignment_scipy,
    "sinkhorn/OTT-JAX": sinkhorn_ott,
    "sinkhorn/POT": sinkhorn_pot,
    "sliced/POT": sliced_pot,
    "forward/scikit-image": forward_skimage,
    "forward/ASTRA": forward_astra,
    "backprojection/scikit-image": backprojection_skimage,
    "backprojection/ASTRA": backprojection_astra,
    "train/JAX": train_jax,
}
