"""Times other systems on the inputs of our benchmarks: bench/peers/peers.ts starts it and asks, a line of JSON each.

    {"prepare": "score/JAX", "inputs": {"variance": 2}, "arrays": {"queries": "/tmp/…/queries.npy"}}
    {"run": "score/JAX"}

A `prepare` makes the call ready, compiled and run once, and answers {"ready": version}; a `run` makes it once more and
answers {"seconds": …}. What cannot be imported or fails answers {"error": …}. Calls of a workload replace the ones before.
"""

import json
import os
import sys
import time

import numpy

from workloads import WORKLOADS


def answer(message):
    replies.write(json.dumps(message) + "\n")
    replies.flush()


# What the systems print must not be taken for an answer.
replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

calls = {}
for line in sys.stdin:
    request = json.loads(line)
    try:
        if "prepare" in request:
            name = request["prepare"]
            workload = name.split("/")[0]
            calls = {other: call for other, call in calls.items() if other.split("/")[0] == workload}
            arrays = {key: numpy.load(path) for key, path in request["arrays"].items()}
            call, version = WORKLOADS[name](**arrays, **request["inputs"])
            call()
            calls[name] = call
            answer({"ready": version})
        else:
            call = calls[request["run"]]
            begin = time.perf_counter()
            call()
            answer({"seconds": time.perf_counter() - begin})
    except BaseException as error:  # whatever a system does, the benchmark goes on
        answer({"error": f"{type(error).__name__}: {error}"[:300]})
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
