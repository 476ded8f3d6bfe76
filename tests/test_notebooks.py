"""The two notebooks, and code that a reader pastes into a notebook, each in a real kernel."""

import ast
import copy
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

import d2lzh as d2l
import pytest
from mxnet import autograd, nd, random

import gluon_softmax

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

ROOT = Path(__file__).parent.parent
NOTEBOOKS = [
    ROOT / implementation / f"{implementation}.ipynb" for implementation in ("scratch", "concise")
]
EPOCH = r"epoch (\d), loss ([\d.]+), train acc ([\d.]+), test acc ([\d.]+)"
notebooks = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def read(path):
    return nbformat.read(path, as_version=4)


def run(notebook, folder):
    kernel = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(notebook, timeout=240, resources=kernel).execute()
    return notebook


def printed(notebook, stream="stdout"):
    """Return what a notebook printed, and the texts of its cells' results."""
    return "".join(
        output.text
        if output.output_type == "stream"
        else output.get("data", {}).get("text/plain", "") + "\n"
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.get("name", "stdout") == stream
    )


@notebooks
def test_notebooks_are_readable_without_running(path):
    notebook = read(path)
    nbformat.validate(notebook)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert len(texts) > 8
    for text in texts:
        assert re.search("[\u4e00-\u9fff]", text), text
        assert re.search(r"[A-Za-z]{3,} [a-z]{2,}", text), text
    headings = [line for text in texts for line in text.splitlines() if line.startswith("#")]
    assert len(headings) > 8
    for heading in headings:
        assert re.fullmatch("##? [ -~]+ · .*[\u4e00-\u9fff].*", heading), heading
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert len(re.findall(EPOCH, printed(notebook))) == 5
    pictures = [output for cell in code for output in cell.outputs if "image/svg" in str(output)]
    assert len(pictures) == {"scratch": 5, "concise": 3}[path.stem]


@notebooks
def test_chinese_has_its_own_punctuation(path):
    lines = [
        line
        for cell in read(path).cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if re.search("[\u4e00-\u9fff]", line) and not line.startswith("#")
    ]
    assert len(lines) > 8
    for line in lines:
        # Beside links and code, half-width punctuation is correct.
        text = re.sub(r"`[^`]+`", "x", re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", line))
        assert not re.search(r"[,;:?!()]|[.](?!\d)", re.sub(r"(?<=\d),(?=\d{3})", "", text)), line
        assert line[-1] in "。：", line


@notebooks
def test_notebooks_contain_no_machine_data(path):
    text = path.read_text("utf-8")
    assert not re.search(r"/(home|root|tmp|work|usr)/|dc:date|Traceback|iopub|jupyter.widget", text)
    assert set(read(path).metadata) == {"kernelspec", "language_info"}
    assert printed(read(path), "stderr") == ""


class Plain(ast.NodeTransformer):
    """Remove the parts that a notebook leaves out: docstrings, type hints and contexts."""

    def visit_arg(self, node):
        return ast.arg(node.arg)

    def visit_Call(self, node):
        node.keywords = [each for each in node.keywords if each.arg != "ctx"]
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):
        node.body = node.body[ast.get_docstring(node) is not None :]
        node.returns = None
        return self.generic_visit(node)

    def visit_ClassDef(self, node):
        node.body = node.body[ast.get_docstring(node) is not None :]
        return self.generic_visit(node)


def statements(source):
    return [Plain().visit(each) for each in ast.parse(source).body]


def taught(folder):
    """Return the statements of a folder's model and training; `get_net` is unpacked."""
    found = []
    for module in ("model", "training"):
        for each in statements((folder / f"{module}.py").read_text("utf-8")):
            if getattr(each, "name", "") in ("get_net", "get_train_batch"):
                *body, last = each.body
                found += body
                if each.name == "get_net":
                    net, params = last.value.elts
                    assert net.id == "net"
                    found += ast.parse(f"params = {ast.unparse(params)}").body
                else:
                    assert last.value.id == "train_batch"
            elif getattr(each, "name", "") not in ("get_parameters", "set_parameters"):
                found.append(each)
    hints = ("Net", "Params")
    return [each for each in found if about(each) and not about(each) & set(hints)]


def shown(path):
    """Return the statements of a notebook."""
    cells = [cell.source for cell in read(path).cells if cell.cell_type == "code"]
    return [each for cell in cells for each in statements(re.sub(r"(?m)^( *)%.*", r"\1pass", cell))]


