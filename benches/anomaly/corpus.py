"""Series with marked anomalies in the manner of the Numenta Anomaly Benchmark (NAB), made from a seed.

NAB's own data are not in a package registry, so this corpus imitates its kinds: artificial days with jumps, flat
middles and spikes; servers' metrics; advertising prices; traffic; counts of messages; temperatures; taxi rides. Each
series is (name, [(seconds, value)], [(first row, last row) of a window]). Windows follow NAB's rule: together a tenth of the
series, shared evenly, centred on the anomaly. Nothing here was fitted to, or copied from, NAB's files.
"""
import math, random

START = 1_396_310_400  # 2014-04-01


def windows(n, centres):
    if not centres:
        return []
    half = max(2, int(0.1 * n / len(centres) / 2))
    found = []
    for c in sorted(centres):
        first, last = max(int(0.15 * n) + 1, c - half), min(n - 1, c + half)
        if found and first <= found[-1][1]:
            first = found[-1][1] + 1
        found.append((first, last))
    return found


def stamped(values, step, r, irregular=False):
    t, rows = START, []
    for v in values:
        rows.append((int(t), round(v, 4)))
        t += step * (r.choice((1, 1, 1, 1, 2, 3)) if irregular else 1)
    return rows


def moments(r, n, count, apart=0.08):
    found = []
    while len(found) < count:
        c = int(n * r.uniform(0.22, 0.95))
        if all(abs(c - f) > apart * n for f in found):
            found.append(c)
    return sorted(found)


def square_day(r, n=4032, noise=1.5, low=20.0, high=80.0):
    return [(high if 108 <= i % 288 < 216 else low) + r.uniform(-noise, noise) * 5 for i in range(n)]


def artificial(r):
    n, day = 4032, 288
    out = []
    out.append(("quiet_no_noise", [40 + 40 * (108 <= i % day < 216) for i in range(n)], []))
    out.append(("quiet_square", square_day(r, noise=0.0), []))
    out.append(("quiet_small_noise", square_day(r, noise=1.0), []))
    out.append(("quiet_flat", [45.0] * n, []))
    out.append(("quiet_noisy", [45 + r.uniform(-30, 30) for _ in range(n)], []))
    for name, level in (("jumps_up", 160.0), ("jumps_down", 20.0), ("no_jump", None)):
        v, d = square_day(r), int(n * r.uniform(0.6, 0.85)) // day
        for i in range(d * day + 108, d * day + 216):
            v[i] = (level if level is not None else 20.0) + r.uniform(-7, 7)
            if name == "jumps_down":
                v[i] = 20 - 15 + r.uniform(-5, 5)
        out.append((name, v, [d * day + 130]))
    v, d = square_day(r), int(n * r.uniform(0.6, 0.85)) // day
    for i in range(d * day, d * day + day):
        v[i] = 42.0
    out.append(("flat_middle", v, [d * day + 100]))
    v = [20 + (r.random() < 1 / 144) * r.uniform(30, 50) for _ in range(n)]
    d = int(n * r.uniform(0.5, 0.8))
    for i in range(d, d + 144):
        v[i] = 20 + (r.random() < 1 / 8) * r.uniform(30, 50)
    out.append(("spike_density", v, [d + 40]))
    v = [(r.random() < 0.04) * r.uniform(0.2, 1.0) for _ in range(n)]
    d = int(n * r.uniform(0.5, 0.8))
    for i in range(d, d + 30):
        v[i] = r.uniform(1.2, 3.2) * (r.random() < 0.6)
    out.append(("balancer_spikes", v, [d + 10]))
    return [(name, stamped(v, 300, r), windows(n, c)) for name, v, c in out]


