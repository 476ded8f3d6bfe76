import dataclasses
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import mxnet as mx
import numpy as np
import pytest
from matplotlib.image import imsave
from program import AS_USER, ROOT, as_user, can_mount, run

from gluon_softmax.commands import main as cli
from gluon_softmax.commands import options
from gluon_softmax.data.fashion_mnist import get_fashion_mnist_labels

LINE = re.compile(r"epoch (\d+), loss \d\.\d{4}, train acc \d\.\d{3}, test acc \d\.\d{3}")


@pytest.fixture
def on_sample(sample_dir):
    return ["--data-dir", str(sample_dir)]


def refused(argv, capsys, main=cli.main):
    """Run a command that must be refused before any work; return the one line that it prints."""
    assert main(argv) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    return said.err


def train(argv):
    return cli.main_implementation("concise", argv)


BAD_SETTINGS = [
    ("--batch-size", "0"),
    ("--batch-size", "1000001"),
    ("--lr", "0"),
    ("--lr", "nan"),
    ("--lr", "inf"),
    ("--epochs", "0"),
    ("--epochs", "10001"),
    ("--seed", "-1"),
    ("--seed", "4294967296"),
    ("--split-seed", "-1"),
    ("--num-workers", "-1"),
    ("--num-workers", "10000"),
    ("--ctx", "gpu:99"),
    ("--ctx", "tpu"),
    ("--ctx", ""),
    ("--loader", "fast"),
    ("--edition", "first"),
    ("--data-dir", "/no/such/folder"),
    ("--save", "/no/such/folder/file.npz"),
    ("--save", "/"),
]


@pytest.mark.parametrize(("option", "value"), BAD_SETTINGS)
def test_bad_settings_are_refused_with_the_value(option, value, capsys):
    line = refused([f"{option}={value}"], capsys, train)
    assert any(form in line for form in (repr(value), value, str(Path(value))))
    assert option in line or option == "--save"


@pytest.mark.parametrize(
    ("argv", "suggestion"),
    [
        (["reproduse"], "reproduce"),
        (["compair"], "compare"),
        (["dta"], "data"),
        (["reproduce", "--run", "3"], "--runs"),
        (["reproduce", "--batchsize=3"], "--batch-size"),
        (["compare", "--seeed", "1"], "--seed"),
        (["data", "--editon", "official"], "--edition"),
    ],
)
def test_the_nearest_right_word_is_suggested(argv, suggestion, capsys):
    assert f"did you mean {suggestion!r}?" in refused(argv, capsys)


@pytest.mark.parametrize(
    "argv",
    [
        ["nonsense-that-is-near-to-nothing"],
        ["reproduce", "--runs", "0"],
        ["reproduce", "--runs", "1001"],
        ["reproduce", "--runs"],
        ["reproduce", "extra"],
        ["reproduce", "--xyzzy"],
        ["data", "delete"],
        ["reproduce", "--out", "/proc/report"],
        ["reproduce", "--out", __file__],
        ["reproduce", "--out", __file__ + "/report"],
    ],
)
def test_bad_usage_of_the_commands(argv, capsys):
    refused(argv, capsys)


@pytest.mark.parametrize("options", [[], ["--help"], ["--rounds", "3"]])
def test_the_benchmark_needs_a_clone(options, capsys):
    said = refused(["benchmark", *options], capsys)
    assert said == (
        "error: benchmark is not part of the installed package: run `make benchmark` in a clone of "
        "the project\n"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--edition=mxnet"], "--edition mxnet has no effect on the files of --data-dir"),
        (["--edition=auto"], "--edition auto has no effect"),
        (["--split-seed=7"], "--split-seed 7 has no effect"),
    ],
)
def test_options_without_effect_are_refused(options, words, on_sample, capsys):
    assert words in refused([*on_sample, *options], capsys, train)
    assert words in refused(["reproduce", *on_sample, *options], capsys)


@pytest.mark.parametrize("edition", [[], ["--edition=official"]])
def test_a_split_seed_is_for_re_splits(edition, capsys):
    assert "needs --edition resplit" in refused([*edition, "--split-seed=7"], capsys, train)


@pytest.mark.parametrize(
    "argv", [["predit", "x"], ["predict"], ["predict", "x", "--count", "0"], ["5"], ["--as-doc"]]
)
def test_bad_usage_of_an_implementation(argv, capsys):
    refused(argv, capsys, train)


