//! Lists are read to their end, and no further.

use serde_json::{Value, json};
use zenml_api::control::team::{self, TeamQuery};
use zenml_api::workspace::project::{self, ProjectQuery};

use crate::script::{ID, Script, both, client, lines, settings};

fn teams(from: usize, count: usize) -> Value {
    let team = |number: usize| {
        let id = format!("00000000-0000-4000-8000-{number:012}");
        json!({"id": id, "name": format!("t{number}"), "created": "x", "updated": "x"})
    };
    (from..from + count).map(team).collect()
}

fn line(offset: usize) -> String {
    format!("GET /organizations/{ID}/teams?offset={offset}&limit=100")
}

async fn list(script: Script) -> (Vec<team::Team>, usize) {
    let wire = script.wire();
    let client = client(&settings(), &wire);
    let plane = client.control_plane().unwrap();
    let all = plane.list_all(&team::LIST, ID.parse().unwrap(), TeamQuery::default()).await.unwrap();
    (all, wire.seen().len() - 1)
}

#[tokio::test(start_paused = true)]
async fn a_control_plane_list_ends_with_a_page_that_is_not_full() {
    for (pages, total) in [(vec![0], 0), (vec![99], 99), (vec![100, 0], 100), (vec![100, 100, 1], 201)] {
        let mut script = Script::new();
        for (number, count) in pages.iter().enumerate() {
            script = script.on(&line(number * 100), 200, &teams(number * 100, *count));
        }
        let (all, calls) = list(script).await;
        assert_eq!((all.len(), calls), (total, pages.len()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ignores_paging_does_not_cause_an_endless_loop() {
    let ignores = |count| Script::new().on(&format!("GET /organizations/{ID}/teams"), 200, &teams(0, count));
    assert_eq!(list(ignores(100)).await.0.len(), 100, "the second page repeats the first");
    let (all, calls) = list(ignores(250)).await;
    assert_eq!((all.len(), calls), (250, 1), "a page larger than requested is the complete list");
}

fn page(index: u64, total_pages: u64, count: usize) -> Value {
    let items: Vec<Value> = (0..count).map(|_| json!({"id": ID, "name": "p"})).collect();
    json!({"index": index, "max_size": 500, "total_pages": total_pages, "total": 1000, "items": items})
}

async fn projects(script: Script) -> (Result<usize, String>, Vec<String>) {
    let wire = script.wire();
    let client = client(&both(), &wire);
    let query = ProjectQuery { hydrate: Some(true), ..ProjectQuery::default() };
    let all = client.server().unwrap().list_all(&project::LIST, (), query).await;
    (all.map(|all| all.len()).map_err(|error| error.to_string()), lines(&wire))
}

#[tokio::test(start_paused = true)]
async fn a_workspace_list_ends_with_its_last_page() {
    let line = |number| format!("GET /ws/api/v1/projects?page={number}&size=500&hydrate=true");
    let script = Script::new().on(&line(1), 200, &page(1, 2, 3)).on(&line(2), 200, &page(2, 2, 2));
    let (all, lines) = projects(script).await;
    assert_eq!((all, &lines[1..]), (Ok(5), &[line(1), line(2)][..]));

    let (all, lines) = projects(Script::new().on(&line(1), 200, &page(1, 1, 0))).await;
    assert_eq!((all, lines.len()), (Ok(0), 2), "an empty list has one page");
}

#[tokio::test(start_paused = true)]
async fn a_workspace_list_that_shrinks_while_it_is_read_ends() {
    let invalid = json!({"detail": ["ValueError", "Invalid page 2."]});
    let line = |number| format!("GET /ws/api/v1/projects?page={number}&size=500&hydrate=true");
    let shrunk = Script::new().on(&line(1), 200, &page(1, 2, 3)).on(&line(2), 400, &invalid);
    assert_eq!(projects(shrunk).await.0, Ok(3));
    let refused = Script::new().on(&line(1), 400, &invalid);
    assert!(projects(refused).await.0.is_err(), "on the first page, it is a real error");
}

#[tokio::test(start_paused = true)]
async fn a_workspace_list_with_an_item_that_is_deleted_while_it_is_read_is_read_again() {
    let gone =
        json!({"detail": ["KeyError", format!("Unable to get project with ID '{ID}': no such project")]});
    let line = |number| format!("GET /ws/api/v1/projects?page={number}&size=500&hydrate=true");
    let deleted = Script::new()
        .on(&line(1), 200, &page(1, 2, 3))
        .on(&line(2), 404, &gone)
        .on(&line(2), 404, &gone)
        .on(&line(2), 200, &page(2, 2, 2));
    let (all, lines) = projects(deleted).await;
    assert_eq!((all, lines.len()), (Ok(5), 5));
    let (all, lines) = projects(Script::new().on(&line(1), 404, &gone)).await;
    assert!(all.unwrap_err().contains("no such project"), "it is not there at all");
    assert_eq!(lines.len(), 4);
}
