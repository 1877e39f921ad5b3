#!/usr/bin/env python3
"""NAB-like corpus, NAB's scoring: Bursar against simple detectors in the same run.

    cargo build --release -p bursar-finops --example anomalies
    python3 benches/anomaly/nab_like.py --seeds 1 2 3 4
"""
import argparse, csv, io, os, subprocess, sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import corpus, nab_score, simple

DRIVER = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[2] / "target")) / "release/examples/anomalies"


def bursar(rows):
    text = "ts,value\n" + "".join(f"{t},{v}\n" for t, v in rows)
    out = subprocess.run([DRIVER], input=text, capture_output=True, text=True, check=True).stdout
    return [float(r[4]) for r in csv.reader(io.StringIO(out)) if r[0] != "series"]


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    a.add_argument("--simple", action="store_true", help="simple detectors as well (slow)")
    a.add_argument("--by-series", action="store_true")
    o = a.parse_args()
    detectors = {"Bursar": bursar}
    if o.simple:
        detectors |= {k: (lambda rows, f=f: f([v for _, v in rows])) for k, f in simple.ALL.items()}
    print("| detector | " + " | ".join(f"seed {s}" for s in o.seeds) + " | mean | few false alarms | few misses |")
    print("|---|" + "---:|" * (len(o.seeds) + 3))
    series = {seed: corpus.corpus(seed) for seed in o.seeds}
    for name, detect in detectors.items():
        marks, low, miss = [], [], []
        for seed in o.seeds:
            scored = [(detect(rows), w) for _, rows, w in series[seed]]
            mark, at = nab_score.best(scored)
            marks.append(mark)
            low.append(nab_score.best(scored, "few false alarms")[0])
            miss.append(nab_score.best(scored, "few misses")[0])
            if o.by_series:
                for (label, rows, w), (s, _) in zip(series[seed], scored):
                    hits = sum(any(s[i] >= at for i in range(a, b + 1)) for a, b in w)
                    false = sum(x >= at and not any(a <= i <= b for a, b in w) for i, x in enumerate(s) if i >= min(750, .15 * len(s)))
                    print(f"    {name} {label:24} windows {len(w)} found {hits} false alarms {false} (threshold {at:.3f})")
        mean = lambda x: f"{sum(x) / len(x):.1f}"
        print(f"| {name} | " + " | ".join(f"{m:.1f}" for m in marks) + f" | {mean(marks)} | {mean(low)} | {mean(miss)} |", flush=True)


if __name__ == "__main__":
    main()
