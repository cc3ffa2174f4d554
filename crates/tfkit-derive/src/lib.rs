//! Derive macros of tfkit.
