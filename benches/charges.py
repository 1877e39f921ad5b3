#!/usr/bin/env python3
"""Made-up charges of three providers, for run.py: the columns its questions read, in hive folders.

Deterministic: the same arguments give the same rows. Rows of a month are shuffled, as exports are;
half of them are resources that live all year, the rest come and go, so that there are about as many
resource ids as rows / 14. Costs are doubles with at most ten decimals.
"""
import argparse, datetime as dt
from pathlib import Path
import numpy as np, pyarrow as pa, pyarrow.parquet as pq

PROVIDERS = {"aws": ("Amazon Web Services", .55, "arn:aws:{s}:{r}:{a}:{n}"),
             "azure": ("Microsoft", .30, "/subscriptions/{a}/resourceGroups/rg-{s}/providers/{r}/{n}"),
             "gcp": ("Google Cloud", .15, "//{s}.googleapis.com/projects/{a}/locations/{r}/{n}")}
CATEGORIES = ["Compute", "Storage", "Databases", "Networking", "Analytics", "Security", "Other"]
TEAMS = ["search", "payments", "identity", "web", "data", "ml", "mobile", "platform", "risk", "growth"]
APPS = ["api", "worker", "cache", "frontend", "batch", "gateway", "ingest", "index"]
GROUP = 1 << 20


def mix(x):
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def unit(key, salt):
    return (mix(key + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)) >> np.uint64(11)).astype(float) / 2**53


def pick(key, salt, n, skew=1.6):
    return np.minimum((unit(key, salt) ** skew * n).astype(np.int64), n - 1)


def coded(codes, values, null=None):
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=null), pa.array(values))


def month(provider, number, start, days, rows, living, seed):
    name, _, form = PROVIDERS[provider]
    rng = np.random.default_rng([seed, number, start.toordinal()])
    position = rng.permutation(rows)
    day = position * days // rows
    alive = rng.random(rows) < .5
    item = np.where(alive, position % living, rng.integers(0, 2**40, rows) // 1 % max(rows // 8, 1) + start.toordinal() * 10**6)
    key = mix(item.astype(np.uint64) + np.uint64(number << 56) + (alive.astype(np.uint64) << np.uint64(50)))
    row = mix(key + day.astype(np.uint64) * np.uint64(0xE7037ED1A0B428DB))
    accounts, services, regions = 150 - 40 * number, 25, 12
    account, service, region = pick(key, 1, accounts), pick(key, 2, services), pick(key, 3, regions)
    kind = np.searchsorted([.92, .95, .97, .985], unit(row, 4))          # usage, purchase, credit, tax, adjustment
    usage, bare = kind == 0, kind != 0
    listed = np.round(np.exp(unit(key, 5) * 9 - 7) * (1 + .3 * unit(row, 6)), 10)
    contracted = np.round(listed * .93, 10)
    committed = usage & (service < 6) & (unit(key, 7) < .4)
    unused = (kind == 1) & (unit(row, 8) < .5)
    effective = np.where(committed, np.round(contracted * .6, 10), contracted) * np.where(kind == 2, -1, 1)
    account_ids = [f"{provider[:2]}{4_000_000_000 + i * 7919}" for i in range(accounts)]
    service_names = [f"{name} {CATEGORIES[i % 7]} Service {i}" for i in range(services)]
    region_ids = [f"{provider}-region-{i}" for i in range(regions)]
    app = pick(key, 9, len(APPS))
    tail = np.char.mod("%012x", (key >> np.uint64(16)).astype(np.int64))
    names = np.char.add(np.char.add(np.array(APPS)[app], "-"), tail)
    head, end = form.split("{n}")
    triple = (service * regions + region) * accounts + account
    distinct, inverse = np.unique(triple, return_inverse=True)
    prefix = np.array([head.format(s=f"svc{t // accounts // regions}", r=region_ids[t // accounts % regions], a=account_ids[t % accounts]) for t in distinct])
    ids = np.char.add(prefix[inverse], names)
    tagged = unit(key, 10)
    team = pick(key, 11, len(TEAMS))
    texts = [f'{{"app":"{a}","team":"{t}"}}' for a in APPS for t in TEAMS] + [f'{{"app":"{a}"}}' for a in APPS] + ["{}"]
    tags = np.where(tagged < .75, app * len(TEAMS) + team, np.where(tagged < .85, len(APPS) * len(TEAMS) + app, len(texts) - 1))
    hour = (unit(key, 12) * 24).astype(np.int64) * (unit(key, 13) < .5)
    begin = np.datetime64(start, "us") + day.astype("timedelta64[D]") + hour.astype("timedelta64[h]")
    commitment = pick(key, 14, 30)
    none = np.zeros(rows, bool)
    return pa.table({
        "BilledCost": np.where(committed, 0.0, effective), "EffectiveCost": effective, "ListCost": listed, "ContractedCost": contracted,
        "ConsumedQuantity": pa.array(np.round(listed * 37, 4), mask=bare),
        "ConsumedUnit": coded(service % 4, ["Hours", "GB", "Requests", "GB-Hours"], bare),
        "BillingCurrency": coded(none, ["USD"]), "ProviderName": coded(none, [name]),
        "ChargeCategory": coded(kind, ["Usage", "Purchase", "Credit", "Tax", "Adjustment"]),
        "PricingCategory": coded(committed, ["Standard", "Committed"], bare),
        "ChargePeriodStart": begin, "ChargePeriodEnd": begin + np.timedelta64(1, "h"),
        "SubAccountId": coded(account, account_ids, kind == 3), "SubAccountName": coded(account, [f"account {a}" for a in account_ids], kind == 3),
        "ServiceName": coded(service, service_names), "ServiceCategory": coded(service % 7, CATEGORIES),
        "RegionId": coded(region, region_ids, bare), "ResourceId": pa.array(ids, mask=bare), "ResourceName": pa.array(names, mask=bare),
        "CommitmentDiscountId": coded(commitment, [f"{provider}-commitment-{i}" for i in range(30)], ~(committed | unused)),
        "CommitmentDiscountType": coded(commitment % 2, ["Savings Plan", "Reserved"], ~(committed | unused)),
        "CommitmentDiscountStatus": coded(unused, ["Used", "Unused"], ~(committed | unused)),
        "Tags": coded(tags, texts, bare | (tagged > .95)),
    })


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", type=Path, required=True)
    ap.add_argument("--rows", type=lambda s: int(float(s.replace("_", ""))), default=1_000_000)
    ap.add_argument("--months", type=int, default=12)
    ap.add_argument("--seed", type=int, default=42)
    a = ap.parse_args()
    start = dt.date(2025, 1, 1)
    for _ in range(a.months):
        after = (start + dt.timedelta(days=32)).replace(day=1)
        for number, (provider, (_, share, _)) in enumerate(PROVIDERS.items()):
            rows = int(a.rows * share / a.months)
            folder = a.out / f"provider={provider}" / f"billing_period={start:%Y-%m}"
            folder.mkdir(parents=True, exist_ok=True)
            table = month(provider, number, start, (after - start).days, rows, max(rows // 60, 1), a.seed)
            pq.write_table(table, folder / "part-0.parquet", compression="zstd", row_group_size=GROUP, store_schema=False)
        start = after


if __name__ == "__main__":
    main()
