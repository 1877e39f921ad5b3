//! Which budget a route draws on.
//!
//! Total by construction: whatever has no rule of its own is a read, a write or a page, so that a
//! new route is limited before anybody thinks of it. A test walks the routes and another one finds
//! rules that no route needs any more.

use axum::http::Method;

/// A class of routes with a budget of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteClass {
    /// Probes: no budget, or a busy server would be taken for a dead one.
    Health,
    /// Where credentials are tried.
    SignIn,
    /// Questions to the lake: each may read gigabytes.
    Heavy,
    /// Provisioning: a directory that starts sends everybody at once.
    Scim,
    /// Other requests that change nothing.
    Read,
    /// Other requests that change something.
    Write,
    /// The UI's own files, and what is nowhere.
    Page,
}

/// A route with one of these as a segment of its path is heavy.
pub(crate) const HEAVY_SEGMENTS: [&str; 5] = ["sql", "cost", "export", "dashboard", "conformance"];

/// Under `/auth/`, and no place to try credentials.
const NO_SIGN_IN: [&str; 1] = ["/auth/logout"];

impl RouteClass {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 7] =
        [Self::Health, Self::SignIn, Self::Heavy, Self::Scim, Self::Read, Self::Write, Self::Page];

    /// The class of a route, given as the pattern that matched; none matched for files of the UI.
    pub(crate) fn of(method: &Method, pattern: Option<&str>) -> Self {
        let Some(pattern) = pattern else { return Self::Page };
        let segment = |wanted: &str| pattern.split('/').any(|segment| segment == wanted);
        if matches!(pattern, "/health" | "/ready") {
            Self::Health
        } else if pattern.starts_with("/auth/") && !NO_SIGN_IN.contains(&pattern) {
            Self::SignIn
        } else if pattern.starts_with("/scim/") {
            Self::Scim
        } else if HEAVY_SEGMENTS.iter().any(|wanted| segment(wanted)) {
            Self::Heavy
        } else if method.is_safe() {
            Self::Read
        } else {
            Self::Write
        }
    }

    /// Its name in headers, messages and the documentation.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::SignIn => "sign-in",
            Self::Heavy => "heavy",
            Self::Scim => "scim",
            Self::Read => "read",
            Self::Write => "write",
            Self::Page => "page",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::routes;

    /// Every documented route with its class.
    fn table() -> Vec<(String, String, RouteClass)> {
        let document = serde_json::to_value(routes::openapi()).unwrap();
        let mut found = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                let class = RouteClass::of(&method.to_uppercase().parse().unwrap(), Some(path));
                found.push((method.clone(), path.clone(), class));
            }
        }
        for (path, _) in routes::UNDOCUMENTED {
            found.push(("post".into(), path.into(), RouteClass::of(&Method::POST, Some(path))));
        }
        found
    }

    #[test]
    fn every_route_but_probes_has_a_budget() {
        // claim C7
        let limits = Limits::default();
        for (method, path, class) in table() {
            let budget = limits.quota(class).per_address;
            let probe = matches!(path.as_str(), "/health" | "/ready");
            assert_eq!(class == RouteClass::Health, probe, "{method} {path}");
            assert_eq!(budget == 0, probe, "{method} {path} is {class:?}: {budget} a minute");
        }
    }

    #[test]
    fn what_costs_more_may_be_done_less_often() {
        // claim C7
        let of = |method: &str, path| RouteClass::of(&method.parse().unwrap(), Some(path));
        assert_eq!(of("POST", "/api/v1/sql"), RouteClass::Heavy);
        assert_eq!(of("GET", "/api/v1/cost/export"), RouteClass::Heavy);
        assert_eq!(of("GET", "/api/v1/conformance"), RouteClass::Heavy);
        assert_eq!(of("GET", "/auth/link"), RouteClass::SignIn);
        assert_eq!(of("POST", "/auth/logout"), RouteClass::Write);
        assert_eq!(of("PATCH", "/scim/v2/Users/{id}"), RouteClass::Scim);
        assert_eq!(of("DELETE", "/api/v1/sources/{id}"), RouteClass::Write);
        assert_eq!(of("GET", "/api/v1/costly"), RouteClass::Read);
        let limits = Limits::default();
        let per_address = |class| limits.quota(class).per_address;
        assert!(per_address(RouteClass::SignIn) < per_address(RouteClass::Heavy));
        assert!(per_address(RouteClass::Heavy) < per_address(RouteClass::Read));
        for class in RouteClass::ALL {
            let quota = limits.quota(class);
            assert!(quota.per_principal <= quota.per_address, "{class:?}: one token must not spend all");
        }
    }

    #[test]
    fn no_rule_is_stale() {
        let table = table();
        for segment in HEAVY_SEGMENTS {
            assert!(table.iter().any(|(_, path, _)| path.split('/').any(|s| s == segment)), "{segment}");
        }
        for path in NO_SIGN_IN {
            assert!(table.iter().any(|(_, known, _)| known == path), "{path}");
        }
    }
}
