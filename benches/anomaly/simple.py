"""Simple detectors to compare with, written from their published descriptions; they see a row only when it is due."""
import math
from collections import deque
from bisect import bisect_left, insort


def tail(z):
    return 0.5 * math.erfc(z / math.sqrt(2))


def windowed_gaussian(values, size=6400, step=100):
    """A normal distribution over the last `size` values, refitted every `step`; how unlikely is the value?"""
    window, buffer, mean, sd, out = [], [], 0.0, 1.0, []
    for v in values:
        out.append(0.0 if not window else 1 - tail(abs(v - mean) / sd))
        if len(window) < size:
            window.append(v)
            fresh = True
        else:
            buffer.append(v)
            fresh = len(buffer) == step
            if fresh:
                window, buffer = window[step:] + buffer, []
        if fresh and (len(window) < 200 or len(window) % 10 == 0 or len(window) >= size):
            mean = sum(window) / len(window)
            sd = math.sqrt(sum((x - mean) ** 2 for x in window) / len(window)) or 1e-6
    return out


def running_median(values, size=500):
    """How many median absolute deviations from the median of the last values."""
    kept, order, out = deque(), [], []
    mad = 0.0
    for i, v in enumerate(values):
        if len(order) < 20:
            out.append(0.0)
        else:
            m = order[len(order) // 2]
            if i % 20 == 0:
                off = sorted(abs(x - m) for x in order)
                mad = off[len(off) // 2]
            z = abs(v - m) / (1.4826 * mad + 1e-9 * abs(m) + 1e-12)
            out.append(z / (z + 10))
        kept.append(v)
        insort(order, v)
        if len(kept) > size:
            order.pop(bisect_left(order, kept.popleft()))
    return out


def histogram(values, bins=20):
    """How rare the value's bin was so far (HBOS, one dimension), over the range seen so far."""
    counts, lo, hi, n, seen, out = [0.0] * bins, None, None, 0, [], []
    for v in values:
        if lo is None:
            lo = hi = v
        if v < lo or v > hi:
            out.append(1.0 if n > 50 else 0.0)
            lo, hi = min(lo, v), max(hi, v)
            counts = [0.0] * bins
            for x in seen:
                counts[min(bins - 1, int((x - lo) / (hi - lo) * bins))] += 1
        b = min(bins - 1, int((v - lo) / (hi - lo) * bins)) if hi > lo else 0
        if len(out) < n + 1:
            out.append(min(1.0, -math.log((counts[b] + 0.5) / (n + 1)) / 12) if n > 50 else 0.0)
        counts[b] += 1
        n += 1
        seen.append(v)
    return out


def relative_entropy(values, size=52, bins=5):
    """Windows of values as histograms; a window unlike all kinds of window seen so far is odd."""
    lo, hi, kinds, out, recent = None, None, [], [], deque(maxlen=size)
    threshold = 13.28  # chi-square, 4 degrees of freedom, 1 %
    for v in values:
        lo, hi = (v, v) if lo is None else (min(lo, v), max(hi, v))
        recent.append(v)
        if len(recent) < size or hi == lo:
            out.append(0.0)
            continue
        p = [0.0] * bins
        for x in recent:
            p[min(bins - 1, int((x - lo) / (hi - lo) * bins))] += 1 / size
        least, which = 1e9, None
        for k, (q, _) in enumerate(kinds):
            d = 2 * size * sum(a * math.log(a / max(b, 1e-4)) for a, b in zip(p, q) if a > 0)
            if d < least:
                least, which = d, k
        if which is None or least > threshold:
            if len(kinds) < 60:
                kinds.append([p, 1])
            out.append(1.0 if kinds[:-1] else 0.0)
        else:
            kinds[which][1] += 1
            out.append(0.3 if kinds[which][1] < 3 else 0.0)
    return out


ALL = {"windowed Gaussian": windowed_gaussian, "running median/MAD": running_median, "histogram (HBOS)": histogram,
       "relative entropy": relative_entropy}
