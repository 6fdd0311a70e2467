"""A stand-in that goes to other processes as the values it was made from."""

from stand_in import StandIn


class Sent(StandIn):
    """A stand-in that can be pickled.

    Parameters
    ----------
    labels, delay, seed
        As in `StandIn`.
    """

    def __init__(self, labels, delay=0.0, seed=0):
        super().__init__(labels=labels, delay=delay, seed=seed)
        self.given = (tuple(labels), delay, seed)

    def __reduce__(self):
        return Sent, self.given
