#!/usr/bin/env python3
"""Row questions: Bursar against DuckDB over the same Parquet files.

    cargo build --release --workspace --example ask
    python benches/charges.py --out DATA --rows 10_000_000        # or any hive-partitioned FOCUS folder
    python benches/run.py --data DATA --rounds 3 --warm 5

Every sample is a process of its own: the files are put out of the page cache, the question is asked
once cold and --warm times warm. The engines take turns, so that a busy machine burdens both alike.
Printed are medians and ratios (Bursar / DuckDB; below 1 Bursar is ahead): CPU is user + system time
of a warm answer, wall its duration, cold the first answer with opening the files, peak the largest
anonymous memory the parent saw. With --rollups FOLDER the questions are asked a third time, of rollups kept
(and first made) there: the last column is DuckDB's CPU time over theirs. DuckDB adds doubles; Bursar adds the decimals they print as.
--check compares the answers: every sum of ours must equal DuckDB's sum of the same decimals.
"""
import argparse, json, math, os, re, statistics, subprocess, sys, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
DRIVER = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target")) / "release/examples/ask"
COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity")


def open_duckdb(data, threads, exact=False):
    import duckdb
    c = duckdb.connect()
    # Exact: what the double prints as, read as a decimal.
    replace = ", ".join(f"CAST(CAST({k} AS VARCHAR) AS DECIMAL(38,18)) AS {k}" for k in COSTS)
    columns = f"* REPLACE ({replace})" if exact else "*"
    c.execute(f"CREATE VIEW focus AS SELECT {columns} FROM read_parquet('{data}/*/*/*.parquet', "
              "hive_partitioning = true, hive_types_autocast = false)")
    c.execute(f"SET threads = {threads}")
    return c


def parameters(data):
    """The newest periods, and an account of middle rank with its largest service and region."""
    kept = Path(data) / "bench.json"
    if kept.exists():
        return json.loads(kept.read_text())
    c = open_duckdb(data, 2)
    periods = [p for (p,) in c.execute("SELECT DISTINCT billing_period FROM focus ORDER BY 1").fetchall()]
    account = c.execute("SELECT SubAccountId FROM focus WHERE SubAccountId IS NOT NULL AND ServiceName IS NOT NULL "
                        "GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT 1 OFFSET 6").fetchone()[0]
    service, region = c.execute("SELECT ServiceName, RegionId FROM focus WHERE SubAccountId = ? AND RegionId IS NOT NULL "
                                "GROUP BY 1, 2 ORDER BY COUNT(*) DESC, 1, 2 LIMIT 1", [account]).fetchone()
    found = dict(last=periods[-1], before=periods[-2], quarter=periods[-3], account=account, service=service, region=region)
    kept.write_text(json.dumps(found))
    return found


def questions(data):
    text = (HERE / "questions.sql").read_text()
    for key, value in parameters(data).items():
        text = text.replace("{" + key + "}", value)
    return dict(re.findall(r"-- name: (\w+)\n(.*?);\n", text, re.S))


def for_duckdb(sql, exact=False):
    if not exact:
        return re.sub(r"tag\('(\w+)'\)", r"json_extract_string(Tags, '$.\1')", sql)
    # Azure's keys ignore capitals, the others' do not: that is what our answer says.
    def tag(found):
        key = found.group(1)
        own, other = (f"json_extract_string(Tags, '$.{k}')" for k in (key, key.capitalize()))
        return f"CASE WHEN provider = 'azure' THEN COALESCE({own}, {other}) ELSE {own} END"
    return re.sub(r"tag\('(\w+)'\)", tag, sql)


def one_duckdb(a):
    """Runs in a process of its own; prints what `ask` prints."""
    started = time.perf_counter()
    walls, cpus = [], []
    for run in range(a.warm + 1):
        t, c = started if run == 0 else time.perf_counter(), time.process_time()
        if run == 0:
            connection = open_duckdb(a.data, a.threads)
            sql = for_duckdb(questions(a.data)[a.one])
        table = connection.sql(sql).to_arrow_table()
        walls.append(time.perf_counter() - t)
        cpus.append(time.process_time() - c)
    print(json.dumps(dict(rows=table.num_rows, cold=walls[0], warm=walls[1:], cpu=cpus[1:])))


def evict(data):
    for path in Path(data).rglob("*.parquet"):
        fd = os.open(path, os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)


def sample(a, engine, name, sql):
    evict(a.data)
    if engine == "duckdb":
        command, text = [sys.executable, __file__, "--one", name, "--data", a.data, "--warm", str(a.warm), "--threads", str(a.threads)], None
    else:
        command, text = [str(a.driver), a.data, str(a.warm), str(a.threads)], sql
    env = dict(os.environ, ROLLUPS=a.rollups) if engine == "rollups" else None
    p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    if text:
        p.stdin.write(text)
    p.stdin.close()
    peak = 0
    while p.poll() is None:
        try:
            found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{p.pid}/status").read_text())
            peak = max(peak, int(found.group(1)) if found else 0)
        except OSError:
            pass
        time.sleep(0.01)
    out, err = p.stdout.read(), p.stderr.read()
    if p.returncode:
        sys.exit(f"{engine} failed on {name}: {err.strip()[-600:]}")
    return json.loads(out.splitlines()[-1]) | dict(peak=peak / 1024)


