//! The rules of the host, compared with Terraform's own code.
//!
//! `tests/clients/host-rules` is a small program that calls that code. `make clients` compares thousands of new
//! cases with it, and records some of them for the tests that need no Go.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};
use tfkit::plan::{
    Violation, check_plan, check_result, hide_write_only, keep_spelling, prepare, proposed_new,
};
use tfkit::schema::object_type;
use tfkit::value::msgpack;
use tfkit::{Attribute, Dyn, Nesting, Shape, Step, Type, Who};

use crate::generate::{self, PLAN, STATE};

/// Recorded cases with the verdicts of Terraform 1.15.9, one per line.
const RECORDED: &str = include_str!("../host_rules.jsonl");

/// A configuration, and what a provider answers.
#[derive(Clone, Debug)]
struct Case {
    schema: Vec<Attribute>,
    prior: Dyn,
    config: Dyn,
    planned: Dyn,
    actual: Dyn,
}

/// What a host says of a case.
#[derive(Clone, Debug, PartialEq)]
struct Verdict {
    proposed: Dyn,
    accepts_plan: bool,
    /// `None` if the plan contains write-only values: the host then never sees a result.
    accepts_result: Option<bool>,
}

impl Case {
    /// Returns what our own rules say of it.
    fn judged(&self) -> Verdict {
        let Self { schema, prior, config, planned, actual } = self;
        Verdict {
            proposed: proposed_new(schema, prior, config),
            accepts_plan: check_plan(schema, prior, config, planned).is_ok(),
            accepts_result: self.has_result().then(|| check_result(schema, planned, actual).is_ok()),
        }
    }

    fn has_result(&self) -> bool {
        let mut stored = self.planned.clone();
        hide_write_only(&self.schema, &mut stored);
        stored == self.planned
    }

    /// Returns whether the proposal depends on the order of the elements of a set, which hosts do not promise.
    fn is_ambiguous(&self) -> bool {
        let ty = object_type(&self.schema);
        let (prior, config) = (reversed(&ty, &self.prior), reversed(&ty, &self.config));
        let others = [(&prior, &self.config), (&self.prior, &config), (&prior, &config)];
        let first = proposed_new(&self.schema, &self.prior, &self.config);
        others.into_iter().any(|(prior, config)| proposed_new(&self.schema, prior, config) != first)
    }

    fn to_json(&self) -> Json {
        let ty = object_type(&self.schema);
        let [prior, config, planned, actual] =
            [&self.prior, &self.config, &self.planned, &self.actual].map(|value| hex(value, &ty));
        let schema: Vec<Json> = self.schema.iter().map(attribute_to_json).collect();
        json!({"schema": schema, "prior": prior, "config": config, "planned": planned, "actual": actual})
    }

    fn from_json(line: &Json) -> Self {
        let schema = attributes_from_json(&line["schema"]);
        let ty = object_type(&schema);
        let [prior, config, planned, actual] =
            ["prior", "config", "planned", "actual"].map(|name| value(&line[name], &ty));
        Self { schema, prior, config, planned, actual }
    }
}

impl Verdict {
    fn from_json(line: &Json, case: &Case) -> Self {
        let is_empty = |name: &str| line[name].as_array().is_none_or(Vec::is_empty);
        Self {
            proposed: value(&line["proposed"], &object_type(&case.schema)),
            accepts_plan: is_empty("plan"),
            accepts_result: case.has_result().then(|| is_empty("result")),
        }
    }
}

