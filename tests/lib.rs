//! End to end: whole systems with a real broker, a real Redis and real processes, driven by the
//! `murmur` command as a person drives it. All of it is in `stories`.