def about(statement):
    """Return the names that a statement defines or whose method it calls."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        found = [each for target in statement.targets for each in ast.walk(target)]
        return {each.id for each in found if isinstance(each, ast.Name)}
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return {each.id for each in ast.walk(statement.value.func) if isinstance(each, ast.Name)}
    return set()


@notebooks
def test_their_code_is_the_code_of_their_folder(path):
    """Nothing differs, nothing is missing, and no taught name is defined again."""
    expected = taught(path.parent)
    names = set().union(*map(about, expected))
    assert {"net", "loss", "params", "train_batch"} < names
    found = [each for each in shown(path) if about(each) & names and not is_call(each)]
    assert sorted(map(ast.unparse, found)) == sorted(map(ast.unparse, expected))


def is_call(statement):
    """Check whether it only shows the result of a function, like `softmax(X)`."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value.func, ast.Name)


def test_the_loop_written_out_is_that_of_d2lzh(sample, capsys):
    code = [each for each in shown(NOTEBOOKS[0]) if isinstance(each, ast.FunctionDef)]
    module = ast.Module([*taught(ROOT / "scratch"), *code], [])
    batch_size, lr = 100, 0.2
    tables = []
    for loop in ("train", "train_ch3"):
        names = {"nd": nd, "autograd": autograd, "batch_size": batch_size, "lr": lr}
        random.seed(3)
        exec(compile(ast.fix_missing_locations(module), "the notebook", "exec"), names)
        batches = gluon_softmax.load_data_fashion_mnist(batch_size, data=sample, seed=3)
        net, loss = names["net"], names["loss"]
        before = names["evaluate_accuracy"](batches[1], net)
        assert before == d2l.evaluate_accuracy(batches[1], net)
        if loop == "train":
            records = names["train"](net, *batches, 3)
        else:
            d2l.train_ch3(net, *batches, loss, 3, batch_size, names["params"], lr)
        tables.append(re.findall(EPOCH, capsys.readouterr().out))
    assert len(tables[0]) == 3
    assert tables[0] == tables[1]
    assert ["%.4f" % loss for loss, _, _ in records] == [row[1] for row in tables[0]]


