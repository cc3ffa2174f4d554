//! Ephemeral resources: what is open gets closed, and nothing unknown or changed reaches the host.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tfkit::engine::{
    CloseRequest, ConfigureRequest, OpenRequest, OpenResponse, RenewRequest, ValidateRequest,
};
use tfkit::{
    Computed, Configured, Cx, Diag, Dyn, Engine, EphemeralResource, Kind, Maybe, Model, Opened, Opening,
    OrDefault, OrServer, Partial, Provider, Renewed, Secret, Start, Types,
};
use tokio::sync::Notify;

use crate::shop::summaries;

/// A password that is valid until it is closed. Certain accounts make it misbehave.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "password", kind = ephemeral_resource)]
struct Password {
    /// Name of the account.
    #[attr(check = length(1..=20))]
    account: String,
    /// Number of characters.
    #[attr(default = 8)]
    length: OrDefault<u64>,
    /// Where the account is.
    place: OrServer<String>,
    /// The password.
    secret: Computed<Secret<String>>,
}

/// What closing a password needs.
#[derive(Debug, Serialize, Deserialize)]
struct Lease {
    account: String,
    renewals: u32,
}

/// What the vault was asked to do.
#[derive(Debug, Default)]
struct Vault {
    calls: Mutex<Vec<String>>,
    concealed: Mutex<Vec<String>>,
    waits: Notify,
}

impl Vault {
    fn note(&self, call: impl Into<String>) {
        self.calls.lock().unwrap().push(call.into());
    }
}

const LATER: Duration = Duration::from_mins(5);

impl EphemeralResource for Password {
    type Model = Self;
    type Client = Arc<Vault>;
    type Lease = Lease;

    async fn open(cx: &Opening<Arc<Vault>, Lease>, config: Self) -> Result<Opened<Self, Lease>, Diag> {
        let vault = cx.client().await?;
        vault.note(format!("open {} {}", config.account, *config.length));
        if config.account == "refused" {
            return Err(Diag::error("The vault is closed"));
        }
        let lease = Lease { account: config.account.clone(), renewals: 0 };
        cx.save(&lease)?;
        let opened = Self {
            place: config.place.or(|| "cellar".to_owned()),
            secret: Computed::known(format!("secret of {}", lease.account).into()),
            account: config.account,
            length: config.length,
        };
        match lease.account.as_str() {
            "fails" | "sticks" => Err(Diag::error("The lid jams")),
            "panics" => panic!("the lid falls off"),
            "waits" => {
                vault.waits.notify_one();
                cx.until_stopped().await;
                Err(Cx::<()>::cancelled())
            }
            "vague" => Ok(Opened::new(Self { secret: Computed::unknown(), ..opened }, lease)),
            "other" => Ok(Opened::new(Self { account: "another".to_owned(), ..opened }, lease)),
            _ => Ok(Opened::new(opened, lease).renew_at(SystemTime::now() + LATER)),
        }
    }

    async fn renew(cx: &Cx<Arc<Vault>>, lease: Lease) -> Result<Renewed<Lease>, Diag> {
        cx.client().await?.note(format!("renew {} {}", lease.account, lease.renewals));
        if lease.account == "expired" {
            return Err(Diag::error("The password has expired"));
        }
        let lease = Lease { renewals: lease.renewals + 1, ..lease };
        Ok(Renewed { lease, renew_at: Some(SystemTime::now() + LATER) })
    }

    async fn close(cx: &Cx<Arc<Vault>>, lease: Lease) -> Result<(), Diag> {
        cx.client().await?.note(format!("close {} {}", lease.account, lease.renewals));
        if lease.account == "sticks" { Err(Diag::error("The lid sticks")) } else { Ok(()) }
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        match config.get(Self::ACCOUNT) {
            Maybe::Known(account) if account == "root" => vec![Diag::error("Not this one").at(Self::ACCOUNT)],
            _ => Vec::new(),
        }
    }
}

/// The time, which nobody has to give back.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "time", kind = ephemeral_resource)]
struct Time {
    /// Whether to wait until the user stops.
    forever: Option<bool>,
    /// The time.
    now: Computed<i64>,
}

impl EphemeralResource for Time {
    type Model = Self;
    type Client = Arc<Vault>;
    type Lease = ();

    async fn open(cx: &Opening<Arc<Vault>, ()>, config: Self) -> Result<Opened<Self>, Diag> {
        if config.forever == Some(true) {
            cx.client().await?.waits.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(Self { now: Computed::known(1), ..config }.into())
    }
}

/// A vault.
#[derive(Clone, Debug, Model)]
#[model(name = "bank", kind = provider)]
struct Config {
    /// Address of the vault.
    address: Option<String>,
}

struct Bank(Arc<Vault>);

impl Provider for Bank {
    type Config = Config;
    type Client = Arc<Vault>;

