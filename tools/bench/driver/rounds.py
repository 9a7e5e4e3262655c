"""Interleaved rounds and what is computed from them."""
import statistics


def interleaved(names, rounds):
    """(round, name) in the order A B C, C B A, A B C ...: what drifts slowly meets all alike."""
    for number in range(rounds):
        for name in names if number % 2 == 0 else list(reversed(names)):
            yield number, name


class Samples:
    """Measurements by proxy and round; a measurement is a dict of figures."""

    def __init__(self):
        self._by_proxy = {}

    def add(self, name, sample):
        self._by_proxy.setdefault(name, []).append(sample)

    def has(self, name):
        return name in self._by_proxy

    def values(self, name, key):
        return [sample[key] for sample in self._by_proxy[name]]

    def median(self, name, key):
        return statistics.median(self.values(name, key))

    def most(self, name, key):
        return max(self.values(name, key))

    def total(self, name, key):
        return sum(self.values(name, key))

    def median_ratio(self, name, other, key):
        """Median over the rounds of name / other; None when that cannot be said."""
        if not self.has(name) or not self.has(other):
            return None
        pairs = zip(self.values(name, key), self.values(other, key))
        ratios = [mine / theirs for mine, theirs in pairs if theirs > 0]
        return statistics.median(ratios) if ratios else None

    def median_difference(self, name, other, key):
        """Median over the rounds of name - other; None when one of them was not measured."""
        if not self.has(name) or not self.has(other):
            return None
        pairs = zip(self.values(name, key), self.values(other, key))
        return statistics.median(mine - theirs for mine, theirs in pairs)
