//! scratch
use bursar_app::demo::*;
fn main() {
    let mut a = std::env::args().skip(1);
    let out = a.next().unwrap();
    let size = match a.next().as_deref() {
        Some("small") => DemoSize::Small,
        Some("large") => DemoSize::Large,
        _ => DemoSize::Default,
    };
    let today = a.next().unwrap_or("2026-11-22".into()).parse().unwrap();
    let t = std::time::Instant::now();
    let r = generate(
        out.as_ref(),
        &DemoPlan { seed: 42, today, size },
        std::num::NonZeroUsize::new(2).unwrap(),
        &|_, _| {},
    )
    .unwrap();
    println!("{} rows {:?}", r.rows(), t.elapsed());
}