    fn register(types: Types<Arc<Vault>>) -> Types<Arc<Vault>> {
        types.ephemeral_resource::<Password>().ephemeral_resource::<Time>()
    }

    async fn configure(&self, config: &Partial<Config>, _: &Start) -> Result<Configured<Arc<Vault>>, Diag> {
        if config.get(Config::ADDRESS).is_unknown() {
            return Ok(Configured::Unknown(config.unknown()));
        }
        Ok(Configured::Ready(Arc::clone(&self.0)))
    }

    fn conceal(vault: &Arc<Vault>, secrets: &[String]) {
        vault.concealed.lock().unwrap().extend_from_slice(secrets);
    }
}

struct Bench {
    engine: Engine,
    vault: Arc<Vault>,
}

impl Bench {
    async fn new(address: Dyn) -> Self {
        let vault = Arc::new(Vault::default());
        let engine = Engine::new(Bank(Arc::clone(&vault)));
        assert_eq!(engine.problems(), []);
        let config = Dyn::map([("address", address)]);
        let request = ConfigureRequest { host_version: "1.11.0".to_owned(), config };
        assert_eq!(engine.configure(request).await, []);
        Self { engine, vault }
    }

    async fn open_with(&self, config: Dyn, unknown_allowed: bool) -> OpenResponse {
        let type_name = "bank_password".to_owned();
        self.engine.open_ephemeral_resource(OpenRequest { type_name, config, unknown_allowed }).await
    }

    async fn open(&self, account: &str) -> OpenResponse {
        self.open_with(password(account.into()), true).await
    }

    async fn close(&self, private: Vec<u8>) -> Vec<Diag> {
        let type_name = "bank_password".to_owned();
        self.engine.close_ephemeral_resource(CloseRequest { type_name, private }).await
    }

    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.vault.calls.lock().unwrap())
    }
}

fn password(account: Dyn) -> Dyn {
    Dyn::map([("account", account), ("length", Dyn::Null), ("place", Dyn::Null), ("secret", Dyn::Null)])
}

#[tokio::test]
async fn it_is_opened_renewed_with_its_lease_and_closed() {
    let bench = Bench::new(Dyn::Null).await;
    let opened = bench.open("ann").await;
    assert_eq!(opened.diags, []);
    let expected = Dyn::map([
        ("account", "ann".into()),
        ("length", Dyn::from(8)),
        ("place", "cellar".into()),
        ("secret", "secret of ann".into()),
    ]);
    assert_eq!(opened.result, expected);
    let in_time = |at: Option<SystemTime>| at.is_some_and(|at| at > SystemTime::now());
    assert!(in_time(opened.renew_at));
    let mut private = opened.private;
    for _ in 0..2 {
        let request = RenewRequest { type_name: "bank_password".to_owned(), private };
        let renewed = bench.engine.renew_ephemeral_resource(request).await;
        assert_eq!(renewed.diags, []);
        assert!(in_time(renewed.renew_at));
        private = renewed.private;
    }
    assert_eq!(bench.close(private).await, []);
    assert_eq!(bench.calls(), ["open ann 8", "renew ann 0", "renew ann 1", "close ann 2"]);
    assert_eq!(*bench.vault.concealed.lock().unwrap(), ["secret of ann"]);
}

#[tokio::test]
async fn what_a_failed_opening_has_created_is_closed() {
    let cases: &[(&str, &[&str], bool)] = &[
        ("refused", &["The vault is closed"], false),
        ("fails", &["The lid jams"], true),
        ("sticks", &["The lid jams", "The lid sticks"], true),
        ("panics", &["The open of bank_password crashed"], true),
        ("vague", &["The provider did not set \"secret\""], true),
        (
            "other",
            &["The result does not match the configuration: account is planned as \"another\" but \
               configured as \"other\""],
            true,
        ),
    ];
    for (account, expected, closed) in cases {
        let bench = Bench::new(Dyn::Null).await;
        let opened = bench.open(account).await;
        assert_eq!(summaries(&opened.diags), *expected, "{account}");
        assert!(opened.result.is_null() && opened.private.is_empty() && opened.renew_at.is_none());
        let closing = format!("close {account} 0");
        assert_eq!(bench.calls().contains(&closing), *closed, "{account}");
        assert_eq!(bench.close(opened.private).await, [], "{account}: a host may still close it");
        assert_eq!(bench.calls(), Vec::<String>::new(), "{account}: but not twice");
    }
}

#[tokio::test]
async fn a_user_who_stops_loses_nothing_that_is_open() {
    let bench = Bench::new(Dyn::Null).await;
    let engine = bench.engine.clone();
    let stop = async {
        bench.vault.waits.notified().await;
        engine.stop();
    };
    let (opened, ()) = tokio::join!(bench.open("waits"), stop);
    assert_eq!(summaries(&opened.diags), ["The operation was interrupted"]);
    assert_eq!(bench.calls(), ["open waits 8", "close waits 0"]);
}

