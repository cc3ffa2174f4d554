//! A query without a proof does not compile, nor does one with the proof of another permission.

use super::query::{insert, remove, secret, select, select_all, write, write_secret};
use crate::crypto::Vault;
use crate::rbac::probe::compiles;
use crate::rbac::{Allowed, Create, Delete, Listed, Read, ReadSecretValue, Tx, Update};
use crate::workspace::noun::{All, Found, Stored};
use crate::workspace::secret::Secret;
use crate::workspace::tag::Tag;

type Db = &'static mut Tx;
type Key = &'static Vault;
type Values = &'static zenml_api::workspace::secret::Values;
type Proof<A, O> = &'static Allowed<A, O>;

#[test]
fn a_query_compiles_only_with_its_proof() {
    assert!(compiles!(select::<Read, Tag>, (Db, Proof<Read, Found<Tag>>, Key)));
    assert!(!compiles!(select::<Read, Tag>, (Db, &'static Found<Tag>, Key)));
    assert!(!compiles!(select::<Read, Tag>, (Db, Proof<Read, Found<Secret>>, Key)));

    assert!(compiles!(select_all::<Tag>, (Db, &'static Listed<All<Tag>>, Key)));
    assert!(!compiles!(select_all::<Tag>, (Db, &'static All<Tag>, Key)));

    assert!(compiles!(insert::<Tag>, (Db, Proof<Create, All<Tag>>, Key, &'static Stored<Tag>)));
    assert!(!compiles!(insert::<Tag>, (Db, &'static All<Tag>, Key, &'static Stored<Tag>)));
    assert!(!compiles!(insert::<Tag>, (Db, Proof<Read, All<Tag>>, Key, &'static Stored<Tag>)));

    assert!(compiles!(write::<Tag>, (Db, Proof<Update, Found<Tag>>, Key, &'static mut Stored<Tag>)));
    assert!(!compiles!(write::<Tag>, (Db, &'static Found<Tag>, Key, &'static mut Stored<Tag>)));
    assert!(!compiles!(write::<Tag>, (Db, Proof<Read, Found<Tag>>, Key, &'static mut Stored<Tag>)));

    assert!(compiles!(remove::<Tag>, (Db, Proof<Delete, Found<Tag>>)));
    assert!(!compiles!(remove::<Tag>, (Db, &'static Found<Tag>)));
    assert!(!compiles!(remove::<Tag>, (Db, Proof<Update, Found<Tag>>)));

    assert!(compiles!(write_secret::<Secret>, (Db, Proof<Update, Found<Secret>>, Key, Values)));
    assert!(!compiles!(write_secret::<Secret>, (Db, &'static Found<Secret>, Key, Values)));
}

#[test]
fn permission_to_read_a_secret_does_not_give_access_to_its_values() {
    assert!(compiles!(secret::<_, Secret>, (Db, Proof<ReadSecretValue, Found<Secret>>, Key)));
    assert!(compiles!(secret::<_, Secret>, (Db, Proof<Update, Found<Secret>>, Key)));
    assert!(!compiles!(secret::<ReadSecretValue, Secret>, (Db, Proof<Read, Found<Secret>>, Key)));
    assert!(!compiles!(secret::<ReadSecretValue, Secret>, (Db, &'static Found<Secret>, Key)));
}