def check(a, name, sql):
    """Our sums against DuckDB's, digit by digit."""
    from decimal import Decimal
    out = subprocess.run([str(a.driver), a.data, "0", str(a.threads)], input=sql, capture_output=True, text=True)
    if out.returncode:
        return f"failed: {out.stderr.strip()[-300:]}"
    ours = json.loads(out.stdout.splitlines()[-1])
    table = open_duckdb(a.data, a.threads, exact=True).sql(for_duckdb(sql, exact=True)).to_arrow_table()
    if table.num_rows != ours["rows"]:
        return f"{ours['rows']} rows, DuckDB has {table.num_rows}"
    for line in ours["sums"]:
        column, value = line.rsplit("=", 1)
        values = table.column(column).to_pylist()
        if any(isinstance(v, float) for v in values):
            # A quotient: DuckDB divides doubles, so only nearly equal.
            theirs = math.fsum(v for v in values if v is not None)
            if not math.isclose(theirs, float(value), rel_tol=1e-9, abs_tol=1e-9):
                return f"{column}: {value}, DuckDB has {theirs}"
        elif sum((Decimal(v) for v in values if v is not None), Decimal(0)) != Decimal(value):
            return f"{column}: {value}, DuckDB has {sum(Decimal(v) for v in values if v is not None)}"
    return "equal"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", required=True, help="folder: provider=…/billing_period=…/*.parquet")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--warm", type=int, default=5)
    ap.add_argument("--threads", type=int, default=os.cpu_count())
    ap.add_argument("--only", default="", help="names, separated by commas")
    ap.add_argument("--driver", type=Path, default=DRIVER)
    ap.add_argument("--rollups", help="folder of rollups to answer from, too")
    ap.add_argument("--check", action="store_true", help="compare the answers instead of timing them")
    ap.add_argument("--one", help=argparse.SUPPRESS)
    a = ap.parse_args()
    a.data = a.data.rstrip("/")
    if a.one:
        return one_duckdb(a)
    asked = {n: q for n, q in questions(a.data).items() if not a.only or n in a.only.split(",")}
    if a.check:
        bad = 0
        for name, sql in asked.items():
            verdict = check(a, name, sql)
            bad += verdict != "equal"
            print(f"{name:32} {verdict}", flush=True)
        sys.exit(1 if bad else 0)
    got, engines = {}, ["duckdb", "bursar"]
    if a.rollups:
        engines.append("rollups")
        env = dict(os.environ, ROLLUPS=a.rollups, BUILD="1")
        subprocess.run([str(a.driver), a.data, "0", str(a.threads)], input="SELECT COUNT(*) FROM focus", env=env,
                       stdout=subprocess.DEVNULL, text=True, check=True)
    cells = {}
    for r in range(a.rounds):
        for name, sql in asked.items():
            for engine in engines if r % 2 == 0 else engines[::-1]:
                s = sample(a, engine, name, sql)
                if engine == "rollups":
                    cells[name] = s["cells"]
                kept = got.setdefault((name, engine), dict(cpu=[], warm=[], cold=[], peak=[]))
                for key in kept:
                    kept[key] += s[key] if isinstance(s[key], list) else [s[key]]
        print(f"round {r + 1} of {a.rounds}", file=sys.stderr)
    med = lambda name, engine, key: statistics.median(got[name, engine][key])
    ms = lambda s: f"{s * 1e3:.0f}"
    print("| question | CPU ms DuckDB | Bursar | ratio | wall ratio | cold ratio | peak MiB DuckDB | Bursar | rollups |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    ratios = dict(cpu=[], warm=[], cold=[])
    for name in asked:
        for key in ratios:
            ratios[key].append(med(name, "bursar", key) / med(name, "duckdb", key))
        r = {k: v[-1] for k, v in ratios.items()}
        peaks = [max(got[name, e]["peak"]) for e in ("duckdb", "bursar")]
        faster = med(name, "duckdb", "cpu") / med(name, "rollups", "cpu") if cells.get(name) else None
        served = f"{faster:.1f} ×" if faster else ""
        print(f"| {name} | {ms(med(name, 'duckdb', 'cpu'))} | {ms(med(name, 'bursar', 'cpu'))} | **{r['cpu']:.2f}** | {r['warm']:.2f} | {r['cold']:.2f} | {peaks[0]:.0f} | {peaks[1]:.0f} | {served} |")
    mean = {k: math.exp(statistics.mean(map(math.log, v))) for k, v in ratios.items()}
    print(f"| geometric mean | | | **{mean['cpu']:.2f}** | {mean['warm']:.2f} | {mean['cold']:.2f} | | | |")


if __name__ == "__main__":
    main()
