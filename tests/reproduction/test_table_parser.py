import json
import subprocess
import sys

import d2lzh as d2l
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gluon_softmax.commands import main as cli
from gluon_softmax.errors import UsageError
from gluon_softmax.reproduction import table_parser
from gluon_softmax.reproduction.table_parser import Number, parse, read
from gluon_softmax.training.loader import load_data_fashion_mnist

ROW = (Number(0.7517, 4), Number(0.095, 3), Number(0.79, 3))
TWO = (Number(0.5542, 4), Number(0.097, 3), Number(0.826, 3))


@pytest.mark.parametrize(
    "text",
    [
        "epoch 1, loss 0.7517, train acc 0.095, test acc 0.790",
        "In [7]: train()\nepoch 1, loss 0.7517, train acc 0.095, test acc 0.790, time 2.3 sec\n",
        "epoch 1,loss 0.7517,train acc 0.095,test acc 0.790",
        "epoch 1，loss 0.7517，train acc 0.095，test acc 0.790。",
        "Epoch：1，Loss：0.7517；Train Acc：0.095；Test Acc：0.790",
        "epoch １, loss ０.7517, train acc 0.095, test acc 0.790",
        "epoch: 1 | loss: 0.7517 | train_acc: .095 | test_acc: 0.790",
        "epoch 1, loss 0.7517, train accuracy 0.095,\n    test accuracy 0.790",
        '   "epoch 1, loss 0.7517, train acc 0.095, test acc 0.790\\n",',
        "epoch 1, loss 7517e-4, train acc 0.095, test acc 7.90e-1",
        "epoch 0, loss 0.7517, train acc 0.095, test acc 0.790",
        "epoch 1, loss 0.7517, train acc 0.095, test acc 0.790epoch 1 of another, loss",
        "\x1b[1mepoch 1\x1b[0m, loss \x1b[31m0.7517\x1b[0m, train acc 0.095, test acc 0.790",
        "Epoch 1/5, loss 0.7517, train acc 0.095, test acc 0.790",
        "epoch [1/5]: train loss 0.7517, acc 0.095, val acc 0.790",
        "epoch 1, train loss 0.7517, train acc 0.095, val loss 0.6, validation accuracy 0.790",
        '{"epoch": 1, "loss": 0.7517, "train_acc": 0.095, "test_acc": 0.790}',
        # Keras draws a bar many times, then prints the line with the results.
        "Epoch 1/5\n  1/235 [....] - ETA: 9s - loss: 2.5 - accuracy: 0.1\r235/235 [=====] - 2s "
        "1ms/step - loss: 0.7517 - accuracy: 0.095 - val_loss: 0.6033 - val_accuracy: 0.790\n",
        "| epoch | loss | train acc as printed | test acc |\n|---|---:|---|---|\n"
        "| 1 | 0.7517 | 0.095 | 0.790 |\n\nSo it goes.",
        "epoch,seconds,loss,train_acc,val_acc\r\n1,2.31,0.7517,0.095,0.790\r\n",
        "Epoch\tloss\ttrain accuracy\ttest accuracy\n1\t0.7517\t0.095\t0.790\n",
        "| | **Loss** | Train acc | Test acc |\n| Epoch 1 | **0.7517** | 0.095 | 0.790 |",
        "epoch;loss;train acc;test acc\r\n1;0,7517;0,095;0,790\r\n",
        "epoch\tloss\ttrain acc\ttest acc\n1\t0,7517\t0,095\t0,790\n",
        "轮次,损失,训练准确率,测试准确率\n1,0.7517,0.095,0.790\n",
        'epoch,examples,loss,train acc,test acc\n1,"60,000","0,7517","0,095",0.790\n',
        "epoch,loss std,loss,train acc std,train acc,test acc\n1,0.1,0.7517,0.2,0.095,0.790\n",
        "Epoch No.,time,loss (mean; nats),train acc,test acc\n1,3,0.7517,0.095,0.790\n",
        "+---+---+\n| epoch | loss | train acc | test acc |\n+====+====+\n\n# a note\n"
        "| 1 | 0.7517¹ | 0.095 % | 0.790 % |\n+---+---+\n",
        "| 迭代周期 | 训练损失 | 训练精度 | 测试精度（%） |\n|--|--|--|--|\n"
        "| 1 | 0.7517 | 0.095 | 0.790 |",
    ],
)
def test_a_line_is_found_in_what_was_copied_with_it(text):
    assert parse(text, "text") == [[ROW]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_a_file_in_any_encoding(encoding, tmp_path):
    file = tmp_path / "table.txt"
    text = "输出：\r\nepoch 1，loss 0.7517，train acc 0.095，test acc 0.790\r\n"
    file.write_bytes(text.encode(encoding, "replace"))
    assert read(str(file)) == [[ROW]]


def test_several_tables_one_after_another():
    first = "epoch 1, loss 0.7517, train acc 0.095, test acc 0.790\n"
    second = "epoch 2, loss 0.5542, train acc 0.097, test acc 0.826\n"
    assert parse(first + second + "\nconcise:\n" + first + second, "t") == [[ROW, TWO]] * 2
    assert parse(first + first, "t") == [[ROW]] * 2
    from_0 = first.replace("h 1", "h 0") + second.replace("h 2", "h 1")
    assert parse(from_0 + from_0, "t") == [[ROW, TWO]] * 2


def test_rows_of_a_markdown_table_are_epochs():
    text = "| epoch | loss | train acc | test acc |\n|--|--|--|--|\n"
    rows = "| 1 | 0.7517 | 0.095 | 0.790 |\n| 2 | 0.5542 | 0.097 | 0.826 |\n"
    assert parse(text + rows + "\n" + text + rows, "t") == [[ROW, TWO]] * 2
    mixed = text + rows + "\nepoch 1, loss 0.7517, train acc 0.095, test acc 0.790\n"
    assert parse(mixed, "t") == [[ROW, TWO], [ROW]]


@pytest.mark.parametrize(
    "between", ["\nconcise:\n", "\n", "\n\n"], ids=["a heading", "the next line", "a blank line"]
)
def test_epoch_1_of_another_table_does_not_go_on_that_of_epoch_0(between):
    """The loss after one epoch is never that after two."""
    first = "epoch 0, loss 0.7517, train acc 0.095, test acc 0.790"
    other = first.replace("h 0", "h 1")
    assert parse(first + between + other, "t") == [[ROW], [ROW]]
    goes_on = "epoch 1, loss 0.5542, train acc 0.097, test acc 0.826"
    together = "heading" not in between and "concise" not in between
    expected = [[ROW, TWO]] if together else [[ROW], [TWO]]
    assert parse(first + between + goes_on, "t") == expected


def test_lines_that_cannot_be_read_are_named():
    text = (
        "training\nepoch 1, loss 0.7517, train acc 0.095, test acc 0.790\n"
        "epoch 2, loss 0.5542, train acc 0.097, test acc 0.826\n"
        "epoch 3, loss 0.51\n\nepoch 1: 37%|###7      | 11/30\n  epoch 4 (soon)\nat epoch 9\n"
    )
    tables = parse(text, "t")
    assert tables == [[ROW, TWO]]
    assert tables.left_out == {4: "epoch 3, loss 0.51", 7: "epoch 4 (soon)"}
    assert parse("epoch 1, loss 0.7517, train acc 0.095, test acc 0.790", "t").left_out == {}


def test_rows_of_cells_that_cannot_be_read_are_named():
    header = "epoch,loss,train acc,test acc\n"
    first, second = "1,0.7517,0.095,0.790\n", "2,0.5542,0.097,0.826\n"
    tables = parse(header + first + second + "3,oops,0.098,0.831\n\nYes,it,is,so.\n", "t")
    assert tables == [[ROW, TWO]]
    assert tables.left_out == {4: "3,oops,0.098,0.831"}
    # A line of the usual form does not belong to the table above it.
    line = "epoch 1, loss 0.7517, train acc 0.095, test acc 0.790\n"
    tables = parse(header + first + line, "t")
    assert (tables, tables.left_out) == ([[ROW], [ROW]], {})


@pytest.mark.parametrize(
    "between", ["\n", "  \n", "# lr lowered\n", "epoch,loss,train acc,test acc\n", ",,,\n"]
)
def test_a_table_of_cells_goes_on_after_other_lines(between):
    header = "epoch,loss,train acc,test acc\n"
    first, second = "1,0.7517,0.095,0.790\n", "2,0.5542,0.097,0.826\n"
    tables = parse(header + between + first + between + second, "t")
    assert (tables, tables.left_out) == ([[ROW, TWO]], {})


def test_numbers_of_full_precision():
    text = "epoch,loss,train acc,test acc\n1,0.7517123456789012,0.7566666666666667,0.79\n"
    assert [number.value for number in parse(text, "t")[0][0]] == [
        0.7517123456789012,
        0.7566666666666667,
        0.79,
    ]


@pytest.mark.parametrize("header", ["seconds,loss,train acc,test acc", "epoch,loss,train acc"])
def test_a_header_without_all_columns_is_no_table(header):
    with pytest.raises(UsageError, match="it has no line such as"):
        parse(f"{header}\n1,0.7,0.1,0.8\n", "t")


def test_unquoted_decimal_commas_are_no_numbers():
    with pytest.raises(UsageError, match="line 2 cannot be read: `1,0,75,0,76,0,79`"):
        parse("epoch,loss,train acc,test acc\n1,0,75,0,76,0,79\n", "t")


@pytest.mark.parametrize("row", ["2,0.5542,oops,0.826", "2,0.5542", "2,,0.097,0.826", "-,1,2,3"])
def test_a_row_in_the_middle_that_cannot_be_read_is_named(row):
    text = f"epoch,loss,train acc,test acc\n1,0.7517,0.095,0.790\n{row}\n3,0.51,0.098,0.831\n"
    with pytest.raises(UsageError) as caught:
        parse(text, "t.csv")
    assert str(caught.value) == (
        "t.csv: table 1 has epoch 3 after 1, where 2 belongs; line 3 cannot be read: `" + row + "`"
    )


def test_output_of_d2lzh_is_read(sample, capsys):
    net = d2l.nn.Sequential()
    net.add(d2l.nn.Dense(10))
    net.initialize()
    train_iter, test_iter = load_data_fashion_mnist(200, data=sample, seed=0)
    trainer = d2l.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    loss = d2l.gloss.SoftmaxCrossEntropyLoss()
    d2l.train_ch3(net, train_iter, test_iter, loss, 3, 200, None, None, trainer)
    printed = capsys.readouterr().out
    numbers = [
        [float(word.strip(",")) for word in line.split()[3::3]] for line in printed.split("\n")
    ]
    [table] = parse(printed, "d2lzh")
    assert [[number.value for number in row] for row in table] == numbers[:3]
    assert {tuple(number.digits for number in row) for row in table} == {(4, 3, 3)}


@given(
    st.lists(
        st.tuples(st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12
    ),
    st.sampled_from([", ", "，", "; ", " | ", "\t"]),
    st.text(max_size=50),
)
def test_every_table_comes_back(rows, between, noise):
    lines = [
        between.join([f"epoch {k}", f"loss {a:.4f}", f"train acc {b:.3f}", f"test acc {c:.3f}"])
        for k, (a, b, c) in enumerate(rows, start=1)
    ]
    [table] = parse("\n".join([f"{noise}\n", *lines]), "t")
    expected = [[round(a, 4), round(b, 3), round(c, 3)] for a, b, c in rows]
    np.testing.assert_allclose([[n.value for n in row] for row in table], expected, atol=1e-9)


LINE = "epoch {}, loss {}, train acc {}, test acc {}\n"
GOOD = ("0.7", "0.7", "0.8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it has no line such as"),
        ("epoch 1, loss 0.7517, test acc 0.790", "it has no line such as"),
        (LINE.format(3, *GOOD), "its first epoch is 3"),
        (
            LINE.format(1, *GOOD) + "epoch 2, loss 0.5, train acc O.8\n" + LINE.format(3, *GOOD),
            "table 1 has epoch 3 after 1, where 2 belongs; line 2 cannot be read: `epoch 2, loss "
            "0.5, train acc O.8`",
        ),
        ("\nepoch 1, loss 0.7517, test acc 0.790", "; line 2 cannot be read: `epoch 1, loss 0.75"),
        ("loss 0.447, train acc 0.848, test acc 0.832\n", "without an epoch, as d2l's later"),
        (LINE.format(1, *GOOD) + LINE.format(3, *GOOD), "table 1 has epoch 3 after 1, where 2"),
        (LINE.format(1, *GOOD) + LINE.format(2, *GOOD) * 2, "table 1 has epoch 2 after 2"),
        (
            LINE.format(1, "nan", "0.1", "0.1"),
            "implausible: table 1, epoch 1: loss nan is not",
        ),
        (LINE.format(1, "inf", "0.1", "0.1"), "epoch 1: loss inf is not a possible loss"),
        (LINE.format(1, "1e200", "0.1", "0.1"), "epoch 1: loss 1e+200 is not a possible loss"),
        (LINE.format(1, "1e999", "0.1", "0.1"), "epoch 1: loss inf is not a possible loss"),
        (LINE.format(1, "-0.7", "0.1", "0.1"), "epoch 1: loss -0.7 is not a possible loss"),
        (
            LINE.format(1, *GOOD) + LINE.format(2, "0.7", "0.8", "100.5"),
            "test acc 100.5 is not",
        ),
        (
            LINE.format(0, "0.7", "-0.1", "0.8"),
            "train acc -0.1 is not a possible accuracy",
        ),
    ],
)
def test_a_text_without_a_table_is_one_line(text, words, tmp_path, capsys):
    file = tmp_path / "table.txt"
    file.write_text(text, "utf-8")
    assert cli.main(["reproduce", "--table", str(file), "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: table.txt: ")
    assert words in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "argv",
    [
        ["--table", "{}/missing.txt"],
        ["--table", "{}"],
        ["--table", "{}/table.txt", "--epochs", "4"],
        ["--table", "{}/table.txt", "--data-dir", "{}"],
        ["--table", "{}/table.txt", "--edition", "resplit"],
        ["--table", ""],
        ["--version", "scratch"],
    ],
)
def test_options_that_do_not_go_together(argv, tmp_path, capsys):
    (tmp_path / "table.txt").write_text(LINE.format(1, *GOOD), "utf-8")
    assert cli.main(["reproduce", *(word.format(tmp_path) for word in argv)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "piece",
    [
        *(" ", "epoch ", "epoch 1", "epoch 1,", "9", "epoch 1, loss ", "\n", "中文，", "\0", "e1"),
        *(
            "epoch 1/5\nloss ",
            "epoch 1/5\n",
            "|",
            "a,\n",
            "epoch|loss|acc|test acc\n",
            "\x1b[1",
            "loss 1 ",
        ),
    ],
)
def test_two_megabytes_of_noise(piece):
    """Time that grows as the square of the length would never end."""
    text = (piece * (2_000_000 // len(piece)))[:2_000_000]
    with pytest.raises(UsageError, match="it has no line such as"):
        parse(text, "noise")


def test_standard_input():
    program = "from gluon_softmax.reproduction.table_parser import read; print(read('-'))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(
            {"text": "epoch 1, loss 0.7517, train acc 0.095, test acc 0.790"}
        ).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    assert done.stdout.decode().strip() == str([[ROW]])
    assert table_parser.name_of("-") == "standard input"


def test_standard_input_that_is_closed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="--table '-': standard input is closed"):
        table_parser.read("-")


@pytest.mark.posix
@pytest.mark.parametrize("source", ["/dev/zero", "-"])
def test_endless_input_is_not_read_to_its_end(source, monkeypatch):
    with open("/dev/zero") as endless:
        monkeypatch.setattr(sys, "stdin", endless)
        with pytest.raises(UsageError, match="larger than 64 MB: not a text file"):
            read(source)


def test_an_accuracy_of_100_per_cent_is_possible():
    [table] = parse("epoch 1, loss 0.1, train acc 100, test acc 100\n", "t")
    assert [number.value for number in table[0][1:]] == [100, 100]
