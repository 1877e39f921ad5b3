//! The resolver of the client: the only source of addresses it connects to.
//!
//! Every answer is looked at as a whole, before the connection, at every connection. What the
//! system's resolver says twice may differ; what was looked at is what is connected to.

use super::{Guard, GuardError, Reach};
use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Most addresses of a name that are looked at.
const MAX_ADDRESSES: usize = 64;

/// Asks for the addresses of a name.
pub trait Lookup: Send + Sync + fmt::Debug {
    /// All of them.
    fn lookup(&self, name: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>>;
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).take(MAX_ADDRESSES + 1).collect())
        })
    }
}

/// A resolver that answers with admitted addresses or not at all.
#[derive(Debug, Clone)]
pub(crate) struct GuardedResolver {
    pub(crate) guard: Arc<Guard>,
    pub(crate) reach: Reach,
    pub(crate) lookup: Arc<dyn Lookup>,
}

impl GuardedResolver {
    async fn addresses(self, name: String) -> Result<Vec<IpAddr>, GuardError> {
        let found = self.lookup.lookup(name.clone()).await;
        let found = found.map_err(|_| GuardError::Unresolved(name.clone()))?;
        if found.is_empty() || found.len() > MAX_ADDRESSES {
            return Err(GuardError::Unresolved(name));
        }
        for address in &found {
            self.guard.admits(self.reach, &name, *address)?;
        }
        Ok(found)
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str().to_owned()).await?;
            let addresses: Addrs = Box::new(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Answers with one list after the other, and fails where there is none.
    #[derive(Debug)]
    struct Lists(Vec<Option<Vec<&'static str>>>, AtomicUsize);

    impl Lookup for Lists {
        fn lookup(&self, _: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
            let at = self.1.fetch_add(1, Ordering::SeqCst);
            let list =
                self.0[at].as_ref().map(|list| list.iter().map(|text| text.parse().unwrap()).collect());
            Box::pin(async move { list.ok_or_else(|| std::io::Error::other("the resolver is out of order")) })
        }
    }

    fn resolver(lists: Vec<Option<Vec<&'static str>>>) -> GuardedResolver {
        let (guard, lookup) = (Arc::new(Guard::public()), Arc::new(Lists(lists, AtomicUsize::new(0))));
        GuardedResolver { guard, reach: Reach::Public, lookup }
    }

    // claim G2
    #[tokio::test]
    async fn one_address_inside_refuses_the_whole_answer() {
        for answer in [
            vec!["127.0.0.1"],
            vec!["1.1.1.1", "10.0.0.1"],
            vec!["2606:4700::1111", "::1"],
            vec!["::ffff:192.168.1.1"],
            vec!["64:ff9b::a00:1"],
            vec!["0.0.0.0"],
        ] {
            let found = resolver(vec![Some(answer.clone())]).addresses("receiver.example.com".into()).await;
            assert_eq!(found, Err(GuardError::Inside("receiver.example.com".into())), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn an_error_and_no_answer_are_no_consent() {
        for answer in [None, Some(vec![]), Some(vec!["1.1.1.1"; MAX_ADDRESSES + 1])] {
            let found = resolver(vec![answer]).addresses("receiver.example.com".into()).await;
            assert_eq!(found, Err(GuardError::Unresolved("receiver.example.com".into())));
        }
    }

    /// A name that is public when it is given and inside when it is used (rebinding).
    #[tokio::test]
    async fn a_name_that_changes_is_judged_each_time() {
        let resolver = resolver(vec![Some(vec!["1.1.1.1"]), Some(vec!["169.254.169.254"])]);
        let name = "receiver.example.com".to_owned();
        assert!(resolver.clone().addresses(name.clone()).await.is_ok());
        assert_eq!(resolver.addresses(name.clone()).await, Err(GuardError::Metadata(name)));
    }
}