#[tokio::test]
async fn an_opening_that_leaves_nothing_behind_ends_as_soon_as_the_user_stops() {
    let bench = Bench::new(Dyn::Null).await;
    let engine = bench.engine.clone();
    let config = Dyn::map([("forever", true.into()), ("now", Dyn::Null)]);
    let request = OpenRequest { type_name: "bank_time".to_owned(), config, unknown_allowed: true };
    let stop = async {
        bench.vault.waits.notified().await;
        engine.stop();
    };
    let (opened, ()) = tokio::join!(engine.open_ephemeral_resource(request), stop);
    assert_eq!(summaries(&opened.diags), ["The operation was interrupted"]);
}

#[tokio::test]
async fn a_failed_renewal_keeps_what_closing_needs() {
    let bench = Bench::new(Dyn::Null).await;
    let opened = bench.open("expired").await;
    let request = RenewRequest { type_name: "bank_password".to_owned(), private: opened.private };
    let renewed = bench.engine.renew_ephemeral_resource(request).await;
    assert_eq!(summaries(&renewed.diags), ["The password has expired"]);
    assert_eq!(renewed.renew_at, None);
    assert_eq!(bench.close(renewed.private).await, []);
    assert_eq!(bench.calls(), ["open expired 8", "renew expired 0", "close expired 0"]);
}

#[tokio::test]
async fn private_data_of_somebody_else_are_an_error_that_shows_none_of_them() {
    let bench = Bench::new(Dyn::Null).await;
    for private in [&b"hush"[..], br#"{".version": 1, "a": "hush"}"#, br#"{".version": 1, ".lease": "hush"}"#]
    {
        let request = RenewRequest { type_name: "bank_password".to_owned(), private: private.to_vec() };
        let renewed = bench.engine.renew_ephemeral_resource(request).await;
        let closed = bench.close(private.to_vec()).await;
        for diags in [renewed.diags, closed] {
            assert_eq!(diags.len(), 1, "{diags:?}");
            assert!(diags[0].is_error() && !format!("{:?}", diags[0]).contains("hush"), "{diags:?}");
        }
    }
    assert_eq!(bench.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_opened_while_a_value_is_unknown() {
    let unknown = |account: Dyn| {
        Dyn::map([
            ("account", account),
            ("length", Dyn::from(8)),
            ("place", Dyn::Unknown),
            ("secret", Dyn::Unknown),
        ])
    };
    let known = Bench::new(Dyn::Null).await;
    let opened = known.open_with(password(Dyn::Unknown), true).await;
    assert_eq!((opened.result, opened.diags), (unknown(Dyn::Unknown), vec![]));
    assert_eq!(known.close(opened.private).await, []);
    assert_eq!(known.calls(), Vec::<String>::new());

    let waiting = Bench::new(Dyn::Unknown).await;
    let opened = waiting.open("ann").await;
    assert_eq!((opened.result, opened.diags), (unknown("ann".into()), vec![]));
    assert_eq!(waiting.close(opened.private).await, []);
    let opened = waiting.open_with(password("ann".into()), false).await;
    assert_eq!(summaries(&opened.diags), ["The provider's configuration is not known yet: address"]);
    assert_eq!(waiting.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_configuration_is_checked_before_and_when_it_is_opened() {
    let bench = Bench::new(Dyn::Null).await;
    let cases: &[(Dyn, &[&str])] = &[
        ("ann".into(), &[]),
        (Dyn::Unknown, &[]),
        ("root".into(), &["Not this one"]),
        ("".into(), &["Attribute \"account\" has an invalid value"]),
    ];
    for (account, expected) in cases {
        let request = ValidateRequest {
            type_name: "bank_password".to_owned(),
            config: password(account.clone()),
            write_only_allowed: false,
        };
        let diags = bench.engine.validate(Kind::EphemeralResource, request).await;
        assert_eq!(summaries(&diags), *expected, "{account:?}");
    }
    let opened = bench.open("").await;
    assert_eq!(summaries(&opened.diags), ["Attribute \"account\" has an invalid value"]);
    assert_eq!(bench.calls(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unknown_type_and_a_missing_configuration_of_the_provider_are_errors() {
    let vault = Arc::new(Vault::default());
    let bench = Bench { engine: Engine::new(Bank(Arc::clone(&vault))), vault };
    assert_eq!(bench.engine.names(Kind::EphemeralResource), ["bank_password", "bank_time"]);
    let opened = bench.open("ann").await;
    assert_eq!(summaries(&opened.diags), ["The provider is not configured"]);
    let request = CloseRequest { type_name: "bank_coin".to_owned(), private: Vec::new() };
    let diags = bench.engine.close_ephemeral_resource(request).await;
    assert_eq!(summaries(&diags), ["The provider has no ephemeral resource named bank_coin"]);
}
