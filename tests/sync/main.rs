//! Keeping a vault the same on many machines: through storage that does all that storage can do, honest or not, and through the program itself.

mod fleet;
mod machine;
mod replayed;
mod storage;
mod synced_folder;
