"""Saved parameters: W and b of the model, in a file that needs no MXNet to be read.

Both versions write the same form, NumPy's .npz with ``W`` (784, 10) and ``b`` (10,), float32, so
that each reads the other's. Nothing in it is pickled.
"""

import io
import zipfile
from pathlib import Path
from typing import Tuple

import numpy as np

from ..errors import ParametersError
from ..writing import is_special, whole_file

SHAPES = {"W": (784, 10), "b": (10,)}


def save_parameters(path: str, W: np.ndarray, b: np.ndarray) -> None:
    """Write parameters, whole or not at all.

    Parameters
    ----------
    path : str
        The file; an older one is replaced.
    W : numpy.ndarray of float32
        Weights, shape (784, 10).
    b : numpy.ndarray of float32
        Biases, shape (10,).

    Raises
    ------
    ParametersError
        If the file cannot be written.
    """
    # In memory first: on a full disk, zipfile would complain once more as its object goes.
    content = io.BytesIO()
    # A transposed array, as Gluon's, is put in order.
    np.savez(content, W=np.ascontiguousarray(W), b=b)
    with whole_file(Path(path), ParametersError) as staged:
        staged.write_bytes(content.getvalue())


def load_parameters(path: str) -> Tuple[np.ndarray, np.ndarray]:
    """Read parameters that either version saved.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    W : numpy.ndarray of float32
        Weights, shape (784, 10).
    b : numpy.ndarray of float32
        Biases, shape (10,).

    Raises
    ------
    ParametersError
        If there is no such file or it does not hold just these two arrays, finite.
    """
    try:
        # A device may have no end, and a pipe no beginning.
        if is_special(Path(path)):
            raise ParametersError(f"{path}: is no regular file")
        with zipfile.ZipFile(path) as archive:
            if sorted(archive.namelist()) != sorted(f"{name}.npy" for name in SHAPES):
                raise ParametersError(f"{path}: does not hold W and b of this model")
            return _read_array(archive, "W", path), _read_array(archive, "b", path)
    except ParametersError:
        raise
    except OSError as error:
        raise ParametersError(f"{path}: cannot be read ({error.strerror or error})") from error
    except Exception as error:
        # Any kind: a damaged header takes NumPy through zlib, tokenize and ast.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ParametersError(f"{path}: not a file of saved parameters ({reason})") from error


def _read_array(archive: zipfile.ZipFile, name: str, path: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as stream:
        # The header first: a file may claim any shape, and reading would make room for it.
        major, _ = np.lib.format.read_magic(stream)
        if major != 1:
            raise ParametersError(f"{path}: {name} is of an unknown form")
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
        if shape != SHAPES[name] or dtype != np.float32 or fortran_order:
            order = "in Fortran's order " if fortran_order else ""
            raise ParametersError(
                f"{path}: {name} is {dtype} {shape} {order}and not float32 {SHAPES[name]}, as this "
                "model's"
            )
        size = 4 * int(np.prod(shape))
        content = stream.read(size + 1)
    if len(content) != size:
        raise ParametersError(f"{path}: {name} does not have the length that its shape asks for")
    array = np.frombuffer(content, np.float32).reshape(shape)
    if not np.isfinite(array).all():
        raise ParametersError(f"{path}: {name} holds numbers that are not finite")
    return array
