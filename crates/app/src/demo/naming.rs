//! Ids and names in each provider's manner.

use super::chance::Chance;
use super::company::{COMPANY, Provider, Terms};
use super::money::Price;
use super::world::{Account, Item};
use bursar_domain::Amount;

pub(super) fn accounts(provider: Provider, terms: &Terms, chance: &mut Chance) -> Vec<Account> {
    let accounts = terms.accounts.iter().map(|(team, environment, _)| {
        let id = match provider {
            Provider::Aws => chance.digits(12),
            Provider::Azure => format!("/subscriptions/{}", chance.uuid()),
            Provider::Gcp => format!("larkfield-{team}-{environment}"),
        };
        let name =
            if *environment == "sandbox" { "sandbox".to_owned() } else { format!("{team}-{environment}") };
        Account { id, name, team, environment, taxed: *environment == "prod" }
    });
    accounts.collect()
}

pub(super) fn billing_account(provider: Provider, chance: &mut Chance) -> (String, String) {
    match provider {
        Provider::Aws => (chance.digits(12), COMPANY.to_owned()),
        Provider::Azure => (
            format!(
                "/providers/Microsoft.Billing/billingAccounts/{}:{}_2019-05-31/billingProfiles/{}-{}-BG7-PGB",
                chance.uuid(),
                chance.uuid(),
                chance.code(4),
                chance.code(4)
            ),
            format!("{COMPANY} Europe"),
        ),
        Provider::Gcp => (
            format!("{}-{}-{}", chance.code(6), chance.code(6), chance.code(6)),
            format!("{COMPANY} Billing"),
        ),
    }
}

/// Gives the item its resource, SKU and description.
pub(super) fn name(item: &mut Item, provider: Provider, account: &Account, chance: &mut Chance) {
    let (sku, region) = (item.sku, item.region);
    let mut of_sku = Chance::new(0, &format!("{}/{}/{}", provider.as_str(), sku.usage, region.id));
    item.zone = None;
    match provider {
        Provider::Aws => {
            let (id, account) = (chance.hex(17), &account.id);
            let zoned =
                |chance: &mut Chance| Some(format!("{}{}", region.id, ["a", "b", "c"][chance.below(3)]));
            let arn =
                |service: &str, rest: String| format!("arn:aws:{service}:{}:{account}:{rest}", region.id);
            let short = format!("{}-{}", item.sku.kind, &id[..8]);
            (item.resource_id, item.resource_name) = match sku.kind {
                "instance" => {
                    item.zone = zoned(chance);
                    (format!("i-{id}"), None)
                }
                "volume" => {
                    item.zone = zoned(chance);
                    (format!("vol-{id}"), None)
                }
                "snapshot" => (arn("ec2", format!("snapshot/snap-{id}")), None),
                "db" => (arn("rds", format!("db:orders-{}", &id[..6])), Some(format!("orders-{}", &id[..6]))),
                "bucket" => (format!("larkfield-{}-{}", account_word(account), &id[..10]), None),
                "function" => (arn("lambda", format!("function:{short}")), Some(short)),
                "natgateway" => (arn("ec2", format!("natgateway/nat-{id}")), None),
                "table" => (arn("dynamodb", format!("table/{short}")), Some(short)),
                "key" => (arn("kms", format!("key/{}", chance.uuid())), None),
                other => (arn(other, format!("{other}/{id}")), None),
            };
            item.sku_id = of_sku.code(16);
            item.price_id = format!("{}.JRTCKXETXF.6YS6EN2CT7", item.sku_id);
            item.committed_price_id = format!("{}.{}.{}", item.sku_id, of_sku.code(10), of_sku.code(10));
            item.usage_type = format!("{}{}", region.prefix, sku.usage.trim_end_matches(":CDN"));
            item.description =
                format!("${} per {} - {} in {}", text(item.list), sku.unit, sku.meter, region.name);
        }
        Provider::Azure => {
            // Azure lower-cases ids in some services and not in others; the export has what it gets.
            let name = format!("{}-{}-{}", account.team, account.environment, &chance.hex(5));
            let group = format!("rg-{}-{}", account.team, ["core", "data", "edge"][chance.below(3)]);
            let kind = sku.kind.to_lowercase().replace(' ', "");
            let id = format!(
                "{}/resourcegroups/{group}/providers/{}/{kind}s/{name}",
                account.id,
                sku.service.code.to_lowercase()
            );
            (item.resource_id, item.resource_name) = (id, Some(name));
            item.sku_id = of_sku.code(12);
            item.price_id = format!("{}_{}", item.sku_id, of_sku.code(6));
            item.committed_price_id = format!("{}_{}", item.sku_id, of_sku.code(6));
            item.usage_type = of_sku.uuid();
            item.description = format!("{} - {} - {}", sku.service.name, sku.meter, region.prefix);
        }
        Provider::Gcp => {
            let name = format!("{}-{}", sku.kind.to_lowercase().replace(' ', "-"), &chance.hex(6));
            let host = sku.service.name.to_lowercase().replace([' ', '/'], "");
            item.resource_id =
                format!("//{host}.googleapis.com/projects/{}/locations/{}/{name}", account.id, region.id);
            item.zone = matches!(sku.kind, "Instance" | "Disk")
                .then(|| format!("{}-{}", region.id, ["b", "c", "f"][chance.below(3)]));
            item.resource_name = Some(name);
            item.sku_id = format!("{}-{}", &sku.usage[..9], &of_sku.code(4));
            item.price_id = format!("{}-OD", item.sku_id);
            item.committed_price_id = format!("{}-CUD", item.sku_id);
            item.usage_type = sku.usage.to_owned();
            item.description = format!("{} {} in {}", sku.service.name, sku.meter, region.name);
        }
    }
    if sku.spot {
        item.price_id = format!("{}.SPOT", item.sku_id);
    }
}

/// A price as a price list prints it.
pub(super) fn text(price: Price) -> String {
    let amount: Amount = price.amount();
    amount.to_string()
}

fn account_word(account: &str) -> &str {
    &account[account.len().saturating_sub(5)..]
}
