"""The published scoring of the Numenta Anomaly Benchmark, in our own words (Lavin & Ahmad 2015, section II).

Rows of the first 15 % of a series (at most 750) do not count. Of the alarms inside a window only the first counts, and the earlier the better:
its weight is a sigmoid of where in the window it lies. Every alarm outside costs, a little less shortly after a window; a
window without an alarm costs 1. One threshold holds for all series and is chosen to the detector's best. The result is scaled
so that silence is 0 and finding every window at its first row without a false alarm is 100.
"""
import math

PROFILES = {"standard": (0.11, 1.0), "few false alarms": (0.22, 1.0), "few misses": (0.11, 2.0)}


def sigmoid(y):
    """1 far before a window's end, 0 at it, towards -1 after it."""
    return 2 / (1 + math.exp(5 * y)) - 1 if y < 3 else -1.0


def gains(n, windows):
    """For every row after probation: (is it inside, which window, its gain or cost at unit weight)."""
    probation = min(int(0.15 * n), 750)
    out, w, ended, width = [], 0, None, 1
    for i in range(n):
        while w < len(windows) and i > windows[w][1]:
            ended, width = windows[w][1], windows[w][1] - windows[w][0]
            w += 1
        if i < probation:
            continue
        if w < len(windows) and windows[w][0] <= i:
            a, b = windows[w]
            out.append((i, w, sigmoid(-(b - i + 1) / (b - a + 1)) / sigmoid(-1.0)))
        else:
            far = 10.0 if ended is None else (i - ended) / max(1, width - 1)
            out.append((i, None, sigmoid(far)))
    return out


def best(scored, profile="standard", keep=None):
    """`scored`: [(scores, windows)]. Returns (scaled score, threshold)."""
    cost_alarm, cost_miss = PROFILES[profile]
    rows, total = [], 0
    for s, (scores, windows) in enumerate(scored):
        total += len(windows)
        rows += [(scores[i], s, i, w, g) for i, w, g in gains(len(scores), windows)]
    rows.sort(key=lambda x: -x[0])
    found, value, top, at = {}, -cost_miss * total, -cost_miss * total, 1.1
    for k, (score, s, i, w, g) in enumerate(rows):
        if w is None:
            value += cost_alarm * g
        else:
            seen = found.get((s, w))
            if seen is None:
                value += cost_miss + g
                found[s, w] = g
            elif g > seen:
                value += g - seen
                found[s, w] = g
        if (k + 1 == len(rows) or rows[k + 1][0] < score) and value > top:
            top, at = value, score
    null, perfect = -cost_miss * total, float(total)
    return 100 * (top - null) / (perfect - null), at
