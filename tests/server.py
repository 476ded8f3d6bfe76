"""A local file server that misbehaves as its path says: /MANNER/file.gz."""

import contextlib
import gzip
import hashlib
import http.server
import socket
import threading
import time
from pathlib import Path

import numpy as np

from gluon_softmax.data.editions import FILES, Edition, Source
from gluon_softmax.data.idx import kind_of, read_idx_path

SAMPLE = Path(__file__).with_name("data")
BOMB = gzip.compress(bytes(64 << 20))


def content(file):
    return (SAMPLE / f"{file}.gz").read_bytes()


def checksums(algorithm, decompress=False):
    return {
        file: algorithm
        + ":"
        + hashlib.new(
            algorithm, gzip.decompress(content(file)) if decompress else content(file)
        ).hexdigest()
        for file in FILES
    }


def edition(name, *sources):
    """Return an edition with the sample's files, in the form of the edition of that name."""
    is_gz = name == "mxnet"
    return Edition(
        name,
        f"sample-{name}",
        ".gz" if is_gz else "",
        checksums("sha1") if is_gz else checksums("sha256", decompress=True),
        sources,
    )


FOLDER = Source("a folder", "folder", str(SAMPLE), {})


def assert_whole(arrays, folder=None, suffix=""):
    """Check that these are the sample's arrays, and that the folder has no other files."""
    assert tuple(sorted(arrays)) == tuple(sorted(FILES))
    for file in FILES:
        _, expected = read_idx_path(SAMPLE / f"{file}.gz", kind_of(file))
        np.testing.assert_array_equal(arrays[file], expected)
    if folder is not None:
        assert {p.name for p in folder.iterdir()} == {file + suffix for file in FILES}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        _, manner, file = self.path.split("/")
        self.server.asked.append((manner, file))
        body = content(file.replace(".gz", ""))
        if manner.isdigit():
            self.answer(b"<html>no</html>", status=int(manner))
        elif manner == "ok":
            self.answer(body)
        elif manner == "once":
            asked = self.server.asked.count((manner, file))
            self.answer(body if asked > 1 else b"", status=200 if asked > 1 else 503)
        elif manner == "html":
            self.answer(b"<!DOCTYPE html><html><body>Sign in to this network</body></html>")
        elif manner == "wrong":
            self.answer(bytes(reversed(body)))
        elif manner == "swapped":
            self.answer(content(FILES[FILES.index(file[:-3]) - 1]))
        elif manner == "less":
            self.answer(body[: len(body) // 2], length=len(body))
        elif manner == "more":
            self.answer(body + bytes(5 << 20))
        elif manner == "bomb":
            self.answer(BOMB)
        elif manner == "circle":
            self.headers_only({"Location": self.path, "Content-Length": "0"}, 302)
        elif manner == "scheme":
            self.headers_only({"Location": "ftp://127.0.0.1/a.gz", "Content-Length": "0"}, 302)
        elif manner == "moved":
            self.headers_only({"Location": f"/ok/{file}", "Content-Length": "0"}, 301)
        elif manner == "slow":
            self.headers_only({"Content-Length": str(len(body))})
            with contextlib.suppress(OSError):
                for start in range(0, len(body), 4096):
                    self.wfile.write(body[start : start + 4096])
                    time.sleep(0.004)
        elif manner == "hang":
            time.sleep(30)
        elif manner == "drop":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif manner == "first-only":
            if file.startswith("train-images"):
                self.answer(body)
            else:
                self.answer(b"", status=503)
        else:
            raise AssertionError(manner)

    def headers_only(self, headers, status=200):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def answer(self, body, status=200, length=None):
        self.headers_only({"Content-Length": str(len(body) if length is None else length)}, status)
        with contextlib.suppress(OSError):
            self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        # A client that gives up closes the connection; the tests provoke that.
        pass


@contextlib.contextmanager
def serve():
    """Run the server; its `.source(manner)` returns a source of the sample's files."""
    server = Server(("127.0.0.1", 0), Handler)
    server.asked = []
    base = f"http://127.0.0.1:{server.server_address[1]}"
    server.source = lambda manner: Source(
        f"server that does {manner}", "url", f"{base}/{manner}/{{file}}.gz", checksums("md5")
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
