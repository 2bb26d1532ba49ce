"""What POT says of small transport problems: data for the tests of transport.

    python3 -m venv venv && venv/bin/pip install POT==0.9.5 && venv/bin/python bench/peers/pot.py > test/transport-pot.json

prints JSON.
"""

import json

import numpy
import ot

EPSILONS = (0.1, 1.0, 10.0)
ORDERS = (1, 1.5, 2, 3)


def generalised_kl(p, q):
    return float(numpy.sum(numpy.where(p > 0, p * numpy.log(p / q), 0) - p + q))


def entropic(cost, a, b, epsilon):
    result = ot.solve(cost, a, b, reg=epsilon, reg_type="KL", max_iter=100000, tol=1e-14)
    return {"value": float(result.value), "linear": float(result.value_linear)}


def unbalanced(cost, a, b, epsilon, rho):
    plan = ot.unbalanced.sinkhorn_unbalanced(
        a, b, cost, epsilon, rho, reg_type="kl", method="sinkhorn_stabilized", numItermax=100000, stopThr=1e-15
    )
    value = numpy.sum(plan * cost) + epsilon * generalised_kl(plan, numpy.outer(a, b))
    value += rho * generalised_kl(plan.sum(1), a) + rho * generalised_kl(plan.sum(0), b)
    return {"rho": rho, "epsilon": epsilon, "value": float(value), "mass": float(plan.sum())}


def values():
    random = numpy.random.default_rng(7)
    x, y = random.normal(size=(13, 3)), random.normal(size=(17, 3)) * 0.7 + 0.5
    a, b = random.dirichlet(numpy.ones(13)), random.dirichlet(numpy.ones(17))
    a[3] = 0
    a /= a.sum()
    out = {"version": ot.__version__, "x": x, "y": y, "a": a, "b": b, "clouds": {}}
    for name, metric in (("squaredEuclidean", "sqeuclidean"), ("euclidean", "euclidean")):
        cost = ot.dist(x, y, metric)
        selves = [(ot.dist(x, x, metric), a, a), (ot.dist(y, y, metric), b, b)]
        sinkhorn = []
        for epsilon in EPSILONS:
            # Points without weight are left out: POT's logarithms do not take them.
            kept = a > 0
            between = entropic(cost[kept], a[kept], b, epsilon)
            self_terms = [entropic(selves[0][0][kept][:, kept], a[kept], a[kept], epsilon), entropic(*selves[1], epsilon)]
            divergence = between["value"] - sum(term["value"] for term in self_terms) / 2
            sinkhorn.append({"epsilon": epsilon, **between, "divergence": divergence})
        kept = a > 0
        out["clouds"][name] = {
            "exact": float(ot.emd2(a, b, cost)),
            "assignment": float(ot.emd2(ot.unif(13), ot.unif(13), cost[:, :13])),
            "sinkhorn": sinkhorn,
            "unbalanced": [unbalanced(cost[kept], a[kept], b, epsilon, 2.0) for epsilon in (0.5, 1.0)],
        }
    line = {"u": random.normal(size=11), "v": random.normal(size=14)}
    line |= {"a": random.dirichlet(numpy.ones(11)), "b": random.dirichlet(numpy.ones(14))}
    line["cost"] = {
        str(p): float(ot.wasserstein_1d(line["u"], line["v"], line["a"], line["b"], p=p)) for p in ORDERS
    }
    out["line"] = line
    circle = {"u": random.uniform(size=11), "v": random.uniform(size=14), "a": line["a"], "b": line["b"]}
    around = numpy.abs(circle["u"][:, None] - circle["v"][None])
    around = numpy.minimum(around, 1 - around)
    circle["cost"] = {str(p): float(ot.emd2(line["a"], line["b"], around**p)) for p in (1, 2, 3)}
    out["circle"] = circle
    directions = random.normal(size=(3, 20))
    directions /= numpy.linalg.norm(directions, axis=0)
    out["sliced"] = {
        "directions": directions.T,
        "value": {
            str(p): float(ot.sliced_wasserstein_distance(x, y, a, b, projections=directions, p=p)) for p in (1, 2, 3)
        },
        "largest": float(ot.max_sliced_wasserstein_distance(x, y, a, b, projections=directions, p=2)),
    }
    return out


def plain(value):
    if isinstance(value, numpy.ndarray):
        return value.tolist()
    raise TypeError(type(value))


print(json.dumps(values(), default=plain))
