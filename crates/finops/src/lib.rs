//! What a FinOps practitioner computes from cost: forecasts, anomalies, allocation, budgets, rates.
//!
//! Pure functions over series and tables. Nothing here reads a file, asks a clock or knows where the
//! figures come from; the same input gives the same output on every machine.

pub mod allocation;
pub mod anomaly;
pub mod budget;
pub mod commitment;
pub mod forecast;
pub mod recommend;
pub mod series;
pub mod unit;
