//! Precedence of the provider block and the environment.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::{Map, Value as Json, json};
use tfkit::{Diag, Dyn, Engine, Partial};
use tfkit_test::{Failure, Harness};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use zenml_client::{Address, Credential};
use zenml_provider::configuration::{Configuration, SAAS_URL};
use zenml_provider::resolve::{Plane, Resolved, resolve};
use zenml_provider::source::Source;
use zenml_provider::{Environment, Zenml};

use crate::world::World;

/// An argument, and its variables in order of precedence.
const ARGUMENTS: [(&str, &[&str]); 5] = [
    ("control_plane_url", &["ZENML_CONTROL_PLANE_URL", "ZENML_PRO_API_URL"]),
    ("service_account_key", &["ZENML_SERVICE_ACCOUNT_KEY", "ZENML_PRO_API_KEY"]),
    ("server_url", &["ZENML_SERVER_URL"]),
    ("api_key", &["ZENML_API_KEY"]),
    ("api_token", &["ZENML_API_TOKEN"]),
];

/// The state of an argument in the block: not set, blank, which counts as not set, or set.
const IN_BLOCK: [Option<&str>; 3] = [None, Some(" \r\n"), Some("set")];

/// The states of its two variables in the environment.
const IN_ENVIRONMENT: [[Option<&str>; 2]; 4] =
    [[None, None], [Some("set"), None], [Some(""), Some("set")], [Some("set"), Some("set")]];

/// The places that are set, such as `api_key` and `ZENML_API_KEY`.
type Set = Vec<&'static str>;

