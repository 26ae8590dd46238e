"""What others do: the peers our learners are measured against."""

ENVIRONMENT = {
    'XLA_FLAGS': '--xla_cpu_multi_thread_eigen=false',
    'NPROC': '1',
    'JAX_PLATFORMS': 'cpu',
}
"""Of a process that imports `jax_dsact`, set before it starts, so that one thread computes: no
threads within a product, and a pool of one.

The often quoted `intra_op_parallelism_threads=1` does nothing here (jaxlib 0.10.2).
"""
