//! Progress of long work, on standard error and only when that is a terminal.
//!
//! Standard output holds the answer and nothing else. Call `finish_and_clear` before printing it.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// A bar over `total` steps named `unit`, or a silent one when nobody looks.
pub(crate) fn bar(label: &str, total: u64, unit: &str) -> ProgressBar {
    start(
        ProgressBar::with_draw_target(Some(total), target()),
        label,
        &format!("{{msg}} [{{bar:30}}] {{human_pos}}/{{human_len}} {unit} {{eta}}"),
    )
}

/// A bar over bytes.
pub(crate) fn bytes(label: &str, total: u64) -> ProgressBar {
    start(
        ProgressBar::with_draw_target(Some(total), target()),
        label,
        "{msg} [{bar:30}] {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}",
    )
}

/// A counter for work of unknown length.
pub(crate) fn counter(label: &str, unit: &str) -> ProgressBar {
    start(
        ProgressBar::with_draw_target(None, target()),
        label,
        &format!("{{spinner}} {{msg}} {{human_pos}} {unit}"),
    )
}

fn target() -> ProgressDrawTarget {
    if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr_with_hz(10)
    } else {
        ProgressDrawTarget::hidden()
    }
}

fn start(bar: ProgressBar, label: &str, template: &str) -> ProgressBar {
    // INVARIANT: the templates above are constants but for `unit`; a broken one only loses its looks.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar.set_message(label.to_owned());
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
