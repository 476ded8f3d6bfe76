"""The package as others install it: from its wheel, in another environment.

Needs a package index, so it is marked like the tests of the whole data set.
"""

import email
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "tests" / "data"
UV = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
RETIRED = ("--no-deps", "mxnet==1.9.1", "d2lzh==1.0.0")
# The versions of notebooks in the cloud in 2025.
CLOUD = (
    "numpy==2.0.2",
    "scipy==1.14.1",
    "pandas==2.2.2",
    "matplotlib==3.10.0",
    "scikit-learn==1.6.1",
    "ipython==7.34.0",
    "tqdm==4.67.1",
    "requests==2.32.3",
    "jinja2==3.1.6",
)

pytestmark = [
    pytest.mark.full_data,
    pytest.mark.skipif(not Path(UV).exists(), reason="uv is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="MXNet 1.9.1 is for Linux"),
]


def run(*words, cwd, **variables):
    env = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    done = subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        env={**env, "MPLBACKEND": "agg", **variables},
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(UV, "build", "-q", "--out-dir", folder, ROOT, cwd=folder)
    [wheel], [_] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel


def test_the_wheel_has_what_others_look_for(wheel):
    with zipfile.ZipFile(wheel) as files:
        [described] = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(files.read(described))
        # PEP 561: type checkers of other projects use the hints only with this file.
        assert "gluon_softmax/py.typed" in files.namelist()
        folders = {name.partition("/")[0] for name in files.namelist()}
    # Neither the benchmarks nor the tests.
    assert folders == {"gluon_softmax", "scratch", "concise", described.partition("/")[0]}
    urls = dict(each.split(", ") for each in metadata.get_all("Project-URL"))
    assert {"Homepage", "Documentation", "Changelog", "Issues"} <= set(urls)
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    assert metadata["Author"]
    assert metadata["Keywords"]


def environment(folder, python=sys.executable):
    run(UV, "venv", "-q", "--no-project", "--python", python, folder, cwd=folder.parent)
    return folder / "bin" / "python"


def install(python, *what):
    run(UV, "pip", "install", "-q", "--python", python, *what, cwd=python.parent)


def test_it_trains_where_only_the_wheel_is(wheel, tmp_path):
    """With the newest of all packages, not the locked ones."""
    python = environment(tmp_path / "venv")
    install(python, wheel)
    install(python, *RETIRED)
    tables = {}
    for version in ("scratch", "concise"):
        words = ("-m", version, "--data-dir", SAMPLE, "--epochs", "2")
        tables[version] = run(python, *words, cwd=tmp_path)
        assert tables[version] == run(sys.executable, *words, cwd=tmp_path)
    assert tables["scratch"] != tables["concise"]
    program = python.with_name("gluon-softmax")
    words = ("reproduce", "--data-dir", SAMPLE, "--runs", "2", "--out", "report")
    printed = run(program, *words, cwd=tmp_path)
    assert "Part 3, concise" in printed
    assert (tmp_path / "report" / "index.html").stat().st_size > 10_000
    book = "import gluon_softmax\nfrom mxnet import nd\nprint('%f' % nd.ones(3).mean().asnumpy())"
    assert run(python, "-W", "ignore", "-c", book, cwd=tmp_path) == "1.000000\n"


def test_without_mxnet_one_line_says_what_to_install(wheel, tmp_path):
    python = environment(tmp_path / "venv")
    install(python, wheel)
    done = subprocess.run(
        [python, "-m", "concise"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"error: mxnet is not installed in this Python ({python}); "
        "type: pip install --no-deps mxnet==1.9.1 d2lzh==1.0.0\n"
    )


def test_nothing_changes_in_an_environment_of_the_cloud(wheel, tmp_path):
    found = subprocess.run(
        [UV, "python", "find", "--no-project", "--no-python-downloads", "3.12"],
        capture_output=True,
        text=True,
    )
    if found.returncode:
        pytest.skip("no Python 3.12 on this machine")
    python = environment(tmp_path / "venv", found.stdout.strip())
    install(python, *CLOUD)

    def versions():
        return set(run(UV, "pip", "freeze", "--python", python, cwd=tmp_path).split("\n"))

    before = versions()
    install(python, wheel)
    install(python, *RETIRED)
    assert before < versions()
    assert not [line for line in versions() - before if line.startswith(("jupyter", "notebook"))]
    program = """
import numpy, pandas, scipy.stats, matplotlib.pyplot, sklearn.linear_model
import IPython.display
import gluon_softmax
import d2lzh as d2l
from mxnet import gluon, init
from mxnet.gluon import loss as gloss, nn
train_iter, test_iter = d2l.load_data_fashion_mnist(256)
net = nn.Sequential()
net.add(nn.Dense(10))
net.initialize(init.Normal(sigma=0.01))
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
loss = gloss.SoftmaxCrossEntropyLoss()
d2l.train_ch3(net, train_iter, test_iter, loss, 1, 256, None, None, trainer)
"""
    printed = run(python, "-c", program, cwd=tmp_path, GLUON_SOFTMAX_EDITION="official")
    assert printed.startswith("epoch 1, loss 0.78")
