//! One writer at a time: `<vault>.lock`, held with the system's advisory lock.