@pytest.mark.parametrize("argv", [["predict", "x.npz", "--out", "x.jpg"], ["--plot", "x.jpg"]])
def test_another_ending_than_a_pictures_is_refused(argv, capsys):
    assert "ends in .png or .svg" in refused(argv, capsys, train)


@pytest.mark.parametrize("command", [[], ["compare"]])
def test_workers_without_the_loader_that_uses_them_are_refused(command, on_sample, capsys):
    main = cli.main if command else train
    said = refused([*command, *on_sample, "--num-workers", "4"], capsys, main)
    assert "--num-workers 4 has no effect on the resident loader: add --loader per-sample" in said


def test_an_option_of_another_command_suggests_no_far_one(capsys):
    assert "did you mean" not in refused(["--runs", "3"], capsys, train)


def test_training_is_a_command_too(on_sample, capsys):
    printed = []
    for implementation in ("scratch", "concise"):
        for main, argv in ((cli.main, ["train", implementation]), (cli.main_implementation, [])):
            args = (implementation,) if main is cli.main_implementation else ()
            assert main(*args, [*argv, *on_sample, "--epochs=2"]) == 0
            printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != printed[2] == printed[3]


def test_the_log_has_a_line_an_epoch(on_sample, tmp_path, capsys):
    path = tmp_path / "é.jsonl"
    path.write_text("older\n")
    assert train([*on_sample, "--epochs=3", "--seed=7", "--log", str(path)]) == 0
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    form = "epoch {epoch}, loss {loss:.4f}, train acc {train_acc:.3f}, test acc {test_acc:.3f}\n"
    assert "".join(form.format(**line) for line in lines) == capsys.readouterr().out
    assert {(line["implementation"], line["seed"]) for line in lines} == {("concise", 7)}
    assert all(0 < line["seconds"] < 60 for line in lines)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_plot_of_a_training(ending, on_sample, tmp_path, capsys):
    path = tmp_path / f"plot.{ending}"
    assert train([*on_sample, "--epochs=2", "--plot", str(path)]) == 0
    assert capsys.readouterr().out.endswith(f"plot written to {path}\n")
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG" if ending == "png" else b"<svg")


def test_the_expectation_comes_at_the_tutorials_settings_only(sample, monkeypatch, capsys):
    official = dataclasses.replace(sample, edition="official")
    monkeypatch.setattr(options, "load_data", lambda arguments: official)
    for argv, expected in (([], True), (["--batch-size=256"], False), (["--epochs=1"], False)):
        assert train(argv) == 0
        assert ("expect 0.473" in capsys.readouterr().err) == expected


@pytest.mark.parametrize("top", [1, 3, 10])
@pytest.mark.parametrize("implementation", ["scratch", "concise"])
def test_the_most_probable_classes_are_those_of_numpy(
    implementation, top, sample, on_sample, tmp_path, capsys
):
    random = np.random.RandomState(1)
    W, b = random.normal(0, 0.05, (784, 10)).astype("f"), random.normal(size=10).astype("f")
    np.savez(tmp_path / "p.npz", W=W, b=b)
    argv = ["predict", implementation, str(tmp_path / "p.npz"), *on_sample, "--top", str(top)]
    assert cli.main(argv) == 0
    logits = sample.test_images[:9].reshape(9, 784).astype(np.float64) / 255 @ W + b
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for line, each in zip(capsys.readouterr().out.splitlines()[1:], chances):
        listed = re.findall(r"([a-z-]+(?: boot)?) (\d+\.\d)%", line)
        best = np.argsort(-each)[:top]
        assert [name for name, _ in listed] == get_fashion_mnist_labels(best)
        assert np.allclose([float(chance) for _, chance in listed], 100 * each[best], atol=0.06)


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(option, capsys):
    for name in (None, *cli.COMMANDS):
        with pytest.raises(SystemExit) as caught:
            cli.main([option] if name is None else [name, option], "typed")
        assert caught.value.code == 0
        said = capsys.readouterr().out
        assert said.startswith("usage: typed" if name is None else f"usage: typed {name}")
        assert "--debug" in said