def servers(r):
    out = []
    for k in range(17):
        n = r.choice((4032, 4032, 4032, 4730, 1243))
        kind = r.choice(("flat", "busy", "bursty", "walk", "sawtooth"))
        base, noise = r.uniform(1, 60), r.uniform(0.01, 0.15)
        centres, v, level = moments(r, n, r.choice((1, 1, 2, 2, 3))), [], 0.0
        for i in range(n):
            x = base * (1 + r.gauss(0, noise))
            if kind == "busy":
                x *= 1 + 0.4 * math.sin(math.tau * (i % 288) / 288)
            if kind == "bursty" and r.random() < 0.02:
                x += base * r.paretovariate(2.5)
            if kind == "walk":
                level = 0.995 * level + r.gauss(0, 0.03) * base
                x += level
            if kind == "sawtooth":
                x += base * ((i % 60) / 60)
            v.append(x)
        for _ in range(r.randint(0, 6)):  # nobody marked these
            c = r.randrange(n)
            for i in range(c, min(n, c + r.randint(1, 6))):
                v[i] += r.uniform(0.8, 3) * base
        for c in centres:
            what = r.choice(("spike", "spike", "shift", "dip", "wild"))
            size = r.uniform(0.7, 3.5) * base
            if what == "spike":
                for i in range(c, min(n, c + r.randint(1, 12))):
                    v[i] += size * r.uniform(0.7, 1.1)
            if what == "shift":
                for i in range(c, min(n, c + r.randint(200, 1500))):
                    v[i] += 0.5 * size
            if what == "dip":
                for i in range(c, min(n, c + r.randint(3, 60))):
                    v[i] *= r.uniform(0.0, 0.3)
            if what == "wild":
                for i in range(c, min(n, c + 80)):
                    v[i] += r.gauss(0, 0.5) * size
        out.append((f"server_{k:02}_{kind}", stamped([max(0.0, x) for x in v], 300, r), windows(n, centres)))
    return out


def prices(r):
    out = []
    for k in range(6):
        n, base = 1620, r.uniform(0.05, 1.2)
        centres, v = moments(r, n, r.choice((1, 2, 3))), []
        for i in range(n):
            x = base * (1 + 0.15 * math.sin(math.tau * i / 24)) * math.exp(r.gauss(0, 0.18))
            if r.random() < 0.01:
                x *= r.uniform(1.5, 3.5)
            v.append(x)
        for c in centres:
            for i in range(c, min(n, c + r.randint(1, 4))):
                v[i] *= r.uniform(2, 6)
        out.append((f"price_{k}", stamped(v, 3600, r), windows(n, centres)))
    return out


def traffic(r):
    out = []
    for k in range(7):
        n, speed = 2500, k % 2 == 0
        centres, v = moments(r, n, r.choice((1, 2, 2, 3))), []
        for i in range(n):
            h = (i % 288) / 12
            rush = math.exp(-((h - 8) ** 2) / 3) + math.exp(-((h - 17.5) ** 2) / 4)
            v.append(80 - 12 * rush + r.gauss(0, 4) if speed else 4 + 12 * rush + abs(r.gauss(0, 2.5)))
            if r.random() < 0.008:
                v[-1] = v[-1] - 25 if speed else v[-1] + 14
        for c in centres:
            for i in range(c, min(n, c + r.randint(3, 20))):
                v[i] = r.uniform(30, 55) if speed else r.uniform(22, 50)
        out.append((f"traffic_{k}", stamped([max(0.0, x) for x in v], 300, r, irregular=True), windows(n, centres)))
    return out


def messages(r):
    out = []
    for k in range(10):
        n, base = 15_840, r.choice((4, 10, 20, 40, 80))
        centres, v = moments(r, n, r.choice((2, 2, 3, 4)), 0.05), []
        for i in range(n):
            rate = base * (1 + 0.6 * math.sin(math.tau * (i % 288) / 288)) * math.exp(r.gauss(0, 0.25))
            v.append(rate)
        for _ in range(r.randint(8, 25)):  # ordinary news
            c, size = r.randrange(n), base * r.paretovariate(1.6)
            for i in range(c, min(n, c + 24)):
                v[i] += size * math.exp(-(i - c) / 6)
        for c in centres:
            size = base * r.uniform(5, 40)
            for i in range(c, min(n, c + 60)):
                v[i] += size * math.exp(-(i - c) / 10) * r.uniform(0.6, 1.2)
        out.append((f"messages_{k}", stamped([float(round(max(0.0, x))) for x in v], 300, r), windows(n, centres)))
    return out


