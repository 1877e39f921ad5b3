//! A browser: cookies, redirects until one leads back to us, and the forms of oidc-provider.

use super::REDIRECT;
use bursar_identity::oidc::Callback;
use reqwest::{Client, Response, redirect::Policy};
use url::Url;

pub(crate) struct Browser {
    client: Client,
}

/// What somebody does at the provider's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    SignsIn(&'static str),
    GoesBack,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let client =
            Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build().unwrap();
        Self { client }
    }

    /// Follows the page until it leads back to us, and hands over the query of the callback.
    pub(crate) async fn follow(&self, from: Url, does: Does) -> String {
        let mut url = from;
        for _ in 0..20 {
            let response = self.client.get(url.clone()).send().await.unwrap();
            let response = match (response.status().is_redirection(), does) {
                (true, _) => response,
                (false, Does::GoesBack) => {
                    let abort: Url = format!("{url}/abort").parse().unwrap();
                    self.client.get(abort).send().await.unwrap()
                }
                (false, Does::SignsIn(name)) => {
                    let page = response.text().await.unwrap();
                    let form = if page.contains("name=\"login\"") {
                        format!("prompt=login&login={name}&password=x")
                    } else {
                        "prompt=consent".to_owned()
                    };
                    self.submit(&url, form).await
                }
            };
            let location =
                response.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
            assert!(!location.is_empty(), "{url} leads nowhere: {}", response.status());
            url = url.join(location).unwrap();
            if url.as_str().starts_with(REDIRECT) {
                return url.query().unwrap_or_default().to_owned();
            }
        }
        panic!("twenty redirects, and still not back: {url}");
    }

    pub(crate) async fn callback(&self, from: Url, does: Does) -> Callback {
        Callback::from_query(&self.follow(from, does).await).unwrap()
    }

    /// Signs out at oidc-provider's page.
    pub(crate) async fn sign_out(&self, page: Url) {
        let html = self.client.get(page.clone()).send().await.unwrap().text().await.unwrap();
        let xsrf = html.split("name=\"xsrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let form = format!("xsrf={}&logout=yes", xsrf.expect("a form to confirm"));
        let response = self.submit(&page.join("/session/end/confirm").unwrap(), form).await;
        assert!(response.status().is_redirection(), "{}", response.status());
    }

    pub(crate) async fn submit(&self, url: &Url, form: String) -> Response {
        let request = self.client.post(url.clone()).body(form);
        request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()
    }
}
