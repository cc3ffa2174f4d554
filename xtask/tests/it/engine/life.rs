//! A real server as long as it lives: upgraded, killed, adopted, stopped and deleted. It is one story, because a start takes
//! seconds of a core.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;
use zenml_test::EARLIER;

use super::served::{Platform, Settings, address, project, recorded, runs, signal};
use super::upgrade::{Real, upgrade, version};

#[tokio::test]
async fn a_workspace_survives_an_upgrade_and_the_end_of_its_server_and_of_its_platform_at_the_same_address() {
    let Some(real) = Real::new() else { return };
    // Without a package index, so that other versions cannot be installed.
    let settings = Settings::cached(real.cache.path()).variable("PIP_INDEX_URL", "http://127.0.0.1:1/simple");
    let mut platform = Platform::start(settings).await;
    let body = json!({ "name": "alpha", "zenml_service": { "configuration": { "version": EARLIER } } });
    platform.send("POST", "/workspaces", body).await;
    // A first creation that is killed leaves a database that no server can use.
    sleep(Duration::from_secs(2)).await;
    platform.kill();
    for process in platform.workspaces().iter().filter_map(|folder| recorded(folder)) {
        signal(process, "-KILL");
    }
    platform.start_again().await;
    let server = address(&platform.becomes("alpha", "available").await);
    assert_eq!(project(&platform, &server, "POST").await, 200);

    upgrade(&mut platform, &real).await;
    its_server_ends(&mut platform, &server).await;
    its_platform_ends(&mut platform, &server).await;
    it_is_changed_and_deleted(&platform, &server).await;
}

async fn its_server_ends(platform: &mut Platform, server: &str) {
    // The server is killed.
    signal(platform.server("alpha").await, "-KILL");
    let reason = platform.becomes("alpha", "pending").await["state_reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("signal 9") && reason.contains("server.log"), "{reason}");
    assert_eq!(address(&platform.becomes("alpha", "available").await), server);
    assert_eq!(project(platform, server, "GET").await, 200, "nothing is lost");

    // It is killed, and cannot be started again.
    signal(platform.server("alpha").await, "-KILL");
    let port = port(server);
    let taken = loop {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => break listener,
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    };
    let reason = platform.becomes("alpha", "failed").await["state_reason"].as_str().unwrap().to_owned();
    assert!(reason.contains(&format!("Another program uses port {port}")), "{reason}");
    drop(taken);
    platform.change("alpha", json!({ "desired_state": "available" })).await;
    assert_eq!(address(&platform.becomes("alpha", "available").await), server);
}

async fn its_platform_ends(platform: &mut Platform, server: &str) {
    let port = port(server);
    // The platform is killed: its server goes on, and is adopted.
    let process = platform.server("alpha").await;
    platform.kill();
    assert!(runs(process));
    platform.start_again().await;
    assert_eq!(address(&platform.becomes("alpha", "available").await), server);
    assert_eq!(platform.server("alpha").await, process);

    // A platform at another address cannot use a server that asks the old one.
    platform.kill();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    platform.start_again_at(&other.to_string()).await;
    platform.becomes("alpha", "pending").await;
    assert_eq!(address(&platform.becomes("alpha", "available").await), server);
    assert!(platform.server("alpha").await != process && !runs(process));
    let process = platform.server("alpha").await;

    // Both are killed, and the process id belongs to somebody else.
    platform.kill();
    signal(process, "-KILL");
    let mut stranger =
        Command::new("sleep").arg("600").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let record = json!({ "pid": stranger.id(), "started": "1" }).to_string();
    fs::write(platform.workspaces()[0].join("process.json"), record).unwrap();
    platform.start_again().await;
    platform.becomes("alpha", "pending").await;
    assert_eq!(address(&platform.becomes("alpha", "available").await), server);

    // The platform is asked to stop, and another program takes the port.
    let process = platform.server("alpha").await;
    platform.stop();
    assert!(!runs(process), "no server is left");
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    platform.start_again().await;
    let reason = platform.becomes("alpha", "failed").await["state_reason"].as_str().unwrap().to_owned();
    assert!(reason.contains(&format!("Another program uses port {port}")), "{reason}");
    drop(taken);
    platform.change("alpha", json!({ "desired_state": "available" })).await;
    assert_eq!(address(&platform.becomes("alpha", "available").await), server);
    assert!(runs(stranger.id()), "a process that is not a server is left alone");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

async fn it_is_changed_and_deleted(platform: &Platform, server: &str) {
    // A version that cannot be installed does not end the one that runs.
    let process = platform.server("alpha").await;
    platform.change("alpha", version("99.0.0")).await;
    let found = platform.becomes("alpha", "available").await;
    assert_eq!(found["zenml_service"]["status"]["version"], "0.98.0");
    assert!(found["state_reason"].as_str().unwrap().contains("Version 99.0.0 does not run"), "{found}");
    assert_eq!(platform.server("alpha").await, process);
    let answer = platform.change("alpha", version("99.banana")).await;
    assert!(answer["detail"][1].as_str().is_some_and(|text| text.contains("is not a version")), "{answer}");
    let wanted = &platform.get("alpha").await["zenml_service"]["configuration"]["version"];
    assert_eq!(wanted, "0.98.0", "so that the other version can be asked for again");

    // Deactivation ends the server and keeps the data.
    platform.change("alpha", json!({ "desired_state": "deactivated" })).await;
    platform.becomes("alpha", "deactivated").await;
    assert!(!runs(process));
    platform.change("alpha", json!({ "desired_state": "available" })).await;
    let found = platform.becomes("alpha", "available").await;
    assert_eq!((address(&found), &found["state_reason"]), (server.to_owned(), &json!("")));
    assert_eq!(project(platform, server, "GET").await, 200);

    let process = platform.server("alpha").await;
    platform.delete("alpha").await;
    assert!(!runs(process) && platform.workspaces().is_empty());
}

fn port(server: &str) -> u16 {
    server.rsplit(':').next().unwrap().parse().unwrap()
}
