"""How torch computes: measured before it is used, and put back after measuring."""

import pytest
from takeover.training import compute
import torch


@pytest.fixture(autouse=True)
def settings():
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    yield
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision(precision)


def test_full_precision_is_exact_to_fp32_and_measuring_changes_nothing():
    torch.set_float32_matmul_precision('high')
    assert compute.product_error('highest') < 2e-6
    assert torch.get_float32_matmul_precision() == 'high'


def errors(monkeypatch, medium):
    monkeypatch.setattr(
        compute, 'product_error', lambda name: {'medium': medium, 'highest': 3e-7}[name]
    )


def test_fast_products_are_taken_where_they_are_exact(monkeypatch):
    errors(monkeypatch, 4e-7)
    chosen = compute.prepare(threads=1)
    assert (chosen.precision, torch.get_float32_matmul_precision()) == ('medium', 'medium')
    assert torch.get_num_threads() == 1
    assert "1 thread, fp32 products 'medium' (relative error 4.0e-07)" == str(chosen)


def test_inexact_products_are_not_taken_unless_asked_for(monkeypatch):
    errors(monkeypatch, 3e-3)
    chosen = compute.prepare()
    assert (chosen.precision, torch.get_float32_matmul_precision()) == ('highest', 'highest')
    assert "'medium' has 3.0e-03 here and was not taken" in str(chosen)
    assert compute.prepare(allow_reduced_precision=True).precision == 'medium'