fn hex(value: &Dyn, ty: &Type) -> String {
    let mut text = String::new();
    for byte in msgpack::encode(value, ty).unwrap() {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

fn value(text: &Json, ty: &Type) -> Dyn {
    let text = text.as_str().unwrap();
    let byte = |start| u8::from_str_radix(&text[start..start + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..text.len()).step_by(2).map(byte).collect();
    msgpack::decode(&bytes, ty).unwrap()
}

fn attribute_to_json(attribute: &Attribute) -> Json {
    let flags = json!({
        "name": attribute.name,
        "required": attribute.who.is_required(),
        "optional": attribute.who.is_optional(),
        "computed": attribute.who.is_computed(),
        "write_only": attribute.write_only,
    });
    let shape = match &attribute.shape {
        Shape::Plain(ty) => json!({"type": serde_json::from_slice::<Json>(&ty.to_json()).unwrap()}),
        Shape::Nested(nesting, attributes) => json!({
            "nesting": format!("{nesting:?}").to_lowercase(),
            "attributes": attributes.iter().map(attribute_to_json).collect::<Vec<_>>(),
        }),
    };
    let all = [flags, shape].into_iter().flat_map(|part| part.as_object().cloned().unwrap());
    Json::Object(all.collect())
}

fn attributes_from_json(all: &Json) -> Vec<Attribute> {
    all.as_array().unwrap().iter().map(attribute_from_json).collect()
}

fn attribute_from_json(one: &Json) -> Attribute {
    let is = |name: &str| one[name] == true;
    let who = match (is("required"), is("optional"), is("computed")) {
        (true, _, _) => Who::Required,
        (_, true, true) => Who::Server,
        (_, true, false) => Who::Optional,
        _ => Who::Computed,
    };
    let nested = |nesting| Shape::Nested(nesting, attributes_from_json(&one["attributes"]));
    let shape = match one["nesting"].as_str() {
        None => Shape::Plain(Type::from_json(one["type"].to_string().as_bytes()).unwrap()),
        Some("single") => nested(Nesting::Single),
        Some("list") => nested(Nesting::List),
        Some("set") => nested(Nesting::Set),
        Some(_) => nested(Nesting::Map),
    };
    let name = generate::NAMES.into_iter().find(|name| one["name"] == *name).unwrap();
    Attribute { write_only: is("write_only"), ..Attribute::new(name, "Described.", shape, who) }
}

/// Configurations, and answers that are right, almost right, or wrong.
fn case() -> impl Strategy<Value = Case> {
    generate::attributes().prop_flat_map(|schema| {
        let ty = object_type(&schema);
        let values = (
            generate::prior(&schema),
            generate::config(&schema, PLAN),
            generate::value(&ty, PLAN),
            generate::value(&ty, STATE),
        );
        (values, any::<[u32; 2]>(), 0..4_u8).prop_map(
            move |((prior, config, wrong_plan, wrong_result), bits, right)| {
                let [prior, config, wrong_plan, wrong_result] =
                    [prior, config, wrong_plan, wrong_result].map(|value| tamed(&ty, value));
                let good = prepare(&schema, &prior, &config);
                let mut bits = bits.map(Bits);
                let planned = match right {
                    0 => Some(mixed(&ty, &good, &wrong_plan, &mut bits[0])),
                    _ => None,
                };
                let planned = planned.filter(|planned| !planned.is_unknown()).unwrap_or(good);
                let mut actual = generate::applied(&ty, &planned, &mut 0);
                keep_spelling(&schema, &planned, &mut actual);
                hide_write_only(&schema, &mut actual);
                if right < 2 {
                    actual = mixed(&ty, &actual, &wrong_result, &mut bits[1]);
                }
                Case { schema: schema.clone(), prior, config, planned, actual }
            },
        )
    })
}

/// Returns a value with few different numbers, so that elements of sets are often equal. A host rounds large ones.
fn tamed(ty: &Type, value: Dyn) -> Dyn {
    match (value, ty) {
        (Dyn::Number(number), _) => {
            let few = ["0", "1", "-7", "0.5", "0.1"];
            let index = number.to_string().len() % few.len();
            Dyn::Number(few[index].parse().unwrap())
        }
        (Dyn::Map(map), Type::Object(types)) => {
            Dyn::map(map.into_iter().map(|(name, value)| (name.clone(), tamed(&types[&name], value))))
        }
        (Dyn::Map(map), Type::Map(ty)) => {
            Dyn::map(map.into_iter().map(|(key, value)| (key, tamed(ty, value))))
        }
        (Dyn::List(list), Type::List(ty)) => Dyn::list(list.into_iter().map(|value| tamed(ty, value))),
        (Dyn::List(list), Type::Set(ty)) => Dyn::set(list.into_iter().map(|value| tamed(ty, value))),
        (value, _) => value,
    }
}

/// Returns a value with the elements of sets in the reverse order.
fn reversed(ty: &Type, value: &Dyn) -> Dyn {
    match (value, ty) {
        (Dyn::Map(map), Type::Object(types)) => {
            Dyn::map(map.iter().map(|(name, value)| (name.clone(), reversed(&types[name], value))))
        }
        (Dyn::Map(map), Type::Map(ty)) => {
            Dyn::map(map.iter().map(|(key, value)| (key.clone(), reversed(ty, value))))
        }
        (Dyn::List(list), Type::List(ty)) => Dyn::list(list.iter().map(|value| reversed(ty, value))),
        (Dyn::List(list), Type::Set(ty)) => {
            Dyn::List(list.iter().rev().map(|value| reversed(ty, value)).collect())
        }
        (value, _) => value.clone(),
    }
}

/// A source of decisions: each bit is one.
struct Bits(u32);

impl Bits {
    /// Takes the wrong value once in eight times.
    fn wrong(&mut self) -> bool {
        let low = self.0 & 7;
        self.0 = self.0.rotate_right(3);
        low == 0
    }
}

/// Returns a value with some parts of another one.
fn mixed(ty: &Type, right: &Dyn, wrong: &Dyn, bits: &mut Bits) -> Dyn {
    if bits.wrong() {
        return wrong.clone();
    }
    match (right, wrong, ty) {
        (Dyn::Map(right), Dyn::Map(wrong), Type::Object(types)) => {
            Dyn::map(right.iter().map(|(name, right)| {
                (name.clone(), mixed(&types[name], right, wrong.get(name).unwrap_or(&Dyn::Null), bits))
            }))
        }
        (Dyn::List(right), Dyn::List(wrong), Type::List(ty)) => {
            Dyn::list(right.iter().zip(wrong).map(|(right, wrong)| mixed(ty, right, wrong, bits)))
        }
        (Dyn::List(right), Dyn::List(wrong), Type::Set(ty)) => {
            Dyn::set(right.iter().zip(wrong).map(|(right, wrong)| mixed(ty, right, wrong, bits)))
        }
        (right, _, _) => right.clone(),
    }
}

/// Returns whether a violation is about a set or an element as a whole, where Terraform looks only at attributes.
fn is_about_elements(schema: &[Attribute], violation: &Violation) -> bool {
    let mut attributes = schema;
    let mut is_whole = false;
    for step in violation.path.steps() {
        let Step::Attribute(name) = step else {
            is_whole = true;
            continue;
        };
        let Some(attribute) = attributes.iter().find(|attribute| attribute.name == *name) else {
            return false;
        };
        is_whole = matches!(attribute.shape, Shape::Nested(Nesting::Set, _));
        if let Shape::Nested(_, inner) = &attribute.shape {
            attributes = inner;
        }
    }
    is_whole
}

/// Compares one case. The failure shows everything in a few lines.
fn compare(line: &Json) {
    let case = Case::from_json(line);
    let (ours, theirs) = (case.judged(), Verdict::from_json(line, &case));
    // Terraform trusts plans for elements of sets, which it cannot pair, and for elements without configured attributes.
    // We do not, because such a plan is an error of the provider.
    let is_stricter = check_plan(&case.schema, &case.prior, &case.config, &case.planned)
        .is_err_and(|violation| is_about_elements(&case.schema, &violation));
    let proposed = if case.is_ambiguous() { ours.proposed.clone() } else { theirs.proposed.clone() };
    let theirs = Verdict { proposed, ..theirs };
    if ours == (Verdict { accepts_plan: theirs.accepts_plan && !is_stricter, ..theirs.clone() }) {
        return;
    }
    let (plan, result) = (&line["plan"], &line["result"]);
    panic!(
        "Terraform proposes {:?} and says {plan} {result}\nwe propose {:?} and say {:?} {:?}\n{}\n{case:?}",
        theirs.proposed,
        ours.proposed,
        check_plan(&case.schema, &case.prior, &case.config, &case.planned),
        check_result(&case.schema, &case.planned, &case.actual),
        line["schema"],
    );
}

#[test]
fn our_rules_agree_with_terraform_in_every_recorded_case() {
    let lines: Vec<Json> = RECORDED.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused = |name: &str| lines.iter().filter(|line| line[name].is_array()).count();
    assert!(lines.len() >= 300 && refused("plan") >= 50 && refused("result") >= 50);
    lines.iter().for_each(compare);
}

/// `HOST_RULES` is the program, `HOST_RULES_CASES` the number of cases (1,000 by default), and `HOST_RULES_RECORD` a
/// file to record them in.
#[test]
#[expect(clippy::disallowed_methods, reason = "a tool configures this test")]
fn our_rules_agree_with_terraform_in_new_cases() {
    let Some(program) = std::env::var_os("HOST_RULES") else {
        return println!(
            "SKIPPED: HOST_RULES is not set. `make clients` builds this program, which needs Go."
        );
    };
    let count: usize = std::env::var("HOST_RULES_CASES").map_or(1_000, |count| count.parse().unwrap());
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut questions = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut runner = TestRunner::default();
    let (mut record, mut recorded) = (String::new(), 0);
    for _ in 0..count {
        let case = case().new_tree(&mut runner).unwrap().current();
        let mut line = case.to_json();
        writeln!(questions, "{line}").unwrap();
        let answer: Json = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        if answer["panics"] == true {
            continue;
        }
        for name in ["proposed", "plan", "result"] {
            line[name] = answer[name].clone();
        }
        compare(&line);
        let line = line.to_string();
        // Small cases are enough, and those that the host rejects say most.
        let is_rejected = answer["plan"].is_array() || answer["result"].is_array();
        if line.len() < 2_000 && recorded < 400 && (is_rejected || recorded % 2 == 0) {
            recorded += 1;
            writeln!(record, "{line}").unwrap();
        }
    }
    drop(questions);
    assert!(child.wait().unwrap().success());
    if let Some(file) = std::env::var_os("HOST_RULES_RECORD") {
        std::fs::write(file, record).unwrap();
    }
}
