"""Saved parameters: W and b of the model, in a file that can be read without MXNet.

Both implementations use the same format: NumPy's .npz with ``W`` (784, 10) and ``b`` (10,), both
float32, without pickled objects.
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
    """Write parameters atomically.

    Parameters
    ----------
    path : str
        The file; an existing one is replaced.
    W : numpy.ndarray of float32
        Weights, shape (784, 10).
    b : numpy.ndarray of float32
        Biases, shape (10,).

    Raises
    ------
    ParametersError
        If the file cannot be written.
    """
    # In memory first: on a full disk, zipfile prints a second error when its object is freed.
    content = io.BytesIO()
    # Gluon's array is transposed.
    np.savez(content, W=np.ascontiguousarray(W), b=b)
    with whole_file(Path(path), ParametersError) as staged:
        staged.write_bytes(content.getvalue())


def load_parameters(path: str) -> Tuple[np.ndarray, np.ndarray]:
    """Read parameters saved by either implementation.

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
        If the file cannot be read, or does not contain exactly these two arrays with finite values.
    """
    try:
        # Reading a device may never end, and reading a pipe may never begin.
        if is_special(Path(path)):
            raise ParametersError(f"{path}: not a regular file")
        with zipfile.ZipFile(path) as archive:
            if sorted(archive.namelist()) != sorted(f"{name}.npy" for name in SHAPES):
                raise ParametersError(f"{path}: does not contain exactly W and b")
            return _read_array(archive, "W", path), _read_array(archive, "b", path)
    except ParametersError:
        raise
    except OSError as error:
        raise ParametersError(f"{path}: cannot be read ({error.strerror or error})") from error
    except Exception as error:
        # Any type: a damaged header raises errors of zlib, tokenize or ast.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ParametersError(f"{path}: not a file of saved parameters ({reason})") from error


def _read_array(archive: zipfile.ZipFile, name: str, path: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as stream:
        # Check the header first: reading allocates memory for whatever shape it claims.
        major, _ = np.lib.format.read_magic(stream)
        if major != 1:
            raise ParametersError(f"{path}: {name} is in an unknown version of the .npy format")
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
        if shape != SHAPES[name] or dtype != np.float32 or fortran_order:
            order = " in Fortran order" if fortran_order else ""
            raise ParametersError(
                f"{path}: {name} is {dtype} {shape}{order}, expected float32 {SHAPES[name]}"
            )
        size = 4 * int(np.prod(shape))
        content = stream.read(size + 1)
    if len(content) != size:
        raise ParametersError(f"{path}: {name} has another length than its shape requires")
    array = np.frombuffer(content, np.float32).reshape(shape)
    if not np.isfinite(array).all():
        raise ParametersError(f"{path}: {name} contains values that are not finite")
    return array
