-- Eighteen questions that a cost team asks, over the table `focus` (FOCUS columns, `provider`,
-- `billing_period`). Each begins with its name and ends with a semicolon. `{last}` and so on are
-- filled in by run.py: the newest billing period of the data, the one before, three periods back,
-- days within them, and an account of middle size.

-- name: bill_by_month_and_provider
SELECT billing_period, ProviderName, SUM(BilledCost) AS billed, SUM(EffectiveCost) AS effective, COUNT(*) AS charges
FROM focus GROUP BY billing_period, ProviderName ORDER BY billing_period, ProviderName;

-- name: services_by_day_last_quarter
SELECT CAST(ChargePeriodStart AS DATE) AS day, ServiceName, SUM(EffectiveCost) AS effective
FROM focus WHERE billing_period >= '{quarter}' AND ChargePeriodStart >= TIMESTAMP '{quarter}-03 00:00:00'
GROUP BY CAST(ChargePeriodStart AS DATE), ServiceName ORDER BY day, ServiceName;

-- name: accounts_month_over_month
SELECT SubAccountId, MAX(SubAccountName) AS name,
       SUM(CASE WHEN billing_period = '{last}' THEN EffectiveCost ELSE 0.0 END) AS now,
       SUM(CASE WHEN billing_period = '{before}' THEN EffectiveCost ELSE 0.0 END) AS previously
FROM focus WHERE billing_period IN ('{before}', '{last}')
GROUP BY SubAccountId ORDER BY now DESC, SubAccountId LIMIT 20;

-- name: dearest_resources
SELECT ResourceId, MAX(ServiceName) AS service, MAX(SubAccountId) AS account, SUM(EffectiveCost) AS effective
FROM focus WHERE billing_period = '{before}' AND ResourceId IS NOT NULL
GROUP BY ResourceId ORDER BY effective DESC, ResourceId LIMIT 50;

-- name: teams_last_quarter
SELECT billing_period, COALESCE(tag('team'), '(untagged)') AS team, SUM(EffectiveCost) AS effective
FROM focus WHERE billing_period >= '{quarter}'
GROUP BY billing_period, COALESCE(tag('team'), '(untagged)') ORDER BY billing_period, effective DESC;

-- name: spend_without_team
SELECT billing_period, ServiceCategory, SUM(EffectiveCost) AS effective, COUNT(*) AS charges
FROM focus WHERE ChargeCategory = 'Usage' AND tag('team') IS NULL
GROUP BY billing_period, ServiceCategory ORDER BY billing_period, ServiceCategory;

-- name: one_account_by_day
SELECT CAST(ChargePeriodStart AS DATE) AS day, ChargeCategory, PricingCategory,
       SUM(BilledCost) AS billed, SUM(EffectiveCost) AS effective, SUM(ListCost) AS list
FROM focus WHERE SubAccountId = '{account}' AND ServiceName = '{service}' AND RegionId = '{region}'
GROUP BY CAST(ChargePeriodStart AS DATE), ChargeCategory, PricingCategory
ORDER BY day, ChargeCategory, PricingCategory;

-- name: covered_by_commitments
SELECT billing_period, ServiceName,
       SUM(CASE WHEN CommitmentDiscountStatus = 'Used' THEN ContractedCost ELSE 0.0 END) AS covered,
       SUM(ContractedCost) AS eligible,
       SUM(CASE WHEN CommitmentDiscountStatus = 'Used' THEN ContractedCost ELSE 0.0 END) / SUM(ContractedCost) AS coverage
FROM focus WHERE ChargeCategory = 'Usage' AND ServiceCategory IN ('Compute', 'Databases')
GROUP BY billing_period, ServiceName ORDER BY billing_period, ServiceName;

-- name: commitments_used
SELECT CommitmentDiscountId, MAX(CommitmentDiscountType) AS kind,
       SUM(CASE WHEN CommitmentDiscountStatus = 'Used' THEN EffectiveCost ELSE 0.0 END) AS used,
       SUM(CASE WHEN CommitmentDiscountStatus = 'Unused' THEN EffectiveCost ELSE 0.0 END) AS unused
