//! Cost exports read where they lie: sources, deliveries, tables, rollups, questions