def test_without_a_command_there_is_help_and_status_2(capsys):
    assert cli.main([]) == 2
    assert "commands:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("size", "epochs"), [(1, 1), (999, 2), (1000, 1), (1001, 1), (60_001, 1), (1_000_000, 1)]
)
def test_batch_sizes_that_work(size, epochs, on_sample, capsys):
    assert train([*on_sample, f"--batch-size={size}", f"--epochs={epochs}"]) == 0
    assert [int(n) for n in LINE.findall(capsys.readouterr().out)] == list(range(1, epochs + 1))


def test_as_tutorial_prints_the_mistaken_column(on_sample, capsys):
    assert cli.main_implementation("scratch", [*on_sample, "--epochs=1", "--as-tutorial"]) == 0
    share = re.search(r"train acc (\S+),", capsys.readouterr().out).group(1)
    assert float(share) < 0.2


def test_saved_by_one_implementation_and_used_by_the_other(on_sample, tmp_path, capsys):
    saved, picture = tmp_path / "ä b.npz", tmp_path / "nine.png"
    assert train([*on_sample, "--epochs=2", "--save", str(saved)]) == 0
    predict = ["predict", str(saved), *on_sample, "--count", "9"]
    printed = []
    for implementation in ("scratch", "concise"):
        capsys.readouterr()
        assert cli.main_implementation(implementation, [*predict, "--out", str(picture)]) == 0
        printed.append(capsys.readouterr().out)
        assert picture.read_bytes().startswith(b"\x89PNG")
        picture.unlink()
    assert printed[0] == printed[1]
    assert len(printed[0].splitlines()) == 12
    # The loss continues to fall from where the first run ended.
    capsys.readouterr()
    assert cli.main_implementation("scratch", [*on_sample, "--start-from", str(saved)]) == 0
    went_on = [float(x) for x in re.findall(r"loss (\S+),", capsys.readouterr().out)]
    assert train([*on_sample]) == 0
    again = [float(x) for x in re.findall(r"loss (\S+),", capsys.readouterr().out)]
    assert went_on[0] < again[1]


@pytest.mark.parametrize("content", [b"", b"not parameters", b"PK\x03\x04" + bytes(100)])
def test_predict_refuses_other_files(content, on_sample, tmp_path, capsys):
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    assert train(["predict", str(path), *on_sample]) == 1
    assert capsys.readouterr().err.startswith(f"error: {path}: ")


@pytest.mark.parametrize("implementation", ["scratch", "concise"])
def test_divergence(implementation, on_sample, capsys):
    assert cli.main_implementation(implementation, [*on_sample, "--lr", "1e38"]) == 1
    said = capsys.readouterr()
    assert "training diverged in epoch 1: " in said.err
    assert said.err.count("\n") == 1
    assert "epoch 1, loss" not in said.out


@pytest.mark.slow
def test_divergence_in_reproduce_leaves_a_report_of_completed_runs(
    on_sample, tmp_path, capsys, monkeypatch
):
    from gluon_softmax.errors import Diverged
    from gluon_softmax.reproduction import parallel_runs

    whole = parallel_runs.train_run
    calls = []

    def diverges_in_the_third_pair(*args, **kwargs):
        calls.append(args)
        if len(calls) == 6:
            raise Diverged("epoch 3: no longer finite", None)
        return whole(*args, **kwargs)

    monkeypatch.setattr(parallel_runs, "train_run", diverges_in_the_third_pair)
    out = tmp_path / "report"
    argv = ["reproduce", *on_sample, "--out", str(out), "--no-reading"]
    assert cli.main(argv) == 1
    said = capsys.readouterr()
    assert "error: epoch 3: no longer finite" in said.err
    assert "Stopped by an error" in said.out
    assert "no longer finite" in (out / "index.html").read_text("utf-8")
    import json

    found = json.loads((out / "results.json").read_text("utf-8"))
    assert found["partial"]
    assert len(found["editions"]["own files"]["scratch"]["loss"]["values"]) == 2


@pytest.mark.parametrize("action", ["fetch", "verify", "where"])
def test_data_of_ones_own(action, on_sample, capsys):
    assert cli.main(["data", *on_sample, action]) == 0
    printed = capsys.readouterr().out
    assert "training: 1000 images (28, 28), 100 per class" in printed


def test_compare_exits_with_1_if_they_differ(on_sample, capsys):
    assert cli.main(["compare", *on_sample, "--epochs=3", "--lr=50"]) == 1
    assert "BEYOND" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("options", [["--num-workers=0"], ["--no-reading"]])
