import io
import sys

from gluon_softmax import console


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_bars_are_for_terminals(monkeypatch):
    for stream, shows in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        assert list(console.progress(range(3), desc="counting")) == [0, 1, 2]
        assert ("counting" in stream.getvalue()) == shows


def test_notes_go_to_standard_error(capsys, monkeypatch):
    console.notify("a note")
    monkeypatch.delitem(sys.modules, "tqdm", raising=False)
    console.notify("another")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "a note\nanother\n")
