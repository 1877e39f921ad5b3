//! How long a decision takes: kept, put to Cedar, and explained.
//!
//! `cargo bench -p bursar-permission`. Prints microseconds and what part of the budget of 50 µs that is;
//! it fails nothing, because a busy machine is not a bug.

use bursar_domain::id::{AccountId, RoleId, SessionId, StaffAccessId, WorkspaceId};
use bursar_domain::role::Action;
use bursar_domain::{Page, Principal, Role, RoleName};
use bursar_permission::{Asking, Grant, PermissionEngine, Target};
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

const BUDGET: Duration = Duration::from_micros(50);
const ROUNDS: usize = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout();
    let started = Instant::now();
    let engine = PermissionEngine::new()?;
    writeln!(out, "start: read, check against the schema       {:>9.1} µs", micros(started.elapsed()))?;

    let (account, session) = (AccountId::from_u128(1), SessionId::from_u128(2));
    let workspace = WorkspaceId::from_u128(3);
    let operator = Asking {
        principal: Principal::Account { id: account, session },
        workspace,
        role: RoleName::BuiltIn(Role::Operator),
        owner: false,
        granted: None,
        limit: None,
        staff_read_only: true,
        switched_off: false,
    };
    let custom = Asking {
        role: RoleName::Custom(RoleId::from_u128(4)),
        granted: Some(Grant::new(Page::ALL.iter().copied(), Action::ALL.iter().copied())),
        limit: Some(Grant::new(Page::ALL.iter().copied(), Action::ALL.iter().copied())),
        ..operator
    };
    let access = StaffAccessId::from_u128(5);
    let staff = Asking { principal: Principal::Staff { id: account, session, access }, ..operator };

    let command_line = Asking { principal: Principal::Operator, ..operator };

    let first = measure(&engine, &operator, 1);
    line(&mut out, "an operator, asked for the first time", first)?;
    line(&mut out, "an operator, as in every request", measure(&engine, &operator, ROUNDS))?;
    line(&mut out, "own role with a limited token, first", measure(&engine, &custom, 1))?;
    line(&mut out, "own role with a limited token", measure(&engine, &custom, ROUNDS))?;
    line(&mut out, "staff", measure(&engine, &staff, ROUNDS))?;
    line(&mut out, "the command line, put to Cedar each time", measure(&engine, &command_line, ROUNDS))?;
    let explained = Page::ALL.iter().map(|&page| {
        time(|| drop(black_box(engine.explain(&operator, Target { workspace, page }, Action::Approve))))
    });
    line(&mut out, "explained, with the roles that may", median(explained.collect()))?;
    Ok(())
}

/// The time of one decision: the median over the pages, whose actions are asked about in one go.
fn measure(engine: &PermissionEngine, asking: &Asking, rounds: usize) -> Duration {
    let mut times = Vec::new();
    for _ in 0..rounds {
        for &page in Page::ALL {
            let target = Target { workspace: asking.workspace, page };
            times.push(time(|| {
                for &action in Action::ALL {
                    black_box(engine.decide(black_box(asking), target, action));
                }
            }));
        }
    }
    median(times).div_f64(Action::ALL.len() as f64)
}

fn time(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

/// A busy machine interrupts; the mean would measure that.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn line(out: &mut impl std::io::Write, what: &str, took: Duration) -> std::io::Result<()> {
    let share = took.as_secs_f64() / BUDGET.as_secs_f64();
    writeln!(out, "{what:<43} {:>9.2} µs  {share:>7.3} of the budget", micros(took))
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}