def test_the_reading_pass_can_be_left_out(options, on_sample, tmp_path, capsys):
    argv = ["reproduce", *on_sample, "--out", str(tmp_path), "--runs=1", "--epochs=1"]
    assert cli.main([*argv, *options]) == 0
    read = "one pass of the tutorial's data loader" in capsys.readouterr().out
    assert read == (options != ["--no-reading"])


def test_an_interrupted_reproduction_ends_with_130(on_sample, tmp_path, monkeypatch, capsys):
    from gluon_softmax.reproduction import parallel_runs

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(parallel_runs, "train_run", interrupted)
    assert cli.main(["reproduce", *on_sample, "--out", str(tmp_path), "--no-reading"]) == 130
    printed = capsys.readouterr().out
    assert "Interrupted: this is what the finished runs show." in printed
    assert "--runs" not in printed


def test_compare_command(on_sample, capsys):
    assert cli.main(["compare", *on_sample, "--epochs", "1"]) == 0
    assert "Side by side over 5 steps" in capsys.readouterr().out


@pytest.mark.parametrize("implementation", ["scratch", "concise"])
def test_as_a_program(implementation, on_sample):
    done = run(implementation, *on_sample)
    assert (done.returncode, done.stderr) == (0, "")
    assert [int(n) for n in LINE.findall(done.stdout)] == [1, 2, 3, 4, 5]
    assert len(done.stdout.splitlines()) == 5


def test_debug_shows_the_traceback():
    done = run("gluon_softmax", "reproduce", "--runs", "0", "--debug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert run("gluon_softmax", "reproduce", "--runs", "0").returncode == 2


@pytest.mark.posix
def test_a_library_of_mxnets_own_that_is_missing(capsys):
    def imports_mxnet(argv):
        raise OSError("libopenblas.so.0: cannot open shared object file: No such file")

    assert cli.guarded(imports_mxnet, []) == 1
    said = capsys.readouterr().err
    assert "MXNet's own libopenblas.so.0 is missing: install mxnet again" in said
    assert "apt-get" not in said


@pytest.mark.posix
def test_a_library_of_the_system_that_is_missing(capsys):
    import ctypes

    def imports_mxnet(argv):
        ctypes.CDLL("libquadmath-is-not-here.so.0")

    assert cli.guarded(imports_mxnet, []) == 1
    said = capsys.readouterr().err
    assert "needs the system's libquadmath-is-not-here.so.0" in said
    assert said.count("\n") == 1
    with pytest.raises(OSError, match="quadmath"):
        cli.guarded(imports_mxnet, ["--debug"])


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        (lambda: np.empty(1 << 59), "error: not enough memory (Unable to allocate 4.00 EiB"),
        (lambda: (mx.nd.ones(2) + mx.nd.ones(3)).asnumpy(), "error: MXNet: "),
    ],
)
def test_errors_of_numpy_and_mxnet_are_one_line(fails, words, capsys):
    """For example when it allocates memory for the data set."""
    assert cli.guarded(lambda argv: fails(), []) == 1
    said = capsys.readouterr().err
    assert said.startswith(words)
    assert said.count("\n") == 1
    with pytest.raises((MemoryError, mx.MXNetError)):
        cli.guarded(lambda argv: fails(), ["--debug"])


@pytest.mark.parametrize(
    "error", [RuntimeError("unexpected"), ImportError("ours", name="gluon_softmax.commands")]
)
def test_errors_of_this_project_keep_their_traceback(error):
    def fails(argv):
        raise error

    with pytest.raises(type(error)):
        cli.guarded(fails, [])


@pytest.mark.parametrize("option", ["--save", "--log", "--plot", "--save=/proc/x.npz"])
def test_a_file_that_cannot_be_written_is_refused_before_training(option, on_sample, capsys):
    argv = [*on_sample, option] if "=" in option else [*on_sample, f"{option}="]
    if not Path("/proc").is_dir() and "/proc" in option:
        pytest.skip("no /proc")
    line = refused(argv, capsys, train)
    if "/proc" in option:
        assert "/proc/x.npz: the folder /proc is not writable" in line
    else:
        assert f"{option} '': name a file" in line


