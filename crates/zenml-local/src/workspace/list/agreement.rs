//! Compares lists selected by the database with lists selected from all rows, for random rows and requests.

use std::borrow::Cow;

use sqlx::{Connection as _, Row as _};
use zenml_api::workspace::{LogicalOperator, Page, Paging};

use super::{Column, Fields, Listed, Table, page, select};
use crate::error::Plane;
use crate::store::{Query, Sql};

const WORDS: [&str; 12] = ["", "a", "A", "ab", "aB%", "b_", "%", "10", "9.5", "-3", "1e2", "äÄ\u{e9}"];
const MOMENTS: [&str; 3] =
    ["2026-01-01T00:00:00.000000", "2026-01-02T00:00:00.000001", "2026-01-03T00:00:00.000000"];

#[derive(Clone, Debug)]
struct Item {
    id: String,
    name: Option<&'static str>,
    created: &'static str,
    tags: Vec<&'static str>,
}

impl Fields for Item {
    const SORTABLE: &'static [&'static str] = &["created", "name", "id"];
}

impl Listed for Item {
    fn field(&self, name: &str) -> Vec<Cow<'_, str>> {
        match name {
            "id" => vec![self.id.as_str().into()],
            "name" => self.name.map(Cow::from).into_iter().collect(),
            "created" => vec![self.created.into()],
            "tag" => self.tags.iter().map(|tag| (*tag).into()).collect(),
            _ => Vec::new(),
        }
    }
}

impl Table for Item {
    fn columns() -> Cow<'static, str> {
        "t.id".into()
    }

    fn column(field: &str) -> Column {
        match field {
            "id" => Column::One("t.id"),
            "name" => Column::One("t.name"),
            "created" => Column::One("t.created"),
            "tag" => Column::many("SELECT j.value AS value FROM json_each(t.tags) j"),
            _ => Column::NONE,
        }
    }
}

/// Pseudo-random numbers, the same in each run.
struct Dice(u64);

impl Dice {
    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items[usize::try_from(self.0 >> 33).unwrap() % items.len()]
    }

    fn filter(&mut self, field: &str) -> String {
        if field == "created" {
            let operator = self.of(&["", "equals:", "notequals:", "gt:", "gte:", "lt:", "lte:", "isnull:"]);
            let moment = self.of(&["2026-01-01 00:00:00", "2026-01-02 00:00:00", "no date"]);
            return match operator {
                "isnull:" => operator.to_owned(),
                "" if self.of(&[true, false]) => "in:2026-01-01 00:00:00,2026-01-02 12:00:00".to_owned(),
                operator => format!("{operator}{moment}"),
            };
        }
        let operator = self.of(&[
            "",
            "equals:",
            "notequals:",
            "contains:",
            "notcontains:",
            "startswith:",
            "endswith:",
            "oneof:",
            "notoneof:",
            "isnull:",
            "isnotnull:",
            "gt:",
            "gte:",
            "lt:",
            "lte:",
            "other:",
            "in:",
        ]);
        match operator {
            "oneof:" | "notoneof:" => format!("{operator}[\"{}\", \"{}\"]", self.of(&WORDS), self.of(&WORDS)),
            "isnull:" | "isnotnull:" => operator.to_owned(),
            operator => format!("{operator}{}", self.of(&WORDS)),
        }
    }
}

async fn table(sql: &mut Sql, items: &[Item]) {
    for statement in [
        "DROP TABLE IF EXISTS item",
        "CREATE TABLE item (id TEXT PRIMARY KEY, name TEXT, created TEXT NOT NULL, tags TEXT NOT NULL)",
    ] {
        sqlx::query(statement).execute(&mut *sql).await.unwrap();
    }
    for item in items {
        sqlx::query("INSERT INTO item (id, name, created, tags) VALUES ($1, $2, $3, $4)")
            .bind(&item.id)
            .bind(item.name)
            .bind(item.created)
            .bind(serde_json::json!(item.tags).to_string())
            .execute(&mut *sql)
            .await
            .unwrap();
    }
}

/// Returns the page as a string, or the error.
fn shown<T>(page: &Page<T>, id: impl Fn(&T) -> String) -> String {
    let items: Vec<_> = page.items.iter().map(id).collect();
    format!("{} of {} in {}: {items:?}", page.index, page.total_pages, page.total)
}

#[tokio::test]
async fn the_database_selects_the_same_rows_as_a_filter_over_all_of_them() {
    let mut sql = Sql::connect("sqlite::memory:").await.unwrap();
    let (mut pages, mut refusals) = (0, 0);
    for seed in 0..12_u64 {
        let mut dice = Dice(seed);
        let items: Vec<_> = (0..dice.of(&[0, 1, 5, 17, 40]))
            .map(|index| Item {
                id: format!("{:02x}", (index * 37 + 11) % 256),
                name: Some(dice.of(&WORDS)).filter(|name| !name.contains('9')),
                created: dice.of(&MOMENTS),
                tags: (0..dice.of(&[0, 1, 2])).map(|_| dice.of(&WORDS)).collect(),
            })
            .collect();
        table(&mut sql, &items).await;
        for _ in 0..200 {
            let given: Vec<(&'static str, Vec<String>)> = (0..dice.of(&[0, 1, 1, 2, 3]))
                .map(|_| {
                    let field = dice.of(&["id", "name", "created", "tag", "unknown"]);
                    (field, vec![dice.filter(field)])
                })
                .collect();
            let filters: Vec<_> = given.iter().map(|(name, values)| (*name, values.as_slice())).collect();
            let paging = Paging {
                page: dice.of(&[None, Some(1), Some(2), Some(3)]),
                size: dice.of(&[None, Some(1), Some(4), Some(100)]),
                sort_by: dice.of(&[
                    None,
                    Some("name"),
                    Some("desc:name"),
                    Some("desc:created"),
                    Some("x:id"),
                    Some("no"),
                ]),
                hydrate: false,
                operator: dice.of(&[LogicalOperator::And, LogicalOperator::Or]),
            };
            let plain = page(items.clone(), paging, &filters)
                .map(|page| shown(&page, |item| item.id.clone()))
                .map_err(|refusal| refusal.body(Plane::Workspace));
            let scope = |query: &mut Query| {
                query.push(" FROM item t WHERE 1 = 1");
            };
            let chosen = select::<Item>(&mut sql, scope, paging, &filters)
                .await
                .map(|page| shown(&page, |row| row.get::<String, _>(0)))
                .map_err(|error| error.body(Plane::Workspace));
            match (chosen, plain) {
                (Ok(chosen), Ok(plain)) => {
                    assert_eq!(chosen, plain, "seed {seed}: {given:?} {paging:?}");
                    pages += 1;
                }
                (Err(chosen), Err(plain)) => {
                    assert_eq!(chosen, plain, "seed {seed}: {given:?} {paging:?}");
                    refusals += 1;
                }
                (chosen, plain) => panic!("seed {seed}: {given:?} {paging:?}: {chosen:?}, {plain:?}"),
            }
        }
    }
    assert!(pages > 500 && refusals > 200, "{pages} {refusals}");
}