def known_causes(r):
    out = []
    n = 7267  # hourly room temperature
    centres, v, level = moments(r, n, 2, 0.3), [], 0.0
    for i in range(n):
        level = 0.99 * level + r.gauss(0, 0.25)
        v.append(71 + level + 1.5 * math.sin(math.tau * i / 24) + 2.5 * math.sin(math.tau * i / 8760))
    for c in centres:
        for i in range(c, min(n, c + 60)):
            v[i] += r.choice((-1, 1)) * 0 - 5 + r.gauss(0, 1.5)
    out.append(("room_temperature", stamped(v, 3600, r), windows(n, centres)))
    n = 22_695  # machine temperature
    centres, v, level = moments(r, n, 4, 0.1), [], 0.0
    for i in range(n):
        level = 0.999 * level + r.gauss(0, 0.25)
        v.append(90 + level + r.gauss(0, 1.2))
    for c in centres:
        for i in range(c, min(n, c + 200)):
            v[i] -= r.choice((20, 45)) * min(1, (i - c) / 40) * (1 - (i - c) / 400)
    out.append(("machine_temperature", stamped(v, 300, r), windows(n, centres)))
    n = 10_320  # half-hourly taxi rides
    centres, v = moments(r, n, 5, 0.06), []
    for i in range(n):
        h, d = (i % 48) / 2, (i // 48) % 7
        curve = 0.25 + 0.75 * (1 / (1 + math.exp(-(h - 7)))) * (1 if h > 1 else 0.8) + 0.25 * math.exp(-((h - 19) ** 2) / 6)
        night = 0.45 * math.exp(-(min(h, 24 - h) ** 2) / 6) * (d in (5, 6))
        v.append(15_000 * (curve + night) * (0.9 if d in (0, 6) else 1.0) * (1 + r.gauss(0, 0.05)))
    for c in centres:
        f = r.choice((0.4, 0.55, 0.65, 1.5))
        for i in range(c, min(n, c + 40)):
            v[i] *= f
    out.append(("taxi", stamped(v, 1800, r), windows(n, centres)))
    n = 18_050  # processors of a group, misconfigured
    c, v = int(n * r.uniform(0.7, 0.9)), []
    for i in range(n):
        v.append(35 + 18 * math.sin(math.tau * (i % 288) / 288) + r.gauss(0, 5) if i < c or i > c + 1500 else 70 + r.gauss(0, 4))
    out.append(("processors", stamped(v, 300, r), windows(n, [c + 300])))
    n = 4032  # latency
    centres, v = moments(r, n, 3, 0.05), [45 + r.gauss(0, 2) + (r.random() < 0.01) * r.uniform(2, 10) for _ in range(n)]
    for c in centres:
        for i in range(c, min(n, c + r.randint(1, 8))):
            v[i] += r.uniform(15, 50)
    out.append(("latency", stamped(v, 300, r), windows(n, centres)))
    for k in range(2):  # how a person types: change of habits
        n = 1882 if k == 0 else 5315
        centres, v = moments(r, n, 2, 0.2), [abs(r.gauss(0.05, 0.02)) * (1 + (r.random() < 0.02) * 3) for _ in range(n)]
        for c in centres:
            for i in range(c, min(n, c + 80)):
                v[i] = abs(r.gauss(0.08, 0.05))
        out.append((f"typing_{k}", stamped(v, 300, r), windows(n, centres)))
    return out


def corpus(seed):
    """Sixty-odd series."""
    r = random.Random(seed)
    return [s for make in (artificial, servers, prices, traffic, messages, known_causes) for s in make(r)]