/// A block and an environment in which exactly these places are set; the others are as in `chosen`.
struct Case {
    block: Map<String, Json>,
    environment: Vec<(&'static str, String)>,
    set: Set,
}

fn value(place: &str) -> String {
    match place {
        url if url.to_ascii_lowercase().ends_with("url") => {
            format!("https://{}.example.com", url.to_ascii_lowercase().replace('_', "-"))
        }
        secret => format!("secret-of-{secret}"),
    }
}

fn case(mut number: usize) -> Option<Case> {
    let mut case = Case { block: Map::new(), environment: Vec::new(), set: Vec::new() };
    for (argument, variables) in ARGUMENTS {
        let (in_block, rest) = (number % IN_BLOCK.len(), number / IN_BLOCK.len());
        let (in_environment, rest) = (rest % IN_ENVIRONMENT.len(), rest / IN_ENVIRONMENT.len());
        number = rest;
        match IN_BLOCK[in_block] {
            None => {}
            Some("set") => {
                // As `file()` returns it.
                case.block.insert(argument.to_owned(), format!("\u{feff}{}\r\n", value(argument)).into());
                case.set.push(argument);
            }
            Some(blank) => drop(case.block.insert(argument.to_owned(), blank.into())),
        }
        for (position, how) in IN_ENVIRONMENT[in_environment].into_iter().enumerate() {
            // An argument with one variable has one state less.
            match (how, variables.get(position)) {
                (None, _) => {}
                (Some(_), None) => return None,
                (Some("set"), Some(name)) => {
                    case.environment.push((name, format!("{}\n", value(name))));
                    case.set.push(name);
                }
                (Some(blank), Some(name)) => case.environment.push((name, blank.to_owned())),
            }
        }
    }
    (number == 0).then_some(case)
}

/// The documented rule, as lists in which the first set place counts.
fn expected(set: &Set) -> Result<[Option<(&'static str, &'static str)>; 2], &'static str> {
    let first = |places: &[&'static str]| places.iter().copied().find(|place| set.contains(place));
    let key = first(&["service_account_key", "ZENML_SERVICE_ACCOUNT_KEY", "ZENML_PRO_API_KEY"]);
    let plane = first(&["control_plane_url", "ZENML_CONTROL_PLANE_URL", "ZENML_PRO_API_URL"]);
    let server = first(&["server_url", "ZENML_SERVER_URL"]);
    let server_credential = first(&[
        "api_key",
        "api_token",
        "service_account_key",
        "ZENML_API_KEY",
        "ZENML_API_TOKEN",
        "ZENML_SERVICE_ACCOUNT_KEY",
        "ZENML_PRO_API_KEY",
    ]);
    if let (Some("control_plane_url"), None) = (plane, key) {
        return Err("No key configured for the control plane");
    }
    match (server, server_credential) {
        (None, Some("api_key" | "api_token")) if !set.contains(&"service_account_key") => {
            return Err("No server configured for the credential");
        }
        (Some(_), None) => return Err("No credential configured for the server"),
        (None, _) if key.is_none() => return Err("No credentials configured"),
        _ => {}
    }
    Ok([key.map(|key| (plane.unwrap_or("default"), key)), server.zip(server_credential)])
}

fn partial(block: &Map<String, Json>) -> Partial<Configuration> {
    let value = |value: &Json| value.as_str().map_or(Dyn::Null, Dyn::string);
    let attributes = ARGUMENTS.map(|(name, _)| name).into_iter().chain(["organization_id", "workspace_id"]);
    let object = attributes.map(|name| (name, block.get(name).map_or(Dyn::Null, value)));
    Partial::new(Dyn::map(object.chain([("skip_version_check", Dyn::Null), ("http", Dyn::Null)])))
}

fn place(source: &Source) -> String {
    match source {
        Source::Argument(path) => path.to_string(),
        Source::Variable(name) => (*name).to_owned(),
        Source::Default(_) => "default".to_owned(),
    }
}

/// The origins of address and credential, by their values and by the messages.
fn taken(address: Option<&Address>, plane: Option<&Plane>) -> Option<(String, String)> {
    let (Some(address), Some(plane)) = (address, plane) else {
        assert!(address.is_none() && plane.is_none());
        return None;
    };
    let places = (place(&plane.address), place(&plane.credential));
    let url = if places.0 == "default" { SAAS_URL.to_owned() } else { value(&places.0) };
    assert_eq!(address.url, url);
    match &address.credential {
        Credential::Key(secret) => assert_eq!(secret.expose(), &value(&places.1)),
        Credential::Token(secret) => {
            assert_eq!(secret.expose(), &value(&places.1));
            assert!(places.1.to_ascii_lowercase().contains("token"));
        }
        Credential::ControlPlane => {
            assert!(!places.1.to_ascii_lowercase().contains("api_") || places.1 == "ZENML_PRO_API_KEY");
        }
        Credential::Password { .. } => panic!("no password was configured"),
    }
    Some(places)
}

#[test]
fn a_credential_in_the_block_overrides_the_environment_in_every_combination() {
    let all = (IN_BLOCK.len() * IN_ENVIRONMENT.len()).pow(5);
    let (mut count, mut outcomes) = (0, BTreeMap::<String, usize>::new());
    for case in (0..all).filter_map(case) {
        count += 1;
        let environment =
            Environment::of(case.environment.iter().map(|(name, value)| (*name, value.clone())));
        let resolved: Result<Resolved, Diag> = resolve(&partial(&case.block), &environment);
        let found = resolved.as_ref().map_err(|diag| diag.summary.as_str()).map(|found| {
            [
                taken(found.settings.control_plane.as_ref(), found.control_plane.as_ref()),
                taken(found.settings.server.as_ref(), found.server.as_ref()),
            ]
        });
        let wanted = expected(&case.set).map(|planes| {
            planes.map(|plane| plane.map(|(url, credential)| (url.to_owned(), credential.to_owned())))
        });
        assert_eq!(found, wanted, "{:?}", case.set);
        if let Err(diag) = &resolved {
            let output = diag.to_string();
            assert!(!output.contains("secret-of"), "{output}");
            // What an error reports as set is set.
            for name in ARGUMENTS.iter().flat_map(|(_, variables)| *variables) {
                let blamed = output.contains(&format!("variable {name}")) && !case.set.contains(name);
                assert!(!blamed, "{name}: {output}");
            }
        }
        *outcomes.entry(wanted.map_or_else(str::to_owned, |_| "works".to_owned())).or_default() += 1;
    }
    assert_eq!(outcomes.len(), 5, "not every outcome occurs: {outcomes:?}");
    assert_eq!(count, 3_usize.pow(5) * 4_usize.pow(2) * 2_usize.pow(3));
}

/// The provider in this environment.
async fn start(environment: &[(&'static str, &str)], block: Json) -> Result<Harness, Failure> {
    let environment = Environment::of(environment.iter().map(|(name, value)| (*name, (*value).to_owned())));
    Harness::start(Engine::new(Zenml::new(environment)), block).await
}

async fn refused(environment: &[(&'static str, &str)], block: Json) -> Failure {
    match start(environment, block.clone()).await {
        Ok(_) => panic!("not rejected: {block}"),
        Err(failure) => failure,
    }
}

const NOWHERE: &str = "http://127.0.0.1:9";

#[tokio::test(flavor = "multi_thread")]
async fn a_block_for_one_api_works_with_any_environment_for_the_other() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let server = world.look(workspace).await.unwrap().server_url().unwrap().to_owned();
    let (url, key) = (world.platform.url(), world.key());
    let plain =
        json!({ "server_url": server, "api_key": format!("\u{feff}{key}\r\n"), "http": { "retries": 0 } });

    // Each environment belongs to somebody who also uses the other product.
    for (environment, says) in [
        (
            vec![("ZENML_CONTROL_PLANE_URL", NOWHERE), ("ZENML_SERVICE_ACCOUNT_KEY", "ZENPROKEY_old")],
            "cannot reach",
        ),
        (
            vec![("ZENML_PRO_API_URL", url), ("ZENML_PRO_API_KEY", "ZENPROKEY_old")],
            "the environment variable ZENML_PRO_API_KEY",
        ),
        (vec![("ZENML_PRO_API_URL", "no address"), ("ZENML_PRO_API_KEY", key)], "ZENML_PRO_API_URL"),
        (vec![("ZENML_PRO_API_URL", url), ("ZENML_PRO_API_KEY", "a\nb")], "ZENML_PRO_API_KEY"),
        (vec![("ZENML_WORKSPACE_ID", "elsewhere"), ("ZENML_API_KEY", "ZENKEY_old")], "service_account_key"),
    ] {
        let mut harness = start(&environment, plain.clone()).await.unwrap();
        let project = json!({ "name": "vision" });
        harness.apply("zenml_project.p", project.clone()).await.unwrap();
        harness.refresh("zenml_project.p").await.unwrap();
        harness.destroy("zenml_project.p").await.unwrap();
        // A type that requires the control plane reports the problem.
        let failure = harness.read_data_source("zenml_team", json!({ "name": "alpha" })).await.unwrap_err();
        assert!(failure.to_string().contains(says), "{environment:?}: {failure}");
    }

    // A working control plane of the environment serves what the block's server does not have.
    let environment = [("ZENML_PRO_API_URL", url), ("ZENML_PRO_API_KEY", key)];
    let harness = start(&environment, plain).await.unwrap();
    harness.read_data_source("zenml_organization", json!({})).await.unwrap();

    // The other way round: ZenML Pro in the block, an open-source server in the environment.
    let pro = json!({ "control_plane_url": url, "service_account_key": key, "http": { "retries": 0 } });
    for url in [NOWHERE, "no address"] {
        let environment = [("ZENML_SERVER_URL", url), ("ZENML_API_KEY", "ZENKEY_old")];
        let mut harness = start(&environment, pro.clone()).await.unwrap();
        let project = json!({ "name": "vision", "workspace_id": workspace.to_string() });
        harness.apply("zenml_project.p", project).await.unwrap();
        harness.destroy("zenml_project.p").await.unwrap();
        let failure = harness.apply("zenml_project.q", json!({ "name": "vision" })).await.unwrap_err();
        assert!(failure.to_string().contains("environment variable ZENML_SERVER_URL"), "{failure}");
    }

    // An API that is the only one has to work, even if only the environment configures it.
    let environment = [("ZENML_SERVER_URL", server.as_str()), ("ZENML_API_KEY", "ZENKEY_old")];
    let failure = refused(&environment, json!({ "organization_id": "acme" })).await;
    assert!(failure.to_string().contains("environment variable ZENML_API_KEY"), "{failure}");
    world.stop().await;
}

/// Environment, block, name in the message, and place of the message.
type Refusal<'a> = (&'a [(&'static str, &'a str)], Json, &'static str, Option<&'static str>);

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_credential_is_named_with_its_origin() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let server = world.look(workspace).await.unwrap().server_url().unwrap().to_owned();
    let (url, server) = (world.platform.url(), server.as_str());
    let wrong = "ZENPROKEY_wrong";
    let cases: [Refusal<'_>; 9] = [
        (
            &[],
            json!({ "server_url": server, "api_key": wrong }),
            "Check api_key in the provider block",
            Some("api_key"),
        ),
        (
            &[("ZENML_API_KEY", world.key())],
            json!({ "server_url": server, "api_token": wrong }),
            "Check api_token in the provider block",
            Some("api_token"),
        ),
        (
            &[("ZENML_API_KEY", wrong)],
            json!({ "server_url": server }),
            "Check the environment variable ZENML_API_KEY",
            None,
        ),
        (
            &[("ZENML_API_TOKEN", wrong), ("ZENML_SERVER_URL", server)],
            json!({}),
            "Check the environment variable ZENML_API_TOKEN",
            None,
        ),
        (
            &[("ZENML_API_KEY", wrong), ("ZENML_SERVER_URL", NOWHERE)],
            json!({ "server_url": server }),
            "ZENML_API_KEY (it belongs to ZENML_SERVER_URL, which is another address than server_url",
            None,
        ),
        (
            &[],
            json!({ "control_plane_url": url, "service_account_key": wrong }),
            "Check service_account_key in the provider block",
            Some("service_account_key"),
        ),
        (
            &[("ZENML_PRO_API_KEY", wrong)],
            json!({ "control_plane_url": url }),
            "Check the environment variable ZENML_PRO_API_KEY",
            None,
        ),
        (
            &[
                ("ZENML_SERVICE_ACCOUNT_KEY", wrong),
                ("ZENML_PRO_API_KEY", world.key()),
                ("ZENML_PRO_API_URL", url),
            ],
            json!({}),
            "Check the environment variable ZENML_SERVICE_ACCOUNT_KEY",
            None,
        ),
        (
            &[("ZENML_API_KEY", world.key())],
            json!({ "control_plane_url": url, "server_url": server, "service_account_key": wrong }),
            "Check service_account_key in the provider block",
            Some("service_account_key"),
        ),
    ];
    for (environment, block, named, pointed) in cases {
        let failure = refused(environment, block.clone()).await;
        let output = failure.to_string();
        assert!(output.contains(named), "{block}: {output}");
        assert_eq!(
            failure.places().first().map(ToString::to_string).as_deref(),
            pointed,
            "{block}: {output}"
        );
        assert!(!output.contains(wrong), "{output}");
        // No other place is named.
        for (argument, variables) in ARGUMENTS.iter().filter(|(argument, _)| !argument.ends_with("url")) {
            for other in variables.iter().chain([argument]).filter(|other| !named.contains(*other)) {
                assert!(
                    !output.contains(&format!("Check {other}"))
                        && !output.contains(&format!("variable {other}")),
                    "{output}"
                );
            }
        }
    }
    // Addresses as well.
    let quick = json!({ "retries": 0 });
    for (environment, block, named) in [
        (
            vec![("ZENML_SERVER_URL", NOWHERE)],
            json!({ "api_key": "k" }),
            "the environment variable ZENML_SERVER_URL",
        ),
        (
            vec![("ZENML_SERVER_URL", server)],
            json!({ "server_url": NOWHERE, "api_key": "k" }),
            "server_url in the provider block",
        ),
        (
            vec![("ZENML_PRO_API_URL", NOWHERE)],
            json!({ "service_account_key": "k" }),
            "the environment variable ZENML_PRO_API_URL",
        ),
        (
            vec![("ZENML_ORGANIZATION_ID", "elsewhere"), ("ZENML_PRO_API_URL", url)],
            json!({ "service_account_key": world.key() }),
            "Correct the environment variable ZENML_ORGANIZATION_ID",
        ),
        (
            vec![("ZENML_PRO_API_URL", "https://me:hunter2@h")],
            json!({ "service_account_key": "k" }),
            "The environment variable ZENML_PRO_API_URL is not the address of an API",
        ),
    ] {
        let mut block = block;
        block["http"] = quick.clone();
        let failure = refused(&environment, block.clone()).await;
        assert!(failure.to_string().contains(named), "{block}: {failure}");
        assert!(!failure.to_string().contains("hunter2"), "{failure}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_value_that_cannot_be_sent_is_rejected_by_name_and_never_shown() {
    for (inside, what) in [
        ("\n", "a line break"),
        ("\r\n", "a line break"),
        ("\t", "a tab"),
        ("\u{7}", "U+0007"),
        ("\u{0}", "U+0000"),
        ("\u{7f}", "U+007F"),
        ("\u{feff}", "a non-ASCII character"),
        ("é", "a non-ASCII character"),
        ("\u{2028}", "a non-ASCII character"),
    ] {
        let value = format!("canary-before{inside}canary-after");
        let cases = [
            ("service_account_key", "ZENML_SERVICE_ACCOUNT_KEY", "control_plane_url"),
            ("service_account_key", "ZENML_PRO_API_KEY", "control_plane_url"),
            ("api_key", "ZENML_API_KEY", "server_url"),
            ("api_token", "ZENML_API_TOKEN", "server_url"),
        ];
        for (argument, variable, url) in cases {
            for in_block in [true, false] {
                let mut block = json!({ url: NOWHERE });
                let mut environment = vec![];
                if in_block {
                    block[argument] = value.clone().into();
                } else {
                    environment.push((variable, value.as_str()));
                }
                let failure = refused(&environment, block).await;
                let output = failure.to_string();
                let name = if in_block { argument } else { variable };
                assert!(failure.summaries()[0].contains(name) && output.contains(what), "{output}");
                assert!(!output.contains("canary"), "{output}");
                let place = failure.places().first().map(ToString::to_string);
                assert_eq!(place.as_deref(), in_block.then_some(argument), "{output}");
            }
        }
        // A header can contain tabs and any other characters.
        if inside != "\t" && what != "a non-ASCII character" {
            let block =
                json!({ "server_url": NOWHERE, "api_key": "k", "http": { "headers": { "x-proxy": value } } });
            let failure = refused(&[], block).await;
            assert!(failure.to_string().contains("\"x-proxy\""), "{failure}");
            assert!(!failure.to_string().contains("canary"), "{failure}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolled_server_receives_no_key_and_one_with_an_untrusted_address_receives_nothing() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let thief = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let report = async |url: &str| {
        let mut found = serde_json::to_value(world.look(workspace).await.unwrap()).unwrap();
        found["zenml_service"]["status"]["server_url"] = url.into();
        world.inject(json!({ "rules": [
            { "method": "GET", "route": "/workspaces/{workspace_id_or_name}", "effect": { "status": 200, "body": found } },
        ] }));
    };
    let config = json!({ "name": "vision", "workspace_id": workspace.to_string() });
    let mut block = world.block();
    block["http"] = json!({ "retries": 0, "timeout": "5s" });

    for url in [
        "file:///etc/passwd",
        "https://user:hunter2@thief.example",
        "https://good.example#@thief.example",
        "thief",
    ] {
        let mut harness = Harness::start(crate::world::engine(), block.clone()).await.unwrap();
        report(url).await;
        let failure = harness.apply("zenml_project.p", config.clone()).await.unwrap_err();
        world.inject(json!({}));
        let output = failure.to_string();
        assert!(
            failure.summaries()[0].ends_with("the address of workspace \"alpha\" is not trusted"),
            "{output}"
        );
        assert!(output.contains("No credential was sent") && !output.contains("hunter2"), "{output}");
    }

    // A server that looks like any other receives only a session.
    let mut harness = Harness::start(crate::world::engine(), block).await.unwrap();
    report(&format!("http://{}", thief.local_addr().unwrap())).await;
    let listen = async {
        let (mut connection, _) = thief.accept().await.unwrap();
        let mut heard = Vec::new();
        while !String::from_utf8_lossy(&heard).contains("grant_type=") {
            assert_ne!(connection.read_buf(&mut heard).await.unwrap(), 0);
        }
        // A redirect of the address for the credential as well.
        let answer = "HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        connection.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&heard).into_owned()
    };
    let (applied, heard) = tokio::join!(harness.apply("zenml_project.p", config), listen);
    assert!(heard.contains("grant_type=zenml-external") && heard.contains("Bearer "), "{heard}");
    assert!(!heard.contains(world.key()) && !heard.contains("ZENPROKEY"), "{heard}");
    let output = applied.unwrap_err().to_string();
    assert!(output.contains("it redirects to http://127.0.0.1:9/"), "{output}");
    assert!(
        output.contains("Correct the address that the control plane reports for workspace \"alpha\""),
        "{output}"
    );
    world.stop().await;
}
