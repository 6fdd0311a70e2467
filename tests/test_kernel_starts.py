"""A notebook's kernel that died at once, because its port was taken, is started again."""

from __future__ import annotations

import pytest
from jupyter_client import BlockingKernelClient
from nbval import kernel


@pytest.mark.parametrize("deaths, lives", [(0, True), (2, True), (3, False)])
def test_a_kernel_that_dies_at_once_is_started_again(monkeypatch, deaths, lives):
    ready, left = BlockingKernelClient.wait_for_ready, [deaths]

    def dies(client, timeout=None):
        ready(client, timeout=timeout)  # or its threads would fail later
        if left[0]:
            left[0] -= 1
            raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(BlockingKernelClient, "wait_for_ready", dies)
    if not lives:
        with pytest.raises(RuntimeError, match="died"):
            kernel.start_new_kernel(kernel_name=kernel.CURRENT_ENV_KERNEL_NAME)
        return
    manager, client = kernel.start_new_kernel(kernel_name=kernel.CURRENT_ENV_KERNEL_NAME)
    try:
        assert manager.is_alive() and not left[0]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_other_errors_are_not_tried_again(monkeypatch):
    ready, calls = BlockingKernelClient.wait_for_ready, []

    def fails(client, timeout=None):
        calls.append(ready(client, timeout=timeout))
        raise RuntimeError("Kernel didn't respond in 60 seconds")

    monkeypatch.setattr(BlockingKernelClient, "wait_for_ready", fails)
    with pytest.raises(RuntimeError, match="respond"):
        kernel.start_new_kernel(kernel_name=kernel.CURRENT_ENV_KERNEL_NAME)
    assert len(calls) == 1
