#!/usr/bin/env python3
"""The audit log: what verifying, proving and recording cost, as ratios against what they cannot do without.

    cargo build --release -p bursar-audit -p bursar-store --example speed --example log_speed
    python benches/audit.py --disk DIRECTORY

DIRECTORY lies on a disk that waits for its writes (not tmpfs). Printed is each figure, its goal, and whether it is met:
verification of an export against SHA-256 of the same bytes on one core, in turns; a proof among 10 million
leaves (median); a change with its entry against the same change without one, both waiting for the disk; notes that
arrive 256 at once.
"""
import argparse, os, subprocess, sys
from pathlib import Path

GOALS = {
    "verify_to_sha256": (">=", 0.5), "proof_among_10m_ms": ("<=", 10.0),
    "with_to_without": (">=", 0.8), "notes_per_s": (">=", 5000.0), "proof_ms": ("<=", 10.0),
}


def main():
    here = Path(__file__).resolve().parent
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--disk", required=True, help="a directory on the disk to measure")
    default = Path(os.environ.get("CARGO_TARGET_DIR", here.parent / "target")) / "release/examples"
    arguments.add_argument("--programs", type=Path, default=default, help="where the examples are")
    given, missed = arguments.parse_args(), 0
    for command in [["speed"], ["log_speed", given.disk]]:
        output = subprocess.run([given.programs / command[0], *command[1:]], capture_output=True, text=True, check=True)
        for line in output.stdout.splitlines():
            name, value = line.split()
            sign, goal = GOALS.get(name, ("", None))
            good = goal is None or (float(value) >= goal if sign == ">=" else float(value) <= goal)
            missed += not good
            print(f"{name:32} {value:>10}  {'' if goal is None else f'{sign} {goal:g}  ' + ('met' if good else 'MISSED')}")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