def test_outputs_that_would_overwrite_each_other_are_refused(on_sample, tmp_path, capsys):
    same, image = str(tmp_path / "same.png"), str(tmp_path / "image.png")
    for first, second in (("save", "plot"), ("log", "plot"), ("save", "log")):
        line = refused([*on_sample, f"--{first}={same}", f"--{second}={same}"], capsys, train)
        assert f"--{first} and --{second} name the same file: {same}" in line
    assert train([*on_sample, "--epochs=1", f"--save={same}"]) == 0
    capsys.readouterr()
    line = refused([*on_sample, f"--start-from={same}", f"--log={same}"], capsys, train)
    assert "--log and --start-from name the same file" in line
    imsave(image, np.zeros((28, 28)))
    argv = ["predict", "concise", same, "--image", image, "--out", image]
    assert "--image and --out name the same file" in refused(argv, capsys)


@as_user
@pytest.mark.slow
@pytest.mark.posix
def test_an_error_of_the_system_names_the_file(on_sample, tmp_path):
    log = tmp_path / "log.jsonl"
    log.touch(0o444)
    tmp_path.chmod(0o777)
    done = run("concise", *on_sample, "--log", str(log), before=AS_USER)
    assert done.stderr == f"error: {log}: Permission denied\n"


def test_a_folder_without_data_leaves_no_output(tmp_path, capsys):
    out = tmp_path / "new"
    argv = ["reproduce", "--data-dir", str(tmp_path / "none"), "--out", str(out)]
    assert cli.main(argv) == 2
    assert not out.exists()
    out.mkdir()
    assert cli.main(argv) == 2
    assert out.exists()


@pytest.mark.slow
@as_user
@pytest.mark.posix
@pytest.mark.parametrize("option", ["--save", "--out"])
def test_a_place_that_nobody_can_look_into(option, on_sample, tmp_path):
    shut, link = tmp_path / "shut", tmp_path / "link"
    shut.mkdir()
    link.symlink_to(shut / "file")
    shut.chmod(0)
    words = ["concise"] if option == "--save" else ["gluon_softmax", "reproduce", "--runs", "1"]
    places = [shut / "file", tmp_path / ("x" * 300)] + [link] * (option == "--save")
    try:
        for place in places:
            done = run(*words, *on_sample, option, str(place), before=AS_USER)
            assert done.returncode == 2, done.stderr
            assert done.stderr.startswith("error: ")
            assert str(place) in done.stderr
            assert "Errno" not in done.stderr
            assert done.stderr.count("\n") == 1
            assert done.stdout == ""
    finally:
        shut.chmod(0o755)


