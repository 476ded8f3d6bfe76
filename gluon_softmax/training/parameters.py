"""Saved parameters, in a file that can be read without MXNet.

The format is NumPy's .npz, with one float32 array for each parameter and without pickled objects.
scratch and concise have the same parameters: ``W`` (784, 10) and ``b`` (10,).
"""

import io
import zipfile
from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np

from ..errors import ParametersError
from ..writing import is_special, whole_file
from .implementation import Parameters

Shape = Tuple[int, ...]


def save_parameters(path: str, parameters: Parameters) -> None:
    """Write parameters, by name, into a file atomically; raises ParametersError if that fails."""
    # In memory first: on a full disk, zipfile prints a second error when its object is freed.
    content = io.BytesIO()
    # Gluon's arrays are transposed.
    arrays: Any = {name: np.ascontiguousarray(array) for name, array in parameters.items()}
    np.savez(content, **arrays)
    with whole_file(Path(path), ParametersError) as staged:
        staged.write_bytes(content.getvalue())


def load_parameters(path: str, shapes: Dict[str, Shape]) -> Parameters:
    """Read saved parameters of the given shapes, by name.

    Raises ParametersError if the file cannot be read, or does not contain exactly these arrays in
    float32 with finite values.
    """
    try:
        # Reading a device may never end, and reading a pipe may never begin.
        if is_special(Path(path)):
            raise ParametersError(f"{path}: not a regular file")
        with zipfile.ZipFile(path) as archive:
            if sorted(archive.namelist()) != sorted(f"{name}.npy" for name in shapes):
                raise ParametersError(f"{path}: does not contain exactly {' and '.join(shapes)}")
            return {name: _read_array(archive, name, shape, path) for name, shape in shapes.items()}
    except ParametersError:
        raise
    except OSError as error:
        raise ParametersError(f"{path}: cannot be read ({error.strerror or error})") from error
    except Exception as error:
        # Any type: a damaged header raises errors of zlib, tokenize or ast.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ParametersError(f"{path}: not a file of saved parameters ({reason})") from error


def _read_array(archive: zipfile.ZipFile, name: str, expected: Shape, path: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as stream:
        # Check the header first: reading allocates memory for whatever shape it claims.
        major, _ = np.lib.format.read_magic(stream)
        if major != 1:
            raise ParametersError(f"{path}: {name} is in an unknown version of the .npy format")
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
        if shape != expected or dtype != np.float32 or fortran_order:
            order = " in Fortran order" if fortran_order else ""
            raise ParametersError(
                f"{path}: {name} is {dtype} {shape}{order}, expected float32 {expected}"
            )
        size = 4 * int(np.prod(shape))
        content = stream.read(size + 1)
    if len(content) != size:
        raise ParametersError(f"{path}: {name} has another length than its shape requires")
    array = np.frombuffer(content, np.float32).reshape(shape)
    if not np.isfinite(array).all():
        raise ParametersError(f"{path}: {name} contains values that are not finite")
    return array
