"""An account of verdicts: what was given, what was said to be saved, and what the disk has."""

import random
from collections import Counter

from conus_widgets.collection.verdict_log import read


class Account:
    """What a review gave and was told, held against its log.

    Parameters
    ----------
    folder : Path
        Of the logs.
    """

    def __init__(self, folder):
        self.folder = folder
        self.given = {}  # id -> (reviewer, case), in the order in which they were given
        self.saved = set()
        self.kills = 0

    def give(self, line, by, case):
        """Note that a verdict was given; one that is sent again is the same one."""
        assert self.given.get(line, (by, case)) == (by, case), f"{line} names another case now"
        self.given[line] = (by, case)

    def told(self, line):
        """Note that a verdict was said to be saved."""
        self.saved.add(line)

    def check(self, *, whole=False):
        """Raise AssertionError if the log does not hold what it should.

        Parameters
        ----------
        whole : bool
            Whether everything that was given must be there by now.
        """
        log = read(self.folder)
        kept = Counter(verdict.id for verdict in log.verdicts)
        lost = self.saved - kept.keys()
        assert not lost, f"{len(lost)} verdicts were said to be saved and are not there: {lost}"
        twice = [line for line, count in kept.items() if count > 1]
        assert not twice, f"counted twice: {twice}"
        strange = kept.keys() - self.given.keys()
        assert not strange, f"nobody gave these: {strange}"
        for verdict in log.verdicts:
            assert self.given[verdict.id] == (verdict.by, verdict.case), verdict
        # A kill may cut the line that is on its way; nothing else is damaged.
        assert len(log.damaged) <= self.kills, [str(one) for one in log.damaged]
        if whole:
            missing = self.given.keys() - kept.keys()
            assert not missing, f"{len(missing)} of {len(self.given)} never arrived: {missing}"
            counts = Counter((verdict.by, verdict.case) for verdict in log.standing)
            assert counts == Counter(self.given.values()), "a case has other verdicts than given"
        return log


def moments(chance, count, total):
    """Return after how many verdicts to kill: different numbers below `total`, sorted."""
    return sorted(random.Random(chance.random()).sample(range(1, total), count))
