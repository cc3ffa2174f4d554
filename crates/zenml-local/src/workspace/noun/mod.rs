//! Code shared by all nouns of a workspace: rows, queries, and reading, listing and deleting.

mod object;
mod query;
mod serve;
#[cfg(test)]
mod tests;

pub(crate) use object::{All, Found, Noun, Owned, Stored};
pub(crate) use query::{
    Changing, Opens, Secret, Unproven, Writes, count, insert, insert_with_secret, is_taken, locate,
    locate_where, secret, secret_unchecked, select, select_all, select_where_unchecked, select_with, write,
    write_secret,
};
pub(crate) use serve::{Served, View, answer, changeable, changed, created, delete, get, list};
