//! Counters for `/metrics`, in the Prometheus text format (version 0.0.4).
//!
//! Labels are routes and statuses, never paths or values: both their number and their content stay
//! bounded.

use axum::http::{Method, StatusCode};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the latency histogram, in seconds.
const BOUNDS: [f64; 9] = [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

#[derive(Default)]
struct Series {
    by_status: BTreeMap<u16, u64>,
    buckets: [u64; BOUNDS.len()],
    seconds: f64,
    count: u64,
}

/// Requests answered, by route.
#[derive(Default)]
pub(crate) struct Metrics {
    routes: Mutex<BTreeMap<(String, String), Series>>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(crate) fn request(&self, method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
        // Methods can be invented by the client; only the known ones become labels.
        let method = match *method {
            Method::GET
            | Method::POST
            | Method::HEAD
            | Method::PUT
            | Method::DELETE
            | Method::PATCH
            | Method::OPTIONS => method.as_str(),
            _ => "(other)",
        };
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let series = routes.entry((route.to_owned(), method.to_owned())).or_default();
        let seconds = elapsed.as_secs_f64();
        *series.by_status.entry(status.as_u16()).or_default() += 1;
        for (bucket, bound) in series.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
        series.seconds += seconds;
        series.count += 1;
    }

    /// The text Prometheus reads; `gauges` are (name, help, value).
    pub(crate) fn text(&self, gauges: &[(&str, &str, u64)]) -> String {
        let mut text = String::new();
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        family(&mut text, "bursar_http_requests_total", "counter", "Requests answered.");
        for ((route, method), series) in routes.iter() {
            for (status, count) in &series.by_status {
                line(
                    &mut text,
                    format_args!(
                        "bursar_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {count}"
                    ),
                );
            }
        }
        let name = "bursar_http_request_duration_seconds";
        family(&mut text, name, "histogram", "Time to answer a request.");
        for ((route, method), series) in routes.iter() {
            let labels = format!("route=\"{route}\",method=\"{method}\"");
            for (bucket, bound) in series.buckets.iter().zip(BOUNDS) {
                line(&mut text, format_args!("{name}_bucket{{{labels},le=\"{bound}\"}} {bucket}"));
            }
            line(&mut text, format_args!("{name}_bucket{{{labels},le=\"+Inf\"}} {}", series.count));
            line(&mut text, format_args!("{name}_sum{{{labels}}} {}", series.seconds));
            line(&mut text, format_args!("{name}_count{{{labels}}} {}", series.count));
        }
        for (name, help, value) in gauges {
            family(&mut text, name, "gauge", help);
            line(&mut text, format_args!("{name} {value}"));
        }
        text
    }
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    line(text, format_args!("# HELP {name} {help}"));
    line(text, format_args!("# TYPE {name} {kind}"));
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{arguments}");
}