@pytest.mark.posix
@pytest.mark.parametrize("name", ["results.json", "index.html"])
@pytest.mark.parametrize("kind", ["mkdir", "mkfifo"])
def test_a_file_that_the_report_cannot_replace_is_named_before_any_run(
    name, kind, on_sample, tmp_path, capsys
):
    getattr(os, kind)(tmp_path / name)
    assert cli.main(["reproduce", *on_sample, "--runs", "1", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{tmp_path / name}: " in said.err


@pytest.mark.posix
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_output_to_a_full_disk(on_sample):
    with open("/dev/full", "w") as full:
        done = run("concise", *on_sample, stdout=full)
    assert done.returncode == 1
    assert done.stderr == "error: [Errno 28] No space left on device\n"


def test_a_reader_that_closes_the_pipe(on_sample):
    with subprocess.Popen(
        [sys.executable, "-m", "concise", *on_sample, "--epochs", "3000"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        error = process.stderr.read()
        assert process.wait(timeout=60) == 1
    assert error == b""


@pytest.mark.parametrize(
    ("command", "not_needed"),
    [
        ("cli.main(['data', '--data-dir', 'tests/data'])", ["mxnet", "matplotlib", "d2lzh"]),
        (
            "cli.main_implementation('concise', ['--data-dir', 'tests/data'])",
            ["d2lzh", "matplotlib", "jinja2", "pooch", "scipy", "IPython"],
        ),
    ],
)
def test_imports_that_a_command_does_not_need(command, not_needed):
    code = (
        f"import sys; from gluon_softmax.commands import main as cli; {command}; "
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    imported = set(done.stdout.splitlines()[-1].split())
    assert "numpy" in imported
    assert imported.isdisjoint(not_needed)


def test_predicted_classes_are_those_of_numpy(sample, on_sample, tmp_path, capsys):
    random = np.random.RandomState(0)
    W, b = random.normal(size=(784, 10)).astype("f"), random.normal(size=10).astype("f")
    np.savez(tmp_path / "p.npz", W=W, b=b)
    assert train(["predict", str(tmp_path / "p.npz"), *on_sample, "--count", "100"]) == 0
    _, *rows, last = [line.split() for line in capsys.readouterr().out.splitlines()]
    flat = sample.test_images.reshape(-1, 784) / 255
    wrong = (flat @ W + b).argmax(axis=1) != sample.test_labels
    assert [row[-1] == "(wrong)" for row in rows] == wrong[:100].tolist()
    assert float(last[-1]) == round(1 - wrong.mean(), 4)


def test_an_error_leaves_the_caller_its_standard_output(tmp_path):
    code = """
import signal
from gluon_softmax.commands import main
before = [signal.getsignal(number) for number in signal.valid_signals()]
def work(argv):
    raise PermissionError(13, "Permission denied")
print(main.guarded(work, []))
print(before == [signal.getsignal(number) for number in signal.valid_signals()])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout == "1\nTrue\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_output_escapes_what_its_encoding_lacks(encoding, tmp_path, sample_dir):
    folder = tmp_path / "données 数据"
    shutil.copytree(sample_dir, folder)
    done = subprocess.run(
        [sys.executable, "-m", "gluon_softmax", "data", "--data-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert str(folder).encode(encoding, "backslashreplace") in done.stdout


@pytest.mark.posix
def test_parameters_are_not_saved_over_a_pipe(on_sample, tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert train([*on_sample, "--save", str(pipe)]) == 2
    captured = capsys.readouterr()
    # Known before any training.
    assert captured.out == ""
    assert captured.err == f"error: {pipe}: cannot be written (not a regular file)\n"


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason="may not make a mount namespace")
def test_parameters_on_a_full_disk(on_sample, tmp_path):
    script = (
        'mount -t tmpfs -o size=64k tmpfs "$0" && head -c 49152 /dev/zero > "$0/else" && '
        '"$@" --save "$0/p.npz"; status=$?; ls -A "$0"; exit $status'
    )
    program = [sys.executable, "-m", "concise", *on_sample, "--epochs=1"]
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, str(tmp_path), *program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"error: {tmp_path}/p.npz: cannot be written (No space left on device)\n"
    assert done.stdout.splitlines()[1:] == ["else"]


def test_a_reader_that_closes_the_pipe_on_windows(monkeypatch, capsys):
    monkeypatch.setattr(cli, "os", SimpleNamespace(name="nt"))
    cli._report_system(OSError(errno.EINVAL, "Invalid argument"))
    assert capsys.readouterr().err == ""
    cli._report_system(OSError(errno.EINVAL, "Invalid argument", "a file"))
    assert capsys.readouterr().err == "error: a file: Invalid argument\n"


@pytest.mark.slow
@pytest.mark.parametrize("program", [["scratch"], ["gluon_softmax", "reproduce", "--runs", "1"]])
def test_mxnet_as_it_is(program, on_sample, monkeypatch):
    monkeypatch.setenv("GLUON_SOFTMAX_COMPAT", "0")
    done = run(*program, *on_sample)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r"error: MXNet cannot run here without the compatibility patches \(.+\): unset "
        r"GLUON_SOFTMAX_COMPAT, which is 0\n",
        done.stderr,
    )


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["reproduce"], "scratch.py"),
        (["compare"], "scratch/__init__.py"),
        (["train", "scratch"], "concise.py"),
        (["predict", "concise", "parameters.npz"], "scratch.py"),
    ],
)
def test_a_file_that_hides_an_implementation_is_named(command, name, on_sample, tmp_path):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("print('a program of the reader')")
    package = file.relative_to(tmp_path).parts[0].replace(".py", "")
    done = as_installed(*command, *on_sample, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: {file} hides this project's package {package}: rename it, or run from another "
        "folder\n"
    )
    assert len(os.listdir(tmp_path)) == 1


def test_a_folder_that_hides_nothing_is_no_error(on_sample, tmp_path):
    """Python prefers a package to a folder without ``__init__.py``."""
    (tmp_path / "scratch").mkdir()
    done = as_installed("train", "scratch", *on_sample, "--epochs=1", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def as_installed(*argv, cwd, **environment):
    """Run ``python -m gluon_softmax`` from a folder, as with an installed package."""
    return subprocess.run(
        [sys.executable, "-m", "gluon_softmax", *argv],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are text")
@pytest.mark.parametrize("has_table", [False, True])
def test_paths_that_are_no_text(has_table, sample, on_sample, tmp_path, monkeypatch, capsys):
    odd = tmp_path / os.fsdecode(b"\xff $\\q$")
    shutil.copytree(on_sample[1], odd)
    argv = ["reproduce", "--out", str(odd), "--runs=2", "--epochs=1", "--no-reading"]
    if has_table:
        official = dataclasses.replace(sample, edition="official")
        monkeypatch.setattr(options, "load_data", lambda arguments: official)
        (odd / odd.name).write_text("epoch 1, loss 0.7, train acc 0.7, test acc 0.7")
        argv += ["--table", str(odd / odd.name)]
    else:
        argv += ["--data-dir", str(odd)]
    assert cli.main(argv) == 0
    assert capsys.readouterr().out.endswith("\\udcff $\\q$/index.html\n")
    assert "\\udcff $\\q$" in (odd / "index.html").read_text("utf-8")
    assert "udcff" in str(json.loads((odd / "results.json").read_text("utf-8")))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are text")
def test_a_picture_whose_name_is_no_text(on_sample, tmp_path, capsys):
    path = tmp_path / os.fsdecode(b'\xff &"\\q.svg')
    assert train([*on_sample, "--epochs=1", "--plot", str(path)]) == 0
    assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    np.savez(tmp_path / "p.npz", W=np.ones((784, 10), "f"), b=np.ones(10, "f"))
    image = path.with_suffix(".png")
    imsave(image, np.zeros((28, 28)))
    argv = ["predict", str(tmp_path / "p.npz"), "--image", str(image), "--out", str(path)]
    assert train(argv) == 0
    assert b"\\udcff" in path.read_bytes()


@pytest.mark.slow
def test_pictures_are_the_same_whatever_the_users_matplotlib(on_sample, tmp_path):
    rc = "text.usetex: True\nimage.origin: lower\nsavefig.bbox: tight\nfont.size: 30\n"
    (tmp_path / "matplotlibrc").write_text(rc)
    argv = ["reproduce", *on_sample, "--runs=1", "--epochs=1", "--no-reading", "--out"]
    done = as_installed(*argv, "user", cwd=tmp_path, MPLBACKEND="nonsense")
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "matplotlibrc").unlink()
    assert as_installed(*argv, "plain", cwd=tmp_path).returncode == 0
    drawn = sorted(path for path in (tmp_path / "plain").iterdir() if path.suffix != ".json")
    assert len(drawn) > 10
    for path in drawn:
        if path.name != "index.html":
            assert path.read_bytes() == (tmp_path / "user" / path.name).read_bytes()
    inside = [
        re.findall(
            "<svg.*?</svg>|<img[^>]*>",
            (tmp_path / name / "index.html").read_text("utf-8"),
            re.DOTALL,
        )
        for name in ("user", "plain")
    ]
    assert inside[0] == inside[1]
    assert len(inside[0]) > 20


@pytest.mark.parametrize("name", ["plot", "out"])
def test_other_pictures_are_drawn_in_matplotlibs_own_style(name, on_sample, tmp_path, capsys):
    import matplotlib

    np.savez(tmp_path / "p.npz", W=np.ones((784, 10), "f"), b=np.ones(10, "f"))
    argv = ["predict", str(tmp_path / "p.npz")] if name == "out" else ["--epochs=1"]
    files = []
    for style in ({}, {"text.usetex": True, "axes.facecolor": "red"}):
        files.append(tmp_path / f"{len(style)}.png")
        with matplotlib.rc_context(style):
            assert train([*argv, *on_sample, f"--{name}", str(files[-1])]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.slow
@pytest.mark.posix
@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-"])
def test_closed_output(closed, on_sample, tmp_path):
    argv = ["gluon_softmax", "reproduce", *on_sample, "--runs=1", "--epochs=1"]
    done = run(*argv, "--out", str(tmp_path), before=["sh", "-c", f'exec "$@" {closed}', "sh"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("index.html\n") == (closed == "2>&-")
    assert (tmp_path / "index.html").read_text("utf-8").rstrip().endswith("</html>")


def test_an_empty_name_is_no_folder(on_sample, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    argv = ["reproduce", *on_sample, "--runs=1", "--epochs=1", "--no-reading"]
    assert "--out '': name a folder" in refused([*argv, "--out="], capsys)
    assert not list(tmp_path.iterdir())
