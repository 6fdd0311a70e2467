"""Words and numbers as every widget writes them."""

from __future__ import annotations


def percent(probability: float) -> str:
    """One decimal; never a flat 0 or 100, which no network means.

    >>> percent(0.924), percent(0.99999), percent(0.00001)
    ('92.4\\xa0%', '>\\xa099.9\\xa0%', '<\\xa00.1\\xa0%')
    """
    if probability >= 0.9995:
        return ">\u00a099.9\u00a0%"
    if probability < 0.0005:
        return "<\u00a00.1\u00a0%"
    return f"{100 * probability:.1f}\u00a0%"
