"""The fastest matrix products torch does here, and how many of them a DSAC-T update needs.

Together they say what share of the processor an update uses: the rest is activations, optimiser,
sampling and overhead.

    python -m benchmarks.peers.matmul_peak
"""

from collections.abc import Callable, Sequence
import sys
import time

from benchmarks.machine import machine
import torch

REPETITIONS, PRODUCTS = 200, 10


def fastest_s(call: Callable[[], object]) -> float:
    """Return the seconds of one call: the best of many short runs."""
    best_s = float('inf')
    for _ in range(REPETITIONS):
        start_s = time.perf_counter()
        for _ in range(PRODUCTS):
            call()
        best_s = min(best_s, (time.perf_counter() - start_s) / PRODUCTS)
    return best_s


def matmul_peak_gflops(precision: str, size: int = 256, batch: int = 2) -> float:
    """Return the highest rate of fp32 products on one thread, in 1e9 operations a second.

    The better of `torch.bmm` of `batch` pairs and `torch.addmm` of one, square, `size` wide. What
    torch is set to is set back afterwards.

    :param precision: of torch.set_float32_matmul_precision: 'highest', 'high' or 'medium'.
    """
    before = torch.get_num_threads(), torch.get_float32_matmul_precision()
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision(precision)
    try:
        generator = torch.Generator().manual_seed(0)
        left, right = torch.randn(2, batch, size, size, generator=generator)
        bias = torch.zeros(size)
        with torch.inference_mode():
            stacked_s = fastest_s(lambda: torch.bmm(left, right)) / batch
            single_s = fastest_s(lambda: torch.addmm(bias, left[0], right[0]))
    finally:
        torch.set_num_threads(before[0])
        torch.set_float32_matmul_precision(before[1])
    return 2e-9 * size**3 / min(stacked_s, single_s)


def update_flops(
    observation_size: int, action_size: int, hidden: Sequence[int], batch: int, delay: int
) -> float:
    """Return the operations in the matrix products of one DSAC-T update, averaged over `delay`.

    A product [B, in] x [in, out] is 2 B in out operations (multiply and add). F is the sum over
    the layers of a network, first the part of its first layer. Forward costs F, the gradient by
    the weights F, that by the inputs of each layer F, or F - first where nobody asks for the
    gradient by the network's own input.

    * every update: both critics forward and backward, 2 (3 F - first); the target actor forward,
      F; both target critics forward, 2 F;
    * every `delay`-th: the actor forward and backward, 3 F - first; both critics forward and the
      gradient by their inputs alone, 2 * 2 F. The input is counted whole, observation included,
      as autograd computes it.

    Biases, activations, losses, Adam and Polyak are not products and are not counted.
    """
    critic, critic_first = _forward((observation_size + action_size, *hidden, 2), batch)
    actor, actor_first = _forward((observation_size, *hidden, 2 * action_size), batch)
    every = 2 * (3 * critic - critic_first) + actor + 2 * critic
    delayed = 3 * actor - actor_first + 2 * 2 * critic
    return every + delayed / delay


def _forward(sizes: Sequence[int], batch: int) -> tuple[float, float]:
    """Return the operations of all layers, and of the first alone."""
    layers = [2.0 * batch * before * after for before, after in zip(sizes, sizes[1:])]
    return sum(layers), layers[0]


def main() -> int:
    """Measure and print."""
    print(f'matrix products, fp32, 256 wide, one thread, {machine()}')
    flops = update_flops(17, 6, (256, 256, 256), 256, 2)
    for precision in ('highest', 'medium'):
        peak = matmul_peak_gflops(precision)
        print(
            f'  {precision}: {peak:.0f} GFLOP/s, at most {1e9 * peak / flops:.0f} updates/s of '
            f'{1e-6 * flops:.0f} MFLOP'
        )
    return 0


if __name__ == '__main__':
    sys.exit(main())
