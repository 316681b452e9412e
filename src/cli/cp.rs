//! `tickey cp`: an entry goes to another vault and stays where it is.

use super::args::{Carried, Global};
use super::error::Failure;
use super::mv;
use crate::vault::carry::Carry;

pub fn run(global: &Global, args: &Carried) -> Result<(), Failure> {
    mv::carry(global, args, Carry::Copy)
}
