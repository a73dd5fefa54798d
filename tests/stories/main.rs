//! Whole systems, each started for one story.

mod support;

mod input;
mod losses;
mod operating;
mod orders;