FROM focus WHERE CommitmentDiscountStatus IS NOT NULL AND billing_period >= '{quarter}'
GROUP BY CommitmentDiscountId ORDER BY unused DESC, CommitmentDiscountId;

-- name: savings_rate
SELECT billing_period, ProviderName, SUM(ListCost) AS list, SUM(EffectiveCost) AS effective,
       1.0 - SUM(EffectiveCost) / SUM(ListCost) AS rate
FROM focus WHERE ChargeCategory = 'Usage' AND ListCost > 0
GROUP BY billing_period, ProviderName ORDER BY billing_period, ProviderName;

-- name: unit_costs
SELECT ServiceName, ConsumedUnit, billing_period, SUM(ConsumedQuantity) AS quantity,
       SUM(EffectiveCost) / SUM(ConsumedQuantity) AS per_unit
FROM focus WHERE ChargeCategory = 'Usage' AND ConsumedQuantity > 0
GROUP BY ServiceName, ConsumedUnit, billing_period ORDER BY ServiceName, ConsumedUnit, billing_period;

-- name: resources_by_service
SELECT ServiceName, COUNT(DISTINCT ResourceId) AS resources, SUM(EffectiveCost) AS effective
FROM focus WHERE ResourceId IS NOT NULL GROUP BY ServiceName ORDER BY resources DESC, ServiceName;

-- name: series_for_anomalies
SELECT SubAccountId, ServiceName, CAST(ChargePeriodStart AS DATE) AS day, SUM(EffectiveCost) AS effective
FROM focus WHERE ChargeCategory = 'Usage'
GROUP BY SubAccountId, ServiceName, CAST(ChargePeriodStart AS DATE);

-- name: search_for_resources
SELECT ResourceId, MAX(ResourceName) AS name, SUM(EffectiveCost) AS effective, COUNT(*) AS charges
FROM focus WHERE ResourceName LIKE '%api-0a7%' OR ResourceId LIKE '%-0a7b%'
GROUP BY ResourceId ORDER BY effective DESC, ResourceId LIMIT 100;

-- name: categories_by_month
SELECT billing_period, ServiceCategory, SUM(EffectiveCost) AS effective
FROM focus GROUP BY billing_period, ServiceCategory ORDER BY billing_period, ServiceCategory;

-- name: amortised_against_billed
SELECT billing_period, SubAccountId, SUM(EffectiveCost) AS amortised, SUM(BilledCost) AS billed,
       SUM(EffectiveCost) - SUM(BilledCost) AS difference
FROM focus GROUP BY billing_period, SubAccountId
ORDER BY ABS(SUM(EffectiveCost) - SUM(BilledCost)) DESC, billing_period, SubAccountId LIMIT 50;

-- name: series_for_forecasts
SELECT ServiceName, CAST(ChargePeriodStart AS DATE) AS day, SUM(EffectiveCost) AS effective
FROM focus WHERE ChargeCategory <> 'Purchase'
GROUP BY ServiceName, CAST(ChargePeriodStart AS DATE) ORDER BY ServiceName, day;

-- name: day_against_week_before
SELECT ServiceName, RegionId,
       SUM(CASE WHEN ChargePeriodStart >= TIMESTAMP '{last}-17 00:00:00' THEN EffectiveCost ELSE 0.0 END) AS day,
       SUM(CASE WHEN ChargePeriodStart < TIMESTAMP '{last}-11 00:00:00' THEN EffectiveCost ELSE 0.0 END) AS week_before
FROM focus WHERE billing_period = '{last}'
  AND ((ChargePeriodStart >= TIMESTAMP '{last}-17 00:00:00' AND ChargePeriodStart < TIMESTAMP '{last}-18 00:00:00')
    OR (ChargePeriodStart >= TIMESTAMP '{last}-10 00:00:00' AND ChargePeriodStart < TIMESTAMP '{last}-11 00:00:00'))
GROUP BY ServiceName, RegionId ORDER BY day DESC, ServiceName, RegionId;
