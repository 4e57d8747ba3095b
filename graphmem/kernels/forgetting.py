"""Forgetting: how much of a memory is left, given its age and how often it was recalled.

Arrays in, arrays out. Time is in days and is never read from a clock: the caller passes ages.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphmem.errors import InvalidInputError

Floats = npt.NDArray[np.float64]


def retention(age_days: Floats, strength_days: Floats) -> Floats:
    """Share of each memory still held, on Ebbinghaus's exponential curve.

    Parameters
    ----------
    age_days : array, shape (n,)
        Days since the last recall, at least 0.
    strength_days : array, shape (n,)
        Days until retention falls to 1/e, above 0; every recall raises it.

    Returns
    -------
    array, shape (n,)
        In [0, 1]; 1 at age 0.

    Raises
    ------
    InvalidInputError
        A negative age, a strength that is not positive, or a NaN in either.

    References
    ----------
    Zhong et al. (2024), *MemoryBank*: R = exp(-t / S).
    """
    if not np.all(age_days >= 0):
        raise InvalidInputError("An age is negative or no number", remedy="Count days from 0")
    if not np.all(strength_days > 0):
        raise InvalidInputError("A strength is not above 0", remedy="Give days above 0")
    return np.asarray(np.exp(-age_days / strength_days))


def strength(base_days: float, salience: Floats, recalls: Floats) -> Floats:
    """Days until retention falls to 1/e: `base_days` for what is as salient as most.

    Parameters
    ----------
    base_days
        Above 0.
    salience : array, shape (n,)
        At least 0; its median stands for what is usual. The third power of what it is to that
        median counts, within a factor of 1000 either way.
    recalls : array, shape (n,)
        How often each was recalled, at least 0; each time makes it last `base_days` times its
        salience longer, as in MemoryBank.

    Returns
    -------
    array, shape (n,)
        Above 0.

    Raises
    ------
    InvalidInputError
        `base_days` is not above 0, or a salience or number of recalls is negative or NaN.
    """
    if not base_days > 0:
        raise InvalidInputError(f"A strength of {base_days} days", remedy="Give days above 0")
    if not (np.all(salience >= 0) and np.all(recalls >= 0)):
        raise InvalidInputError("A salience or a number of recalls is negative or no number")
    usual = float(np.median(salience)) if len(salience) else 0.0
    with np.errstate(over="ignore"):  # what is beyond all measure is clipped as well
        relative = salience / usual if usual > 0 else np.ones_like(salience)
    return np.asarray(base_days * np.clip(relative, 0.1, 10.0) ** 3 * (1.0 + recalls))


def information(terms: npt.NDArray[np.int64], owners: npt.NDArray[np.int64], n: int) -> Floats:
    """How much each text tells that the others do not: the surprise at its words, in nats.

    Parameters
    ----------
    terms, owners : arrays, shape (m,)
        Distinct words of texts, as numbers, and the text that each stands in.
    n
        How many texts there are.

    Returns
    -------
    array, shape (n,)
        The sum over a text's words of log(n / number of texts with the word); 0 without words.
    """
    if not len(terms):
        return np.zeros(n)
    frequency = np.bincount(terms)
    return np.asarray(
        np.bincount(owners, weights=np.log(n / frequency[terms]), minlength=n), np.float64
    )
