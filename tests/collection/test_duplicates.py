"""The same photograph under two names."""

import numpy as np
import pytest

from conus_widgets.collection.duplicates import find_duplicates, near_pairs


def flipped(row, count, rng):
    bits = np.unpackbits(row)
    bits[rng.choice(256, count, replace=False)] ^= 1
    return np.packbits(bits)


def by_comparing_all(hashes, distance):
    bits = np.unpackbits(hashes, axis=1).astype(int)
    apart = (bits[:, None] != bits[None]).sum(-1)
    first, second = np.nonzero(np.triu(apart <= distance, 1))
    return {(a, b): apart[a, b] for a, b in zip(first, second, strict=True)}


@pytest.mark.parametrize("distance", [0, 1, 8, 20, 40, 300])
@pytest.mark.parametrize("kind", ["random", "alike", "the same"])
def test_bands_find_the_pairs_that_comparing_all_finds(distance, kind):
    rng = np.random.default_rng(distance)
    hashes = rng.integers(0, 256, (60, 32), dtype=np.uint8)
    if kind == "alike":  # around few centres, as on black cloth
        centres = hashes[:4]
        hashes = np.stack([flipped(centres[n % 4], n % 30, rng) for n in range(60)])
    if kind == "the same":
        hashes[:] = hashes[0]
    pairs, apart = near_pairs(hashes, distance)
    found = {tuple(pair): bits for pair, bits in zip(pairs.tolist(), apart.tolist(), strict=True)}
    assert found == by_comparing_all(hashes, distance)


def test_pairs_across_labels_stand_first():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 256, (7, 32), dtype=np.uint8)
    hashes[3] = flipped(hashes[0], 20, rng)  # of another label
    hashes[4] = flipped(hashes[1], 3, rng)  # of another specimen
    hashes[5] = hashes[2]  # the same file, the same specimen
    hashes[6] = flipped(hashes[6], 21, rng)
    digests = ["a", "b", "c", "d", "e", "c", "g"]
    labels = ["x", "x", "x", "y", "x", "x", "x"]
    specimens = ["1", "2", "3", "4", "5", "3", "6"]
    found = find_duplicates(digests, hashes, labels=labels, specimens=specimens)
    assert found.pairs.tolist() == [[0, 3], [1, 4], [2, 5]]
    assert found.distances.tolist() == [20, 3, 0]
    assert found.exact.tolist() == [False, False, True]
    assert found.across_labels.tolist() == [True, False, False]
    assert found.across_specimens.tolist() == [True, True, False]
    groups = found.groups
    assert groups[0] == groups[3] and groups[1] == groups[4] and groups[2] == groups[5]
    assert len(set(groups.tolist())) == 4


def test_a_placeholder_that_is_there_a_thousand_times_is_no_half_million_pairs():
    hashes = np.zeros((1000, 32), np.uint8)
    given = ["same"] * 1000
    found = find_duplicates(given, hashes, labels=given, specimens=given)
    assert len(found) == 999 and found.exact.all() and len(set(found.groups.tolist())) == 1


def test_what_could_not_be_read_is_a_duplicate_of_none():
    found = find_duplicates(
        ["", "", "a"], np.zeros((3, 32), np.uint8), labels=["x"] * 3, specimens=["1", "2", "3"]
    )
    assert len(found) == 0 and len(set(found.groups.tolist())) == 3
    none = find_duplicates([], np.zeros((0, 32), np.uint8), labels=[], specimens=[])
    assert len(none) == 0 and none.groups.shape == (0,)


def test_wrong_use_is_refused_with_the_numbers():
    hashes = np.zeros((2, 32), np.uint8)
    with pytest.raises(ValueError, match="2 digests, 2 hashes, 1 labels and 2 specimens"):
        find_duplicates(["a", "b"], hashes, labels=["x"], specimens=["1", "2"])
    with pytest.raises(ValueError, match="distance is -1"):
        find_duplicates(["a", "b"], hashes, labels=["x"] * 2, specimens=["1"] * 2, distance=-1)
