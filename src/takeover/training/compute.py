"""How torch computes: threads, the path its fp32 matrix products take, and where memory goes.

torch.set_float32_matmul_precision('medium') lets a CPU take its fastest products. On many that is
a plain fp32 kernel, twice as fast as the default and as exact; on those with bf16 matrix units
(AMX) it may compute in bf16. So the error is measured before it is used.

An update allocates and frees the same few megabytes every time. glibc gives blocks of that size
back to the kernel and asks for them again, and the page faults took a third of an RLPD update
(444 ms, 265 ms without), so it is told to keep them.
"""

import ctypes
from dataclasses import dataclass

import torch

LARGEST_ERROR = 1e-5
_SIZE = 256
# Options of glibc's mallopt, and up to which size freed memory stays with the process.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 1 << 30


@dataclass(frozen=True)
class Compute:
    """What was chosen, and the measured relative error of a matrix product that led to it."""

    threads: int
    precision: str
    error: float
    medium_error: float

    def __str__(self) -> str:
        """Return one line for a person."""
        line = (
            f'{self.threads} thread{"s" if self.threads > 1 else ""}, fp32 products '
            f"'{self.precision}' (relative error {self.error:.1e})"
        )
        if self.precision != 'medium':
            line += f"; 'medium' has {self.medium_error:.1e} here and was not taken"
        return line


def prepare(threads: int = 1, allow_reduced_precision: bool = False) -> Compute:
    """Set threads, memory, and the fastest products exact to LARGEST_ERROR, process-wide.

    :param allow_reduced_precision: take 'medium' whatever its error.
    """
    torch.set_num_threads(threads)
    keep_freed_memory()
    medium_error = product_error('medium')
    fast = medium_error <= LARGEST_ERROR or allow_reduced_precision
    precision = 'medium' if fast else 'highest'
    error = medium_error if fast else product_error('highest')
    torch.set_float32_matmul_precision(precision)
    return Compute(threads, precision, error, medium_error)


def keep_freed_memory() -> bool:
    """Let freed memory stay with the process; return whether the C library knows how."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all(mallopt(option, _KEPT_BYTES) for option in (_TRIM_THRESHOLD, _MMAP_THRESHOLD))


def product_error(precision: str) -> float:
    """Return the error of fp32 products at a precision, relative to the largest exact element.

    The worst of a plain and a batched product against float64; the setting is put back.
    """
    generator = torch.Generator().manual_seed(0)
    left, right = torch.randn(2, 2, _SIZE, _SIZE, generator=generator).unbind()
    exact = left.double() @ right.double()
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        found = (torch.bmm(left, right), torch.stack([left[0] @ right[0], left[1] @ right[1]]))
    finally:
        torch.set_float32_matmul_precision(before)
    worst = max(float((product.double() - exact).abs().max()) for product in found)
    return worst / float(exact.abs().max())
