//! Where an incident is, or where something is expected: some dimensions fixed, the others any.

use super::table::{Key, Table, dim};

/// Dimensions that are fixed; `None` is any. Two scopes of different currencies never meet.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(default)]
pub struct Scope {
    /// Currency.
    pub currency: Option<String>,
    /// Provider.
    pub provider: Option<String>,
    /// Billing account.
    pub billing_account: Option<String>,
    /// Sub account.
    pub account: Option<String>,
    /// Service.
    pub service: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Value of the tag that teams are told apart by.
    pub tag: Option<String>,
}

impl Scope {
    fn parts(&self) -> [&Option<String>; 7] {
        [
            &self.currency,
            &self.provider,
            &self.billing_account,
            &self.account,
            &self.service,
            &self.region,
            &self.tag,
        ]
    }

    /// Whether everything in `other` is in this scope, as far as `other` says what it is.
    pub fn contains(&self, other: &Self) -> bool {
        self.parts().into_iter().zip(other.parts()).all(|(own, theirs)| own.is_none() || own == theirs)
    }

    /// Whether one of the two contains the other.
    pub fn meets(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    pub(crate) fn of(key: &Key, table: &Table) -> Self {
        let text = |place: usize| (key[place] != 0).then(|| table.text(key[place]).to_owned());
        Self {
            currency: text(dim::CURRENCY),
            provider: text(dim::PROVIDER),
            billing_account: text(dim::BILLING),
            account: text(dim::ACCOUNT),
            service: text(dim::SERVICE),
            region: text(dim::REGION),
            tag: text(dim::TAG),
        }
    }
}

/// A way of looking at the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// A service in an account.
    AccountService,
    /// A service in a region.
    RegionService,
    /// A service.
    Service,
    /// An account.
    Account,
    /// A value of the tag.
    Tag,
    /// Everything in a currency.
    Total,
}

impl Layer {
    /// All layers, the finest first: that is the order in which a cause is looked for.
    pub const ALL: [Self; 6] =
        [Self::AccountService, Self::RegionService, Self::Service, Self::Account, Self::Tag, Self::Total];

    /// The scope's key of a cell, or `None` if the cell has nothing to say in this layer.
    pub(crate) fn key(self, cell: &Key) -> Option<Key> {
        let keep: &[usize] = match self {
            Self::AccountService => &[dim::PROVIDER, dim::BILLING, dim::ACCOUNT, dim::SERVICE],
            Self::RegionService => &[dim::PROVIDER, dim::SERVICE, dim::REGION],
            Self::Service => &[dim::PROVIDER, dim::SERVICE],
            Self::Account => &[dim::PROVIDER, dim::BILLING, dim::ACCOUNT],
            Self::Tag => &[dim::TAG],
            Self::Total => &[],
        };
        let mut key = Key::default();
        key[dim::CURRENCY] = cell[dim::CURRENCY];
        for place in keep {
            key[*place] = cell[*place];
        }
        // Without the dimension that makes it, a layer repeats a coarser one.
        keep.last().is_none_or(|last| key[*last] != 0).then_some(key)
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::AccountService => "service in account",
            Self::RegionService => "service in region",
            Self::Service => "service",
            Self::Account => "account",
            Self::Tag => "tag",
            Self::Total => "total",
        }
    }
}

/// Whether a scope's key covers a cell's.
pub(crate) fn covers(scope: &Key, cell: &Key) -> bool {
    scope.iter().zip(cell).all(|(s, c)| *s == 0 || s == c)
}

/// Whether one of two scopes' keys covers the other, or they share cells that both could hold.
pub(crate) fn overlap(a: &Key, b: &Key) -> bool {
    a.iter().zip(b).all(|(x, y)| *x == 0 || *y == 0 || x == y)
}
