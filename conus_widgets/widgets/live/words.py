"""Words and numbers as every widget writes them."""

from __future__ import annotations

__all__ = ["percent", "sentence", "signed"]


def percent(probability: float) -> str:
    r"""One decimal; never a flat 0 or 100, which no network means.

    >>> percent(0.924), percent(0.99999), percent(0.00001)
    ('92.4\xa0%', '>\xa099.9\xa0%', '<\xa00.1\xa0%')
    """
    if probability >= 0.9995:
        return ">\u00a099.9\u00a0%"
    if probability < 0.0005:
        return "<\u00a00.1\u00a0%"
    return f"{100 * probability:.1f}\u00a0%"


def signed(value: float) -> str:
    r"""Two decimals with a sign, as on the page.

    >>> signed(0.829), signed(-0.3), signed(-0.001)
    ('+0.83', '−0.30', '0.00')
    """
    text = f"{abs(value):.2f}"
    if float(text) == 0:
        return text
    return ("+" if value > 0 else "\u2212") + text


def sentence(error: BaseException) -> str:
    """Return what an error says; its kind, if it says nothing or only what is missing.

    >>> sentence(ValueError("It is empty.")), sentence(MemoryError()), sentence(KeyError("id"))
    ('It is empty.', 'MemoryError', "KeyError: 'id'")
    """
    kind, said = type(error).__name__, str(error)
    if isinstance(error, KeyError):
        return f"{kind}: {said}"
    return said or kind