@notebooks
def test_the_last_table_is_theirs_beside_the_tutorials(path):
    text = (ROOT / "gluon_softmax" / "reproduction" / "tutorial.txt").read_text("utf-8")
    printed_there = re.findall(EPOCH, text)
    theirs = printed_there[:5] if path.stem == "scratch" else printed_there[5:]
    notebook = read(path)
    ours = re.findall(EPOCH, printed(notebook))
    [table] = [
        output.data["text/markdown"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "text/markdown" in output.get("data", {})
    ]
    rows = [re.findall(r"[\d.]+", line) for line in table.splitlines()[2:]]
    assert len(rows) == len(theirs) == 5
    assert [(row[0], *row[1::2]) for row in rows] == ours
    assert [(row[0], *row[2::2]) for row in rows] == theirs


def test_colab_installs_what_the_project_says():
    first, second = (read(path) for path in NOTEBOOKS)
    [setup] = {first.cells[1].source, second.cells[1].source}
    [address, retired] = re.findall(r"^    %pip install -q (.*)$", setup, re.MULTILINE)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    name, *pins = retired.split()
    assert name == "--no-deps"
    assert len(pins) == 2
    for pin in pins:
        assert f'"{pin}' in project
    for path, notebook in zip(NOTEBOOKS, (first, second)):
        [opened] = re.findall(r"\]\(https://colab[^/]+/github/(.*?)\)", notebook.cells[0].source)
        repository, file = opened.split("/blob/main/")
        assert address == f"git+https://github.com/{repository}"
        assert ROOT / file == path


@pytest.mark.posix
@pytest.mark.once
@pytest.mark.slow
@pytest.mark.full_data  # It needs a package index.
def test_make_notebook_opens_both(tmp_path):
    """It runs in an environment of its own, for any user including root."""
    env = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    env["UV_PROJECT_ENVIRONMENT"] = str(tmp_path / "environment")
    for what in ("RUNTIME", "DATA", "CONFIG"):
        env[f"JUPYTER_{what}_DIR"] = str(tmp_path / what)
    words = ["make", "notebook", "ARGS=--no-browser --ServerApp.port=0 --ServerApp.port_retries=0"]
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(
            words, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
        )
    try:
        while not (running := list((tmp_path / "RUNTIME").glob("jpserver-*.json"))):
            assert process.poll() is None, (tmp_path / "log").read_text("utf-8")
            time.sleep(0.2)
        server = json.loads(running[0].read_text("utf-8"))

        def ask(address):
            url = f"http://127.0.0.1:{server['port']}/{address}"
            request = Request(url, headers={"Authorization": f"token {server['token']}"})
            with build_opener(ProxyHandler({})).open(request, timeout=30) as answer:
                return json.load(answer)

        opened = {
            each["data"]["path"]
            for name, each in ask("lab/api/workspaces/gluon-softmax")["data"].items()
            if name.startswith("notebook:")
        }
        assert opened == {"scratch/scratch.ipynb", "concise/concise.ipynb"}
        for path in opened:
            assert ask(f"api/contents/{path}")["content"]["cells"]
        assert "lab/workspaces/gluon-softmax?token=" in (tmp_path / "log").read_text("utf-8")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


@pytest.mark.full_data
@notebooks
def test_they_run(path, official_data, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    committed = read(path)
    again = run(copy.deepcopy(committed), path.parent)
    assert printed(again, "stderr") == ""
    # On another machine, the digits may differ. Over ten seeds they differed by 0.0015 for a
    # loss and by 0.007 for a test accuracy, and rounding errors are far smaller.
    table, expected = (re.findall(EPOCH, printed(notebook)) for notebook in (again, committed))
    assert len(table) == len(expected) == 5
    for ours, theirs in zip(table, expected):
        loss, train_acc, test_acc = (abs(float(a) - float(b)) for a, b in zip(ours[1:], theirs[1:]))
        assert loss < 0.0005
        assert train_acc < 0.002
        assert test_acc < 0.005


# One cell each, as a reader pastes them, with every name that the tutorial uses.
CELLS = """
%matplotlib inline
import sys
import time

import gluon_softmax
---
import d2lzh as d2l
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import data as gdata, loss as gloss, nn
---
mnist_train = gdata.vision.FashionMNIST(train=True)
mnist_test = gdata.vision.FashionMNIST(train=False)
print(len(mnist_train), len(mnist_test))
---
feature, label = mnist_train[0]
print(feature.shape, feature.dtype, type(label).__name__, label.dtype)
---
d2l.use_svg_display()
X, y = mnist_train[0:3]
d2l.show_fashion_mnist(X, d2l.get_fashion_mnist_labels(y))
---
_, figs = d2l.plt.subplots(1, 2, figsize=(4, 4))
for f, img in zip(figs, X):
    f.imshow(img.reshape((28, 28)).asnumpy())
---
transformer = gdata.vision.transforms.ToTensor()
num_workers = 0 if sys.platform.startswith("win32") else 4
train_iter = gdata.DataLoader(
    mnist_train.transform_first(transformer), 200, shuffle=True, num_workers=num_workers
)
start = time.time()
for X, y in train_iter:
    continue
print("reading took a while:", time.time() > start, X.shape, y.dtype)
---
batch_size, num_epochs, lr = 100, 2, 0.1
train_iter, test_iter = d2l.load_data_fashion_mnist(batch_size)
---
W = nd.random.normal(scale=0.01, shape=(784, 10))
b = nd.zeros(10)
W.attach_grad()
b.attach_grad()


def net(X):
    X_exp = (nd.dot(X.reshape((-1, 784)), W) + b).exp()
    return X_exp / X_exp.sum(axis=1, keepdims=True)


def cross_entropy(y_hat, y):
    return -nd.pick(y_hat, y).log()


d2l.train_ch3(net, train_iter, test_iter, cross_entropy, num_epochs, batch_size, [W, b], lr)
---
net = nn.Sequential()
net.add(nn.Dense(10))
net.initialize(init.Normal(sigma=0.01))
loss = gloss.SoftmaxCrossEntropyLoss()
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": lr})
d2l.train_ch3(net, train_iter, test_iter, loss, num_epochs, batch_size, None, None, trainer)
---
with autograd.record():
    l = loss(net(X), y).mean()
l.backward()
d2l.sgd([W, b], lr, batch_size)
print("loss %f, test acc %.2f" % (l.asscalar(), d2l.evaluate_accuracy(test_iter, net)))
---
%load_ext gluon_softmax
train_iter, test_iter = d2l.load_data_fashion_mnist(batch_size, resize=32)
print(d2l.load_data_fashion_mnist.__module__, next(iter(test_iter))[0].shape)
"""
WITH_SAMPLE = """
from gluon_softmax.data import load

load.load_chosen = lambda root=None, data=load.load(data_dir={!r}): data
"""


@pytest.mark.slow
def test_code_that_a_reader_pastes(sample_dir, tmp_path, monkeypatch):
    first, *rest = CELLS.strip().split("\n---\n")
    cells = [first, WITH_SAMPLE.format(str(sample_dir)), *rest]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    # The kernel is this interpreter, wherever its kernels are listed.
    monkeypatch.setenv("MXNET_HOME", str(tmp_path))
    run(notebook, tmp_path)
    said = printed(notebook)
    assert "1000 300\n(28, 28, 1) <class 'numpy.uint8'> int32 int32\n" in said
    assert "reading took a while: True (200, 1, 28, 28) <class 'numpy.int32'>" in said
    assert len(re.findall(EPOCH, said)) == 4
    assert re.search(r"loss \d\.\d{6}, test acc 0\.\d\d", said)
    assert "gluon_softmax.training.loader (100, 1, 32, 32)" in said
    errors = printed(notebook, "stderr")
    assert not errors or "Deprecat" in errors, errors
    pictures = ["image/svg+xml" in str(cell.outputs) for cell in notebook.cells if cell.outputs]
    assert sum(pictures) == 2
