//! The screens: pictures of each, what keys do, and that nothing anybody presses breaks them.

mod any;
mod carry;
mod conflicts;
mod deeds;
mod keys;
mod outside;
mod pictures;
mod qr;
mod share;
mod sharing;
